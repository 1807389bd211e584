"""A property's place within a resource's document: `properties.siteConfig.minTlsVersion`, or a JSON pointer."""

import json
from typing import Any


def parts_of(place: str) -> tuple[str, ...]:
    """The names on the way to a property. A pointer is for names with a period in them.

    Raises:
        ValueError: a name is empty.
    """
    if place.startswith("/"):
        parts = tuple(part.replace("~1", "/").replace("~0", "~") for part in place[1:].split("/"))
    else:
        parts = tuple(place.split("."))
    if not all(parts):
        raise ValueError(f"not the place of a property: {place}")
    return parts


def value_at(document: Any, place: str) -> Any:
    """What is there, None when nothing is. A name that is not there as it is spelled counts in any letter case."""
    found = document
    for part in parts_of(place):
        found = _child(found, part)
    return found


def is_equal(found: Any, wanted: Any) -> bool:
    """Equal as JSON: true is not 1, the order of an object's keys does not matter."""
    return _canonical(found) == _canonical(wanted)


def _canonical(value: Any) -> str:
    return json.dumps(_with_plain_numbers(value), sort_keys=True)


def _with_plain_numbers(value: Any) -> Any:
    """1 and 1.0 are one number in JSON."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _with_plain_numbers(one) for key, one in value.items()}
    return [_with_plain_numbers(one) for one in value] if isinstance(value, list | tuple) else value


def _child(parent: Any, name: str) -> Any:
    if isinstance(parent, list):
        return parent[int(name)] if name.isascii() and name.isdecimal() and int(name) < len(parent) else None
    if not isinstance(parent, dict):
        return None
    if name in parent:
        return parent[name]
    return next((value for key, value in parent.items() if key.lower() == name.lower()), None)
