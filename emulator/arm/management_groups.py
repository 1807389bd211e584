"""Management groups: a tree whose root has the tenant's id as its name and always exists; subscriptions are its leaves.

A subscription that was never put into a group is in the root group, as in Azure.
"""

from collections.abc import Iterator
from typing import Any

from emulator.arm.errors import ArmError
from emulator.arm.identifiers import MANAGEMENT_GROUP_TYPE, ResourceId
from emulator.arm.state import CloudState

_GROUP, _MEMBER = "managementGroup", "managementGroupSubscription"
MAX_DEPTH = 6  # Azure subscription limits: levels of management groups below the root


def find(state: CloudState, name: str) -> dict[str, Any] | None:
    """The group as it is kept: `name`, `displayName`, `parent` (a name, None for the root); None when there is none."""
    if name.lower() == state.tenant.lower():
        return {"name": state.tenant, "displayName": "Tenant Root Group", "parent": None} | (
            state.record(_GROUP, name) or {}
        )
    return state.record(_GROUP, name)


def get(state: CloudState, name: str) -> dict[str, Any]:
    """The group; raises `ArmError` (404 NotFound) as the provider words it."""
    if group := find(state, name):
        return group
    raise ArmError(404, "NotFound", f"'{MANAGEMENT_GROUP_TYPE}/{name}' not found")


def every(state: CloudState) -> list[dict[str, Any]]:
    """All groups, the root first."""
    root = get(state, state.tenant)
    others = [group for key, group in sorted(state.records(_GROUP).items()) if key != state.tenant.lower()]
    return [root, *others]


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
        here = group["parent"] if group else None


def put(state: CloudState, name: str, display_name: str | None, parent: str | None) -> tuple[dict[str, Any], bool]:
    """Create or change a group; answers it and whether it is new.

    Raises `ArmError`: NotFound (the parent), InvalidParentGroup (a circle, or too deep).
    """
    before = find(state, name)
    above = get(state, parent)["name"] if parent else (before["parent"] if before else state.tenant)
    if above and any(ResourceId(management_group=name).key == up.key for up in upwards(state, above)):
        raise ArmError(400, "BadRequest", "Circular reference was found in the management group hierarchy.")
    if above and len(list(upwards(state, above))) > MAX_DEPTH:
        raise ArmError(400, "BadRequest", f"The management group hierarchy can't be deeper than {MAX_DEPTH} levels.")
    group = {
        "name": before["name"] if before else name,
        "displayName": display_name or (before["displayName"] if before else name),
        "parent": above,
    }
    state.put_record(_GROUP, name, group)
    return group, before is None


def drop(state: CloudState, name: str) -> bool:
    """Remove a group; False when there was none. Raises `ArmError` for the root and for one that holds anything."""
    if find(state, name) is None:
        return False
    if name.lower() == state.tenant.lower():
        raise ArmError(400, "BadRequest", "The root management group can't be deleted.")
    if children(state, name) or subscriptions(state, name):
        raise ArmError(400, "BadRequest", f"Cannot delete management group '{name}': it has children.")
    return state.drop_record(_GROUP, name)


def children(state: CloudState, name: str) -> list[dict[str, Any]]:
    """The groups directly below one."""
    return [group for group in every(state) if str(group["parent"] or "").lower() == name.lower()]


def subscriptions(state: CloudState, name: str) -> list[str]:
    """The subscriptions directly in a group."""
    return [own for own in state.subscriptions.values() if of_subscription(state, own).lower() == name.lower()]


def place_subscription(state: CloudState, name: str, subscription: str) -> None:
    """Move a subscription into a group; raises `ArmError` when there is no such group or subscription."""
    group = get(state, name)
    state.put_record(_MEMBER, state.check_subscription(subscription), {"group": group["name"]})
