"""`templateHash`: the number by which ARM tells one template from another.

It is the 64-bit MurmurHash behind uniqueString(), of the template as compact JSON in capitals, its parts in the order
in which Microsoft's engine writes them. Sources: the answer of the example `CalculateTemplateHash` in Azure's REST
specifications, and the hashes that Bicep notes in what it compiles, from which the order was found by trial. Where
nothing told the order (`etag`, `managedBy`, `asserts` and the like) it is the template's own.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from armature.templates.functions.hashes import murmur_hash
from armature.templates.values import to_json

_TEMPLATE = (
    "$schema languageVersion contentVersion apiProfile definitions parameters variables functions resources outputs "
    "metadata"
).split()
_DEFINITION = (
    "$ref type metadata nullable allowedValues minValue maxValue minLength maxLength prefixItems items properties "
    "additionalProperties discriminator sealed"
).split()
_PARAMETER = (
    "defaultValue allowedValues minValue maxValue minLength maxLength prefixItems items properties "
    "additionalProperties discriminator nullable type $ref metadata"
).split()
_OUTPUT = (
    "copy condition prefixItems items properties additionalProperties discriminator nullable type $ref value metadata"
).split()
_RESOURCE = (
    "type apiVersion name location extendedLocation dependsOn tags sku zones kind identity plan properties existing "
    "subscriptionId resourceGroup scope copy condition"
).split()


def template_hash(template: Mapping[str, Any]) -> str:
    """The hash in up to 20 digits; of a compiled template it takes in the hash that the compiler noted."""
    parts = dict(template)
    for section, order in (("definitions", _DEFINITION), ("parameters", _PARAMETER), ("outputs", _OUTPUT)):
        if isinstance(parts.get(section), Mapping):
            parts[section] = {name: _typed(body, order) for name, body in parts[section].items()}
    if isinstance(functions := parts.get("functions"), Sequence):
        parts["functions"] = [_function_group(group) for group in functions]
    parts["resources"] = _resources(parts.get("resources"))
    return str(murmur_hash(_in_capitals(to_json(_ordered(parts, _TEMPLATE))).encode(errors="replace")))


def _typed(body: Any, order: Sequence[str]) -> Any:
    """A definition, parameter or output, with the definitions inside of it."""
    if not isinstance(body, Mapping):
        return body
    parts = dict(body)
    for name in ("items", "additionalProperties"):
        parts |= {name: _typed(parts[name], _DEFINITION)} if name in parts else {}
    if isinstance(properties := parts.get("properties"), Mapping):
        parts["properties"] = {name: _typed(one, _DEFINITION) for name, one in properties.items()}
    return _ordered(parts, order)


def _resources(resources: Any) -> Any:
    """Resources by symbolic name stay an object, but for an object of none."""
    if isinstance(resources, Mapping) and resources:
        return {name: _ordered(body, _RESOURCE) for name, body in resources.items()}
    return [_ordered(body, _RESOURCE) for body in resources or ()]


def _function_group(group: Any) -> Any:
    members = {name: _member(body) for name, body in group["members"].items()}
    return _ordered({**group, "members": members}, ("namespace", "members"))


def _member(member: Mapping[str, Any]) -> dict[str, Any]:
    ordered: dict[str, Any] = _ordered(member, ("parameters", "output"))
    if member.get("parameters"):
        ordered["parameters"] = [_ordered(one, ("name", "type")) for one in member["parameters"]]
    return ordered


def _ordered(body: Any, order: Sequence[str]) -> Any:
    """The named parts in that order, whatever their case, then the others in their own."""
    if not isinstance(body, Mapping):
        return body
    rank = {name.lower(): index for index, name in enumerate(order)}
    return dict(sorted(body.items(), key=lambda part: rank.get(part[0].lower(), len(order))))


def _in_capitals(text: str) -> str:
    """In capitals as .NET's invariant culture has them: a letter of which two would come stays."""
    return "".join(capital if len(capital := letter.upper()) == 1 else letter for letter in text)
