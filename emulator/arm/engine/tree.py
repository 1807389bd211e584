"""Walking a JSON value of a template: every string meets a visitor, property copy loops are unrolled on the way."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from armature.templates.evaluation import evaluate
from armature.templates.expressions import is_expression, parse_expression, unescape
from emulator.arm.errors import invalid_template

_LOOP = {"name", "count", "input"}
MAX_COPIES = 800  # ARM limits: resources, and iterations of a loop


parse = lru_cache(maxsize=4096)(parse_expression)
"""`parse_expression`, which remembers: every iteration of a loop has the same texts."""


def evaluate_leaf(text: str, scope: Any) -> Any:
    """The ordinary visitor: the expression's value, or the literal that the string stands for."""
    return evaluate(parse(text), scope) if is_expression(text) else unescape(text)


def evaluate_tree(value: Any, scope: Any, visit: Callable[[str, Any], Any] = evaluate_leaf) -> Any:
    """A copy of `value` with every string replaced by what `visit(text, scope)` makes of it.

    `{"copy": [{name, count, input}], …}` becomes `{name: [input, input, …], …}`. Raises what `visit` raises, and
    InvalidTemplate for a loop that can't be unrolled.
    """
    if isinstance(value, str):
        return visit(value, scope)
    if isinstance(value, list):
        return [evaluate_tree(item, scope, visit) for item in value]
    if isinstance(value, Mapping):
        result: dict[str, Any] = {}
        for key, item in value.items():
            if key.lower() == "copy" and is_copy_list(item):
                for loop in item:
                    result[loop["name"]] = unroll(loop, scope, visit)
            else:
                name = visit(key, scope) if key.startswith("[") else key
                result[name if isinstance(name, str) else key] = evaluate_tree(item, scope, visit)
        return result
    return value


def is_copy_list(value: Any) -> bool:
    """True for the list of loops that a `copy` property holds."""
    return isinstance(value, list) and all(_is_loop(loop) for loop in value)


def _is_loop(loop: Any) -> bool:
    return isinstance(loop, Mapping) and set(loop) >= _LOOP and isinstance(loop["name"], str)


def unroll(loop: Mapping[str, Any], scope: Any, visit: Callable[[str, Any], Any] = evaluate_leaf) -> list[Any]:
    """The iterations of a property, variable or output loop."""
    name, count = str(loop.get("name", "")), copy_count(loop, scope)
    return [evaluate_tree(loop.get("input"), scope.in_loop(name, index), visit) for index in range(count)]


def copy_count(loop: Mapping[str, Any], scope: Any) -> int:
    """The evaluated count of a loop; raises InvalidTemplate when it is no number from 0 to 800."""
    count = evaluate_tree(loop.get("count"), scope)
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MAX_COPIES:
        message = (
            "The template 'copy' definition at line '1' and column '1' has an invalid copy count of: "
            f"'{count}'. The copy "
            f"count must be a non-negative integer value and cannot exceed '{MAX_COPIES}'. Please see "
            "https://aka.ms/arm-resource-loops for usage details."
        )
        raise invalid_template(message)
    return count
