"""A Durable client without a host: it knows the orchestrations that it is told of, and keeps what is asked of it."""

from dataclasses import dataclass, field
from typing import Any

from azure.durable_functions import OrchestrationRuntimeStatus as Runtime


@dataclass
class Status:
    """What the client tells of an orchestration."""

    runtime_status: Runtime | None
    input_: Any = None
    output: Any = None


@dataclass
class Client:
    """The client of a host with these orchestrations. A host that `is_away` answers nothing."""

    instances: dict[str, Runtime] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    is_away: bool = False
    breaks_at: str = ""
    started: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    raised: list[tuple[str, str]] = field(default_factory=list)

    async def get_status(self, instance_id: str, *, show_input: bool = False) -> Status:
        self._answer(instance_id)
        shown = self.inputs.get(instance_id) if show_input else None
        return Status(self.instances.get(instance_id), shown, self.outputs.get(instance_id))

    async def start_new(self, name: str, instance_id: str, work: dict[str, Any]) -> str:
        self._answer(instance_id)
        if self.instances.get(instance_id) is Runtime.Running:
            raise RuntimeError("An instance with this id runs already.")
        self.started.append((name, instance_id, work))
        self.instances[instance_id], self.inputs[instance_id] = Runtime.Running, work
        return instance_id

    async def raise_event(self, instance_id: str, name: str, _data: Any = None) -> None:
        self._answer(instance_id)
        if self.instances.get(instance_id) is not Runtime.Running:
            raise RuntimeError(f"No instance with ID {instance_id} found.")
        self.raised.append((instance_id, name))

    def names_started(self) -> list[tuple[str, str]]:
        """(orchestrator, instance id) of all that was started, in order."""
        return [(name, instance_id) for name, instance_id, _ in self.started]

    def _answer(self, instance_id: str) -> None:
        if self.is_away or (self.breaks_at and instance_id == self.breaks_at):
            raise RuntimeError("The host does not answer.")
