"""Lambdas: what makes an argument one, and the variables that its body sees."""

from dataclasses import dataclass
from typing import Any, cast

from armature.templates.errors import ExpressionError
from armature.templates.expressions import Expression, FunctionCall
from armature.templates.functions.signature import (
    Function,
    Kind,
    refusal,
    refusal_with_help,
    require,
    too_large,
    which,
    wrong_count,
)
from armature.templates.limits import MAX_LAMBDA_CALLS, MAX_LAMBDA_CHARACTERS, MAX_LAMBDA_ITEMS
from armature.templates.scope import Scope

LAMBDA = "lambda"


def require_lambda(node: Expression, function: str, index: int, least: int, most: int) -> FunctionCall:
    """The argument of `function` at `index` as the call of `lambda` that it has to be, with so many variables."""
    if not (isinstance(node, FunctionCall) and node.namespace is None and node.name.lower() == LAMBDA):
        raise refusal_with_help(
            f"The template language function '{function}' expects {which(index)} to be of type "
            "'lambda'. The provided value is of type 'Token'."
        )
    given = len(node.arguments)
    if not least < given <= most + 1:
        raise refusal(wrong_count(node.name, least + 1, most + 1, given))
    return node


@dataclass(slots=True)
class _Spent:
    """What was done so far inside of one outermost lambda."""

    calls: int = 0
    characters: int = 0
    items: int = 0

    def add(self, *, calls: int = 0, characters: int = 0, items: int = 0) -> None:
        self.calls += calls
        self.characters += characters
        self.items += items
        is_within = (
            self.calls <= MAX_LAMBDA_CALLS
            and self.characters <= MAX_LAMBDA_CHARACTERS
            and self.items <= MAX_LAMBDA_ITEMS
        )
        if not is_within:
            raise too_large(LAMBDA)


class LambdaScope:
    """The surroundings of a lambda's body: those of the lambda, and its variables by name in lower case."""

    def __init__(self, outer: Scope, names: list[str], values: dict[str, Any], spent: "_Spent") -> None:
        self._outer = outer
        self._names = names
        self._spent = spent
        self.values = values

    @classmethod
    def around(cls, scope: Scope, names: list[Any], node: FunctionCall) -> "LambdaScope":
        """The scope in which a lambda with these variables is evaluated; raises ExpressionError for what is no name."""
        try:
            folded = [require(node.name, names, index, str).casefold() for index in range(len(names))]
        except ExpressionError as error:
            error.column = node.column
            raise
        if isinstance(scope, LambdaScope):
            return cls(scope._outer, folded, scope.values, scope._spent)
        return cls(scope, folded, {}, _Spent())

    def with_values(self, values: tuple[Any, ...]) -> "LambdaScope":
        """The scope for one call; the last of the values are left out when the lambda names fewer variables."""
        self._spent.add(calls=1)
        given = dict(zip(self._names, values, strict=False))
        return LambdaScope(self._outer, self._names, {**self.values, **given}, self._spent)

    def charge(self, made: Any) -> None:
        """Count a value that a function made inside; raises ExpressionError when all of them are too much."""
        if isinstance(made, str):
            self._spent.add(characters=len(made))
        elif isinstance(made, list | dict):
            self._spent.add(items=len(made))

    def as_scope(self) -> Scope:
        """Itself: it answers whatever a scope can be asked."""
        return cast("Scope", self)

    def __getattr__(self, name: str) -> Any:
        """Everything else is what surrounds the lambda."""
        return getattr(self._outer, name)


def lambda_variable(scope: Scope, arguments: list[Any]) -> Any:
    """The value of a variable of the lambdas around an expression."""
    name = require("lambdaVariables", arguments, 0, str, only=True)
    if not isinstance(scope, LambdaScope) or name.casefold() not in scope.values:
        raise refusal_with_help("The template function 'lambdaVariables' is not valid.")
    return scope.values[name.casefold()]


def _stray_lambda(_: Scope, __: list[Any]) -> Any:
    raise refusal_with_help(f"The template function '{LAMBDA}' is not valid.")


FUNCTIONS: tuple[Function, ...] = (
    Function(LAMBDA, 0, None, Kind.SCOPE, _stray_lambda, is_lazy=True),
    Function("lambdaVariables", 1, 1, Kind.SCOPE, lambda_variable),
)
