"""The state's dataclasses as JSON documents and back: times in ISO 8601, resource ids as their text."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar, get_args, get_type_hints

from emulator.arm.identifiers import ResourceId

Model = TypeVar("Model")

_FIELDS: dict[Any, dict[str, type | None]] = {}


def pack(value: Any) -> dict[str, Any]:
    """The document of a dataclass, without the fields whose metadata says `stored: False`."""
    return {name: _packed(getattr(value, name)) for name in _stored_fields(type(value))}


def unpack(model: type[Model], document: Mapping[str, Any]) -> Model:
    """The dataclass that `pack` made a document of; a field that the document does not hold has its default."""
    kinds = _stored_fields(model)
    return model(**{name: _unpacked(kinds[name], value) for name, value in document.items() if name in kinds})


def _packed(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, ResourceId) else value


def _unpacked(kind: type | None, value: Any) -> Any:
    if value is None or kind is None:
        return value
    return datetime.fromisoformat(value) if kind is datetime else ResourceId.parse(value)


def _stored_fields(model: Any) -> dict[str, type | None]:
    """The names of the fields, with the type of those that are no JSON."""
    if model not in _FIELDS:
        _FIELDS[model] = _told_fields(model)
    return _FIELDS[model]


def _told_fields(model: Any) -> dict[str, type | None]:
    hints = get_type_hints(model)
    return {entry.name: _special(hints[entry.name]) for entry in fields(model) if entry.metadata.get("stored", True)}


def _special(hint: Any) -> type | None:
    return next((kind for kind in (datetime, ResourceId) if hint is kind or kind in get_args(hint)), None)
