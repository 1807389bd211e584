"""Whether type definitions themselves are right: constraints on types that have them, references that lead somewhere.

Order and words are those of Microsoft's engine, asked through nested templates.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from armature.templates.errors import ExpressionError
from armature.templates.type_references import SYNTAX_HELP, Definition, TypeReferences, member
from armature.templates.types import KINDS, Subject, template_output, template_parameter, type_definition

Path = tuple[str | int, ...]
_SHOWN = {"securestring": "SecureString", "secureobject": "SecureObject"}
_OBJECTS = ("object", "secureobject")
_CONSTRAINTS: tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...] = (
    (("minValue", "maxValue"), ("int",), "Only 'Int' type parameters can specify a minValue and maxValue"),
    (
        ("minLength", "maxLength"),
        ("string", "securestring", "array"),
        "Only 'String', 'SecureString' and 'Array' type parameters can specify a minLength and maxLength",
    ),
    (("items",), ("array",), "Only 'Array' type parameters can specify an element schema"),
    (("prefixItems",), ("array",), "Only 'Array' type parameters can specify positional schemata"),
    (("properties",), _OBJECTS, "Only 'Object' and 'SecureObject' type parameters can specify child property schemata"),
    (
        ("additionalProperties",),
        _OBJECTS,
        "Only 'Object' and 'SecureObject' type parameters can specify a schema to apply to additional value properties",
    ),
    (("discriminator",), _OBJECTS, "Only 'Object' and 'SecureObject' type parameters can specify schema variants"),
)


@dataclass(frozen=True)
class TypeFault:
    """What is wrong with a definition, and where in the template it stands."""

    path: Path
    message: str


def type_faults(template: Mapping[str, Any], *, location: str = "") -> Iterator[TypeFault]:
    """Every fault of the definitions, parameters and outputs, in the engine's order; it refuses the first.

    `location` is where the template stands in the whole document, such as `resources[0].properties.template`. Parts
    that have not the shape of a definition are left out: see who checks the shape.
    """
    references = TypeReferences(template, location=location)
    sections = {"definitions": type_definition, "parameters": template_parameter, "outputs": template_output}
    for section, subject in sections.items():
        entries = template.get(section)
        for name, body in (entries if isinstance(entries, Mapping) else {}).items():
            if isinstance(body, Mapping):
                yield from _faults(references, body, (section, name), name, subject)


def _faults(
    references: TypeReferences, definition: Definition, path: Path, name: str, subject: Subject
) -> Iterator[TypeFault]:
    try:
        kind = references.follow(definition, _place(path)).get("type")
    except ExpressionError as error:
        yield TypeFault(path, error.message)
        return
    if isinstance(kind, str) and kind.lower() not in KINDS:
        yield TypeFault((*path, "type"), f"Requested value '{kind}' was not found.")
    elif isinstance(kind, str):
        for reason in _reasons(definition, kind.lower()):
            yield TypeFault(path, f"The provided properties for {subject(name)} are not valid. {reason}")
    yield from _variant_faults(references, definition, path, subject(name))
    for step, part, inner in _parts(definition):
        yield from _faults(references, part, (*path, *step), f"{name}{inner}", subject)


def _variant_faults(
    references: TypeReferences, definition: Definition, path: Path, subject: str
) -> Iterator[TypeFault]:
    discriminator = definition.get("discriminator")
    for name, part in _entries(discriminator if isinstance(discriminator, Mapping) else {}, "mapping"):
        where = (*path, "discriminator", "mapping", name)
        try:
            kind = references.follow(part, _place(where)).get("type")
        except ExpressionError:
            continue  # told where the variant itself is looked at
        if isinstance(kind, str) and kind.lower() in KINDS - set(_OBJECTS):
            yield TypeFault(
                where,
                f"The provided properties for {subject} are not valid. A discriminator mapping must be to an object "
                f"type. Found type '{_shown(kind)}' for mapping '{name}' instead.",
            )


def _shown(kind: str) -> str:
    return _SHOWN.get(kind.lower(), kind.lower().capitalize())


def _reasons(definition: Definition, kind: str) -> Iterator[str]:
    for names, kinds, only in _CONSTRAINTS:
        if kind not in kinds and any(definition.get(name) is not None for name in names):
            verb = "is" if names == ("discriminator",) else "was"
            yield f"{only}, but the target {verb} of type '{_shown(kind)}'. {SYNTAX_HELP}"
    for least, most in (("minValue", "maxValue"), ("minLength", "maxLength")):
        low, high = definition.get(least), definition.get(most)
        if type(low) is int and type(high) is int and low > high:
            yield f"{least[0].upper()}{least[1:]} should be less than or equal to {most}. {SYNTAX_HELP}"


def _parts(definition: Definition) -> Iterator[tuple[Path, Definition, str]]:
    """The definitions inside of one: where they stand, and what is added to its name."""
    for key, suffix in (("items", "[*]"), ("additionalProperties", ".*")):
        if isinstance(part := definition.get(key), Mapping):
            yield (key,), part, suffix
    prefix = definition.get("prefixItems")
    for index, part in enumerate(prefix if isinstance(prefix, list) else ()):
        if isinstance(part, Mapping):
            yield ("prefixItems", index), part, f"[{index}]"
    for name, part in _entries(definition, "properties"):
        yield ("properties", name), part, member(name)
    discriminator = definition.get("discriminator")
    for name, part in _entries(discriminator if isinstance(discriminator, Mapping) else {}, "mapping"):
        yield ("discriminator", "mapping", name), part, f"['discriminator.mapping.{name}']"


def _entries(definition: Definition, key: str) -> Iterator[tuple[str, Definition]]:
    entries = definition.get(key)
    for name, part in (entries if isinstance(entries, Mapping) else {}).items():
        if isinstance(part, Mapping):
            yield name, part


def _place(path: Path) -> str:
    """The path as Newtonsoft.Json writes it."""
    steps = (f"[{step}]" if isinstance(step, int) else member(step) for step in path)
    return "".join(steps).removeprefix(".")
