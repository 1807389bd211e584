"""Functions of values that hold pending ones: which of them can be told all the same.

Asked of Microsoft's engine, which evaluates a nested template before what its parameters refer to is deployed.
"""

from collections.abc import Iterator
from typing import Any

from armature.templates.errors import UnresolvedError
from armature.templates.scope import PartialObject, Pending
from armature.templates.values import are_equal

TAKES_PENDING = frozenset({"createarray", "createobject"})
"""Functions whose arguments may themselves be pending."""

_LOOKS_AT_NO_PART = frozenset(
    "array concat contains empty filter first groupby indexfromend items last length map mapvalues objectkeys range "
    "reduce skip sort take toobject tryget tryindexfromend".split()
)


def check_parts(name: str, arguments: list[Any]) -> None:
    """Raise UnresolvedError when the function `name` needs a part of its arguments that is pending."""
    pending = next((found for argument in arguments for found in pending_parts(argument)), None)
    if pending is not None and not _can_be_told(name.lower(), arguments):
        raise UnresolvedError(pending.what)


def pending_parts(value: Any) -> Iterator[PartialObject]:
    """Every pending value inside of a value, or the value itself."""
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, PartialObject):
            yield current
        elif isinstance(current, dict):
            waiting.extend(current.values())
        elif isinstance(current, list):
            waiting.extend(current)


def _can_be_told(name: str, arguments: list[Any]) -> bool:
    match name:
        case "equals":
            return _differ(arguments[0], arguments[1])
        case "union":
            return all(isinstance(argument, dict) for argument in arguments)
        case "indexof":
            return isinstance(arguments[0], list) and any(are_equal(item, arguments[1]) for item in arguments[0])
        case "flatten" | "shallowmerge":
            return not any(isinstance(item, Pending) for item in arguments[0])
    return name in _LOOKS_AT_NO_PART or name in TAKES_PENDING


def _differ(left: Any, right: Any) -> bool:
    """Whether two values differ, as the engine has it: what is pending differs from all that is not."""
    if isinstance(left, Pending) or isinstance(right, Pending):
        return not (isinstance(left, Pending) and isinstance(right, Pending))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() != right.keys() or any(_differ(value, right[name]) for name, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) != len(right) or any(map(_differ, left, right))
    return not are_equal(left, right)
