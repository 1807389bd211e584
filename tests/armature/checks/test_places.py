"""Places of properties, and values that are equal."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.checks.places import is_equal, parts_of, value_at

DOCUMENT = {"properties": {"httpsOnly": True, "a.b": 1, "c/d": 2, "list": [{"name": "x"}]}, "sku": {"name": "B1"}}


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("properties.httpsOnly", True),
        ("/properties/httpsOnly", True),
        ("Properties.HTTPSonly", True),
        ("/properties/a.b", 1),
        ("/properties/c~1d", 2),
        ("properties.list.0.name", "x"),
        ("properties.list.1.name", None),
        ("properties.list.-1", None),
        ("sku.name.deeper", None),
        ("sku.tier", None),
    ],
)
def test_a_place_leads_to_its_value_or_to_nothing(place: str, value: Any) -> None:
    assert value_at(DOCUMENT, place) == value


@pytest.mark.parametrize("place", ["", "a..b", ".a", "a.", "/", "/a//b"])
def test_a_place_has_no_empty_names(place: str) -> None:
    with pytest.raises(ValueError, match="not the place"):
        parts_of(place)


@pytest.mark.parametrize(
    ("found", "wanted", "expected"),
    [
        (1, 1.0, True),
        (True, 1, False),
        (0, False, False),
        ("1", 1, False),
        (None, None, True),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ([1, 2], [2, 1], False),
        ([1.0], [1], True),
    ],
)
def test_values_are_equal_as_json(found: Any, wanted: Any, expected: bool) -> None:
    assert is_equal(found, wanted) is expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(json_values)
def test_every_value_equals_itself(value: Any) -> None:
    assert is_equal(value, value)


names = st.lists(st.text(min_size=1), min_size=1, max_size=4)


@given(json_values, names)
def test_any_place_of_any_document_is_something_or_nothing(document: Any, way: list[str]) -> None:
    pointer = "/" + "/".join(name.replace("~", "~0").replace("/", "~1") for name in way)

    assert parts_of(pointer) == tuple(way)
    value_at(document, pointer)
