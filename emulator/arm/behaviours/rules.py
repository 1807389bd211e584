"""Refusals that many providers share: names, required and unchangeable properties, references to what is not there."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from emulator.arm.behaviours.generic import Surroundings, before
from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import Resource

_FORBIDDEN = re.compile(r"[<>%&\\?/\x00-\x1f]")
_WHOLE_WORDS = frozenset(
    "access app_code app_themes app_data app_globalresources app_localresources app_webreferences app_browsers azure "
    "bing bizspark biztalk cortana directx dotnet dynamics excel exchange forefront groove hololens hyperv kinect lync "
    "msdn o365 office office365 onedrive onenote outlook powerpoint sharepoint skype surface visio visualstudio word "
    "azuread".split()
)
"""Resolve reserved resource name errors, https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/
error-reserved-resource-name, 2025: words that can't be a name, and parts that a name can't hold."""
_PARTS, _BEGINNINGS = ("microsoft", "windows"), ("login", "xbox")


def check_common(resource: Resource, surroundings: Surroundings, *, has_global_name: bool) -> None:
    """ARM's own rules for a resource of any type: its name, and that it stays where it is.

    Raises `ArmError`: InvalidResourceName, ReservedResourceName, InvalidResourceLocation.
    """
    name = resource.id.last_name
    if _FORBIDDEN.search(name) or name[-1:] in (".", " "):
        message = (
            f"Resource name {name} is invalid. The name can't hold the characters '<,>,%,&,\\,?,/' or a control "
            "character, nor end with a period or a space."
        )
        raise ArmError(400, "InvalidResourceName", message)
    if has_global_name and _is_reserved(name.lower()):
        message = f"The resource name '{name}' or a part of the name is a trademarked or reserved word."
        raise ArmError(400, "ReservedResourceName", message)
    earlier = before(resource, surroundings)
    here, there = _place(resource), _place(earlier) if earlier else ""
    if earlier and here and there and here != there:
        message = (
            f"The resource '{earlier.id.last_name}' already exists in location '{earlier.document['location']}' in "
            f"resource group '{earlier.id.group}'. A resource with the same name cannot be created in location "
            f"'{resource.document['location']}'. Please select a new resource name."
        )
        raise ArmError(409, "InvalidResourceLocation", message)


def _is_reserved(name: str) -> bool:
    return name in _WHOLE_WORDS or any(part in name for part in _PARTS) or name.startswith(_BEGINNINGS)


def _place(resource: Resource) -> str:
    return str(resource.document.get("location") or "").replace(" ", "").lower()


def value_at(properties: Mapping[str, Any], path: str) -> Any:
    """The value of a dotted path, None when a part of it is missing."""
    value: Any = properties
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def changed(resource: Resource, surroundings: Surroundings, paths: Iterable[str]) -> str | None:
    """The first of some dotted paths of `properties` whose value a write changes; leaving one out changes nothing."""
    earlier = before(resource, surroundings)
    if earlier is None:
        return None
    for path in paths:
        new, old = value_at(resource.properties, path), value_at(earlier.properties, path)
        if new is not None and old is not None and _folded(new) != _folded(old):
            return path
    return None


def check_unchanged(resource: Resource, surroundings: Surroundings, *paths: str) -> None:
    """Raise PropertyChangeNotAllowed when a write would change one of `paths`, dotted names below `properties`."""
    if path := changed(resource, surroundings, paths):
        message = f"Changing property '{path.rsplit('.', 1)[-1]}' is not allowed."
        raise ArmError(409, "PropertyChangeNotAllowed", message, target=path)


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def parsed(text: Any) -> ResourceId | None:
    """The resource that a property names, when it is an id of one."""
    if not isinstance(text, str) or not text.startswith("/"):
        return None
    try:
        named = ResourceId.parse(text)
    except ArmError:
        return None
    return named if named.parts else None


def is_ours(named: ResourceId, surroundings: Surroundings) -> bool:
    """True for a resource of a subscription that this cloud holds; of others nothing can be told."""
    return bool(named.subscription) and str(named.subscription).lower() in surroundings.state.subscriptions


def find(text: Any, surroundings: Surroundings) -> Resource | None:
    """The resource that a property names, once it has been made."""
    named = parsed(text)
    found = surroundings.state.find_resource(named) if named else None
    return found if found and found.provisioning_state != "Creating" else None


def is_missing(text: Any, surroundings: Surroundings) -> bool:
    """True for the id of a resource that this cloud would hold, and does not."""
    named = parsed(text)
    return bool(named and is_ours(named, surroundings) and find(text, surroundings) is None)


def same_name_elsewhere(resource: Resource, surroundings: Surroundings) -> Resource | None:
    """Another resource of the same type and last name, in any group of any subscription."""
    name = resource.id.name.lower()
    for other in of_type(resource.id.type, surroundings):
        if other.id.name.lower() == name and other.id.key != resource.id.key:
            return other
    return None


def of_type(resource_type: str, surroundings: Surroundings) -> Iterator[Resource]:
    """Every resource of a type, wherever it is."""
    kind = resource_type.lower()
    return (found for found in surroundings.state.resources(ResourceId()) if found.id.type.lower() == kind)
