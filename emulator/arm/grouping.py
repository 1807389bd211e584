"""Making and deleting resource groups, by request or by a subscription's template."""

import re
from collections.abc import Mapping
from typing import Any

from emulator.arm import gates
from emulator.arm.behaviours import Surroundings
from emulator.arm.behaviours.generic import new_document
from emulator.arm.caller import Caller
from emulator.arm.catalogue import locations_of
from emulator.arm.errors import ArmError, invalid_request_content, resource_group_being_deleted
from emulator.arm.identifiers import ResourceId
from emulator.arm.models import ProviderOperation, Resource
from emulator.arm.provisioning import settle_removed
from emulator.arm.state import CloudState, ResourceGroup

_NAME = re.compile(r"[\w().-]{0,89}[\w()-]")  # Resource naming rules: 1-90 characters, no final period

GROUP_SECONDS = 2.0
DELETION_SECONDS = 15.0


def write_group(state: CloudState, group_id: ResourceId, body: Mapping[str, Any]) -> tuple[ResourceGroup, bool]:
    """Create or update a group; answers it and whether it is new.

    Raises `ArmError`: SubscriptionNotFound, InvalidResourceGroup, LocationRequired, InvalidResourceGroupLocation (it
    can't move), LocationNotAvailableForResourceGroup (as quoted in Azure/azure-cli issue 16368),
    ResourceGroupBeingDeleted.
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
    if existing is None and location not in (regions := locations_of(state.cloud)):
        message = (
            f"The provided location '{location}' is not available for resource group. List of available regions is "
            f"'{','.join(regions)}'."
        )
        raise ArmError(400, "LocationNotAvailableForResourceGroup", message)
    if existing:
        existing.tags, existing.managed_by = dict(tags), body.get("managedBy", existing.managed_by)
        state.put_group(existing)
        return existing, False
    group = ResourceGroup(ResourceId(subscription, name), location, dict(tags), body.get("managedBy"))
    state.put_group(group)
    return group, True


def begin_group_write(
    surroundings: Surroundings, group_id: ResourceId, body: Mapping[str, Any], caller: Caller | None = None
) -> ProviderOperation:
    """A group that a template makes: it is there at once, and done a little later.

    Raises like `write_group`, and what the gates of emulator.arm.gates refuse `caller`, None being ARM itself.
    """
    gates.check_write(surroundings, Resource(group_id, "", new_document(group_id, body)), None, caller)
    group, is_new = write_group(surroundings.state, group_id, body)
    work = ProviderOperation("writeGroup", group.id, GROUP_SECONDS, is_new=is_new)
    surroundings.state.put_work(work)
    return work


def begin_group_deletion(state: CloudState, group: ResourceGroup) -> ProviderOperation:
    """Accept the deletion of a group, which is `Deleting` from now on; a second time the same operation is answered."""
    for work in state.all_work():
        if work.kind == "deleteGroup" and work.target.key == group.id.key and not work.is_ended:
            return work
    group.provisioning_state = "Deleting"
    state.put_group(group)
    work = ProviderOperation("deleteGroup", group.id, DELETION_SECONDS, is_new=False)
    state.put_work(work)
    return work


def finish_group_deletion(surroundings: Surroundings, work: ProviderOperation) -> None:
    """The group is gone, with its resources and deployments."""
    if group := surroundings.state.find_group(work.target.subscription or "", work.target.group or ""):
        settle_removed(surroundings, surroundings.state.drop_group(group))
