"""The references between the type definitions of a template: `$ref`, followed as ARM follows it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from armature.templates.errors import ExpressionError
from armature.templates.values import find_name

Definition = Mapping[str, Any]

SYNTAX_HELP = "Please see https://aka.ms/arm-syntax-parameters for usage details."
_PARTS_WITH_DEFINITIONS = ("properties", "items", "prefixItems", "additionalProperties", "discriminator")


class TypeReferences:
    """What the `$ref`s of one template name.

    `location` is where the template stands in the whole document, such as `resources[0].properties.template`.
    """

    def __init__(self, template: Mapping[str, Any], *, location: str = "") -> None:
        self._template = template
        self._location = location
        self._followed: dict[str, dict[str, Any]] = {}

    def follow(self, definition: Definition, place: str) -> Definition:
        """A definition with its `$ref` followed; what is written beside the reference replaces what it names.

        `place` is where the definition stands in the template, such as `parameters.p`. Raises ExpressionError in the
        engine's words for a reference that leads nowhere or in a circle.
        """
        if "$ref" not in definition:
            return definition
        chain: dict[str, Definition] = {}
        here, current = place, definition
        while "$ref" in current:
            target, name = self._resolve(current["$ref"], here)
            if name in chain:
                names = list(chain)
                raise refused(_circle([*names[names.index(name) :], name]))
            if _pointer_place(name) == place and not chain:
                raise refused(_circle([name, name]))
            if name in self._followed:
                chain[name] = current = self._followed[name]
                break
            chain[name] = current = target
            here = _pointer_place(name)
        found: dict[str, Any] = {}
        for name, link in reversed(chain.items()):
            found = self._followed[name] = {**found, **_beside_reference(link)}
        return {**found, **_beside_reference(definition)}

    def _resolve(self, reference: Any, place: str) -> tuple[Definition, str]:
        """What a reference names, and its name as the template spells it."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise self._bad_reference(
                place,
                "References must have a single '$ref' property whose value is a local URI that resolves to a schema "
                "node.",
            )
        node: Any = self._template
        name = "#"
        inside_definition = False
        for segment in reference[1:].split("/")[1:]:
            key = unquote(segment).replace("~1", "/").replace("~0", "~")
            if isinstance(node, list) and key.isdecimal() and int(key) < len(node):
                node, name = node[int(key)], f"{name}/{key}"
                continue
            found = find_name(node, key) if isinstance(node, dict) else None
            if found is None or found == "contentVersion":
                raise self._bad_reference(place, f"'{name}/{segment}' not found in template.")
            if inside_definition and found not in _PARTS_WITH_DEFINITIONS:
                raise self._bad_reference(
                    place,
                    f"The reference '{reference}' points to the '{found}' property of a parameter or type definition, "
                    "which is not and does not contain schema nodes.",
                )
            inside_definition = not inside_definition and name != "#"
            node, name = node[found], f"{name}/{segment if found == key else found}"
        if not isinstance(node, dict) or name.count("/") < 2:
            raise self._bad_reference(place, f"The value at '{name}' is not a schema node.")
        return node, name

    def _bad_reference(self, place: str, why: str) -> ExpressionError:
        full = f"{self._location}.{place}" if self._location else place
        return refused(f"Invalid reference encountered at '{full}.$ref'. {why} {SYNTAX_HELP}")


def _beside_reference(definition: Definition) -> dict[str, Any]:
    return {key: value for key, value in definition.items() if key != "$ref"}


def refused(message: str) -> ExpressionError:
    """A refusal of the template in the given words."""
    return ExpressionError("InvalidTemplate", message)


def member(name: str) -> str:
    """A step of a JSON path to a property, as Newtonsoft.Json writes it: `.a`, `['a b']`."""
    is_plain = name.replace("_", "a").replace("-", "a").replace("$", "a").isalnum()
    return f".{name}" if is_plain else f"['{name}']"


def _circle(names: list[str]) -> str:
    if len(names) == 2:
        return f"The '{names[0]}' symbol references itself in its own definition, which is not allowed."
    return f"The '{names[0]}' symbol's definition cycles back to itself ({' -> '.join(names)})."


def _pointer_place(name: str) -> str:
    return name.removeprefix("#/").replace("/", ".")
