"""Making resource groups, by request or by a subscription's template."""

import re
from collections.abc import Mapping
from typing import Any

from emulator.arm.errors import ArmError, invalid_request_content, resource_group_being_deleted
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import CloudState, ResourceGroup

_NAME = re.compile(r"[\w().-]{0,89}[\w()-]")  # Resource naming rules: 1-90 characters, no final period


def write_group(state: CloudState, group_id: ResourceId, body: Mapping[str, Any]) -> tuple[ResourceGroup, bool]:
    """Create or update a group; answers it and whether it is new.

    Raises `ArmError`: SubscriptionNotFound, InvalidResourceGroup, LocationRequired, InvalidResourceGroupLocation (it
    can't move), ResourceGroupBeingDeleted.
    """
    subscription, name = state.check_subscription(group_id.subscription or ""), group_id.group or ""
    if not _NAME.fullmatch(name):
        message = f"The provided resource group name '{name}' has these invalid characters or an invalid length."
        raise ArmError(400, "InvalidResourceGroup", message)
    location, tags = body.get("location"), body.get("tags") or {}
    if not isinstance(location, str) or not location:
        raise ArmError(400, "LocationRequired", "The location property is required for this definition.")
    if not isinstance(tags, Mapping):
        raise invalid_request_content("the tags are not an object")
    existing = state.find_group(subscription, name)
    if existing and existing.provisioning_state == "Deleting":
        raise resource_group_being_deleted(name)
    location = location.replace(" ", "").lower()
    if existing and existing.location != location:
        message = (
            f"Invalid resource group location '{location}'. The Resource group already exists in location "
            f"'{existing.location}'."
        )
        raise ArmError(409, "InvalidResourceGroupLocation", message)
    if existing:
        existing.tags, existing.managed_by = dict(tags), body.get("managedBy", existing.managed_by)
        return existing, False
    group = ResourceGroup(ResourceId(subscription, name), location, dict(tags), body.get("managedBy"))
    state.put_group(group)
    return group, True
