"""User-assigned identities, and role assignments, of which one principal has a role at a scope only once.

Source: User Assigned Identities reference 2023-01-31; Role Assignments reference 2022-04-01 and
https://learn.microsoft.com/azure/role-based-access-control/troubleshooting, 2025.
"""

import re
import uuid

from emulator.arm.behaviours.generic import Behaviour, Surroundings, before
from emulator.arm.clock import now, timestamp
from emulator.arm.errors import ArmError
from emulator.arm.state import Resource

ASSIGNMENT = "Microsoft.Authorization/roleAssignments"
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}")


def _check_identity(resource: Resource, surroundings: Surroundings) -> None:
    if not _NAME.fullmatch(resource.id.last_name):
        message = (
            f"The resource name '{resource.id.last_name}' is invalid. It must be 3 to 128 letters, digits, hyphens and "
            "underscores, and begin with a letter or a digit."
        )
        raise ArmError(400, "InvalidResourceName", message)


def _provision_identity(resource: Resource, surroundings: Surroundings) -> None:
    for name in ("principalId", "clientId"):
        resource.properties[name] = resource.secrets.setdefault(name, str(uuid.uuid4()))
    resource.properties["tenantId"] = surroundings.tenant


def _check_assignment(resource: Resource, surroundings: Surroundings) -> None:
    properties = resource.properties
    for name in ("roleDefinitionId", "principalId"):
        if not properties.get(name):
            message = f"The role assignment request is missing the required property '{name}'."
            raise ArmError(400, "InvalidRoleAssignmentRequest", message)
    try:
        uuid.UUID(resource.id.last_name)
    except ValueError as wrong:
        message = (
            f"The role assignment ID '{resource.id.last_name}' is not valid. The role assignment ID must be a GUID."
        )
        raise ArmError(400, "InvalidRoleAssignmentId", message) from wrong
    if (earlier := before(resource, surroundings)) and not _grants_the_same(earlier, resource):
        message = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
        raise ArmError(409, "RoleAssignmentUpdateNotPermitted", message)
    for other in surroundings.state.resources(resource.id.scope):
        same_place = other.id.scope.key == resource.id.scope.key and other.id.type.lower() == resource.id.type.lower()
        if same_place and other.id.key != resource.id.key and _grants_the_same(other, resource):
            name = uuid.UUID(other.id.last_name).hex
            raise ArmError(
                409,
                "RoleAssignmentExists",
                f"The role assignment already exists. The ID of the existing role assignment is {name}.",
            )


def _grants_the_same(one: Resource, other: Resource) -> bool:
    def grant(resource: Resource) -> tuple[str, str]:
        role = str(resource.properties.get("roleDefinitionId")).rsplit("/", 1)[-1]
        return role.lower(), str(resource.properties.get("principalId")).lower()

    return grant(one) == grant(other)


def _provision_assignment(resource: Resource, surroundings: Surroundings) -> None:
    properties = resource.properties
    properties["scope"] = str(resource.id.scope)
    properties.setdefault("principalType", "ServicePrincipal")
    for name in ("condition", "conditionVersion", "delegatedManagedIdentityResourceId", "description"):
        properties.setdefault(name, None)
    properties.update({"createdOn": timestamp(resource.created), "updatedOn": timestamp(now())})


BEHAVIOURS = {
    IDENTITY: Behaviour(seconds=3, check=_check_identity, provision=_provision_identity, is_preflighted=True),
    f"{IDENTITY}/federatedIdentityCredentials": Behaviour(seconds=2),
    ASSIGNMENT: Behaviour(seconds=3, check=_check_assignment, provision=_provision_assignment),
}
