"""The parameters of a template: what was given is checked against what is declared, as ARM checks and words it."""

from collections.abc import Mapping
from typing import Any

from emulator.arm.errors import ArmError, invalid_template

_HELP = "Please see https://aka.ms/arm-create-parameter-file for usage details."
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "securestring": (str,),
    "int": (int,),
    "bool": (bool,),
    "object": (dict,),
    "secureobject": (dict,),
    "array": (list,),
}
_SHOWN_TYPES = {"securestring": "SecureString", "secureobject": "SecureObject"}
_JSON_NAMES = {bool: "Boolean", int: "Integer", float: "Float", str: "String", list: "Array", dict: "Object"}


def declared_type(declaration: Mapping[str, Any]) -> str:
    """The declared type in lower case; `object` for what a `$ref` declares."""
    return str(declaration.get("type", "object")).lower()


def shown_type(declaration: Mapping[str, Any]) -> str:
    """The type as ARM's answers spell it: `String`, `SecureString`, `Int`."""
    kind = declared_type(declaration)
    return _SHOWN_TYPES.get(kind, kind.capitalize())


def is_secure(declaration: Mapping[str, Any]) -> bool:
    """True when values of it are never shown."""
    return declared_type(declaration).startswith("secure")


def check_names(declared: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given under the declared spelling of the names.

    Raises InvalidTemplate for unknown names and for a parameter that has neither a value nor a default.
    """
    spelling = {name.lower(): name for name in declared}
    unknown = [name for name in given if name.lower() not in spelling]
    if unknown:
        supported = f"are '{', '.join(declared)}'" if declared else "are ''"
        message = (
            f"The template parameters '{', '.join(unknown)}' in the parameters file are not valid; they are "
            "not present "
            "in the original template and can therefore not be provided at deployment time. The only supported "
            f"parameters for this template {supported}. Please see https://aka.ms/arm-pass-parameter-values for usage "
            "details."
        )
        raise invalid_template(message)
    found = {spelling[name.lower()]: entry for name, entry in given.items()}
    for name, declaration in declared.items():
        if name not in found and "defaultValue" not in declaration and not declaration.get("nullable"):
            message = (
                f"The value for the template parameter '{name}' at line '1' and column '1' is not provided. {_HELP}"
            )
            raise invalid_template(message, path=f"properties.template.parameters.{name}")
    return found


def check_value(name: str, declaration: Mapping[str, Any], value: Any) -> None:
    """Raise InvalidTemplate when the value is not of the declared type or outside of what is allowed."""
    if reason := _objection(name, declaration, value):
        raise invalid_template(reason, path=f"properties.template.parameters.{name}")


def _objection(name: str, declaration: Mapping[str, Any], value: Any) -> str | None:
    if value is None and declaration.get("nullable"):
        return None
    expected = _TYPES.get(declared_type(declaration))
    if expected is None:
        return f"The template parameter '{name}' has the unknown type '{declaration.get('type')}'. {_HELP}"
    is_number_for_bool = isinstance(value, bool) and bool not in expected
    if not isinstance(value, expected) or is_number_for_bool:
        shown = "String, Uri" if expected == (str,) else _JSON_NAMES[expected[0]]
        actual = _JSON_NAMES.get(type(value), "Null")
        return (
            f"Template parameter JToken type is not valid. Expected '{shown}'. Actual '{actual}'. Please see "
            "https://aka.ms/resource-manager-parameter-files for usage details."
        )
    allowed = declaration.get("allowedValues")
    if allowed is not None and not _is_allowed(value, allowed):
        told = "" if is_secure(declaration) else f" '{value}'"
        return (
            f"The provided value{told} for the template parameter '{name}' is not valid. The value{told} is "
            "not part of "
            f"the allowed value(s): '{','.join(str(v) for v in allowed)}'"
        )
    return _bound_objection(name, declaration, value)


def _is_allowed(value: Any, allowed: list[Any]) -> bool:
    if value in allowed:
        return True
    return isinstance(value, list) and all(item in allowed for item in value)


def _bound_objection(name: str, declaration: Mapping[str, Any], value: Any) -> str | None:
    measured = len(value) if isinstance(value, str | list) else value
    what = "Length of the value" if isinstance(value, str | list) else "The value"
    bounds = ("minLength", "maxLength") if isinstance(value, str | list) else ("minValue", "maxValue")
    if not isinstance(measured, int) or isinstance(value, bool):
        return None
    least, most = (declaration.get(bound) for bound in bounds)
    for fails, word, bound in (
        (least is not None and measured < int(least or 0), "greater", least),
        (most is not None and measured > int(most or 0), "less", most),
    ):
        if fails:
            return (
                f"The provided value for the template parameter '{name}' is not valid. {what} should be {word} than or "
                f"equal to '{bound}'. Please see https://aka.ms/arm-create-parameter-file for usage details."
            )
    return None


def unwrap(name: str, entry: Any) -> Any:
    """The `value` of a parameter file's entry; raises InvalidTemplate when it has none."""
    if isinstance(entry, Mapping) and "value" in entry:
        return entry["value"]
    message = (
        f"The provided value for the template parameter '{name}' is not valid: it has neither a value "
        f"nor a reference. {_HELP}"
    )
    raise ArmError(400, "InvalidTemplate", f"Deployment template validation failed: '{message}'.")
