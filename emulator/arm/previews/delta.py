"""The property changes of what-if: which values a resource has now and would have then.

Shapes: `WhatIfPropertyChange` of the Deployments API (2025-04-01), and the examples of
https://learn.microsoft.com/azure/azure-resource-manager/templates/deploy-what-if: paths are dotted down to the value,
an array is one change of type Array whose children have an index for a path.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_MISSING: Any = object()
Change = dict[str, Any]


def property_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Every difference between two resource documents, in the order of their paths; empty when there is none."""
    return sorted(_of_objects(before, after, ""), key=lambda change: str(change["path"]))


def _of_objects(before: Mapping[str, Any], after: Mapping[str, Any], prefix: str) -> Iterator[Change]:
    named = {name.lower(): name for name in before}
    for name, value in after.items():
        yield from _of_values(before.get(named.pop(name.lower(), name), _MISSING), value, f"{prefix}{name}")
    for name in named.values():
        yield from _of_values(before[name], _MISSING, f"{prefix}{name}")


def _of_values(before: Any, after: Any, path: str) -> Iterator[Change]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _of_objects(before, after, f"{path}.")
    elif isinstance(before, list) and isinstance(after, list):
        if children := _of_arrays(before, after):
            yield _change(path, "Array", None, None, children)
    elif before is _MISSING:
        yield _change(path, "Create", None, after)
    elif after is _MISSING:
        yield _change(path, "Delete", before, None)
    elif not is_same(before, after):
        yield _change(path, "Modify", before, after)


def _of_arrays(before: Sequence[Any], after: Sequence[Any]) -> list[Change]:
    """Items are held to be the same thing when they are equal, or are objects of the same name."""
    left = list(range(len(before)))
    changes: list[Change] = []
    unmatched: list[int] = []
    for index, item in enumerate(after):
        equal = next((other for other in left if is_same(before[other], item)), None)
        if equal is None:
            unmatched.append(index)
        else:
            left.remove(equal)
    for index in unmatched:
        named = next((other for other in left if _share_name(before[other], after[index])), None)
        if named is None:
            changes.append(_change(str(index), "Create", None, after[index]))
        else:
            left.remove(named)
            children = property_changes(before[named], after[index])
            changes.append(_change(str(index), "Modify", None, None, children))
    changes += [_change(str(index), "Delete", before[index], None) for index in left]
    return sorted(changes, key=lambda change: (int(change["path"]), change["propertyChangeType"] != "Delete"))


def _share_name(one: Any, other: Any) -> bool:
    if not (isinstance(one, Mapping) and isinstance(other, Mapping)):
        return False
    return isinstance(one.get("name"), str) and is_same(one["name"], other.get("name"))


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are the same to ARM: names of properties, and resource ids and locations, in any case."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        left = {name.lower(): value for name, value in one.items()}
        right = {name.lower(): value for name, value in other.items()}
        return left.keys() == right.keys() and all(is_same(value, right[name]) for name, value in left.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(is_same(*pair) for pair in zip(one, other, strict=True))
    if isinstance(one, str) and isinstance(other, str):
        return one == other or (one.startswith("/subscriptions/") and one.lower() == other.lower())
    return type(one) is type(other) and bool(one == other)


def _change(path: str, kind: str, before: Any, after: Any, children: list[Change] | None = None) -> Change:
    return {"path": path, "propertyChangeType": kind, "before": before, "after": after, "children": children}
