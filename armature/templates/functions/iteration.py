"""Functions that evaluate a lambda for each item: map, filter, reduce, sort, toObject, groupBy, mapValues."""

from collections.abc import Callable
from functools import cmp_to_key
from typing import Any

from armature.templates.errors import UnresolvedError
from armature.templates.functions.signature import Function, Kind, refusal_with_help, require
from armature.templates.scope import Pending, Scope
from armature.templates.values import type_name

_Body = Callable[..., Any]


def _checked(name: str, value: Any, wanted: type, index: int | None = None) -> Any:
    """What a lambda returned for the item at `index`, when it has the type that the function needs.

    Raises UnresolvedError when it is pending.
    """
    if isinstance(value, Pending):
        raise UnresolvedError(value.what)
    if type(value) is not wanted:
        where = "evaluation" if index is None else f"evaluation on the input element at position {index}"
        raise refusal_with_help(
            f"The lambda expression provided to language function '{name}' is expected to return a value of type "
            f"'{type_name(wanted())}', but {where} returned a value of type '{type_name(value)}'."
        )
    return value


def _map(_: Scope, arguments: list[Any]) -> list[Any]:
    items = require("map", arguments, 0, list)
    body: _Body = arguments[1].bind("map", 1, 1, 2)
    return [body(item, index) for index, item in enumerate(items)]


def _filter(_: Scope, arguments: list[Any]) -> list[Any]:
    items = require("filter", arguments, 0, list)
    body: _Body = arguments[1].bind("filter", 1, 1, 2)
    return [item for index, item in enumerate(items) if _checked("filter", body(item, index), bool, index)]


def _reduce(_: Scope, arguments: list[Any]) -> Any:
    items = require("reduce", arguments, 0, list)
    body: _Body = arguments[2].bind("reduce", 2, 2, 3)
    value = arguments[1]
    for index, item in enumerate(items):
        value = body(value, item, index)
    return value


def _sort(_: Scope, arguments: list[Any]) -> list[Any]:
    items = require("sort", arguments, 0, list)
    body: _Body = arguments[1].bind("sort", 1, 2, 2)

    def compare(left: Any, right: Any) -> int:
        """The items keep their order when each is said to come before the other."""
        is_first: bool = _checked("sort", body(left, right), bool)
        is_last: bool = _checked("sort", body(right, left), bool)
        return is_last - is_first

    return sorted(items, key=cmp_to_key(lambda later, earlier: -compare(earlier, later)))


def _to_object(_: Scope, arguments: list[Any]) -> dict[str, Any]:
    items = require("toObject", arguments, 0, list)
    key_of, value_of = _key_and_value("toObject", arguments)
    made: dict[str, Any] = {}
    folded: set[str] = set()
    for index, item in enumerate(items):
        key: str = _checked("toObject", key_of(item), str, index)
        if key.casefold() in folded:
            raise refusal_with_help(
                "The lambda expression parameter at index '1' of function 'toObject' returned a duplicate key "
                f"'{key}'. Object keys must be strings that are case-insensitively unique."
            )
        folded.add(key.casefold())
        made[key] = value_of(item)
    return made


def _group_by(_: Scope, arguments: list[Any]) -> dict[str, Any]:
    items = require("groupBy", arguments, 0, list)
    key_of, value_of = _key_and_value("groupBy", arguments)
    groups: dict[str, list[Any]] = {}
    names: dict[str, str] = {}
    for index, item in enumerate(items):
        key: str = _checked("groupBy", key_of(item), str, index)
        name = names.setdefault(key.casefold(), key)
        groups.setdefault(name, []).append(value_of(item))
    return groups


def _key_and_value(name: str, arguments: list[Any]) -> tuple[_Body, _Body]:
    key_of: _Body = arguments[1].bind(name, 1, 1, 1)
    value_of: _Body = arguments[2].bind(name, 2, 1, 1) if len(arguments) > 2 else lambda item: item
    return key_of, value_of


def _map_values(_: Scope, arguments: list[Any]) -> dict[str, Any]:
    values = require("mapValues", arguments, 0, dict)
    body: _Body = arguments[1].bind("mapValues", 1, 1, 1)
    return {name: body(value) for name, value in values.items()}


FUNCTIONS: tuple[Function, ...] = (
    Function("map", 2, 2, Kind.PURE, _map, lambdas=(1,)),
    Function("filter", 2, 2, Kind.PURE, _filter, lambdas=(1,)),
    Function("reduce", 3, 3, Kind.PURE, _reduce, lambdas=(2,)),
    Function("sort", 2, 2, Kind.PURE, _sort, lambdas=(1,)),
    Function("toObject", 2, 3, Kind.PURE, _to_object, lambdas=(1, 2)),
    Function("groupBy", 2, 3, Kind.PURE, _group_by, lambdas=(1, 2)),
    Function("mapValues", 2, 2, Kind.PURE, _map_values, lambdas=(1,)),
)
