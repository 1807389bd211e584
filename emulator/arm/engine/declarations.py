"""The resources that a template declares: an array, or an object by symbolic name, children inside their parents."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Declaration:
    """One declared resource: its JSON, where it stands in the template, and its symbolic name if it has one."""

    body: Mapping[str, Any]
    path: tuple[str | int, ...]
    symbol: str | None = None

    @property
    def name(self) -> str:
        """The name as it is written."""
        return str(self.body.get("name", ""))

    @property
    def title(self) -> str:
        """What refusals call it: by its symbolic name, or else by its name."""
        return self.symbol or self.name

    @property
    def loop(self) -> Mapping[str, Any] | None:
        """The `copy` element."""
        loop = self.body.get("copy")
        return loop if isinstance(loop, Mapping) else None

    @property
    def children(self) -> Iterator["Declaration"]:
        """The resources that are declared inside of it."""
        return declared(self.body.get("resources"), (*self.path, "resources"))


def declared(resources: Any, path: tuple[str | int, ...] = ("resources",)) -> Iterator[Declaration]:
    """The resources of a template's or a resource's `resources`, without the children inside of them."""
    if isinstance(resources, Mapping):
        yield from (Declaration(body, (*path, symbol), symbol) for symbol, body in resources.items())
    else:
        yield from (Declaration(body, (*path, index)) for index, body in enumerate(resources or []))
