"""Logic and comparison: if, and, or, not, coalesce, equals, less …"""

from collections.abc import Callable
from typing import Any

from armature.templates.functions.signature import (
    Function,
    Kind,
    pure,
    refusal,
    require,
)
from armature.templates.scope import Scope
from armature.templates.values import are_equal, type_name


def _if(_: Scope, arguments: list[Any]) -> Any:
    condition = arguments[0]()
    if type(condition) is not bool:
        raise refusal(
            "The template language function 'if' expects its first parameter to be of type 'boolean'. The provided "
            f"value is of type '{type_name(condition)}'. Please see https://aka.ms/arm-function-if for usage details."
        )
    return arguments[1]() if condition else arguments[2]()


def _until(name: str, *, deciding: bool) -> Callable[[Scope, list[Any]], bool]:
    """and/or: evaluate in order until one argument decides."""

    def decide(_: Scope, arguments: list[Any]) -> bool:
        for argument in arguments:
            value = argument()
            if type(value) is not bool:
                raise refusal(
                    f"The provided arguments for template language function '{name}' is not valid: all arguments "
                    "should "
                    f"be of type 'boolean'. Please see https://aka.ms/arm-functions#{name} for usage details."
                )
            if value is deciding:
                return deciding
        return not deciding

    return decide


def _coalesce(_: Scope, arguments: list[Any]) -> Any:
    return next((value for value in (argument() for argument in arguments) if value is not None), None)


def _not(arguments: list[Any]) -> bool:
    return not require("not", arguments, 0, bool, only=True)


def _equals(arguments: list[Any]) -> bool:
    return are_equal(arguments[0], arguments[1])


def _comparison(name: str, accepts: Callable[[Any, Any], bool]) -> Function:
    def compare(arguments: list[Any]) -> bool:
        if any(isinstance(argument, str) for argument in arguments):
            return accepts(
                _ordinal_key(require(name, arguments, 0, str)), _ordinal_key(require(name, arguments, 1, str))
            )
        if any(type(argument) not in (int, float) for argument in arguments):
            raise refusal(
                f"The provided arguments for template language function '{name}' is not valid: all function arguments "
                f"should be of numeric types. Please see https://aka.ms/arm-functions#{name} for usage details."
            )
        return accepts(arguments[0], arguments[1])

    return pure(name, 2, 2, compare)


def _ordinal_key(text: str) -> bytes:
    """Strings are compared by UTF-16 code unit."""
    return text.encode("utf-16-be", "surrogatepass")


FUNCTIONS: tuple[Function, ...] = (
    Function("if", 3, 3, Kind.PURE, _if, is_lazy=True),
    Function("and", 2, None, Kind.PURE, _until("and", deciding=False), is_lazy=True),
    Function("or", 2, None, Kind.PURE, _until("or", deciding=True), is_lazy=True),
    Function("coalesce", 0, None, Kind.PURE, _coalesce, is_lazy=True),
    pure("not", 1, 1, _not),
    pure("true", 0, 0, lambda _: True),
    pure("false", 0, 0, lambda _: False),
    pure("null", 0, 0, lambda _: None),
    pure("equals", 2, 2, _equals),
    _comparison("less", lambda left, right: left < right),
    _comparison("lessOrEquals", lambda left, right: left <= right),
    _comparison("greater", lambda left, right: left > right),
    _comparison("greaterOrEquals", lambda left, right: left >= right),
)
