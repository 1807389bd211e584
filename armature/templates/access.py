"""Properties of objects and elements of arrays, as `a.b` and `a[b]` ask for them."""

from typing import Any

from armature.templates.errors import ExpressionError, UnresolvedError
from armature.templates.scope import PartialObject, Pending
from armature.templates.values import find_name, to_text


def access(target: Any, key: Any) -> Any:
    """The property or element of `target` that `key` names, names without regard to case.

    Raises ExpressionError (without a column) when there is none, UnresolvedError when that can't be told.
    """
    return _property(target, key) if isinstance(key, str) else _element(target, key)


def _property(target: Any, name: str) -> Any:
    if isinstance(target, dict):
        found = name if name in target else find_name(target, name)
        if found is not None:
            return target[found]
        if isinstance(target, PartialObject):
            raise UnresolvedError(f"{target.what}.{name}")
        available = ", ".join(target)
        message = f"The language expression property '{name}' doesn't exist, available properties are '{available}'."
    elif isinstance(target, list):
        message = f"Unable to evaluate named property or non-integer index '{name}' on an array value."
    else:
        message = f"The language expression property '{name}' can't be evaluated."
    raise ExpressionError("InvalidTemplate", message)


def _element(target: Any, index: Any) -> Any:
    if isinstance(target, Pending):
        raise UnresolvedError(target.what)
    shown = shown_key(index)
    if isinstance(target, list) and type(index) is int:
        if 0 <= index < len(target):
            return target[index]
        message = f"The language expression property array index '{shown}' is out of bounds."
    elif isinstance(target, list):
        message = f"Unable to evaluate named property or non-integer index '{shown}' on an array value."
    elif isinstance(target, dict):
        message = f"The language expression property '{shown}' can't be evaluated, property name must be a string."
    else:
        message = f"The language expression property '{shown}' can't be evaluated."
    raise ExpressionError("InvalidTemplate", message)


def shown_key(value: Any) -> str:
    """A value in the words of a refusal that repeats it."""
    if isinstance(value, list | dict):
        return "[array]" if isinstance(value, list) else "[object]"
    return "null" if value is None else to_text(value)
