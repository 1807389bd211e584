"""Arithmetic on 64-bit integers, and the smallest and largest of several."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from armature.templates.functions.signature import Function, pure, refusal, refusal_with_help, require, require_one_of

_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NO_NUMBERS = ("NaN", "Infinity", "-Infinity")
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


def _arithmetic(name: str, compute: Callable[[int, int], int]) -> Function:
    def apply(arguments: list[Any]) -> int:
        left, right = (_within_64_bits(require(name, arguments, index, int)) for index in (0, 1))
        if name in ("div", "mod") and right == 0:
            raise refusal_with_help(f"The template language function '{name}' tried to divide by zero.")
        if name in ("div", "mod") and left == _SMALLEST and right == -1:
            raise refusal("Arithmetic operation resulted in an overflow.")
        result = compute(left, right)
        if not _SMALLEST <= result <= _LARGEST:
            raise refusal_with_help(
                f"The template language function '{name}' overflowed with the operants '{left}' and '{right}'."
            )
        return result

    return pure(name, 2, 2, apply)


def _within_64_bits(value: int) -> int:
    """The value when it has 64 bits: json() may read a larger one."""
    if not _SMALLEST <= value <= _LARGEST:
        raise refusal(
            f"The value '{value}' cannot be used as a number because it is either too large or too small. The value "
            f"must be between {_SMALLEST} and {_LARGEST}."
        )
    return value


def _divide(left: int, right: int) -> int:
    """Division towards zero, as the processor does it and Python does not."""
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _extreme(name: str, choose: Callable[[Iterable[Any]], Any]) -> Function:
    def pick(arguments: list[Any]) -> Any:
        values = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], list) else arguments
        if not values:
            raise refusal_with_help(
                f"Unable to evaluate template language function '{name}'. At least one parameter should be provided."
            )
        if any(type(value) not in (int, float) for value in values):
            raise refusal(
                f"The provided arguments for template language function '{name}' is not valid: all function arguments "
                f"should be of numeric types. Please see https://aka.ms/arm-functions#{name} for usage details."
            )
        found = next((value for value in values if value != value), None)  # NaN beats every number
        found = choose(values) if found is None else found
        return next((value for value in values if value == found and isinstance(value, float)), found)

    return pure(name, 1, None, pick)


def _int(arguments: list[Any]) -> int:
    value = require_one_of("int", arguments, 0, int, str)
    if isinstance(value, int):
        return value
    digits = value.strip()
    if (
        digits.isascii()
        and digits.removeprefix("-" if digits.startswith("-") else "+").isdigit()
        and len(digits) < 4000
    ):
        number = int(digits)
        if _SMALLEST <= number <= _LARGEST:
            return number
    raise refusal(
        f"The template language function 'int' cannot convert provided value '{value}' to integer value. "
        "Please see https://aka.ms/arm-function-int for usage details."
    )


def _float(arguments: list[Any]) -> float:
    value = arguments[0]
    if type(value) in (int, float):
        return float(value)
    text = value.strip().replace(",", "") if isinstance(value, str) else ""
    if _FLOAT.fullmatch(text) or text in _NO_NUMBERS:
        return float(text)
    raise refusal(
        "The template language function 'float' was invoked with a parameter that is not valid. The value cannot be "
        "converted to the target type."
    )


FUNCTIONS: tuple[Function, ...] = (
    _arithmetic("add", lambda left, right: left + right),
    _arithmetic("sub", lambda left, right: left - right),
    _arithmetic("mul", lambda left, right: left * right),
    _arithmetic("div", _divide),
    _arithmetic("mod", lambda left, right: left - right * _divide(left, right)),
    _extreme("min", min),
    _extreme("max", max),
    pure("int", 1, 1, _int),
    pure("float", 1, 1, _float),
)
