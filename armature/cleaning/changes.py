"""Whether a resource that is about to be deleted is still the one that was approved."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from armature.cleaning.model import DoomedResource, FoundResource, tags_mark_of
from armature.surveying import owners_of

CLOCKS_DIFFER = timedelta(seconds=5)
"""How far apart the app's clock and a provider's may be."""

_MADE_ANEW = "It was made anew at {at:%Y-%m-%d %H:%M:%S} UTC, after it was listed."
_CHANGED = "It was changed at {at:%Y-%m-%d %H:%M:%S} UTC, after it was listed."
_TAGGED = "It has other tags than when it was listed."
_MANAGED = "It is managed by {by} now."

_MOMENT = TypeAdapter(datetime)


def changed_in_list(approved: DoomedResource, now: FoundResource, *, is_touched: bool) -> str:
    """Why a resource, as its group's list shows it now, is not what was approved; empty when it is.

    `is_touched` when deletions of the same list are known to change it: then it only must be the same resource.
    """
    if now.created_at and approved.created_at and now.created_at != approved.created_at:
        return _MADE_ANEW.format(at=now.created_at)
    if tags_mark_of(now.tags) != approved.tags_mark:
        return _TAGGED
    if is_touched:
        return ""
    if (now.managed_by or "").lower() != (approved.managed_by or "").lower():
        return _MANAGED.format(by=now.managed_by or "nothing")
    if now.changed_at and approved.changed_at and now.changed_at != approved.changed_at:
        return _CHANGED.format(at=now.changed_at)
    return ""


def changed_in_document(
    approved: DoomedResource, document: Mapping[str, Any], listed_at: datetime, *, is_touched: bool
) -> str:
    """Why a resource, as it shows itself now, is not what was approved; empty when it is. Lists lag behind writes, what
    a resource says of itself does not: who changed it last, where its provider tells (`systemData`), and its tags."""
    tags = {str(name): str(value) for name, value in (document.get("tags") or {}).items()}
    if tags_mark_of(tags) != approved.tags_mark:
        return _TAGGED
    told = document.get("systemData") or {}
    for field, words in (("createdAt", _MADE_ANEW), ("lastModifiedAt", _CHANGED)):
        moment = _moment(told.get(field)) if isinstance(told, Mapping) else None
        if moment is not None and moment > listed_at + CLOCKS_DIFFER and not (is_touched and words is _CHANGED):
            return words.format(at=moment)
    return ""


def named_in(document: Any, ids: Collection[str]) -> tuple[str, ...]:
    """Which of the resources `ids` (in lower case) a resource names anywhere in its document, themselves or something
    in them: its deletion may change them."""
    found: dict[str, None] = {}
    for text in _texts(document):
        key = text.lower().rstrip("/")
        for candidate in (key, *(owner.lower() for owner in owners_of(key))):
            if candidate in ids:
                found[candidate] = None
    return tuple(found)


def _texts(value: Any) -> Iterable[str]:
    """The texts in a document that may be resource ids."""
    if isinstance(value, str):
        if value.lower().startswith("/subscriptions/"):
            yield value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            if isinstance(name, str):
                yield from _texts(name)
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _moment(value: Any) -> datetime | None:
    try:
        moment = _MOMENT.validate_python(value)
    except ValidationError:
        return None
    return moment if moment.tzinfo is not None else None
