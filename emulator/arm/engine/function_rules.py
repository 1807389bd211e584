"""What must hold of the functions that a template defines, in the words of Microsoft's engine."""

from collections.abc import Iterator, Mapping
from typing import Any

from armature.templates.errors import ExpressionSyntaxError
from armature.templates.expressions import FunctionCall, is_expression, walk
from armature.templates.features import may_be_in_function
from emulator.arm.engine.refusals import violation
from emulator.arm.engine.source import Source
from emulator.arm.engine.tree import parse

_HELP = "Please see https://aka.ms/arm-syntax-functions for usage details."


def check_functions(template: Mapping[str, Any], source: Source) -> None:
    """Raise InvalidTemplate for a function that is not allowed: by what it calls, its parameters, or a recursion."""
    calls: dict[str, set[str]] = {}
    for index, group in enumerate(template.get("functions") or []):
        for name, member in group["members"].items():
            path = ("functions", index, "members", name)
            _check_calls(name, member, source, path)
            _check_parameters(name, member, source, path)
            full = f"{group['namespace']}.{name}"
            own = {f"{call.namespace}.{call.name}" for call in _calls(member) if call.namespace}
            calls[full] = own
    _check_recursion(calls, source)


def _calls(value: Any) -> Iterator[FunctionCall]:
    """Every call in the expressions of a JSON value."""
    waiting = [value]
    while waiting:
        current = waiting.pop(0)
        if isinstance(current, Mapping):
            waiting.extend(current.values())
        elif isinstance(current, list):
            waiting.extend(current)
        elif isinstance(current, str) and is_expression(current):
            try:
                yield from (node for node in walk(parse(current)) if isinstance(node, FunctionCall))
            except ExpressionSyntaxError:
                continue  # told when the function is called


def _check_calls(name: str, member: Any, source: Source, path: tuple[str | int, ...]) -> None:
    wrong = [
        call.name
        for call in _calls(member["output"].get("value"))
        if call.namespace is None and not may_be_in_function(call.name)
    ]
    if wrong:
        place = source.place(*path, "output", "value")
        message = (
            f"The template function '{name}' at {place} is not valid. These function calls are not supported in a "
            f"function definition: '{','.join(dict.fromkeys(wrong))}'. {_HELP}"
        )
        raise violation(message, place)


def _check_parameters(name: str, member: Any, source: Source, path: tuple[str | int, ...]) -> None:
    seen: set[str] = set()
    for index, parameter in enumerate(member.get("parameters") or []):
        if parameter["name"].lower() in seen:
            place = source.place(*path, "parameters", index)
            message = f"The template function '{name}' at {place} is not valid. There are duplicated parameter names "
            raise violation(f"{message}defined: '{parameter['name']}'. {_HELP}", place)
        seen.add(parameter["name"].lower())


def _check_recursion(calls: Mapping[str, set[str]], source: Source) -> None:
    spelling = {name.lower(): name for name in calls}
    for first in calls:
        if circle := _circle(first, [first], calls, spelling, {first}):
            place = source.place("functions")
            message = (
                f"The template function '{first}' at {place} is not valid. Recursion is not supported in user-defined "
                f"functions. Detected a cycle ({' -> '.join(circle)}). {_HELP}"
            )
            raise violation(message, place)


def _circle(
    name: str, trail: list[str], calls: Mapping[str, set[str]], spelling: Mapping[str, str], seen: set[str]
) -> list[str] | None:
    """The calls that lead from a function back to the first of the trail; each function is looked at once."""
    for called in sorted(calls[name]):
        other = spelling.get(called.lower())
        if other == trail[0]:
            return trail
        if other and other not in seen:
            seen.add(other)
            if found := _circle(other, [*trail, other], calls, spelling, seen):
                return found
    return None
