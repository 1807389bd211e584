"""Evaluating expressions: the walk over the syntax tree (what the functions do is in armature.templates.functions)."""

import re
from collections.abc import Callable, Mapping
from copy import copy
from datetime import datetime
from typing import Any, Self

from armature.templates.errors import ExpressionError, UnresolvedError
from armature.templates.expressions import (
    Expression,
    FunctionCall,
    IndexAccess,
    NumberLiteral,
    PropertyAccess,
    StringLiteral,
    is_expression,
    parse_expression,
    unescape,
)
from armature.templates.functions import find_function
from armature.templates.functions.lambdas import LAMBDA, LambdaScope, require_lambda
from armature.templates.functions.signature import HELP, INVALID_TEMPLATE, Function, Kind, too_large
from armature.templates.partial import TAKES_PENDING, check_parts
from armature.templates.scope import OpenList, PartialObject, Pending, Scope, closed
from armature.templates.values import find_name, is_too_large, to_text

__all__ = [
    "ExpressionError",
    "Scope",
    "StaticScope",
    "UnresolvedError",
    "evaluate",
    "evaluate_value",
]


_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
"""Half of a surrogate pair, which substring() and its like can leave."""


def evaluate(expression: str | Expression, scope: Scope) -> Any:
    """The value of an expression, given as the template's string or as a tree.

    Raises ExpressionSyntaxError for a string that is none, ExpressionError when ARM would refuse it, UnresolvedError
    when the surroundings can't tell.
    """
    tree = parse_expression(expression) if isinstance(expression, str) else expression
    try:
        value = _whole(_evaluate(tree, scope))
    except RecursionError as error:
        message = "The expression, or what it refers to, is nested too deeply to be evaluated."
        raise ExpressionError(INVALID_TEMPLATE, message, tree.column) from error
    if isinstance(value, str) and _HALF_CHARACTER.search(value):
        message = "Cannot transcode invalid UTF-16 string to UTF-8 JSON text."
        raise ExpressionError(INVALID_TEMPLATE, message, tree.column)
    return value


def evaluate_value(value: Any, scope: Scope) -> Any:
    """A JSON value with every expression in it replaced by its value, names of properties included.

    A leading `[[` of a literal loses its first bracket. What an expression yields is not evaluated again.
    """
    if isinstance(value, str):
        return evaluate(value, scope) if is_expression(value) else unescape(value)
    if isinstance(value, list):
        return [evaluate_value(item, scope) for item in value]
    if isinstance(value, dict):
        return {_evaluated_name(name, scope): evaluate_value(item, scope) for name, item in value.items()}
    return value


def _evaluated_name(name: str, scope: Scope) -> str:
    evaluated = evaluate_value(name, scope)
    if not isinstance(evaluated, str):
        raise ExpressionError(INVALID_TEMPLATE, f"The property name '{name}' must evaluate to a string.")
    return evaluated


def _evaluate(node: Expression, scope: Scope) -> Any:
    match node:
        case StringLiteral() | NumberLiteral():
            return node.value
        case FunctionCall():
            return _call(node, scope)
        case PropertyAccess():
            return _property(_evaluate(node.target, scope), node.name, node.column)
        case IndexAccess():
            return _index(_evaluate(node.target, scope), _evaluate(node.index, scope), node.column)


def _call(node: FunctionCall, scope: Scope) -> Any:
    if node.namespace is not None:
        return scope.user_function(node.namespace, node.name, _user_arguments(node, scope))
    function = find_function(node.name)
    if function is None or function.name == LAMBDA or _is_lambda_variable_outside(function, scope):
        message = f"The template function '{node.name}' is not valid. {HELP}"
        raise ExpressionError(INVALID_TEMPLATE, message, node.column)
    fault = function.count_fault(len(node.arguments), node.name)
    if fault:
        raise ExpressionError(INVALID_TEMPLATE, fault, node.column)
    arguments: list[Any]
    if function.is_lazy:
        arguments = [_Thunk(argument, scope) for argument in node.arguments]
    elif function.lambdas:
        arguments = _arguments_with_lambdas(node, scope, function)
    elif scope.is_partial:
        arguments = _partial_arguments(node.arguments, scope, function.name)
    else:
        arguments = _evaluate_all(node.arguments, scope)
    try:
        value = function.implementation(scope, arguments)
        if function.kind is Kind.PURE and isinstance(value, str | list | dict) and is_too_large(value):
            raise too_large(function.name)
        if function.kind is Kind.PURE and isinstance(scope, LambdaScope):
            scope.charge(value)
        return value
    except ExpressionError as error:
        if error.column is None:
            error.column = node.column
        raise


def _is_lambda_variable_outside(function: Function, scope: Scope) -> bool:
    return function.name == "lambdaVariables" and not isinstance(scope, LambdaScope)


def _arguments_with_lambdas(node: FunctionCall, scope: Scope, function: Function) -> list[Any]:
    nodes = tuple(argument for index, argument in enumerate(node.arguments) if index not in function.lambdas)
    values = iter(_partial_arguments(nodes, scope, function.name) if scope.is_partial else _evaluate_all(nodes, scope))
    return [
        _Lambda(argument, scope) if index in function.lambdas else next(values)
        for index, argument in enumerate(node.arguments)
    ]


def _evaluate_all(nodes: tuple[Expression, ...], scope: Scope) -> list[Any]:
    return [_whole(_evaluate(node, scope)) for node in nodes]


def _partial_arguments(nodes: tuple[Expression, ...], scope: Scope, function: str) -> list[Any]:
    """The arguments as far as they can be told, if that is enough for the function.

    What ARM would refuse in one of them is told before another is found to be pending.
    """
    arguments, pending = _as_far_as_told(nodes, scope)
    if pending is not None and function.lower() not in TAKES_PENDING:
        raise pending
    check_parts(function, arguments)
    return arguments


def _user_arguments(node: FunctionCall, scope: Scope) -> list[Any]:
    if scope.is_partial:
        return _as_far_as_told(node.arguments, scope)[0]
    return [_evaluate(argument, scope) for argument in node.arguments]


def _as_far_as_told(nodes: tuple[Expression, ...], scope: Scope) -> tuple[list[Any], UnresolvedError | None]:
    arguments: list[Any] = []
    first: UnresolvedError | None = None
    for node in nodes:
        try:
            arguments.append(_whole(_evaluate(node, scope)))
        except UnresolvedError as error:
            first = first or error
            arguments.append(Pending(error.what))
    return arguments, first


def _whole(value: Any) -> Any:
    if isinstance(value, PartialObject):
        return value.whole()
    return [closed(item) for item in value] if isinstance(value, OpenList) else value


class _Lambda:
    """An argument that has to be a call of `lambda`: its variables are named first, its body is evaluated for each."""

    __slots__ = ("_node", "_scope")

    def __init__(self, node: Expression, scope: Scope) -> None:
        self._node = node
        self._scope = scope

    def bind(self, function: str, index: int, least: int, most: int) -> Callable[..., Any]:
        node = require_lambda(self._node, function, index, least, most)
        *names, body = node.arguments
        variables = _evaluate_all(tuple(names), self._scope)
        inside = LambdaScope.around(self._scope, variables, node.column)

        def value_for(*values: Any) -> Any:
            try:
                return _whole(_evaluate(body, inside.with_values(values).as_scope()))
            except UnresolvedError as error:
                if self._scope.is_partial:
                    return Pending(error.what)
                raise

        return value_for


class _Thunk:
    """An argument that is evaluated when a lazy function asks for it."""

    __slots__ = ("_node", "_scope")

    def __init__(self, node: Expression, scope: Scope) -> None:
        self._node = node
        self._scope = scope

    def __call__(self) -> Any:
        return _whole(_evaluate(self._node, self._scope))


def _property(target: Any, name: str, column: int) -> Any:
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
    raise ExpressionError(INVALID_TEMPLATE, message, column)


def _index(target: Any, index: Any, column: int) -> Any:
    if isinstance(index, str):
        return _property(target, index, column)
    if isinstance(target, Pending):
        raise UnresolvedError(target.what)
    shown = to_text(index)
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
    raise ExpressionError(INVALID_TEMPLATE, message, column)


class StaticScope:
    """A scope for analysis: what it was not told is unresolved.

    `parameters` are values; `variables` are as the template has them, evaluated when they are asked for. `prefix` is
    the id of what is deployed to, from which the subscription and the resource group follow.
    """

    is_partial = False

    def __init__(
        self,
        parameters: Mapping[str, Any] | None = None,
        variables: Mapping[str, Any] | None = None,
        *,
        prefix: str | None = None,
    ) -> None:
        self._parameters = {name.lower(): value for name, value in (parameters or {}).items()}
        self._variables = {name.lower(): value for name, value in (variables or {}).items()}
        self._known: dict[str, Any] = {}
        self._asked: set[str] = set()
        self._prefix = prefix
        self._copy_indexes: dict[str | None, int] = {}
        self._outside_loops = self

    def parameter(self, name: str) -> Any:
        """The given value, else what `default_of` says, asked once."""
        key = name.lower()
        if key not in self._parameters:
            self._parameters[key] = self.default_of(name)
        return self._parameters[key]

    def default_of(self, name: str) -> Any:
        """What a parameter is that has no given value: unresolved, unless a scope knows its definition."""
        raise UnresolvedError(f"parameters('{name}')")

    def variable(self, name: str) -> Any:
        """The variable's value, evaluated once, and outside of any loop: ARM lets no variable ask for an iteration."""
        key = name.lower()
        if key in self._known:
            return self._known[key]
        if key not in self._variables or key in self._asked:
            raise UnresolvedError(f"variables('{name}')")
        self._asked.add(key)
        try:
            self._known[key] = evaluate_value(self._variables[key], self._outside_loops)
        finally:
            self._asked.discard(key)
        return self._known[key]

    def at(self, loop_name: str | None, index: int) -> Self:
        """The same scope inside an iteration of a copy loop."""
        inside = copy(self)
        inside._copy_indexes = {**self._copy_indexes, None: index, loop_name and loop_name.lower(): index}
        return inside

    def copy_index(self, loop_name: str | None, offset: int) -> int:
        """The iteration of a loop that at() was told of."""
        key = loop_name.lower() if loop_name else None
        if key not in self._copy_indexes:
            raise UnresolvedError(f"copyIndex('{loop_name or ''}')")
        return self._copy_indexes[key] + offset

    def resource_group(self) -> dict[str, Any]:
        """Name and id, when the prefix is a resource group's; the rest stays unresolved."""
        parts = self.resource_id_prefix().split("/")
        if len(parts) != 5:
            raise UnresolvedError("resourceGroup()")
        return PartialObject("resourceGroup()", {"id": "/".join(parts), "name": parts[4]})

    def subscription(self) -> dict[str, Any]:
        """Id and subscriptionId, when the prefix has a subscription; the rest stays unresolved."""
        parts = self.resource_id_prefix().split("/")
        if len(parts) < 3 or parts[1] != "subscriptions":
            raise UnresolvedError("subscription()")
        return PartialObject("subscription()", {"id": "/".join(parts[:3]), "subscriptionId": parts[2]})

    def tenant(self) -> dict[str, Any]:
        """Unresolved."""
        raise UnresolvedError("tenant()")

    def management_group(self) -> dict[str, Any]:
        """Unresolved."""
        raise UnresolvedError("managementGroup()")

    def deployment(self) -> dict[str, Any]:
        """Unresolved."""
        raise UnresolvedError("deployment()")

    def deployer(self) -> dict[str, Any]:
        """Unresolved."""
        raise UnresolvedError("deployer()")

    def environment(self) -> dict[str, Any]:
        """Unresolved."""
        raise UnresolvedError("environment()")

    def resource_id_prefix(self) -> str:
        """The given prefix."""
        if self._prefix is None:
            raise UnresolvedError("the target's id")
        return self._prefix

    def reference(self, arguments: list[Any]) -> Any:
        """Unresolved."""
        raise UnresolvedError(f"reference('{arguments[0]}')")

    def references(self, arguments: list[Any]) -> Any:
        """Unresolved."""
        raise UnresolvedError(f"references('{arguments[0]}')")

    def resource_info(self, symbol: str) -> dict[str, Any]:
        """Unresolved."""
        raise UnresolvedError(f"resourceInfo('{symbol}')")

    def list_function(self, name: str, arguments: list[Any]) -> Any:
        """Unresolved."""
        raise UnresolvedError(f"{name}('{arguments[0]}')")

    def providers(self, arguments: list[Any]) -> Any:
        """Unresolved."""
        raise UnresolvedError(f"providers('{arguments[0]}')")

    def zones(self, function: str, arguments: list[Any]) -> Any:
        """Unresolved."""
        raise UnresolvedError(f"{function}()")

    def role_definition(self, name: str) -> dict[str, Any]:
        """Unresolved."""
        raise UnresolvedError(f"roleDefinitions('{name}')")

    def extension(self, alias: str) -> dict[str, Any]:
        """Unresolved."""
        raise UnresolvedError(f"extensions('{alias}')")

    def user_function(self, namespace: str, name: str, arguments: list[Any]) -> Any:
        """Unresolved."""
        raise UnresolvedError(f"{namespace}.{name}()")

    def utc_now(self) -> datetime:
        """Unresolved."""
        raise UnresolvedError("utcNow()")

    def new_guid(self) -> str:
        """Unresolved."""
        raise UnresolvedError("newGuid()")
