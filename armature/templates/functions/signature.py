"""What a template function is: its name, how many arguments it takes, what it does."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from armature.templates.errors import ExpressionError
from armature.templates.limits import MAX_VALUE_CHARACTERS
from armature.templates.scope import Scope
from armature.templates.values import type_name

INVALID_TEMPLATE = "InvalidTemplate"
"""The error code under which ARM reports every refusal of an expression."""

HELP = "Please see https://aka.ms/arm-functions for usage details."
_ORDINALS = ("its first parameter", "its second parameter", "its third parameter")
_COUNTS = {1: "At least one parameter", 2: "At least two parameter"}


class Kind(StrEnum):
    """Where a function's answer comes from."""

    PURE = "pure"  # its arguments
    SCOPE = "scope"  # the template: parameters, variables, copy loops
    DEPLOYMENT = "deployment"  # the deployment and its target
    RUNTIME = "runtime"  # resources that exist


Thunk = Callable[[], Any]


class LambdaArgument(Protocol):
    """An argument that has to be a call of `lambda`."""

    def bind(self, function: str, index: int, least: int, most: int) -> Callable[..., Any]:
        """What gives the lambda's value for those of its variables; `least` and `most` tell how many it may name.

        Raises ExpressionError when the argument of `function` at `index` is no such lambda.
        """
        ...


Implementation = Callable[[Scope, list[Any]], Any]


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the template language.

    A lazy one is handed callables
    instead of values, and calls those it needs. The arguments at `lambdas` are lambdas: it is handed a LambdaArgument
    for each. With `each` every argument has to have one of these types, and is looked at before the next is evaluated.
    """

    name: str
    minimum: int
    maximum: int | None
    kind: Kind
    implementation: Implementation
    is_lazy: bool = False
    lambdas: tuple[int, ...] = ()
    each: tuple[type, ...] = ()

    def count_fault(self, given: int, written: str | None = None) -> str | None:
        """What is wrong with that many arguments, in the engine's words, which repeat the name as it is `written`.

        None when nothing is.
        """
        name = written or self.name
        if self.name == "createObject" and given % 2:
            return (
                f"The template language function '{name}' expects an even number of parameters. The number of provided "
                f"parameters was '{given}'. {HELP}"
            )
        if self.minimum <= given and (self.maximum is None or given <= self.maximum):
            return None
        if self.name in ("parameters", "variables", "extensions"):
            return f"The template language function '{name}' must have only one parameter. {HELP}"
        if self.maximum == 0:
            return (
                f"The provided parameters for template language function '{name}' is not valid. "
                f"The function does not accept parameters. {HELP}"
            )
        if self.maximum is None:
            least = _COUNTS.get(self.minimum, f"At least {self.minimum} parameters")
            return f"Unable to evaluate template language function '{name}'. {least} should be provided. {HELP}"
        return wrong_count(name, self.minimum, self.maximum, given)


def wrong_count(name: str, least: int, most: int, given: int) -> str:
    """The refusal of so many arguments, in the words that most functions share."""
    wanted = f"{least}" if least == most else f"between {least} and {most}"
    return (
        f"Unable to evaluate template language function '{name}': function requires {wanted} argument(s) "
        f"while {given} were provided. Please see https://aka.ms/arm-resource-functions/#{name} for usage details."
    )


def pure(
    name: str,
    minimum: int,
    maximum: int | None,
    implementation: Callable[[list[Any]], Any],
    *,
    each: tuple[type, ...] = (),
) -> Function:
    """A function of its arguments alone."""
    return Function(name, minimum, maximum, Kind.PURE, lambda _, arguments: implementation(arguments), each=each)


def refusal(message: str) -> ExpressionError:
    """The error with which ARM refuses a call."""
    return ExpressionError(INVALID_TEMPLATE, message)


def refusal_with_help(message: str) -> ExpressionError:
    """The same with the sentence about the documentation that ends most refusals."""
    return refusal(f"{message} {HELP}")


def require_size(name: str, characters: int) -> None:
    """Refuse a text of so many characters before it is made."""
    if characters > MAX_VALUE_CHARACTERS:
        raise too_large(name)


def too_large(name: str) -> ExpressionError:
    """The refusal of a value that is larger than any that could be deployed."""
    return refusal_with_help(f"The result of the template language function '{name}' is too large.")


def which(index: int) -> str:
    """The words for an argument: `its first parameter` for 0 and so on."""
    return _ORDINALS[index] if index < len(_ORDINALS) else f"the parameter at position {index}"


def require(name: str, arguments: list[Any], index: int, *types: type, only: bool = False) -> Any:
    """The argument at `index` if it has one of the types, else a refusal; `only` when the function takes just one."""
    value = arguments[index]
    if type(value) not in types:
        wanted = ", ".join(type_name(kind()) if kind is not type(None) else "Null" for kind in types)
        parameter = "its parameter" if only else which(index)
        raise refusal_with_help(
            f"The template language function '{name}' expects {parameter} to be of type '{wanted}'. "
            f"The provided value is of type '{type_name(value)}'."
        )
    return value


def small(value: int) -> int:
    """The value when it has 32 bits, as .NET's Int32 has; else a refusal."""
    if not -(2**31) <= value < 2**31:
        raise refusal(
            f"The value '{value}' cannot be used as a number because it is either too large or too small. The value "
            f"must be between {-(2**31)} and {2**31 - 1}."
        )
    return value


def require_one_of(name: str, arguments: list[Any], index: int, *types: type) -> Any:
    """As require(), in the words that some functions use for a choice of types."""
    value = arguments[index]
    if type(value) not in types:
        wanted = ", ".join(type_name(kind()) for kind in types)
        raise refusal_with_help(
            f"The template language function '{name}' expects {which(index)} to be one of the "
            "following "
            f"types '{wanted}'. The provided value is of type '{type_name(value)}'."
        )
    return value


def require_elements(name: str, arguments: list[Any], index: int, *types: type, is_sorted: bool = False) -> list[Any]:
    """The array argument at `index` if all its elements have one of the types, else a refusal."""
    values: list[Any] = arguments[index]
    wrong = [position for position, value in enumerate(values) if type(value) not in types]
    if wrong:
        wanted = ", ".join(type_name(kind()) for kind in types)
        others = list(dict.fromkeys(type_name(values[position]) for position in wrong))
        found = "', '".join(sorted(others) if is_sorted else others)
        raise refusal_with_help(
            f"The template language function '{name}' expects {which(index)} to be an array only "
            f"containing elements of type(s) '{wanted}'. The provided value contains elements with disallowed type(s) "
            f"'{found}' in index(es) {', '.join(map(str, wrong))}."
        )
    return values
