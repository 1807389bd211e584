"""What role assignments and role definitions are refused for, beyond what their shape tells.

The wording is that of the answers of the Microsoft.Authorization provider, as quoted in
https://learn.microsoft.com/azure/role-based-access-control/troubleshooting.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from emulator.arm.errors import ArmError
from emulator.arm.governance import conditions, roles
from emulator.arm.governance.locks import LOCK_TYPE, level_of
from emulator.arm.models import Resource
from emulator.arm.state import CloudState

_LEVELS = {"cannotdelete", "readonly", "notspecified"}


def check_governing(state: CloudState, resource: Resource) -> None:
    """Raise `ArmError` for a role assignment, a role definition or a lock that can't be.

    RoleDefinitionDoesNotExist, InvalidPrincipalId, RoleDefinitionWithSameNameExists, InvalidLockLevel.
    """
    kind = resource.id.type.lower()
    if kind == roles.ASSIGNMENT_TYPE.lower():
        _check_assignment(state, resource)
    elif kind == roles.DEFINITION_TYPE.lower():
        _check_definition(state, resource)
    elif kind == LOCK_TYPE.lower() and level_of(resource) not in _LEVELS:
        level = resource.properties.get("level")
        raise ArmError(400, "InvalidLockLevel", f"The lock level '{level}' is invalid.")


def _check_assignment(state: CloudState, resource: Resource) -> None:
    properties = resource.properties
    role, principal = properties.get("roleDefinitionId"), properties.get("principalId")
    if not role or not principal:
        return  # the provider's behaviour words what is missing
    try:
        uuid.UUID(str(principal))
    except ValueError as wrong:
        message = f"A valid principal ID must be provided for role assignment; '{principal}' is none."
        raise ArmError(400, "InvalidPrincipalId", message) from wrong
    _check_condition(properties)
    if not roles.exists(state, str(role)):
        told = roles.role_guid(str(role)).replace("-", "").upper()
        raise ArmError(
            404, "RoleDefinitionDoesNotExist", f"The specified role definition with ID '{told}' does not exist."
        )


def _check_condition(properties: Mapping[str, Any]) -> None:
    """The message is that of https://github.com/MicrosoftDocs/azure-docs/issues/119449; its code is an assumption."""
    condition = str(properties.get("condition") or "")
    if not condition:
        return
    try:
        if properties.get("conditionVersion") not in (None, conditions.VERSION):
            raise conditions.ConditionError("its version is not 2.0")
        if conditions.concerns_delegation(condition):
            conditions.check(condition)
    except conditions.ConditionError as wrong:
        raise ArmError(400, "BadRequest", "The given role assignment condition is invalid.") from wrong


def _check_definition(state: CloudState, resource: Resource) -> None:
    name, guid = str(resource.properties.get("roleName", "")), resource.id.last_name.lower()
    named = [
        *((role["name"], role["properties"]["roleName"]) for role in roles.built_in_documents(resource.id.scope)),
        *((role.id.last_name.lower(), str(role.properties.get("roleName", ""))) for role in roles.every_custom(state)),
    ]
    if any(other.lower() == name.lower() and role != guid for role, other in named):
        message = f"A role with the name '{name}' already exists in this directory. Please use a different name."
        raise ArmError(409, "RoleDefinitionWithSameNameExists", message)
