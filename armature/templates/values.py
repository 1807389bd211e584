"""Values of the template language: their types, equality, property look-up and text."""

import json
import re
from collections.abc import Mapping
from typing import Any

from armature.templates.errors import UnresolvedError
from armature.templates.limits import MAX_VALUE_CHARACTERS, MAX_VALUE_ITEMS
from armature.templates.scope import Pending

_TYPE_NAMES: dict[type, str] = {
    type(None): "Null",
    bool: "Boolean",
    int: "Integer",
    float: "Float",
    str: "String",
    list: "Array",
    dict: "Object",
}


_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
"""What .NET calls the floats that are no numbers; JSON has them as strings."""


def type_name(value: Any) -> str:
    """The engine's name of a value's type. Raises UnresolvedError for a pending value."""
    if isinstance(value, Pending):
        raise UnresolvedError(value.what)
    return "Object" if isinstance(value, dict) else _TYPE_NAMES[type(value)]


def are_equal(left: Any, right: Any) -> bool:
    """Deep equality as equals() sees it: strings and names with regard to case, 1 and 1.0 differ, true and 1 differ."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(are_equal(value, right[name]) for name, value in left.items())
    if isinstance(left, list):
        return len(left) == len(right) and all(map(are_equal, left, right))
    return bool(left == right) or (left != left and right != right)  # NaN equals NaN


def equality_key(value: Any) -> str:
    """A text that is the same for values that are equal, for looking up many."""
    return json.dumps(value, sort_keys=True)


def is_too_large(value: Any) -> bool:
    """Whether a value has more text or more items than any that could be deployed; stops counting when it has."""
    characters, items = MAX_VALUE_CHARACTERS, MAX_VALUE_ITEMS
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, str):
            characters -= len(current)
        elif isinstance(current, list | dict):
            items -= len(current)
            if items >= 0:
                waiting.extend(current.values() if isinstance(current, dict) else current)
        if characters < 0 or items < 0:
            return True
    return False


def encodable(text: str) -> str:
    """The text with halves of characters replaced, as .NET encodes them."""
    return text if text.isascii() else _HALF_CHARACTER.sub("\ufffd", text)


def find_name(names: Mapping[str, Any], name: str) -> str | None:
    """The key that `name` means: the first that is equal without regard to case."""
    folded = name.casefold()
    return next((key for key in names if key.casefold() == folded), None)


def to_text(value: Any) -> str:
    """A value as string() and concat() write it: `True`, `1`, objects and arrays as compact JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        return to_json(value)
    return float_text(value) if isinstance(value, float) else "" if value is None else str(value)


def float_text(value: float) -> str:
    """A float as the engine writes it: shortest round trip, no `.0`, an exponent from 1E+17 and below 0.0001."""
    text = repr(value)
    if text in _NOT_FINITE:
        return _NOT_FINITE[text]
    if "e" in text and 1 <= abs(value) < 1e17:
        return f"{value:.0f}"
    if "e" in text:
        mantissa, _, exponent = text.partition("e")
        sign, digits = ("-" if exponent.startswith("-") else "+"), exponent.lstrip("+-")
        return f"{mantissa.removesuffix('.0')}E{sign}{digits.zfill(2)}"
    return text.removesuffix(".0")


def to_json(value: Any) -> str:
    """Compact JSON as Newtonsoft.Json writes it."""
    if isinstance(value, dict):
        return f"{{{','.join(f'{_quoted(name)}:{to_json(item)}' for name, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{','.join(map(to_json, value))}]"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, float):
        text = float_text(value)
        if text in _NOT_FINITE.values():
            return f'"{text}"'
        return text if any(mark in text for mark in ".E") else f"{text}.0"
    return json.dumps(value)


def indented_json(value: Any, indent: str = "") -> str:
    """JSON over several lines, as Newtonsoft.Json writes it when it is asked for indentation."""
    inner = indent + "  "
    if isinstance(value, dict) and value:
        lines = [f"{inner}{_quoted(name)}: {indented_json(item, inner)}" for name, item in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list) and value:
        lines = [inner + indented_json(item, inner) for item in value]
        return "[\n" + ",\n".join(lines) + f"\n{indent}]"
    return to_json(value)


def _quoted(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted.replace("\u0085", "\\u0085").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
