"""User-assigned identities, custom roles, and role assignments: a principal has a role at a scope only once.

Source: User Assigned Identities reference 2023-01-31; Role Assignments reference 2022-04-01 and
https://learn.microsoft.com/azure/role-based-access-control/troubleshooting, 2025.
"""

import re
import uuid

from emulator.arm.behaviours.generic import Behaviour, Surroundings, before
from emulator.arm.behaviours.rules import of_type
from emulator.arm.clock import now, timestamp
from emulator.arm.errors import ArmError
from emulator.arm.state import Resource

ASSIGNMENT, DEFINITION = "Microsoft.Authorization/roleAssignments", "Microsoft.Authorization/roleDefinitions"
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
    for other in surroundings.state.governing(resource.id.scope, ASSIGNMENT):
        if other.id.key != resource.id.key and _grants_the_same(other, resource):
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


def _provision_definition(resource: Resource, surroundings: Surroundings) -> None:
    properties = resource.properties
    properties["type"] = "CustomRole"
    for permission in properties.get("permissions") or []:
        for name in ("actions", "notActions", "dataActions", "notDataActions"):
            permission.setdefault(name, [])
    properties.update({"createdOn": timestamp(resource.created), "updatedOn": timestamp(now())})


def _check_definition_removal(resource: Resource, surroundings: Surroundings) -> None:
    """The code is that of the page named above; its status is an assumption."""
    guid = resource.id.last_name.lower()
    for assignment in of_type(ASSIGNMENT, surroundings):
        if str(assignment.properties.get("roleDefinitionId")).lower().endswith(f"/{guid}"):
            raise ArmError(409, "RoleDefinitionHasAssignments", "There are existing role assignments referencing role.")


BEHAVIOURS = {
    IDENTITY: Behaviour(seconds=3, check=_check_identity, provision=_provision_identity, is_preflighted=True),
    f"{IDENTITY}/federatedIdentityCredentials": Behaviour(seconds=2),
    DEFINITION: Behaviour(seconds=3, provision=_provision_definition, check_removal=_check_definition_removal),
    ASSIGNMENT: Behaviour(seconds=3, check=_check_assignment, provision=_provision_assignment),
}
