"""The parameters of a template: what was given is checked against what is declared, as ARM checks and words it."""

from collections.abc import Mapping
from typing import Any

from emulator.arm.errors import ArmError, invalid_template

_HELP = "Please see https://aka.ms/arm-create-parameter-file for usage details."
_SYNTAX_HELP = "Please see https://aka.ms/arm-syntax-parameters for usage details."
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "securestring": (str,),
    "int": (int,),
    "bool": (bool,),
    "object": (dict,),
    "secureobject": (dict,),
    "array": (list,),
}
_LEAST_INTEGER, _MOST_INTEGER = -(2**63), 2**63 - 1  # ARM's integers have 64 bits
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
        message = (
            f"The following parameters were supplied, but do not correspond to any parameters defined in the template: "
            f"'{', '.join(unknown)}'. The parameters defined in the template are: '{', '.join(declared)}'. Please see "
            "https://aka.ms/arm-pass-parameter-values for usage details."
        )
        raise invalid_template(message)
    found = {spelling[name.lower()]: entry for name, entry in given.items() if entry != {"value": None}}
    for name, declaration in declared.items():
        if name not in found and "defaultValue" not in declaration and not declaration.get("nullable"):
            message = (
                f"The value for the template parameter '{name}' at line '1' and column '1' is not provided. {_HELP}"
            )
            raise invalid_template(message, path=f"properties.template.parameters.{name}")
    return found


def check_value(name: str, declaration: Mapping[str, Any], value: Any, *, what: str = "parameter") -> None:
    """Raise InvalidTemplate when the value is not of the declared type or outside of what is allowed."""
    if reason := _objection(declaration, value):
        message = f"The provided value for the template {what} '{name}' is not valid. {reason}"
        raise invalid_template(message, path=f"properties.template.{what}s.{name}")


def _objection(declaration: Mapping[str, Any], value: Any) -> str | None:
    if value is None and declaration.get("nullable"):
        return None
    expected = _TYPES.get(declared_type(declaration))
    if expected is None:
        return f"Requested value '{declaration.get('type')}' was not found."
    is_number_for_bool = isinstance(value, bool) and bool not in expected
    if not isinstance(value, expected) or is_number_for_bool:
        shown = "String, Uri" if expected == (str,) else _JSON_NAMES[expected[0]]
        actual = _JSON_NAMES.get(type(value), "Null")
        return f"Expected a value of type '{shown}', but received a value of type '{actual}'. {_HELP}"
    allowed = declaration.get("allowedValues")
    if allowed is not None and not is_secure(declaration) and not _is_allowed(value, allowed):
        told = value if isinstance(value, str) else f"[{value}]"
        return f"The value '{told}' is not part of the allowed value(s): '{','.join(str(v) for v in allowed)}'."
    return _bound_objection(declaration, value)


def _is_allowed(value: Any, allowed: list[Any]) -> bool:
    return value in allowed or (isinstance(value, list) and all(item in allowed for item in value))


def _bound_objection(declaration: Mapping[str, Any], value: Any) -> str | None:
    has_length = isinstance(value, str | list)
    measured = len(value) if has_length else value
    if isinstance(value, bool) or not isinstance(measured, int):
        return None
    what = "Length of the value" if has_length else "Value"
    if has_length:
        least, most = declaration.get("minLength"), declaration.get("maxLength")
    else:
        least, most = declaration.get("minValue", _LEAST_INTEGER), declaration.get("maxValue", _MOST_INTEGER)
    if least is not None and measured < least:
        return f"{what} should be greater than or equal to '{least}'. {_SYNTAX_HELP}"
    if most is not None and measured > most:
        return f"{what} should be less than or equal to '{most}'. {_SYNTAX_HELP}"
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
