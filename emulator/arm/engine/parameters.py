"""The parameters of a template: what was given is checked against what is declared, as ARM checks and words it."""

from collections.abc import Mapping
from typing import Any

from armature.templates.errors import ExpressionError
from armature.templates.partial import pending_parts
from armature.templates.scope import PartialObject
from armature.templates.types import TypeDefinitions, template_output, template_parameter
from emulator.arm.engine.refusals import violation
from emulator.arm.engine.source import Source
from emulator.arm.errors import ArmError, invalid_template

_HELP = "Please see https://aka.ms/arm-create-parameter-file for usage details."
_SHOWN_TYPES = {"securestring": "SecureString", "secureobject": "SecureObject"}
_SECTIONS = {"parameter": template_parameter, "output": template_output}


def declared_type(declaration: Mapping[str, Any]) -> str:
    """The declared type in lower case, of a declaration whose `$ref` was followed."""
    return str(declaration.get("type", "object")).lower()


def shown_type(declaration: Mapping[str, Any]) -> str:
    """The type as ARM's answers spell it: `String`, `SecureString`, `Int`."""
    kind = declared_type(declaration)
    return _SHOWN_TYPES.get(kind, kind.capitalize())


def is_secure(declaration: Mapping[str, Any]) -> bool:
    """True when values of it are never shown."""
    return declared_type(declaration).startswith("secure")


def followed(template: Mapping[str, Any], section: str, source: Source) -> dict[str, Mapping[str, Any]]:
    """The declarations of `parameters` or `outputs`, `$ref` followed; raises InvalidTemplate for one to nowhere."""
    types, found = TypeDefinitions(template, location=source.path), {}
    for name, declaration in (template.get(section) or {}).items():
        try:
            found[name] = types.follow(declaration, f"{section}.{name}")
        except ExpressionError as error:
            raise violation(error.message, source.place(section, name)) from error
    return found


def check_names(declared: Mapping[str, Any], given: Mapping[str, Any], source: Source) -> dict[str, Any]:
    """What was given under the declared spelling of the names.

    Raises InvalidTemplate for unknown names and for a parameter that has neither a value nor a default.
    """
    spelling = {name.lower(): name for name in declared}
    unknown = [name for name in given if name.lower() not in spelling]
    if unknown:
        message = (
            f"The following parameters were supplied, but do not correspond to any parameters defined in the template: "
            f"'{', '.join(unknown)}'. The parameters defined in the template are: '{', '.join(declared)}'. Please see "
            "https://aka.ms/arm-pass-parameter-values for usage details."
        )
        raise invalid_template(message)
    found = {spelling[name.lower()]: entry for name, entry in given.items() if entry != {"value": None}}
    for name, declaration in declared.items():
        if name not in found and "defaultValue" not in declaration and not declaration.get("nullable"):
            place = source.place("parameters", name)
            raise violation(f"The value for the template parameter '{name}' at {place} is not provided. {_HELP}", place)
    return found


def check_value(
    name: str, declaration: Mapping[str, Any], value: Any, source: Source, types: TypeDefinitions, *, what: str
) -> None:
    """Raise InvalidTemplate when a value is not what a `parameter` or an `output` (`what`) is declared to be.

    Of a value that is pending in part, only its own type is checked.
    """
    if isinstance(value, PartialObject):
        return
    if next(pending_parts(value), None) is not None:
        declaration, value = {"type": declared_type(declaration)}, type(value)()
    if faults := types.check(value, declaration, name, _SECTIONS[what]):
        raise violation(faults[0], source.place(f"{what}s", name))


def unwrap(name: str, entry: Any) -> Any:
    """The `value` of a parameter file's entry; raises InvalidTemplate when it has none."""
    if isinstance(entry, PartialObject):
        return entry
    if isinstance(entry, Mapping) and "value" in entry:
        return entry["value"]
    message = (
        f"The provided value for the template parameter '{name}' is not valid: it has neither a value "
        f"nor a reference. {_HELP}"
    )
    raise ArmError(400, "InvalidTemplate", f"Deployment template validation failed: '{message}'.")
