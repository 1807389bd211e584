from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.arm.previews.delta import property_changes

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=2), inner),
    max_leaves=5,
)
OBJECTS = st.dictionaries(st.text("abc", min_size=1, max_size=2), VALUES)


def told(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(c["path"], c["propertyChangeType"], c["before"], c["after"]) for c in property_changes(before, after)]


def test_a_changed_value_is_told_by_its_whole_path() -> None:
    before = {"properties": {"tls": {"version": "1.0"}, "kept": 1}}
    after = {"properties": {"tls": {"version": "1.2"}, "kept": 1}}

    assert told(before, after) == [("properties.tls.version", "Modify", "1.0", "1.2")]


def test_new_and_lost_values_are_told() -> None:
    assert told({"tags": {"old": "a"}}, {"tags": {"new": "b"}}) == [
        ("tags.new", "Create", None, "b"),
        ("tags.old", "Delete", "a", None),
    ]


def test_plain_items_of_an_array_come_and_go() -> None:
    [change] = property_changes({"prefixes": ["10.0.0.0/16"]}, {"prefixes": ["10.0.0.0/15"]})

    assert (change["path"], change["propertyChangeType"]) == ("prefixes", "Array")
    assert [(c["path"], c["propertyChangeType"], c["before"], c["after"]) for c in change["children"]] == [
        ("0", "Delete", "10.0.0.0/16", None),
        ("0", "Create", None, "10.0.0.0/15"),
    ]


def test_items_of_the_same_name_are_compared_wherever_they_stand() -> None:
    before = {"subnets": [{"name": "a", "prefix": "1"}, {"name": "b", "prefix": "2"}]}
    after = {"subnets": [{"name": "b", "prefix": "3"}, {"name": "a", "prefix": "1"}]}

    [change] = property_changes(before, after)

    [child] = change["children"]
    assert (child["path"], child["propertyChangeType"]) == ("0", "Modify")
    assert [(c["path"], c["before"], c["after"]) for c in child["children"]] == [("prefix", "2", "3")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"Kind": "x"}, {"kind": "x"}),
        ({"id": "/subscriptions/A/resourceGroups/G"}, {"id": "/subscriptions/a/resourcegroups/g"}),
        ({"list": [1, 2]}, {"list": [2, 1]}),
    ],
)
def test_what_means_the_same_is_no_change(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert property_changes(before, after) == []


@pytest.mark.parametrize(("before", "after"), [({"a": 1}, {"a": True}), ({"a": "x"}, {"a": "X"}), ({"a": None}, {})])
def test_what_means_something_else_is_a_change(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert len(property_changes(before, after)) == 1


@given(OBJECTS)
def test_nothing_changes_when_nothing_changes(document: dict[str, Any]) -> None:
    assert property_changes(document, document) == []


@given(OBJECTS, OBJECTS)
def test_there_and_back_are_the_same_paths(one: dict[str, Any], other: dict[str, Any]) -> None:
    there = {change["path"].lower() for change in property_changes(one, other)}
    back = {change["path"].lower() for change in property_changes(other, one)}

    assert there == back
