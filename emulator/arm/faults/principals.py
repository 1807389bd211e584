"""Identities that are too young for role assignments: a new principal is not known everywhere at once."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from emulator.arm.clock import now
from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import CloudState
from emulator.faults.parameters import Lag

FAULT = "principalNotFound"


def is_too_young(state: CloudState, body: Mapping[str, Any], lag: Lag) -> bool:
    """True for a role assignment whose principal was made less than the lag ago."""
    wanted = _principal(body)
    return bool(wanted) and any(
        wanted in _principals(resource.document) and now() - resource.created < timedelta(seconds=lag.lag_seconds)
        for resource in state.resources(ResourceId())
    )


def principal_not_found(state: CloudState, body: Mapping[str, Any]) -> ArmError:
    """How the role assignment is refused then."""
    message = (
        f"Principal {_principal(body).replace('-', '')} does not exist in the directory {state.tenant}. Check that you "
        "have the correct principal ID. If you are creating this principal and then immediately assigning a role, this "
        "error might be related to a replication delay. In this case, set the role assignment principalType property "
        "to a value, such as ServicePrincipal, User, or Group. See https://aka.ms/docs-principaltype"
    )
    return ArmError(400, "PrincipalNotFound", message)


def _principal(body: Mapping[str, Any]) -> str:
    properties = body.get("properties")
    return str(properties.get("principalId", "")).lower() if isinstance(properties, Mapping) else ""


def _principals(document: Mapping[str, Any]) -> set[str]:
    """The principals that a resource has or is."""
    identity = document.get("identity") or {}
    assigned = (identity.get("userAssignedIdentities") or {}).values()
    owners = [identity, document.get("properties") or {}, *assigned]
    return {str(owner["principalId"]).lower() for owner in owners if owner.get("principalId")}
