"""Evaluating expressions: the walk over the syntax tree (what the functions do is in armature.templates.functions)."""

import re
from collections.abc import Callable, Mapping
from copy import copy
from datetime import datetime
from math import isfinite
from operator import is_
from typing import Any, Self

from armature.templates.access import access
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
    walk,
)
from armature.templates.functions import find_function
from armature.templates.functions.lambdas import LAMBDA, LambdaScope, require_lambda
from armature.templates.functions.signature import HELP, INVALID_TEMPLATE, Function, Kind, require, too_large
from armature.templates.partial import TAKES_PENDING, check_parts
from armature.templates.scope import OpenList, PartialObject, Pending, Scope, closed
from armature.templates.values import float_text, is_too_large

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
    if isinstance(value, dict | list) and not _may_hold_what_json_does_not(tree):
        return value
    try:
        return _as_json(value)
    except UnicodeError as error:
        message = "Cannot transcode invalid UTF-16 string to UTF-8 JSON text."
        raise ExpressionError(INVALID_TEMPLATE, message, tree.column) from error


_MAKE_WHAT_JSON_DOES_NOT_HOLD = frozenset("json base64tojson float take skip substring first last split".split())
"""Functions whose values may have halves of characters, or floats that are no numbers, inside."""


def _may_hold_what_json_does_not(tree: Expression) -> bool:
    return any(
        isinstance(node, FunctionCall) and (node.name.lower() in _MAKE_WHAT_JSON_DOES_NOT_HOLD or node.namespace)
        for node in walk(tree)
    )


def _as_json(value: Any) -> Any:
    """The value as JSON holds it: floats that are no numbers are strings. Raises UnicodeError for half a character."""
    if isinstance(value, str):
        if _HALF_CHARACTER.search(value):
            raise UnicodeError(value)
        return value
    if isinstance(value, float):
        return value if isfinite(value) else float_text(value)
    if isinstance(value, list):
        made = [_as_json(item) for item in value]
        return value if all(map(is_, made, value)) else made
    if isinstance(value, dict) and not isinstance(value, PartialObject):
        found = {_as_json(name): _as_json(item) for name, item in value.items()}
        return value if all(map(is_, found.values(), value.values())) else found
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
            return _accessed(node, _evaluate(node.target, scope), node.name)
        case IndexAccess():
            return _accessed(node, _evaluate(node.target, scope), _evaluate(node.index, scope))


def _accessed(node: Expression, target: Any, key: Any) -> Any:
    try:
        return access(target, key)
    except ExpressionError as error:
        error.column = node.column
        raise


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
    try:
        arguments = _arguments(node, scope, function)
        value = function.implementation(scope, arguments)
        if function.kind is Kind.PURE and isinstance(value, str | list | dict) and is_too_large(value):
            raise too_large(function.name)
        if function.kind is Kind.PURE and isinstance(scope, LambdaScope):
            scope.charge(value)
        return value
    except ExpressionError as error:
        if error.column is None:
            message = _with_name_as_written(error.message, function.name, node.name)
            raise ExpressionError(error.code, message, node.column) from error
        raise


def _arguments(node: FunctionCall, scope: Scope, function: Function) -> list[Any]:
    """What the function is handed: values, or what gives them."""
    if function.is_lazy:
        return [_Thunk(argument, scope) for argument in node.arguments]
    if function.lambdas:
        return _arguments_with_lambdas(node, scope, function)
    if scope.is_partial:
        return _partial_arguments(node.arguments, scope, function)
    return _evaluate_all(node.arguments, scope, function)


_KEEP_THEIR_NAME = frozenset({"json", "float", "dateTimeFromEpoch", "padLeft"})
_KEEP_IT_IN_A_LAMBDAS_REFUSAL = frozenset({"filter", "sort"})
_KEEP_THE_NAME = (
    "The input object to",
    "Unable to evaluate the template language function",
    "An error occured",
)
_REPEAT_IT_BESIDE_A_LINK = frozenset({"take", "skip", "concat"})


def _with_name_as_written(message: str, name: str, written: str) -> str:
    """The engine repeats names as the template spells them, but for refusals that link to a page of their own."""
    has_own_page = "https://aka.ms/arm-function-" in message and name not in _REPEAT_IT_BESIDE_A_LINK
    of_lambda = name in _KEEP_IT_IN_A_LAMBDAS_REFUSAL and message.startswith("The lambda expression")
    if name == written or of_lambda or has_own_page or name in _KEEP_THEIR_NAME or message.startswith(_KEEP_THE_NAME):
        return message
    return message.replace(f"'{name}'", f"'{written}'").replace(f"#{name} ", f"#{written} ")


def _is_lambda_variable_outside(function: Function, scope: Scope) -> bool:
    return function.name == "lambdaVariables" and not isinstance(scope, LambdaScope)


def _arguments_with_lambdas(node: FunctionCall, scope: Scope, function: Function) -> list[Any]:
    nodes = tuple(argument for index, argument in enumerate(node.arguments) if index not in function.lambdas)
    values = iter(_partial_arguments(nodes, scope, function) if scope.is_partial else _evaluate_all(nodes, scope))
    return [
        _Lambda(argument, scope) if index in function.lambdas else next(values)
        for index, argument in enumerate(node.arguments)
    ]


def _evaluate_all(nodes: tuple[Expression, ...], scope: Scope, function: Function | None = None) -> list[Any]:
    arguments: list[Any] = []
    for node in nodes:
        arguments.append(_whole(_evaluate(node, scope)))
        if function is not None and function.each:
            require(function.name, arguments, len(arguments) - 1, *function.each)
    return arguments


def _partial_arguments(nodes: tuple[Expression, ...], scope: Scope, function: Function) -> list[Any]:
    """The arguments as far as they can be told, if that is enough for the function.

    What ARM would refuse in one of them is told before another is found to be pending.
    """
    arguments, pending = _as_far_as_told(nodes, scope)
    if pending is not None and function.name.lower() not in TAKES_PENDING:
        raise pending
    check_parts(function.name, arguments)
    for index in range(len(arguments) if function.each else 0):
        require(function.name, arguments, index, *function.each)
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
        inside = LambdaScope.around(self._scope, variables, node)

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

    def written_variable(self, name: str) -> Any:
        """The variable as the template has it, None when it has none of that name."""
        return self._variables.get(name.lower())

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
