"""One resource that a template asks for, a copy loop's iteration being one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from emulator.arm.engine.prepared import Prepared
    from emulator.arm.engine.scope import TemplateScope
    from emulator.arm.engine.source import Place
    from emulator.arm.identifiers import ResourceId


@dataclass(eq=False)
class Instance:
    """A resource of an expanded template: its place is known, its body is evaluated when its turn comes.

    `batch` is the size of the loop's batches, None for a parallel loop. `child` is the expansion of a nested deployment
    that could be expanded up front. `path` is where the declaration stands in the template, `own_name` what it says
    of the name: the last part of a child's. With `is_checked` the body must be right: it is deployed, or a child is.
    With `is_pending` the id depends on what is not deployed yet, with `is_uncertain` the condition does; only
    predictions have such instances.
    """

    id: ResourceId
    type: str
    name: str
    api_version: str
    declaration: Mapping[str, Any]
    scope: TemplateScope
    path: tuple[str | int, ...] = ()
    own_name: str = ""
    symbol: str | None = None
    loop_name: str | None = None
    loop_index: int = 0
    batch: int | None = None
    is_enabled: bool = True
    is_checked: bool = True
    is_existing: bool = False
    is_pending: bool = False
    is_uncertain: bool = False
    depends_on: tuple[str, ...] = ()
    references: frozenset[str] = field(default_factory=frozenset)
    child: Prepared | None = None

    @property
    def is_run(self) -> bool:
        """True when something is to be done for it."""
        return self.is_enabled and not self.is_existing

    @property
    def title(self) -> str:
        """What refusals call it: by its symbolic name, or else by the last part of its name."""
        if self.symbol:
            return f"{self.symbol}[{self.loop_index}]" if self.loop_name else self.symbol
        return self.own_name or self.name

    @property
    def place(self) -> Place:
        """Where the declaration stands in its document."""
        return self.scope.source.place(*self.path)

    def __repr__(self) -> str:
        return f"Instance({self.id})"
