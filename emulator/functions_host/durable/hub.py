"""The task hub as its clients see it: starts instances, takes messages for them; a worker carries them on."""

import uuid
from collections.abc import Iterable, Sequence
from enum import Enum, auto

from emulator.functions_host.database import Database
from emulator.functions_host.durable import history as rows
from emulator.functions_host.durable.episode import EpisodeRunner, utc_now
from emulator.functions_host.durable.failures import unknown_orchestrator
from emulator.functions_host.durable.history import HistoryEvent
from emulator.functions_host.durable.http_activity import http_activity
from emulator.functions_host.durable.instances import Instance, Message, RuntimeStatus
from emulator.functions_host.durable.replay import KnownFunctions
from emulator.functions_host.durable.store import Store
from emulator.functions_host.durable.worker import HubLimits, HubWorker
from emulator.functions_host.indexing import HostFunction, TriggerKind
from emulator.functions_host.invocation import Invoker
from emulator.functions_host.leases import Leases


class Reception(Enum):
    """What became of a message for an instance."""

    ACCEPTED = auto()
    NO_SUCH_INSTANCE = auto()
    INSTANCE_HAS_ENDED = auto()


class TaskHub:
    """Starts instances, takes messages for them and carries them on."""

    def __init__(
        self,
        database: Database,
        leases: Leases,
        functions: Sequence[HostFunction],
        invoker: Invoker,
        limits: HubLimits | None = None,
        store: Store | None = None,
    ) -> None:
        self._store = store or Store(database)
        activities = _by_name([*functions, http_activity()], TriggerKind.ACTIVITY, "activity")
        self._orchestrators = _by_name(functions, TriggerKind.ORCHESTRATION, "orchestration")
        known = KnownFunctions(activities.keys(), self._orchestrators.keys())
        runner = EpisodeRunner(self._store, self._orchestrators, known, invoker)
        self._worker = HubWorker(database, leases, runner, activities, invoker, limits or HubLimits())

    def run(self) -> None:
        """Begin to work, with whatever an earlier process left undone."""
        self._worker.run()

    async def stop(self, grace_seconds: float) -> bool:
        """Stop; return whether everything that was running has ended within the time given."""
        return await self._worker.stop(grace_seconds)

    def objection_to_orchestrator(self, name: str) -> str | None:
        """Say what the extension says of an orchestrator that the app does not have."""
        if name.lower() in self._orchestrators:
            return None
        return unknown_orchestrator(name, [function.name for function in self._orchestrators.values()])

    def start(
        self,
        name: str,
        instance_id: str | None,
        input_text: str | None,
        *,
        version: str | None = None,
        is_restart: bool = False,
    ) -> tuple[str, RuntimeStatus | None]:
        """Start an instance; return its id, and the status of the running one that is in the way.

        A restart's execution id is written without dashes, as recorded.
        """
        now = utc_now()
        instance_id = instance_id or uuid.uuid4().hex
        execution_id = uuid.uuid4().hex if is_restart else str(uuid.uuid4())
        started = rows.execution_started(
            now,
            instance_id=instance_id,
            execution_id=execution_id,
            name=name,
            input_text=input_text,
            version=version,
        )
        instance = Instance(instance_id, execution_id, name, input_text, RuntimeStatus.PENDING, None, None, now, now)
        in_the_way = self._store.start(instance, Message(instance_id, execution_id, started))
        if in_the_way is None:
            self.wake([instance_id])
        return instance_id, in_the_way

    def raise_event(self, instance_id: str, name: str, input_text: str) -> Reception:
        """Send an external event; `input_text` is JSON."""
        return self._receive(instance_id, rows.event_raised(utc_now(), name, input_text))

    def terminate(self, instance_id: str, reason: str | None) -> Reception:
        """Ask an instance to end."""
        return self._receive(instance_id, rows.execution_terminated(utc_now(), reason))

    def suspend(self, instance_id: str, reason: str | None) -> Reception:
        """Ask an instance to do nothing until it is resumed."""
        return self._receive(instance_id, rows.execution_suspended(utc_now(), reason))

    def resume(self, instance_id: str, reason: str | None) -> Reception:
        """Ask a suspended instance to go on."""
        return self._receive(instance_id, rows.execution_resumed(utc_now(), reason))

    def _receive(self, instance_id: str, event: HistoryEvent) -> Reception:
        instance = self._store.instance(instance_id)
        if instance is None:
            return Reception.NO_SUCH_INSTANCE
        if instance.status.is_final:
            return Reception.INSTANCE_HAS_ENDED
        self._store.send([Message(instance_id, None, event)])
        self.wake([instance_id])
        return Reception.ACCEPTED

    def wake(self, instance_ids: Iterable[str]) -> None:
        """Have an episode run for each of these instances, by whichever host has them."""
        self._worker.wake(instance_ids)


def _by_name(functions: Sequence[HostFunction], kind: TriggerKind, given_name: str) -> dict[str, HostFunction]:
    """Return the functions of a kind by the name they are called by, in lower case."""
    return {
        function.trigger.text(given_name, function.name).lower(): function
        for function in functions
        if function.kind is kind
    }
