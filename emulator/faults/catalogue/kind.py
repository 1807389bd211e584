"""One fault of the vocabulary."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.faults.operations import Service
from emulator.faults.parameters import Parameters


@dataclass(frozen=True)
class FaultKind:
    """A fault: what happens, where it can, and what can be said about it.

    `operations` are all at which it can happen, `usual` those at which it does when a rule names none. `example` is the
    part of a rule that makes it happen to something; `id`, `service` and `fault` come beside it.
    """

    service: Service
    name: str
    what: str
    operations: tuple[str, ...]
    parameters: type[Parameters] = Parameters
    usual: tuple[str, ...] = ()
    example: Mapping[str, Any] = field(default_factory=dict)

    @property
    def places(self) -> tuple[str, ...]:
        """Where it happens when a rule names no operation."""
        return self.usual or self.operations

    def example_rule(self) -> dict[str, Any]:
        """A whole rule."""
        return {"id": f"{self.service}-{self.name}", "service": self.service, "fault": self.name, **self.example}

    def document(self) -> dict[str, Any]:
        """The entry as JSON."""
        return {
            "service": self.service,
            "fault": self.name,
            "what": self.what,
            "operations": list(self.operations),
            "parameters": self.parameters().model_dump(mode="json", by_alias=True),
            "example": self.example_rule(),
        }


def on(operation: str, **rest: Any) -> dict[str, Any]:
    """An example that matches an operation, among what else `match` holds."""
    match = {"operation": operation} | rest.pop("match", {})
    return {"match": match, **rest}
