"""Azure RBAC: what a principal may do, told by the role assignments at a scope and at all scopes above it.

Source of the wording: https://learn.microsoft.com/azure/role-based-access-control/troubleshooting and the REST answers
quoted there.
"""

from collections.abc import Iterable, Iterator

from emulator.arm.caller import Caller
from emulator.arm.errors import ArmError
from emulator.arm.governance.conditions import Delegated, holds
from emulator.arm.governance.roles import ASSIGNMENT_TYPE, Permission, permissions_of
from emulator.arm.governance.scopes import scopes_above
from emulator.arm.identifiers import ResourceId
from emulator.arm.models import Resource
from emulator.arm.state import CloudState


def check(
    state: CloudState, caller: Caller | None, action: str, scope: ResourceId, subject: Delegated | None = None
) -> None:
    """Raise `ArmError` (403 AuthorizationFailed) unless `caller` may do `action` at `scope`; None is ARM itself.

    `subject` is the role assignment that is written or deleted, where it is one.
    """
    if caller and not is_allowed(state, caller.object_id, action, scope, subject):
        message = (
            f"The client '{caller.client_id}' with object id '{caller.object_id}' does not have authorization to "
            f"perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, "
            "please refresh your credentials."
        )
        raise ArmError(403, "AuthorizationFailed", message)


def is_seen(state: CloudState, principal: str, scope: ResourceId) -> bool:
    """True when the principal has some role at the scope, above it or inside it: then the lists of scopes show it."""
    places = (*scopes_above(state, scope), *(found.id.scope for found in state.resources(scope) if found.governs))
    return any(True for _ in assignments_of(state, principal, places))


def may_list_all(state: CloudState, caller: Caller, action: str, scope: ResourceId) -> bool:
    """True when the caller may list all that a scope holds; False when only what it may read, having a role inside.

    Raises `ArmError` (AuthorizationFailed) when it has no role there. That lists are cut down and not refused is told
    in https://github.com/Azure/azure-sdk-for-net/issues/15715.
    """
    if is_allowed(state, caller.object_id, action, scope):
        return True
    if not is_seen(state, caller.object_id, scope):
        check(state, caller, action, scope)
    return False


def is_allowed(
    state: CloudState, principal: str, action: str, scope: ResourceId, subject: Delegated | None = None
) -> bool:
    """True when one of the principal's role assignments at the scope or above it grants the action.

    One with a condition grants it where the condition holds for the `subject`.
    """
    return any(
        permission.allows(action) and holds(str(assignment.properties.get("condition") or ""), action, subject)
        for assignment, permission in _granted(state, principal, scope)
    )


def is_allowed_data(state: CloudState, principal: str, action: str, scope: ResourceId) -> bool:
    """True when one of the principal's role assignments at the scope or above it grants the action on data."""
    return any(permission.allows_data(action) for _, permission in _granted(state, principal, scope))


def _granted(state: CloudState, principal: str, scope: ResourceId) -> Iterator[tuple[Resource, Permission]]:
    for assignment in assignments_of(state, principal, scopes_above(state, scope)):
        for permission in permissions_of(state, str(assignment.properties.get("roleDefinitionId", ""))):
            yield assignment, permission


def assignments_of(state: CloudState, principal: str, places: Iterable[ResourceId]) -> Iterator[Resource]:
    """The role assignments of a principal directly at some places."""
    for place in places:
        for assignment in state.governing(place, ASSIGNMENT_TYPE):
            if str(assignment.properties.get("principalId", "")).lower() == principal.lower():
                yield assignment
