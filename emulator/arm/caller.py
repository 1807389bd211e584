"""Who calls: what a verified token says of its bearer."""

from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Caller:
    """A principal: its object id, the application that it is or came through, and its tenant."""

    object_id: str
    client_id: str
    tenant: str

    def dump(self) -> dict[str, Any]:
        """The caller as JSON."""
        return asdict(self)

    @classmethod
    def load(cls, document: dict[str, Any]) -> Self:
        """The inverse of `dump`."""
        return cls(**document)
