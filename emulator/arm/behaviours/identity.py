"""User-assigned identities, and role assignments, of which one principal has a role at a scope only once."""

import uuid

from emulator.arm.behaviours.generic import Behaviour, Surroundings
from emulator.arm.errors import ArmError
from emulator.arm.state import Resource


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
        role = str(resource.properties["roleDefinitionId"]).rsplit("/", 1)[-1]
        return role.lower(), str(resource.properties["principalId"]).lower()

    return grant(one) == grant(other)


def _provision_assignment(resource: Resource, surroundings: Surroundings) -> None:
    resource.properties["scope"] = str(resource.id.scope)


BEHAVIOURS = {
    "Microsoft.ManagedIdentity/userAssignedIdentities": Behaviour(seconds=3, provision=_provision_identity),
    "Microsoft.Authorization/roleAssignments": Behaviour(
        seconds=3, check=_check_assignment, provision=_provision_assignment
    ),
}
