"""Whether a value is of a declared type: the type definitions of a template, as ARM applies and words them.

A definition is what stands under `definitions`, a parameter, an output, or a parameter or the output of a user-defined
function: `type` or `$ref`, and the constraints. Order and words are those of Microsoft's engine, which tells of the
first fault only.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from armature.templates.errors import ExpressionError
from armature.templates.functions.text import utf16_length
from armature.templates.type_references import SYNTAX_HELP, Definition, TypeReferences, member, refused
from armature.templates.value_texts import allowed_text, shown
from armature.templates.values import are_equal, find_name, type_name

Subject = Callable[[str], str]
"""The words for what a value is given to; the argument is its path, such as `p.list[0]`."""

_FILE_HELP = "Please see https://aka.ms/arm-create-parameter-file for usage details."
_LEAST_INTEGER, _MOST_INTEGER = -(2**63), 2**63 - 1

_FITTING: dict[str, tuple[type, str]] = {
    "string": (str, "String, Uri"),
    "securestring": (str, "String, Uri"),
    "int": (int, "Integer"),
    "bool": (bool, "Boolean"),
    "array": (list, "Array"),
    "object": (dict, "Object"),
    "secureobject": (dict, "Object"),
}


KINDS = frozenset(_FITTING)
"""The types that there are, in lower case."""


def template_parameter(path: str) -> str:
    """The words for a parameter of the template."""
    return f"the template parameter '{path}'"


def template_output(path: str) -> str:
    """The words for an output of the template."""
    return f"the template output '{path}'"


def type_definition(path: str) -> str:
    """The words for a definition under `definitions`."""
    return f"the type definition '{path}'"


def argument_of(function: str) -> Subject:
    """The words for an argument of a user-defined function, `function` with its namespace."""
    return lambda path: f"the '{path}' parameter of the user-defined function '{function}'"


def result_of(function: str) -> Subject:
    """The words for the output of a user-defined function; its path begins empty."""

    def words(path: str) -> str:
        part = f"the '{path}' property of " if path else ""
        return f"{part}the output of the user-defined function '{function}'"

    return words


class TypeDefinitions:
    """The types that a template declares, in which `$ref` is looked up.

    `location` is where the template stands in the whole document, such as `resources[0].properties.template`.
    """

    def __init__(self, template: Mapping[str, Any], *, location: str = "") -> None:
        self._references = TypeReferences(template, location=location)

    def follow(self, definition: Definition, place: str) -> Definition:
        """A definition with its `$ref` followed: see TypeReferences.follow()."""
        return self._references.follow(definition, place)

    def is_secure(self, definition: Definition, place: str = "") -> bool:
        """Whether values of it are never shown. Raises ExpressionError as follow() does."""
        kind = self.follow(definition, place).get("type")
        return isinstance(kind, str) and kind.lower().startswith("secure")

    def check(self, value: Any, definition: Definition, path: str, subject: Subject = template_parameter) -> list[str]:
        """What is wrong with a value, in the engine's words and order (it tells the first only); empty when nothing is.

        `path` is the name of the parameter or output: `p`. What can't be looked up is among the messages.
        """
        try:
            return [
                f"The provided value for {subject(where)} is not valid. {reason}"
                for where, reason in self._faults(value, definition, path, f"parameters.{path}", is_top=True)
            ]
        except ExpressionError as error:
            return [error.message]

    def _faults(
        self, value: Any, definition: Definition, path: str, place: str, *, is_top: bool = False
    ) -> Iterator[tuple[str, str]]:
        definition = self.follow(definition, place)
        if value is None and definition.get("nullable") is True:
            return
        kind = _kind(definition)
        reason = _size_fault(definition, kind, value)
        if reason is None and not (is_top and kind in ("securestring", "secureobject")):
            reason = _allowed_fault(definition, value)
        reason = reason or _type_fault(definition, kind, value)
        if reason:
            yield path, reason
        elif isinstance(value, list):
            yield from self._item_faults(value, definition, path, place)
        elif isinstance(value, dict):
            yield from self._property_faults(value, definition, path, place)

    def _item_faults(
        self, value: list[Any], definition: Definition, path: str, place: str
    ) -> Iterator[tuple[str, str]]:
        prefix = definition.get("prefixItems")
        prefix = prefix if isinstance(prefix, list) else []
        for index, one in enumerate(prefix):
            if index >= len(value):
                missing = f"no value was provided at index {index}. {SYNTAX_HELP}"
                yield path, f"All elements of an array prefix are required, but {missing}"
                return
            yield from self._faults(value[index], one, f"{path}[{index}]", f"{place}.prefixItems[{index}]")
        items = definition.get("items")
        if items is False and len(value) > len(prefix):
            yield (
                path,
                f"The array expects exactly {len(prefix)} item(s), but additional items were present. {SYNTAX_HELP}",
            )
        elif isinstance(items, dict):
            for index in range(len(prefix), len(value)):
                yield from self._faults(value[index], items, f"{path}[{index}]", f"{place}.items")

    def _property_faults(
        self, value: dict[str, Any], definition: Definition, path: str, place: str
    ) -> Iterator[tuple[str, str]]:
        known = section(definition, "properties")
        yield from self._declared_faults(value, known, path, place)
        additional = definition.get("additionalProperties")
        discriminator = definition.get("discriminator")
        if isinstance(discriminator, dict):
            name = str(discriminator.get("propertyName", ""))
            mapping = section(discriminator, "mapping")
            chosen, fault = _chosen_variant(value, name, mapping)
            if chosen is None:
                yield path, fault
                return
            place = f"{place}.{variant_place(chosen)}"
            variant = self.follow(mapping[chosen], place)
            of_variant = section(variant, "properties")
            yield from self._declared_faults(value, of_variant, path, place)
            known = {name: True, **known, **of_variant}
            additional = variant.get("additionalProperties", additional)
        others = [name for name, item in value.items() if item is not None and find_name(known, name) is None]
        if additional is False and others:
            listed = ", ".join(f"'{name}'" for name in others)
            unknown = f"the following unknown properties were present: [{listed}]. {SYNTAX_HELP}"
            yield path, f"The object does not allow values with properties not defined in the schema, but {unknown}"
        elif isinstance(additional, dict):
            for name in others:
                yield from self._faults(value[name], additional, f"{path}.{name}", f"{place}.additionalProperties")

    def _declared_faults(
        self, value: dict[str, Any], declared: Mapping[str, Any], path: str, place: str
    ) -> Iterator[tuple[str, str]]:
        for name, one in declared.items():
            given = find_name(value, name)
            where = f"{place}.properties{member(name)}"
            if given is not None and value[given] is not None:
                yield from self._faults(value[given], one, f"{path}.{name}", where)
            elif self.follow(one, where).get("nullable") is not True:
                wanted = f"A non-null value for the property '{name}' must be provided"
                yield path, f"{wanted}, but the property was null or missing. {SYNTAX_HELP}"


def variant_place(name: str) -> str:
    """Where the variant of that name stands in a definition."""
    return f"discriminator.mapping{member(name)}"


def _kind(definition: Definition) -> str:
    kind = definition.get("type")
    return kind.lower() if isinstance(kind, str) else ""


def section(definition: Definition, name: str) -> Mapping[str, Any]:
    """A part of a definition that is an object, empty when it has none."""
    section = definition.get(name)
    return section if isinstance(section, dict) else {}


def _type_fault(definition: Definition, kind: str, value: Any) -> str | None:
    if not kind:
        return None
    if kind not in _FITTING:
        raise refused(f"Requested value '{definition['type']}' was not found.")
    wanted, words = _FITTING[kind]
    if type(value) is wanted:
        return None
    words += ", Null" if definition.get("nullable") is True else ""
    return f"Expected a value of type '{words}', but received a value of type '{type_name(value)}'. {_FILE_HELP}"


def _size_fault(definition: Definition, kind: str, value: Any) -> str | None:
    if isinstance(value, str | list):
        what, least, most = "Length of the value", definition.get("minLength"), definition.get("maxLength")
        size: float = utf16_length(value) if isinstance(value, str) else len(value)
    elif type(value) in (int, float):
        what, least, most, size = "Value", definition.get("minValue"), definition.get("maxValue"), value
        if kind == "int" and type(value) is int:
            least, most = _LEAST_INTEGER if least is None else least, _MOST_INTEGER if most is None else most
    else:
        return None
    if least is not None and size < least:
        return f"{what} should be greater than or equal to '{least}'. {SYNTAX_HELP}"
    if most is not None and size > most:
        return f"{what} should be less than or equal to '{most}'. {SYNTAX_HELP}"
    return None


def _allowed_fault(definition: Definition, value: Any) -> str | None:
    allowed = definition.get("allowedValues")
    if not isinstance(allowed, list) or not allowed or any(are_equal(value, one) for one in allowed):
        return None
    has_whole_arrays = any(isinstance(one, list) for one in allowed)
    if (
        isinstance(value, list)
        and not has_whole_arrays
        and all(any(are_equal(item, one) for one in allowed) for item in value)
    ):
        return None
    listed = ",".join(map(allowed_text, allowed))
    return f"The value '{shown(value)}' is not part of the allowed value(s): '{listed}'."


def _chosen_variant(value: dict[str, Any], name: str, mapping: Mapping[str, Any]) -> tuple[str | None, str]:
    """The name of the variant that an object's discriminator chooses, or why there is none."""
    given = find_name(value, name)
    chosen = value[given] if given is not None else None
    if chosen is None:
        return None, f"No value was provided for the discriminator property '{name}'. {SYNTAX_HELP}"
    told = f"The value provided for the discriminator property '{name}'"
    if not isinstance(chosen, str):
        return None, f"{told} was of type '{type_name(chosen)}', but a string was expected. {SYNTAX_HELP}"
    found = find_name(mapping, chosen)
    if found is None:
        valid = ",".join(f"'{one}'" for one in mapping) or "<no valid values>"
        return None, (
            f"{told} did not match any known variant. Valid discriminator property values are: {valid}. {SYNTAX_HELP}"
        )
    return found, ""
