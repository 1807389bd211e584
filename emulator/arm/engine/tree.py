"""Walking a JSON value of a template: every string meets a visitor, property copy loops are unrolled on the way."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from armature.templates.errors import ExpressionError
from armature.templates.evaluation import evaluate
from armature.templates.expressions import (
    Expression,
    FunctionCall,
    IndexAccess,
    PropertyAccess,
    is_expression,
    parse_expression,
    unescape,
)
from armature.templates.values import is_too_large, to_text
from emulator.arm.engine.refusals import LOOPS_HELP, violation

_LAZY = frozenset(("if", "and", "or", "coalesce"))
_LOOP = {"name", "count", "input"}
Path = tuple[str | int, ...]
MAX_COPIES = 800  # ARM limits: resources, and iterations of a loop


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """`parse_expression`, which remembers: every iteration of a loop has the same texts.

    Raises ExpressionError for a user-defined function in an argument of itself, which Microsoft's engine refuses.
    """
    tree = parse_expression(text)
    for node in _surely_evaluated(tree):
        if isinstance(node, FunctionCall) and node.namespace is not None:
            name = f"{node.namespace}.{node.name}"
            inner = (called for argument in node.arguments for called in _surely_evaluated(argument))
            if any(isinstance(c, FunctionCall) and f"{c.namespace}.{c.name}".lower() == name.lower() for c in inner):
                reason = f"The '{name}' symbol references itself in its own definition, which is not allowed."
                raise ExpressionError("InvalidTemplate", reason)
    return tree


def _surely_evaluated(tree: Expression) -> Iterator[Expression]:
    """The parts of an expression that no condition can leave out."""
    if isinstance(tree, FunctionCall) and tree.namespace is None and tree.name.lower() in _LAZY:
        yield from _surely_evaluated(tree.arguments[0]) if tree.arguments else ()
        return
    yield tree
    parts = tree.arguments if isinstance(tree, FunctionCall) else ()
    if isinstance(tree, PropertyAccess | IndexAccess):
        parts = (tree.target, *((tree.index,) if isinstance(tree, IndexAccess) else ()))
    for part in parts:
        yield from _surely_evaluated(part)


def evaluate_leaf(text: str, scope: Any) -> Any:
    """The ordinary visitor: the expression's value, or the literal that the string stands for."""
    return evaluate(parse(text), scope) if is_expression(text) else unescape(text)


def evaluate_tree(
    value: Any,
    scope: Any,
    visit: Callable[[str, Any], Any] = evaluate_leaf,
    path: Path = (),
    *,
    has_loops: bool = True,
) -> Any:
    """A copy of `value` with every string replaced by what `visit(text, scope)` makes of it.

    `{"copy": [{name, count, input}], …}` becomes `{name: [input, input, …], …}`, where the value `has_loops`: not in
    outputs, default values and functions. `path` is where the value stands in the template. Raises what `visit`
    raises, and InvalidTemplate for a loop that can't be unrolled.
    """
    if isinstance(value, str):
        return visit(value, scope)
    if isinstance(value, list):
        return [
            evaluate_tree(item, scope, visit, (*path, index), has_loops=has_loops) for index, item in enumerate(value)
        ]
    if isinstance(value, Mapping):
        result: dict[str, Any] = {}
        for key, item in value.items():
            if has_loops and key.lower() == "copy" and is_copy_list(item):
                for index, loop in enumerate(item):
                    result[loop["name"]] = unroll(loop, scope, visit, (*path, key, index))
            else:
                name = visit(key, scope) if key.startswith("[") else key
                result[name if isinstance(name, str) else key] = evaluate_tree(
                    item, scope, visit, (*path, key), has_loops=has_loops
                )
        return result
    return value


def bounded(value: Any) -> Any:
    """The value, unless it is larger than any that could be deployed: it may hold the same part times without end.

    Raises ExpressionError.
    """
    if is_too_large(value):
        raise ExpressionError("InvalidTemplate", "The value is larger than any that could be deployed.")
    return value


def is_copy_list(value: Any) -> bool:
    """True for the list of loops that a `copy` property holds."""
    return isinstance(value, list) and all(_is_loop(loop) for loop in value)


def _is_loop(loop: Any) -> bool:
    return isinstance(loop, Mapping) and set(loop) >= _LOOP and isinstance(loop["name"], str)


def unroll(
    loop: Mapping[str, Any],
    scope: Any,
    visit: Callable[[str, Any], Any] = evaluate_leaf,
    path: Path = (),
    *,
    has_loops: bool = True,
) -> list[Any]:
    """The iterations of a property, variable or output loop; `has_loops` as in `evaluate_tree`."""
    count = copy_count(loop, scope, path)
    if count and has_loops and _holds_loop(loop.get("input")):
        place = scope.source.place(*path)
        message = f"The template 'copy' definition at {place} has nested copy arrays. The use of nested copy arrays is "
        raise violation(f"{message}not supported. {LOOPS_HELP}", place)
    name, path = str(loop.get("name", "")), (*path, "input")
    return [
        evaluate_tree(loop.get("input"), scope.in_loop(name, index), visit, path, has_loops=has_loops)
        for index in range(count)
    ]


def _holds_loop(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any((key.lower() == "copy" and is_copy_list(item)) or _holds_loop(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_holds_loop, value))


def copy_count(loop: Mapping[str, Any], scope: Any, path: Path) -> int:
    """The evaluated count of a loop; raises InvalidTemplate when it is no number from 0 to 800."""
    count = evaluate_tree(loop.get("count"), scope)
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MAX_COPIES:
        place = scope.source.place(*path)
        message = (
            f"The template 'copy' definition at {place} has an invalid copy count of: '{to_text(count)}'. The copy "
            f"count must be a non-negative integer value and cannot exceed '{MAX_COPIES}'. {LOOPS_HELP}"
        )
        raise violation(message, place)
    return count
