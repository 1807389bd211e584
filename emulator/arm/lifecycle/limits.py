"""How many deployments the history of a scope holds, and how ARM makes room by itself.

Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/deployment-history-deletions (which says that
the numbers may change; until 2023 they were 775 and 750) and .../troubleshooting/deployment-quota-exceeded.
"""

from emulator.arm.errors import ArmError
from emulator.arm.governance.locks import CAN_NOT_DELETE, LOCK_TYPE, level_of
from emulator.arm.governance.scopes import scopes_above
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import CloudState

MAX_DEPLOYMENTS = 800  # ARM limits: deployments in the history of a scope
DELETION_BEGINS_ABOVE = 700
DELETION_ENDS_AT = 600


def check_quota(state: CloudState, deployment_id: ResourceId) -> None:
    """Raise DeploymentQuotaExceeded when the history is full and the name is new to it."""
    count = state.deployment_count(deployment_id.scope)
    if count >= MAX_DEPLOYMENTS and state.find_deployment(deployment_id) is None:
        message = (
            f"Creating the deployment '{deployment_id.last_name}' would exceed the quota of '{MAX_DEPLOYMENTS}'. The "
            f"current deployment count is '{count}', please delete some deployments before creating a new one. Please "
            "see https://aka.ms/arm-deploy for usage details."
        )
        raise ArmError(409, "DeploymentQuotaExceeded", message)


def make_room(state: CloudState, scope: ResourceId) -> None:
    """Delete the oldest entries when the limit is near; not at management groups and the tenant, nor against a lock."""
    if scope.subscription is None or state.deployment_count(scope) <= DELETION_BEGINS_ABOVE or _is_locked(state, scope):
        return
    settled = [deployment for deployment in state.deployments(scope) if deployment.is_settled]
    for deployment in reversed(settled):
        if state.deployment_count(scope) <= DELETION_ENDS_AT:
            return
        state.drop_deployment(deployment)


def _is_locked(state: CloudState, scope: ResourceId) -> bool:
    return any(
        level_of(lock) == CAN_NOT_DELETE
        for place in scopes_above(state, scope)
        for lock in state.governing(place, LOCK_TYPE)
    )
