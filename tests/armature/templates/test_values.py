"""Values: equality, text, JSON."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.templates.values import are_equal, find_name, float_text, to_json, to_text, type_name

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@given(VALUES)
def test_json_text_reads_back_as_the_same_value(value: Any) -> None:
    assert are_equal(json.loads(to_json(value)), value)


@given(VALUES)
def test_every_value_is_equal_to_itself(value: Any) -> None:
    assert are_equal(value, value)


@pytest.mark.parametrize(
    ("left", "right"), [(1, 1.0), (1, True), (0, False), ("a", "A"), ({"a": 1}, {"A": 1}), ([1, 2], [2, 1]), (None, "")]
)
def test_values_of_other_type_case_or_order_are_not_equal(left: Any, right: Any) -> None:
    assert not are_equal(left, right)
    assert not are_equal([left], [right])


def test_the_order_of_properties_does_not_matter() -> None:
    assert are_equal({"a": 1, "b": [2]}, {"b": [2], "a": 1})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (1.5, "1.5"),
        (-0.0001, "-0.0001"),
        (1e-05, "1E-05"),
        (1e16, "10000000000000000"),
        (1e17, "1E+17"),
        (1.5e300, "1.5E+300"),
    ],
)
def test_floats_are_written_as_the_engine_writes_them(value: float, text: str) -> None:
    assert float_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (True, "True"), (5, "5"), ({"a": [1, None]}, '{"a":[1,null]}'), (None, ""), ([1.0], "[1.0]")],
)
def test_text_is_that_of_the_string_function(value: Any, text: str) -> None:
    assert to_text(value) == text


def test_types_have_the_engines_names() -> None:
    values = [None, True, 1, 1.0, "", [], {}]

    assert [type_name(value) for value in values] == [
        "Null",
        "Boolean",
        "Integer",
        "Float",
        "String",
        "Array",
        "Object",
    ]


def test_a_name_means_the_first_key_that_is_equal_but_for_case() -> None:
    assert find_name({"b": 0, "Ab": 1, "aB": 2}, "AB") == "Ab"
    assert find_name({"a": 1}, "b") is None
