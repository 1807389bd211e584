"""Whether a value fits a parameter."""

import re
from typing import Any

from armature.templates.functions.text import utf16_length
from armature.templates.template import ParameterDefinition
from armature.templates.values import are_equal, type_name

_TOLD = re.compile(
    r"The provided value for the template parameter '(?P<path>.*?)' is not valid\. (?P<reason>.*)", re.DOTALL
)

PARAMETER_TYPES: dict[str, type] = {
    "string": str,
    "securestring": str,
    "int": int,
    "bool": bool,
    "array": list,
    "object": dict,
    "secureobject": dict,
}
"""The types that a template can declare, in lower case, and those of the JSON values that fit them."""


def check_parameter_value(definition: ParameterDefinition, value: Any) -> str | None:
    """What is wrong with a value for a parameter, None when nothing is.

    The text completes "the value …" and never holds the value itself.
    """
    if not has_parameter_type(definition, value):
        return f"is of type {type_name(value).lower()}, not {definition.type}"
    if value is None:
        return None
    return (
        _allowed_fault(definition, value)
        or _range_fault(definition, value)
        or _length_fault(definition, value)
        or _fault_inside(definition, value)
    )


def _fault_inside(definition: ParameterDefinition, value: Any) -> str | None:
    """What does not fit the whole definition, such as an element or a property, in the engine's words."""
    if definition.types is None or definition.written is None:
        return None
    told = next(iter(definition.types.check(value, definition.written, definition.name)), "")
    found = _TOLD.fullmatch(told)
    if found is None:
        return None  # the definition is wrong, not the value
    if definition.secure:
        return "does not fit its type"
    reason = "It is none of the allowed values" if found["reason"].startswith("The value '") else found["reason"]
    return f"does not fit its type at `{found['path']}`: {reason.partition(' Please see ')[0].removesuffix('.')}"


def has_parameter_type(definition: ParameterDefinition, value: Any) -> bool:
    """Whether a value is of the parameter's type.

    Types are those of JSON, as ARM takes them: no number is a string, no string a number, and 1.0 is no integer.
    """
    if value is None and definition.nullable:
        return True
    wanted = PARAMETER_TYPES.get(definition.type)
    return wanted is None or type(value) is wanted


def _allowed_fault(definition: ParameterDefinition, value: Any) -> str | None:
    allowed = definition.allowed_values
    if not allowed or any(are_equal(value, one) for one in allowed):
        return None
    if isinstance(value, list) and all(any(are_equal(item, one) for one in allowed) for item in value):
        return None
    if definition.secure:
        return f"is none of the {len(allowed)} that are allowed"
    shown = ", ".join(f"`{one}`" for one in allowed[:20])
    return f"is none of {shown}{' …' if len(allowed) > 20 else ''}"


def _range_fault(definition: ParameterDefinition, value: Any) -> str | None:
    if type(value) is not int:
        return None
    if not -(2**63) <= value < 2**63:
        return "is not within 64 bits"
    if definition.min_value is not None and value < definition.min_value:
        return f"is less than {definition.min_value}"
    if definition.max_value is not None and value > definition.max_value:
        return f"is greater than {definition.max_value}"
    return None


def _length_fault(definition: ParameterDefinition, value: Any) -> str | None:
    if not isinstance(value, str | list):
        return None
    length = utf16_length(value) if isinstance(value, str) else len(value)
    if definition.min_length is not None and length < definition.min_length:
        return f"has a length of {length}, less than {definition.min_length}"
    if definition.max_length is not None and length > definition.max_length:
        return f"has a length of {length}, more than {definition.max_length}"
    return None
