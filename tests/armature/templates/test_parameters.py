"""Whether a value fits a parameter: the type rules are those of Microsoft's engine."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.templates.parameters import PARAMETER_TYPES, check_parameter_value, has_parameter_type
from armature.templates.template import ParameterDefinition


def definition(kind: str, **rules: Any) -> ParameterDefinition:
    return ParameterDefinition(name="p", type=kind, **rules)


@pytest.mark.parametrize(
    ("kind", "fitting", "others"),
    [
        ("string", ["", "x"], [1, True, None, [], {}]),
        ("securestring", ["x"], [1]),
        ("int", [0, -5], ["1", 1.0, True, None]),
        ("bool", [True, False], ["true", 1, None]),
        ("array", [[], [1]], ["x", {}, None]),
        ("object", [{}, {"a": 1}], [[], "x", None]),
        ("secureobject", [{}], ["x"]),
    ],
)
def test_types_are_those_of_json(kind: str, fitting: list[Any], others: list[Any]) -> None:
    assert [check_parameter_value(definition(kind), value) for value in fitting] == [None] * len(fitting)
    for value in others:
        fault = check_parameter_value(definition(kind), value)
        assert fault is not None
        assert fault.startswith("is of type ")
        assert fault.endswith(f", not {kind}")
        assert not has_parameter_type(definition(kind), value)


def test_null_fits_what_is_nullable() -> None:
    assert check_parameter_value(definition("string", nullable=True, allowed_values=("a",)), None) is None


@pytest.mark.parametrize(
    ("rules", "kind", "value", "fits"),
    [
        ({"allowed_values": ("a", "b")}, "string", "a", True),
        ({"allowed_values": ("a", "b")}, "string", "A", False),
        ({"allowed_values": ()}, "string", "x", True),
        ({"allowed_values": (1, 2)}, "int", 3, False),
        ({"allowed_values": ("a", "b")}, "array", ["b", "a"], True),
        ({"allowed_values": ("a", "b")}, "array", ["c"], False),
        ({"allowed_values": (["a"],)}, "array", ["a"], True),
        ({"allowed_values": ({"a": 1},)}, "object", {"a": 1}, True),
        ({"allowed_values": ({"a": 1},)}, "object", {"a": 2}, False),
        ({"min_value": 5, "max_value": 5}, "int", 5, True),
        ({"min_value": 5}, "int", 4, False),
        ({"max_value": 5}, "int", 6, False),
        ({"min_length": 2, "max_length": 2}, "string", "ab", True),
        ({"min_length": 2}, "string", "a", False),
        ({"max_length": 1}, "string", "😀", False),
        ({"max_length": 1}, "array", [1, 2], False),
        ({"min_length": 3}, "array", [1, 2], False),
    ],
)
def test_rules_are_kept(rules: dict[str, Any], kind: str, value: Any, fits: bool) -> None:
    fault = check_parameter_value(definition(kind, **rules), value)

    assert (fault is None) is fits
    assert has_parameter_type(definition(kind, **rules), value)


@given(st.sampled_from(sorted(PARAMETER_TYPES)), st.text(min_size=12))
def test_what_is_wrong_never_holds_the_value(kind: str, value: str) -> None:
    fault = check_parameter_value(definition(kind, allowed_values=("other",), max_length=3), value)

    assert fault is not None
    assert value not in fault


def test_the_allowed_values_of_a_secret_are_not_told() -> None:
    fault = check_parameter_value(definition("securestring", secure=True, allowed_values=("hush", "quiet")), "x")

    assert fault == "is none of the 2 that are allowed"


def test_an_integer_has_64_bits() -> None:
    definition = ParameterDefinition("p", "int")

    assert check_parameter_value(definition, 2**63 - 1) is None
    assert check_parameter_value(definition, -(2**63)) is None
    assert check_parameter_value(definition, 2**63) == "is not within 64 bits"
