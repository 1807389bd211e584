"""Azure's answer to a what-if, read: each resource's change, and its differences down to the values that differ.

Shapes: `WhatIfOperationResult`, `WhatIfChange` and `WhatIfPropertyChange` of the Deployments API (2025-04-01). Paths
are dotted; the children of a change of type Array have an index for a path.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from armature.preview.model import ChangeKind, PropertyChangeKind
from armature.redaction import redact

Path = tuple[str | int, ...]

_KINDS = {
    "create": ChangeKind.CREATE,
    "delete": ChangeKind.DELETE,
    "deploy": ChangeKind.MODIFY,
    "ignore": ChangeKind.IGNORE,
    "modify": ChangeKind.MODIFY,
    "nochange": ChangeKind.NO_CHANGE,
    "unsupported": ChangeKind.UNSUPPORTED,
}
_PROPERTY_KINDS = {"create": PropertyChangeKind.CREATE, "delete": PropertyChangeKind.DELETE}

_OF_THE_ID = frozenset({"id", "name", "type", "apiversion"})
"""What a resource shows at its top and its id, or the request, tells already."""


@dataclass(frozen=True)
class Difference:
    """A value that would not be what it is; None for a value that is not there.

    `is_without_effect`: Azure itself says that nothing comes of it. `is_reordered`: its array would hold the same
    elements in another order.
    """

    path: Path
    kind: PropertyChangeKind
    before: Any = None
    after: Any = None
    is_without_effect: bool = False
    is_reordered: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names on the path in lower case, without the indexes."""
        return tuple(part.lower() for part in self.path if isinstance(part, str))

    @property
    def is_unmentioned(self) -> bool:
        """Whether the template says nothing of a value that is there: null is as good as nothing."""
        return self.kind is PropertyChangeKind.DELETE or (self.kind is PropertyChangeKind.MODIFY and self.after is None)


@dataclass(frozen=True)
class Told:
    """What Azure tells of one resource. What is created has its properties as differences from nothing. `api_version`
    is the one that the template writes it by; empty where that is not told."""

    id: str
    kind: ChangeKind
    differences: tuple[Difference, ...] = ()
    reason: str = ""
    api_version: str = ""


def read_changes(properties: Mapping[str, Any]) -> list[Told]:
    """The changes in the `properties` of an answer. An entry without an id, or of a type nobody knows, is unsupported:
    nothing that Azure tells is left out."""
    return [_told(item) for item in _list(properties.get("changes")) if isinstance(item, Mapping)]


def read_diagnostics(properties: Mapping[str, Any]) -> tuple[str, ...]:
    """What Azure says that it could not look into."""
    found = [item for item in _list(properties.get("diagnostics")) if isinstance(item, Mapping)]
    return tuple(redact(str(item.get("message") or item.get("code") or "")) for item in found)


def written(path: Path) -> str:
    """The path as a person reads it, such as `properties.subnets[1].name`. A name with a dot in it is quoted."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = f"['{part}']" if "." in part or "[" in part else part
            text += name if not text or name.startswith("[") else f".{name}"
    return text


def _told(item: Mapping[str, Any]) -> Told:
    kind = _KINDS.get(str(item.get("changeType", "")).lower(), ChangeKind.UNSUPPORTED)
    differences: tuple[Difference, ...] = ()
    if kind is ChangeKind.MODIFY:
        differences = tuple(_differences(_list(item.get("delta")), ()))
    elif kind is ChangeKind.CREATE:
        differences = tuple(_values(item.get("after"), ()))
    return Told(
        id=str(item.get("resourceId") or item.get("symbolicName") or ""),
        kind=kind,
        differences=differences,
        reason=redact(str(item.get("unsupportedReason") or "")),
        api_version=_api_version(item.get("after")),
    )


def _api_version(after: Any) -> str:
    version = after.get("apiVersion") if isinstance(after, Mapping) else None
    return version if isinstance(version, str) else ""


def _differences(delta: Sequence[Any], above: Path, *, is_reordered: bool = False) -> Iterator[Difference]:
    for item in delta:
        if not isinstance(item, Mapping):
            continue
        path = (*above, *_parts(item.get("path"), is_index=bool(above) and _is_index(item.get("path"))))
        kind = str(item.get("propertyChangeType", "")).lower()
        children = _list(item.get("children"))
        if children:
            below = is_reordered or (kind == "array" and _is_reordered(children))
            told = children if below or kind != "array" else _with_pairs(children)
            yield from _differences(told, path, is_reordered=below)
            continue
        yield Difference(
            path=path,
            kind=_PROPERTY_KINDS.get(kind, PropertyChangeKind.MODIFY),
            before=item.get("before"),
            after=item.get("after"),
            is_without_effect=kind == "noeffect",
            is_reordered=is_reordered,
        )


def _values(value: Any, path: Path) -> Iterator[Difference]:
    """What something is made with, down to its values."""
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            if path or str(name).lower() not in _OF_THE_ID:
                yield from _values(item, (*path, str(name)))
    elif isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value):
        for index, item in enumerate(value):
            yield from _values(item, (*path, index))
    elif path and value is not None:
        yield Difference(path=path, kind=PropertyChangeKind.CREATE, after=value)


def _parts(path: Any, *, is_index: bool) -> Path:
    text = str(path)
    return (int(text),) if is_index else tuple(text.split("."))


def _is_index(path: Any) -> bool:
    return str(path).isascii() and str(path).isdigit()


def _is_reordered(children: Sequence[Any]) -> bool:
    """Whether what goes from an array is what comes into it."""
    gone = [item.get("before") for item in children if _kind_of(item) == "delete"]
    come = [item.get("after") for item in children if _kind_of(item) == "create"]
    if len(gone) + len(come) != len(children) or len(gone) != len(come):
        return False
    for value in come:
        if value not in gone:
            return False
        gone.remove(value)
    return True


def _with_pairs(children: Sequence[Any]) -> list[Any]:
    """The changes of an array, in which an element that goes and one of its name that comes are one that changes."""
    gone = {name: item for item in children if _kind_of(item) == "delete" and (name := _name_of(item.get("before")))}
    come = {name: item for item in children if _kind_of(item) == "create" and (name := _name_of(item.get("after")))}
    paired = {id(come[name]): gone[name] for name in gone.keys() & come.keys()}
    over = {id(item) for item in paired.values()}
    return [
        _changed(paired[id(item)], item) if id(item) in paired else item for item in children if id(item) not in over
    ]


def _changed(gone: Mapping[str, Any], come: Mapping[str, Any]) -> dict[str, Any]:
    children = list(_between(gone["before"], come["after"]))
    return {"path": come.get("path"), "propertyChangeType": "Modify" if children else "NoEffect", "children": children}


def _between(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The property changes from one object to the other; names of properties are compared without letter case."""
    left = {name.lower(): name for name in before}
    for name, value in after.items():
        known = left.pop(name.lower(), None)
        was = before[known] if known is not None else None
        if known is None:
            yield {"path": name, "propertyChangeType": "Create", "after": value}
        elif isinstance(was, Mapping) and isinstance(value, Mapping):
            if children := list(_between(was, value)):
                yield {"path": name, "propertyChangeType": "Modify", "children": children}
        elif was != value:
            yield {"path": name, "propertyChangeType": "Modify", "before": was, "after": value}
    for name in left.values():
        yield {"path": name, "propertyChangeType": "Delete", "before": before[name]}


def _name_of(element: Any) -> str | None:
    """What an element of an array is known by: its name, or the location that it is about."""
    if not isinstance(element, Mapping):
        return None
    named = {str(field).lower(): value for field, value in element.items()}
    name, location = named.get("name"), named.get("locationname")
    if isinstance(name, str) and name:
        return name.lower()
    return location.replace(" ", "").lower() if isinstance(location, str) and location else None


def _kind_of(item: Any) -> str:
    return str(item.get("propertyChangeType", "")).lower() if isinstance(item, Mapping) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
