"""Values as the engine writes them into its refusals."""

from typing import Any

from armature.templates.expressions import escape
from armature.templates.values import float_text, indented_json


def allowed_text(value: Any) -> str:
    """An allowed value, as the list of them shows it."""
    if isinstance(value, str):
        return escape(value)
    return indented_json(value) if isinstance(value, dict | list) else "" if value is None else _scalar_text(value)


def _scalar_text(value: Any) -> str:
    return float_text(value) if isinstance(value, float) else str(value)


def shown(value: Any) -> str:
    """A value as the template would have it: strings as they are, anything else as an expression."""
    return escape(value) if isinstance(value, str) else f"[{expression_text(value)}]"


def expression_text(value: Any) -> str:
    """A value as an expression that makes it."""
    match value:
        case str():
            quoted = value.replace("'", "''")
            return f"'{quoted}'"
        case bool() | None:
            return {True: "true()", False: "false()", None: "null()"}[value]
        case float():
            text = float_text(value)
            return f"json('{text}{'' if any(mark in text for mark in '.E') else '.0'}')"
        case list():
            return f"createArray({', '.join(map(expression_text, value))})"
        case dict():
            parts = [f"{expression_text(name)}, {expression_text(item)}" for name, item in value.items()]
            return f"createObject({', '.join(parts)})"
        case _:
            return str(value)
