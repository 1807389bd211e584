"""Management groups: a tree whose root has the tenant's id as its name and always exists; subscriptions are its leaves.

A subscription that was never put into a group is in the root group, as in Azure.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from emulator.arm.errors import ArmError
from emulator.arm.identifiers import MANAGEMENT_GROUP_TYPE, ResourceId
from emulator.arm.models import Resource
from emulator.arm.state import CloudState

MAX_DEPTH = 6  # Azure subscription limits: levels of management groups below the root
_MEMBER = "managementGroupSubscription"
_VERSION = "2021-04-01"


def ensure_root(state: CloudState) -> None:
    """The root group is there from the beginning."""
    if find(state, state.tenant) is None:
        state.put_resource(_described(state, state.tenant, "Tenant Root Group", None))


def find(state: CloudState, name: str) -> Resource | None:
    """The group, or None."""
    return state.find_resource(ResourceId(management_group=name))


def get(state: CloudState, name: str) -> Resource:
    """The group; raises `ArmError` (404 NotFound) as its provider words it."""
    if group := find(state, name):
        return group
    raise ArmError(404, "NotFound", f"'{MANAGEMENT_GROUP_TYPE}/{name}' not found")


def every(state: CloudState) -> list[Resource]:
    """All groups, by name."""
    found = [resource for resource in state.resources(ResourceId()) if resource.id.is_management_group]
    return sorted(found, key=lambda group: group.id.key)


def parent_of(group: Resource) -> str | None:
    """The name of the group above; None for the root."""
    above = (group.properties.get("details") or {}).get("parent")
    return str(above["id"]).rpartition("/")[2] if above else None


def wanted_parent(properties: Mapping[str, Any]) -> Any:
    """What a request names as the id, or the name, of the group above; None when it names none."""
    details = properties.get("details") or {}
    return (details.get("parent") or {}).get("id") or properties.get("parentId")


def of_subscription(state: CloudState, subscription: str) -> str:
    """The name of the group that a subscription is in."""
    member = state.record(_MEMBER, subscription)
    return str(member["group"]) if member else state.tenant


def upwards(state: CloudState, name: str) -> Iterator[ResourceId]:
    """The ids of a group and of all above it, the root last; a group that does not exist is its own only ancestor."""
    here: str | None = name
    while here:
        yield ResourceId(management_group=here)
        group = find(state, here)
        here = parent_of(group) if group else None


def put(state: CloudState, name: str, display_name: str | None, parent: str | None) -> tuple[Resource, bool]:
    """Create or change a group; answers it and whether it is new. Raises `ArmError` as `planned` does."""
    is_new = find(state, name) is None
    group = planned(state, name, display_name, parent)
    state.put_resource(group)
    return group, is_new


def planned(state: CloudState, name: str, display_name: str | None, parent: str | None) -> Resource:
    """A group as a write would make or change it, `parent` being the id or the name of the group above.

    Raises `ArmError`: NotFound (of the parent), BadRequest for a circle or too many levels.
    """
    before = _made(state, name)
    if parent:
        above: str | None = get(state, parent.rpartition("/")[2]).id.management_group
    else:
        above = parent_of(before) if before else state.tenant
    levels = [place.key for place in upwards(state, above)] if above else []
    if ResourceId(management_group=name).key in levels:
        raise ArmError(400, "BadRequest", "Circular reference was found in the management group hierarchy.")
    if len(levels) > MAX_DEPTH:
        raise ArmError(400, "BadRequest", f"The management group hierarchy can't be deeper than {MAX_DEPTH} levels.")
    shown = display_name or (before.properties["displayName"] if before else name)
    return _described(state, (before.id.management_group if before else name) or name, shown, above)


def _made(state: CloudState, name: str) -> Resource | None:
    """The group, unless it is still in the making."""
    group = find(state, name)
    return group if group is not None and "tenantId" in group.properties else None


def _described(state: CloudState, name: str, display_name: str, parent: str | None) -> Resource:
    group_id = ResourceId(management_group=name)
    above = ResourceId(management_group=parent) if parent else None
    details: dict[str, Any] = {"version": 1, "updatedTime": None, "updatedBy": None}
    details |= {"parent": {"id": str(above), "name": parent, "displayName": parent}} if above else {}
    document = {
        "id": str(group_id),
        "type": MANAGEMENT_GROUP_TYPE,
        "name": name,
        "properties": {"tenantId": state.tenant, "displayName": display_name, "details": details},
    }
    return Resource(group_id, _VERSION, document)


def drop(state: CloudState, name: str) -> bool:
    """Remove a group; False when there was none. Raises `ArmError` for the root and for one that holds anything."""
    group = find(state, name)
    if group is None:
        return False
    if parent_of(group) is None:
        raise ArmError(400, "BadRequest", "The root management group can't be deleted.")
    if children(state, name) or subscriptions(state, name):
        raise ArmError(400, "BadRequest", f"The management group '{name}' can't be deleted while it has children.")
    state.drop_resource(group.id)
    return True


def children(state: CloudState, name: str) -> list[Resource]:
    """The groups directly below one."""
    return [group for group in every(state) if (parent_of(group) or "").lower() == name.lower()]


def subscriptions(state: CloudState, name: str) -> list[str]:
    """The subscriptions directly in a group."""
    return [own for own in state.subscriptions.values() if of_subscription(state, own).lower() == name.lower()]


def place_subscription(state: CloudState, name: str, subscription: str) -> None:
    """Move a subscription into a group; raises `ArmError` when there is no such group or subscription."""
    group = get(state, name).id.management_group
    state.put_record(_MEMBER, state.check_subscription(subscription), {"group": group})
