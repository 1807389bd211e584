"""Definitions that are wrong themselves: what is told of them, and where."""

from itertools import islice
from typing import Any

import pytest

from armature.templates.type_validity import type_faults

VARIANT = {"type": "object", "properties": {"k": {"type": "string", "minValue": 1}}}
RIGHT: dict[str, Any] = {
    "size": {"type": "int", "minValue": 1, "maxValue": 1},
    "tree": {"type": "object", "properties": {"next": {"$ref": "#/definitions/tree", "nullable": True}}},
    "pair": {"type": "array", "prefixItems": [{"type": "int"}], "items": False, "minLength": 1},
    "any": {"minLength": 1, "items": {"type": "int"}},
    "open": {"type": "secureObject", "additionalProperties": {"$ref": "#/definitions/size"}},
}


def told(definition: dict[str, Any]) -> list[tuple[tuple[str | int, ...], str]]:
    template = {"definitions": {"t": definition, "n": {"type": "int"}}}
    return [(fault.path[2:], fault.message) for fault in type_faults(template)]


def test_of_definitions_that_are_right_nothing_is_told() -> None:
    assert list(type_faults({"definitions": RIGHT, "parameters": RIGHT, "outputs": RIGHT})) == []


@pytest.mark.parametrize(
    ("definition", "path", "reason"),
    [
        ({"type": "thing"}, ("type",), "Requested value 'thing' was not found."),
        (
            {"type": "string", "minValue": 1},
            (),
            "the type definition 't' are not valid. Only 'Int' type",
        ),
        (
            {"type": "int", "maxLength": 1},
            (),
            "a minLength and maxLength, but the target was of type 'Int'.",
        ),
        ({"$ref": "#/definitions/n", "maxLength": 1}, (), "but the target was of type 'Int'."),
        ({"type": "int", "minValue": 2, "maxValue": 1}, (), "MinValue should be less than or equal to maxValue."),
        ({"type": "array", "minLength": 2, "maxLength": 1}, (), "MinLength should be less than or equal to maxLength."),
        ({"type": "secureString", "items": {}}, (), "an element schema, but the target was of type 'SecureString'."),
        ({"type": "string", "prefixItems": []}, (), "can specify positional schemata, but the target was"),
        (
            {"type": "bool", "properties": {}},
            (),
            "child property schemata, but the target was of type 'Bool'",
        ),
        ({"type": "bool", "additionalProperties": False}, (), "a schema to apply to additional value properties"),
        ({"type": "bool", "discriminator": {}}, (), "can specify schema variants, but the target is of type 'Bool'."),
        ({"type": "array", "items": {"type": "int", "minLength": 1}}, ("items",), "the type definition 't[*]' are"),
        (
            {"type": "array", "prefixItems": [{"type": "int", "minLength": 1}]},
            ("prefixItems", 0),
            "'t[0]' are not",
        ),
        ({"type": "object", "properties": {"a": {"type": "x"}}}, ("properties", "a", "type"), "Requested value 'x'"),
        (
            {"type": "object", "additionalProperties": {"$ref": "#/definitions/gone"}},
            ("additionalProperties",),
            "at 'definitions.t.additionalProperties.$ref'. '#/definitions/gone' not found in template.",
        ),
        (
            {"type": "object", "discriminator": {"propertyName": "k", "mapping": {"a": VARIANT}}},
            ("discriminator", "mapping", "a", "properties", "k"),
            "the type definition 't['discriminator.mapping.a'].k' are not valid. Only 'Int'",
        ),
        (
            {"type": "object", "discriminator": {"propertyName": "k", "mapping": {"a": {"type": "int"}}}},
            ("discriminator", "mapping", "a"),
            "A discriminator mapping must be to an object type. Found type 'Int' for mapping 'a' instead.",
        ),
        ({"$ref": "#/definitions/t"}, (), "The '#/definitions/t' symbol references itself in its own definition"),
    ],
)
def test_a_definition_that_is_wrong_is_told_with_its_place(
    definition: dict[str, Any], path: tuple[str | int, ...], reason: str
) -> None:
    [(where, message)] = told(definition)

    assert where == path
    assert reason in message


@pytest.mark.parametrize("wrong", [5, "x", [], None, {"properties": [1], "items": 3, "prefixItems": {}, "type": 9}])
def test_what_has_not_the_shape_of_a_definition_is_left_out(wrong: Any) -> None:
    assert list(type_faults({"definitions": {"t": wrong}, "parameters": wrong, "outputs": {"o": wrong}})) == []


def test_long_chains_and_circles_of_references_are_followed_in_time() -> None:
    chain = {f"d{number}": {"$ref": f"#/definitions/d{number + 1}"} for number in range(5000)}

    assert list(type_faults({"definitions": chain | {"d5000": {"type": "int"}}})) == []
    [first] = islice(type_faults({"definitions": chain | {"d5000": {"$ref": "#/definitions/d0"}}}), 1)

    assert "definition cycles back to itself" in first.message
