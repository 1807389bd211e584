"""Role assignments."""

import uuid

from armature.azure.arm.access import ArmAccess
from armature.errors import FailureError

ROLE_ASSIGNMENTS_API_VERSION = "2022-04-01"

_ROLE_ASSIGNMENT_NAMES = uuid.UUID("8b6f3c5e-31f1-4f57-9d8c-0a8f4be2d6a1")


def role_assignment_id(scope: str, principal_id: str, role_definition_id: str) -> str:
    """The id of the assignment that `ensure_role_assignment` makes; letter case of the parts does not matter."""
    parts = f"{scope}|{principal_id}|{role_definition_id}".lower()
    name = uuid.uuid5(_ROLE_ASSIGNMENT_NAMES, parts)
    return f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"


class Roles(ArmAccess):
    """The part of the gateway that gives roles."""

    def ensure_role_assignment(self, scope: str, principal_id: str, role_definition_id: str) -> None:
        """Give a service principal a role at a scope. `role_definition_id` is the role's GUID.

        A second run is harmless: the assignment's name is made from its three parts, and one that exists, under
        whatever name, is success. The role takes effect some minutes later.
        """
        role = (
            f"/subscriptions/{self.subscription}/providers/Microsoft.Authorization/roleDefinitions/{role_definition_id}"
        )
        properties = {"roleDefinitionId": role, "principalId": principal_id, "principalType": "ServicePrincipal"}
        try:
            self._send(
                "PUT",
                role_assignment_id(scope, principal_id, role_definition_id),
                ROLE_ASSIGNMENTS_API_VERSION,
                {"properties": properties},
            )
        except FailureError as error:
            if error.failure.code.lower() != "roleassignmentexists":
                raise
