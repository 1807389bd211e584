"""Order among names: tiers of a graph without cycles, the cycles of one that has some."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

Edges = Mapping[str, Iterable[str]]
"""For each name the names that come before it; every name that is mentioned is a key."""


def tiers(edges: Edges) -> dict[str, int]:
    """The tier of each name: 0 without dependencies, else one more than the highest of them (the longest path).

    Raises:
        graphlib.CycleError: there is no such order; see `cycles`.
    """
    sorter = TopologicalSorter(edges)
    sorter.prepare()
    tier_of: dict[str, int] = {}
    tier = 0
    while sorter.is_active():
        ready = sorter.get_ready()
        tier_of.update(dict.fromkeys(ready, tier))
        sorter.done(*ready)
        tier += 1
    return tier_of


def cycles(edges: Edges) -> list[list[str]]:
    """Cycles of which no two share a name, as many as there are; none when the graph has an order.

    Each is a list in which every name comes before the next one and the first is repeated at the end. A cycle that is
    not told shares a name with one that is.
    """
    left = {name: set(before) for name, before in edges.items()}
    found: list[list[str]] = []
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            cycle: list[str] = error.args[1]
            start = cycle.index(min(cycle[:-1], key=list(edges).index))
            found.append([*cycle[start:-1], *cycle[:start], cycle[start]])
            left = {name: before - set(cycle) for name, before in left.items() if name not in cycle}
        else:
            return found


def would_close_a_cycle(edges: Mapping[str, set[str]], name: str, before: str) -> bool:
    """True when `before` already comes after `name`, so that it can't come before it as well."""
    waiting, seen = [before], set[str]()
    while waiting:
        current = waiting.pop()
        if current == name:
            return True
        if current not in seen:
            seen.add(current)
            waiting += edges.get(current, ())
    return False
