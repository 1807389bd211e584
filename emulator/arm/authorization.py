"""Azure RBAC: what a principal may do, told by the role assignments at a scope and at all scopes above it.

Source of the wording: https://learn.microsoft.com/azure/role-based-access-control/troubleshooting and the REST answers
quoted there.
"""

from emulator.arm.caller import Caller
from emulator.arm.errors import ArmError
from emulator.arm.governance.roles import ASSIGNMENT_TYPE, permissions_of
from emulator.arm.governance.scopes import scopes_above
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import CloudState


def check(state: CloudState, caller: Caller | None, action: str, scope: ResourceId) -> None:
    """Raise `ArmError` (403 AuthorizationFailed) unless `caller` may do `action` at `scope`; None is ARM itself."""
    if caller and not is_allowed(state, caller.object_id, action, scope):
        message = (
            f"The client '{caller.client_id}' with object id '{caller.object_id}' does not have authorization to "
            f"perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, "
            "please refresh your credentials."
        )
        raise ArmError(403, "AuthorizationFailed", message)


def is_allowed(state: CloudState, principal: str, action: str, scope: ResourceId) -> bool:
    """True when one of the principal's role assignments at the scope or above it grants the action."""
    for place in scopes_above(state, scope):
        for assignment in state.governing(place, ASSIGNMENT_TYPE):
            if str(assignment.properties.get("principalId", "")).lower() == principal.lower() and any(
                permission.allows(action)
                for permission in permissions_of(state, str(assignment.properties.get("roleDefinitionId", "")))
            ):
                return True
    return False
