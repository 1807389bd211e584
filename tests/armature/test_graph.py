from graphlib import CycleError
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.graph import cycles, tiers, would_close_a_cycle


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, set[str]]:
    """Any graph of up to 12 names, with or without cycles."""
    names = [f"t{number}" for number in range(draw(st.integers(1, 12)))]
    return {name: draw(st.sets(st.sampled_from(names), max_size=4)) for name in names}


@st.composite
def ordered_graphs(draw: st.DrawFn) -> dict[str, set[str]]:
    """A graph without cycles, its names in any order."""
    names = draw(st.permutations([f"t{number}" for number in range(draw(st.integers(1, 15)))]))
    edges = {
        name: set(draw(st.lists(st.sampled_from(names[:place]), max_size=4))) if place else set()
        for place, name in enumerate(names)
    }
    return {name: edges[name] for name in sorted(edges)}


def longest_path(edges: dict[str, set[str]], name: str) -> int:
    return max((longest_path(edges, before) + 1 for before in edges[name]), default=0)


@given(ordered_graphs())
def test_a_tier_is_the_longest_path_so_every_dependency_lies_in_an_earlier_one(edges: dict[str, set[str]]) -> None:
    tier_of = tiers(edges)

    assert tier_of == {name: longest_path(edges, name) for name in edges}
    assert all(tier_of[before] < tier_of[name] for name in edges for before in edges[name])
    assert cycles(edges) == []


@given(graphs())
def test_a_graph_has_either_tiers_or_real_cycles(edges: dict[str, set[str]]) -> None:
    found = cycles(edges)

    if not found:
        assert set(tiers(edges)) == set(edges)
        return
    with pytest.raises(CycleError):
        tiers(edges)
    for cycle in found:
        assert cycle[0] == cycle[-1]
        assert len(cycle) > 1
        assert all(before in edges[after] for before, after in pairwise(cycle))
    names = [name for cycle in found for name in cycle[:-1]]
    assert len(names) == len(set(names))


def test_separate_cycles_are_all_told() -> None:
    edges = {"a": {"b"}, "b": {"a"}, "c": {"c"}, "d": {"e"}, "e": {"f"}, "f": {"d"}, "g": {"a"}}

    assert sorted(cycles(edges)) == [["a", "b", "a"], ["c", "c"], ["d", "f", "e", "d"]]


@given(graphs())
def test_an_edge_that_would_close_a_cycle_is_known_beforehand(edges: dict[str, set[str]]) -> None:
    kept: dict[str, set[str]] = {name: set() for name in edges}

    for name, before in [(after, one) for after in edges for one in sorted(edges[after])]:
        if not would_close_a_cycle(kept, name, before):
            kept[name].add(before)

    assert cycles(kept) == []
    if not cycles(edges):
        assert kept == edges
