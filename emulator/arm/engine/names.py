"""The names by which a template's parts call each other: symbolic names, loop names, ids, and shorter forms of ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emulator.arm.engine.instance import Instance


class Names:
    """An index of the instances of one template."""

    def __init__(self) -> None:
        self.is_complete = False
        self._strong: dict[str, list[Instance]] = {}
        self._weak: dict[str, list[Instance]] = {}
        self._symbols: dict[str, Instance] = {}
        self._loops: dict[str, list[Instance]] = {}
        self._empty_loops: frozenset[str] = frozenset()

    def add(self, instances: Iterable[Instance], empty_loops: Iterable[str] = ()) -> None:
        """Make all instances of the template known by every name they have.

        Symbolic names (of one iteration: `symbol[0]`), loop names and full ids come first; then the name, the id from
        the provider on (`Microsoft.Network/virtualNetworks/a/subnets/b`), type and name
        (`…/virtualNetworks/subnets/a/b`), and the last segment of a child's name. `empty_loops` are names that the
        template defines although nothing bears them.
        """
        self.is_complete = True
        self._empty_loops = frozenset(name.lower() for name in empty_loops)
        for instance in instances:
            strong = {instance.id.key, *(n.lower() for n in (instance.symbol, instance.loop_name) if n)}
            if instance.symbol and len(instance.path) == 2:  # those of children can't be told apart
                strong.add(self._add_symbol(instance, instance.symbol.lower()))
            weak = {instance.name, instance.id.relative, f"{instance.type}/{instance.name}", instance.id.last_name}
            for name in strong:
                self._strong.setdefault(name, []).append(instance)
            for name in {form.lower() for form in weak} - strong:
                self._weak.setdefault(name, []).append(instance)

    def _add_symbol(self, instance: Instance, symbol: str) -> str:
        if instance.loop_name:
            self._loops.setdefault(symbol, []).append(instance)
            symbol = f"{symbol}[{instance.loop_index}]"
        self._symbols[symbol] = instance
        return symbol

    def find(self, name: str) -> list[Instance]:
        """The instances that a name means; several for a loop. Empty when there are none."""
        key = name.lower().rstrip("/")
        return self._strong.get(key) or self._exact(key) or self._by_relative_id(key)

    def symbol(self, name: str) -> Instance | None:
        """The instance with that symbolic name, `name[index]` for an iteration of a loop; None when there is none."""
        return self._symbols.get(name.lower())

    def loop(self, name: str) -> list[Instance] | None:
        """The iterations of the loop that a symbolic name stands for, in order; None when there is no such loop."""
        key = name.lower()
        return self._loops.get(key, [] if key in self._empty_loops else None)

    def is_empty_loop(self, name: str) -> bool:
        """True for the name of a loop without an iteration."""
        return name.lower() in self._empty_loops

    def _exact(self, key: str) -> list[Instance]:
        """Instances of that very name before children whose last segment it is."""
        found = self._weak.get(key, [])
        return [instance for instance in found if instance.name.lower() == key] or found

    def _by_relative_id(self, key: str) -> list[Instance]:
        """An id in another scope: `resourceId()` of an outer-scope template names the outer resource group."""
        _, found, relative = key.rpartition("/providers/")
        return self._weak.get(relative, []) if found else []
