"""What a path of Resource Manager addresses: a resource, the resources of one type at a scope, or an action."""

import re
from dataclasses import dataclass

from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId

_LAST = re.compile(r"(.*)/([^/]+)")


@dataclass(frozen=True)
class Address:
    """`id` is the resource, or what the list or the action is of; `type` is the type that is listed."""

    id: ResourceId
    type: str = ""
    action: str = ""


def tidy(path: str) -> str:
    """The path with single slashes, and without a last one: clients write ids carelessly."""
    return re.sub("/+", "/", path).rstrip("/") or "/"


def resource_at(path: str) -> ResourceId | None:
    """The resource that a path is the id of; None when it is the id of nothing below a root."""
    try:
        found = ResourceId.parse(tidy(path))
    except ArmError:
        return None
    return found if found.parts else None


def list_at(path: str) -> Address | None:
    """The list that a path asks for: children of a resource, or resources of a type at a scope."""
    if not (found := _LAST.fullmatch(tidy(path))):
        return None
    before, kind = found.groups()
    if parent := resource_at(before):
        return Address(parent, f"{parent.type}/{kind}")
    scope, slash, namespace = _split(before)
    if not slash or "/" in namespace:
        return None
    try:
        return Address(ResourceId.parse(scope or "/"), f"{namespace}/{kind}")
    except ArmError:
        return None


def action_at(path: str) -> Address | None:
    """The action that a POST asks for: the last segment, of the resource or of the scope before it."""
    if not (found := _LAST.fullmatch(tidy(path))):
        return None
    before, action = found.groups()
    try:
        return Address(ResourceId.parse(before or "/"), action=action)
    except ArmError:
        return None


def _split(path: str) -> tuple[str, str, str]:
    at = path.lower().rfind("/providers/")
    return (path, "", "") if at < 0 else (path[:at], "/providers/", path[at + len("/providers/") :])
