"""Values against type definitions: what fits, and how the engine words what does not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.templates.errors import ExpressionError
from armature.templates.types import TypeDefinitions, argument_of, result_of, template_output

SYNTAX = "Please see https://aka.ms/arm-syntax-parameters for usage details."
FILE = "Please see https://aka.ms/arm-create-parameter-file for usage details."
DEFINITIONS: dict[str, Any] = {
    "definitions": {
        "positive": {"type": "int", "minValue": 1},
        "alias": {"$ref": "#/definitions/positive"},
        "list": {
            "type": "object",
            "properties": {"value": {"type": "int"}, "next": {"$ref": "#/definitions/list", "nullable": True}},
        },
        "cat": {"type": "object", "properties": {"kind": {"type": "string", "allowedValues": ["cat"]}}},
        "dog": {
            "type": "object",
            "properties": {"kind": {"type": "string"}, "age": {"type": "int"}},
            "additionalProperties": False,
        },
        "pet": {
            "type": "object",
            "discriminator": {
                "propertyName": "kind",
                "mapping": {"cat": {"$ref": "#/definitions/cat"}, "dog": {"$ref": "#/definitions/dog"}},
            },
        },
        "there": {"$ref": "#/definitions/back"},
        "back": {"$ref": "#/definitions/there"},
        "secret": {"type": "secureString"},
    }
}


def check(value: Any, definition: dict[str, Any]) -> list[str]:
    return TypeDefinitions(DEFINITIONS).check(value, definition, "p")


def refusal(reason: str, path: str = "p") -> list[str]:
    return [f"The provided value for the template parameter '{path}' is not valid. {reason}"]


@pytest.mark.parametrize(
    ("definition", "value"),
    [
        ({"type": "STRING"}, "x"),
        ({"type": "int"}, 2**63 - 1),
        ({}, "anything"),
        ({"type": "string", "nullable": True}, None),
        ({"type": "array", "allowedValues": ["a", "b"]}, ["b", "a"]),
        ({"type": "array", "prefixItems": [{"type": "string"}], "items": False}, ["a"]),
        ({"type": "object", "additionalProperties": False, "properties": {}}, {"ignored": None}),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, {"A": "x", "more": 1}),
        ({"$ref": "#/definitions/alias"}, 1),
        ({"$ref": "#/definitions/list"}, {"value": 1, "next": {"value": 2, "next": None}}),
        ({"$ref": "#/definitions/pet"}, {"kind": "dog", "age": 3}),
        ({"type": "secureString", "allowedValues": ["a"]}, "not listed"),
        ({"type": "string", "minLength": 2}, "😀"),
    ],
)
def test_a_value_of_the_type_fits(definition: dict[str, Any], value: Any) -> None:
    assert check(value, definition) == []


@pytest.mark.parametrize(
    ("definition", "value", "path", "reason"),
    [
        (
            {"type": "string", "nullable": True},
            1,
            "p",
            f"Expected a value of type 'String, Uri, Null', but received a value of type 'Integer'. {FILE}",
        ),
        (
            {"type": "int"},
            1.0,
            "p",
            f"Expected a value of type 'Integer', but received a value of type 'Float'. {FILE}",
        ),
        ({"type": "int"}, 2**63, "p", f"Value should be less than or equal to '9223372036854775807'. {SYNTAX}"),
        ({"$ref": "#/definitions/alias"}, 0, "p", f"Value should be greater than or equal to '1'. {SYNTAX}"),
        (
            {"$ref": "#/definitions/alias", "minValue": 5},
            3,
            "p",
            f"Value should be greater than or equal to '5'. {SYNTAX}",
        ),
        (
            {"type": "string", "minLength": 2, "allowedValues": ["b"]},
            "a",
            "p",
            f"Length of the value should be greater than or equal to '2'. {SYNTAX}",
        ),
        (
            {"type": "string", "allowedValues": ["a", True]},
            "A",
            "p",
            "The value 'A' is not part of the allowed value(s): 'a,True'.",
        ),
        (
            {"type": "object", "allowedValues": [{"a": 1}]},
            {"a": ["it's", None, 1.5]},
            "p",
            (
                "The value '[createObject('a', createArray('it''s', null(), json('1.5')))]' is not part of the allowed "
                "value(s): '{\n  \"a\": 1\n}'."
            ),
        ),
        (
            {"type": "array", "items": {"type": "array", "items": {"$ref": "#/definitions/positive"}}},
            [[1], [1, 0]],
            "p[1][1]",
            f"Value should be greater than or equal to '1'. {SYNTAX}",
        ),
        (
            {"type": "array", "prefixItems": [{"type": "string"}], "items": False},
            ["a", 1],
            "p",
            f"The array expects exactly 1 item(s), but additional items were present. {SYNTAX}",
        ),
        (
            {"type": "array", "prefixItems": [{"type": "string"}, {"type": "int"}]},
            ["a"],
            "p",
            f"All elements of an array prefix are required, but no value was provided at index 1. {SYNTAX}",
        ),
        (
            {"type": "object", "properties": {"a": {"type": "string"}}},
            {"a": None},
            "p",
            f"A non-null value for the property 'a' must be provided, but the property was null or missing. {SYNTAX}",
        ),
        (
            {"type": "object", "additionalProperties": False},
            {"b": 1, "c d": 2},
            "p",
            (
                "The object does not allow values with properties not defined in the schema, but the following unknown "
                f"properties were present: ['b', 'c d']. {SYNTAX}"
            ),
        ),
        (
            {"$ref": "#/definitions/list"},
            {"value": 1, "next": {"value": "x"}},
            "p.next.value",
            f"Expected a value of type 'Integer', but received a value of type 'String'. {FILE}",
        ),
        (
            {"$ref": "#/definitions/pet"},
            {"kind": "bird"},
            "p",
            (
                "The value provided for the discriminator property 'kind' did not match any known variant. Valid "
                f"discriminator property values are: 'cat','dog'. {SYNTAX}"
            ),
        ),
        (
            {"$ref": "#/definitions/pet"},
            {"kind": "CAT"},
            "p.kind",
            "The value 'CAT' is not part of the allowed value(s): 'cat'.",
        ),
        (
            {"$ref": "#/definitions/pet"},
            {},
            "p",
            f"No value was provided for the discriminator property 'kind'. {SYNTAX}",
        ),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_the_engines_words(
    definition: dict[str, Any], value: Any, path: str, reason: str
) -> None:
    assert check(value, definition) == refusal(reason, path)


def test_all_faults_are_told_the_first_of_them_as_the_engine_would() -> None:
    definition = {"type": "object", "properties": {"a": {"type": "int"}, "b": {"type": "bool"}}}

    messages = check({"b": 1, "a": "x"}, definition)

    assert [message.partition(" is not valid")[0].rpartition(" ")[2] for message in messages] == ["'p.a'", "'p.b'"]


def test_references_that_lead_nowhere_or_in_a_circle_are_refused() -> None:
    inside = TypeDefinitions(DEFINITIONS, location="resources[0].properties.template")

    nowhere = inside.check(1, {"type": "array", "items": {"$ref": "#/definitions/none"}}, "p")
    lost = inside.check([1], {"type": "array", "items": {"$ref": "#/definitions/none"}}, "p")
    circle = inside.check(1, {"$ref": "#/definitions/there"}, "p")

    assert nowhere == refusal(f"Expected a value of type 'Array', but received a value of type 'Integer'. {FILE}")
    assert lost == [
        (
            "Invalid reference encountered at 'resources[0].properties.template.parameters.p.items.$ref'. "
            f"'#/definitions/none' not found in template. {SYNTAX}"
        )
    ]
    assert circle == [
        (
            "The '#/definitions/there' symbol's definition cycles back to itself (#/definitions/there -> "
            "#/definitions/back -> #/definitions/there)."
        )
    ]


def test_outputs_and_the_values_of_functions_are_named_for_what_they_are() -> None:
    types = TypeDefinitions(DEFINITIONS)
    definition = {"type": "array", "items": {"type": "int"}}

    output = types.check(["x"], definition, "o", template_output)
    argument = types.check(["x"], definition, "a", argument_of("n.f"))
    result = types.check(["x"], definition, "", result_of("n.f"))
    whole = types.check("x", definition, "", result_of("n.f"))

    assert output[0].startswith("The provided value for the template output 'o[0]' is not valid.")
    assert argument[0].startswith("The provided value for the 'a[0]' parameter of the user-defined function 'n.f' is")
    assert result[0].startswith("The provided value for the '[0]' property of the output of the user-defined function")
    assert whole[0].startswith("The provided value for the output of the user-defined function 'n.f' is not valid.")


def test_what_is_secure_is_told_through_references() -> None:
    types = TypeDefinitions(DEFINITIONS)

    assert types.is_secure({"$ref": "#/definitions/secret"})
    assert not types.is_secure({"type": "string"})
    with pytest.raises(ExpressionError):
        types.is_secure({"$ref": "#/definitions/none"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def exact_type(value: Any) -> dict[str, Any]:
    """A definition that the value, and little else, fits."""
    if isinstance(value, list):
        return {"type": "array", "prefixItems": [exact_type(item) for item in value], "items": False}
    if isinstance(value, dict):
        properties = {name: exact_type(item) for name, item in value.items()}
        return {"type": "object", "properties": properties, "additionalProperties": False}
    kinds = {bool: "bool", int: "int", str: "string"}
    if type(value) in kinds and not (type(value) is int and not -(2**63) <= value < 2**63):
        return {"type": kinds[type(value)], "allowedValues": [value]}
    return {"nullable": True}


@given(JSON)
def test_every_value_fits_the_type_that_is_made_for_it_and_a_sealed_type_refuses_what_is_added(value: Any) -> None:
    folded = [name.casefold() for name in value] if isinstance(value, dict) else []

    definition = exact_type(value)

    if len(set(folded)) == len(folded) and not _has_twins(value):
        assert check(value, definition) == []
        if isinstance(value, list):
            assert check([*value, 1], definition) != []
        if isinstance(value, dict):
            assert check({**value, "added property": 1}, definition) != []


def _has_twins(value: Any) -> bool:
    """Whether an object inside has names that differ in case only."""
    if isinstance(value, dict):
        return len({name.casefold() for name in value}) < len(value) or any(map(_has_twins, value.values()))
    return isinstance(value, list) and any(map(_has_twins, value))
