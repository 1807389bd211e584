"""The gates that every write and every deletion passes, in their order, before a provider hears of it.

The place exists (the caller of this module sees to that); then what is asked is served, who asks has the right, no lock
holds, the provider is registered, no policy denies it, and there is quota. Requests and the resources of deployments
pass the same ones.
"""

from collections.abc import Callable

from emulator.arm import authorization
from emulator.arm.behaviours import Surroundings
from emulator.arm.caller import Caller
from emulator.arm.governance import locks, quotas, tags
from emulator.arm.governance.conditions import Delegated
from emulator.arm.governance.linked_rights import check_linked_rights
from emulator.arm.governance.policy import enforcement
from emulator.arm.governance.registration import check_registered, check_served
from emulator.arm.governance.role_assignments import check_governing
from emulator.arm.governance.scopes import action_of
from emulator.arm.identifiers import ResourceId
from emulator.arm.models import Resource

WriteGate = Callable[[Surroundings, Resource, Resource | None, Caller | None], None]
DeleteGate = Callable[[Surroundings, Resource, Caller | None], None]


def check_write(
    surroundings: Surroundings, resource: Resource, before: Resource | None, caller: Caller | None = None
) -> None:
    """Raise `ArmError` when `resource`, a resource group's document being one too, may not be written.

    `before` is what it replaces. A `caller` of None is ARM itself, whom nobody asks for a right.
    """
    for gate in _WRITE:
        gate(surroundings, resource, before, caller)


def check_delete(surroundings: Surroundings, resource: Resource, caller: Caller | None = None) -> None:
    """Raise `ArmError` when `resource`, a resource group's document being one too, may not be deleted."""
    for gate in _DELETE:
        gate(surroundings, resource, caller)


def check_action(surroundings: Surroundings, resource_id: ResourceId, action: str, caller: Caller | None) -> None:
    """Raise `ArmError` when an action (`listKeys`) may not be asked of a resource.

    The caller needs the right to it, and a read-only lock forbids every POST. A `caller` of None is ARM itself.
    """
    authorization.check(surroundings.state, caller, action_of(resource_id, f"{action}/action"), resource_id)
    locks.check_write(surroundings.state, resource_id)


def _is_served(surroundings: Surroundings, resource: Resource, before: Resource | None, caller: Caller | None) -> None:
    if resource.api_version:  # a group or a nested deployment that a template makes has none
        location, cloud = resource.document.get("location"), surroundings.state.cloud
        check_served(resource.id.type, resource.api_version, location, cloud)
    tags.check_tags(resource.document.get("tags"))


def _may_write(surroundings: Surroundings, resource: Resource, before: Resource | None, caller: Caller | None) -> None:
    subject = Delegated(resource.properties, before.properties if before else {})
    authorization.check(surroundings.state, caller, action_of(resource.id, "write"), resource.id, subject)
    check_linked_rights(surroundings.state, resource, before, caller)


def _is_not_read_only(
    surroundings: Surroundings, resource: Resource, before: Resource | None, caller: Caller | None
) -> None:
    locks.check_write(surroundings.state, resource.id)


def _is_registered(
    surroundings: Surroundings, resource: Resource, before: Resource | None, caller: Caller | None
) -> None:
    check_registered(surroundings.state, resource, caller)


def _is_no_offence(
    surroundings: Surroundings, resource: Resource, before: Resource | None, caller: Caller | None
) -> None:
    check_governing(surroundings.state, resource)
    enforcement.check_definition(surroundings.state, resource)
    enforcement.check_policy(surroundings.state, resource)


def _is_within_quota(
    surroundings: Surroundings, resource: Resource, before: Resource | None, caller: Caller | None
) -> None:
    quotas.check_quota(surroundings.state, resource, before)


def _may_delete(surroundings: Surroundings, resource: Resource, caller: Caller | None) -> None:
    subject = Delegated({}, resource.properties)
    authorization.check(surroundings.state, caller, action_of(resource.id, "delete"), resource.id, subject)


def _is_not_locked(surroundings: Surroundings, resource: Resource, caller: Caller | None) -> None:
    locks.check_delete(surroundings.state, resource.id)


_WRITE: tuple[WriteGate, ...] = (
    _is_served,
    _may_write,
    _is_not_read_only,
    _is_registered,
    _is_no_offence,
    _is_within_quota,
)
_DELETE: tuple[DeleteGate, ...] = (_may_delete, _is_not_locked)
