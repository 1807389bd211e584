"""Functions that make, merge and take apart arrays and objects."""

from functools import reduce
from typing import Any

from armature.templates.access import access
from armature.templates.functions.signature import (
    Function,
    pure,
    refusal,
    refusal_with_help,
    require,
    require_elements,
    small,
)
from armature.templates.scope import Pending
from armature.templates.values import are_equal, equality_key, find_name, type_name

_MAX_RANGE = 10_000
_LARGEST_INDEX = 2**31 - 1


def _array(arguments: list[Any]) -> list[Any]:
    return arguments[0] if isinstance(arguments[0], list) else [arguments[0]]


def _create_object(arguments: list[Any]) -> dict[str, Any]:
    names = arguments[::2]
    wrong = [index for index, name in enumerate(names) if not isinstance(name, str)]
    if wrong:
        places = ", ".join(str(2 * index + 1) for index in wrong)
        types = ", ".join(type_name(names[index]) for index in wrong)
        raise refusal_with_help(
            "The template language function 'createObject' expects the parameters at an odd-numbered position to be of "
            f"type 'string'. The specified parameters at positions '{places}' are of types '{types}', respectively."
        )
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1] if len(set(names)) < len(names) else []
    if twice:
        raise refusal_with_help(
            "The template language function 'createObject' expects all property names to be unique. The following "
            f"property names were duplicated: {', '.join(twice)}."
        )
    return dict(zip(names, arguments[1::2], strict=True))


def _range(arguments: list[Any]) -> list[int]:
    start, count = (small(require("range", arguments, index, int)) for index in (0, 1))
    if not 0 <= count <= _MAX_RANGE or start + count > _LARGEST_INDEX:
        raise refusal(
            "The template language function 'range' parameters are out of range: 'count' must be a positive integer no "
            f"larger than 1000 and the sum of 'start index' and 'count' must be no larger than {_LARGEST_INDEX}. "
            "Please see https://aka.ms/arm-function-range for usage details."
        )
    return list(range(start, start + count))


def _same_type(name: str, arguments: list[Any]) -> type:
    types = {type(argument) for argument in arguments}
    if len(types) > 1:
        raise refusal(
            f"Template language function '{name}' expects parameters of the same type, but found multiple types."
        )
    return types.pop()


def _union(arguments: list[Any]) -> Any:
    if isinstance(arguments[0], list):
        _same_type("union", arguments)
        return distinct([item for argument in arguments for item in argument])
    merged: dict[str, Any] = arguments[0]
    for count, argument in enumerate(arguments[1:], 2):
        _same_type("union", arguments[:count])  # told after what the arguments before clash in
        merged = _merge(merged, argument)
    return merged


def distinct(items: list[Any]) -> list[Any]:
    """The items without those that are equal to an earlier one."""
    kept: dict[str, Any] = {}
    for item in items:
        kept.setdefault(equality_key(item), item)
    return list(kept.values())


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """A deep merge: names without regard to case, the later spelling stays; null changes nothing that is there."""
    merged = dict(base)
    for name, value in over.items():
        existing = name if name in merged else find_name(merged, name)
        if existing is None:
            merged[name] = value
            continue
        old = merged[existing]
        if value is None:
            value = old
        elif isinstance(value, Pending) or (isinstance(old, Pending) and isinstance(value, dict)):
            value = Pending(value.what if isinstance(value, Pending) else old.what)
        elif isinstance(old, Pending):
            pass  # it gives way, whatever it will be
        elif isinstance(old, dict) and isinstance(value, dict):
            value = _merge(old, value)
        elif (
            old is not None
            and isinstance(old, dict | list) | isinstance(value, dict | list)
            and type(old) is not type(value)
        ):
            raise refusal(
                f"The template language function 'union' failed to evaluate due to a type mismatch between "
                f"'{type_name(old)}' and '{type_name(value)}'. "
                "Please see https://aka.ms/arm-function-union for usage details."
            )
        for twin in [key for key in merged if key != name and key.casefold() == name.casefold()]:
            del merged[twin]
        merged[name] = value
    return merged


def _intersection(arguments: list[Any]) -> Any:
    if _same_type("intersection", arguments) is list:
        others = [set(map(equality_key, argument)) for argument in arguments[1:]]
        return [item for item in distinct(arguments[0]) if all(equality_key(item) in other for other in others)]
    return {
        name: value
        for name, value in arguments[0].items()
        if all(name in argument and are_equal(value, argument[name]) for argument in arguments[1:])
    }


def _shallow_merge(arguments: list[Any]) -> dict[str, Any]:
    require("shallowMerge", arguments, 0, list, only=True)
    merged: dict[str, Any] = {}
    for part in require_elements("shallowMerge", arguments, 0, dict):
        for name, value in part.items():
            merged[find_name(merged, name) or name] = value
    return merged


def _sorted_names(value: dict[str, Any]) -> list[str]:
    return sorted(value, key=lambda name: name.upper().encode("utf-16-be", "surrogatepass"))


def _items(arguments: list[Any]) -> list[dict[str, Any]]:
    value = require("items", arguments, 0, dict, only=True)
    return [{"key": name, "value": value[name]} for name in _sorted_names(value)]


def _object_keys(arguments: list[Any]) -> list[str]:
    return _sorted_names(require("objectKeys", arguments, 0, dict, only=True))


def _flatten(arguments: list[Any]) -> list[Any]:
    require("flatten", arguments, 0, list, only=True)
    return [item for part in require_elements("flatten", arguments, 0, list) for item in part]


def _distinct(arguments: list[Any]) -> list[Any]:
    return distinct(require("distinct", arguments, 0, list, only=True))


def _try_get(arguments: list[Any]) -> Any:
    value = arguments[0]
    for index in range(1, len(arguments)):
        key = require("tryGet", arguments, index, str, int)
        if isinstance(value, dict) and isinstance(key, str):
            found = find_name(value, key)
            value = value[found] if found is not None else None
        elif isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
            value = value[key]
        else:
            return None
    return value


def _try_index_from_end(arguments: list[Any]) -> Any:
    value, at = arguments[0], arguments[1]
    if isinstance(value, list) and type(at) is int:
        small(at)
    found = value[-at] if isinstance(value, list) and type(at) is int and 1 <= at <= len(value) else None
    return reduce(access, arguments[2:], found) if found is not None else None


def _index_from_end(arguments: list[Any]) -> Any:
    values, at = require("indexFromEnd", arguments, 0, list), small(require("indexFromEnd", arguments, 1, int))
    unable = "Unable to evaluate the template language function 'indexFromEnd'. The index parameter"
    if at < 1:
        raise refusal(f"{unable} must be greater than zero, but an index of '{at}' was received.")
    if at > len(values):
        raise refusal(
            f"{unable} cannot be larger than the length of the array. The index parameter was '{at}', and the length "
            f"of the array parameter was '{len(values)}'."
        )
    return values[-at]


FUNCTIONS: tuple[Function, ...] = (
    pure("array", 1, 1, _array),
    pure("createArray", 0, None, list),
    pure("createObject", 0, None, _create_object),
    pure("range", 2, 2, _range),
    pure("union", 2, None, _union, each=(list, dict)),
    pure("intersection", 2, None, _intersection, each=(list, dict)),
    pure("shallowMerge", 1, 1, _shallow_merge),
    pure("items", 1, 1, _items),
    pure("objectKeys", 1, 1, _object_keys),
    pure("flatten", 1, 1, _flatten),
    pure("distinct", 1, 1, _distinct),
    pure("tryGet", 2, None, _try_get),
    pure("tryIndexFromEnd", 2, None, _try_index_from_end),
    pure("indexFromEnd", 2, 2, _index_from_end),
)
