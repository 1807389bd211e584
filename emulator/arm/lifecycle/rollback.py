"""`onErrorDeployment`: when a deployment fails, an earlier one is deployed again under its own name, in Complete mode.

Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/rollback-on-error: only for deployments to a
resource group and only at the root; the earlier one must have succeeded and is run with the same parameters "using the
complete mode, even if you used incremental mode during the earlier deployment".
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from emulator.arm.clock import now
from emulator.arm.engine.preparation import Preparation
from emulator.arm.engine.prepared import Prepared
from emulator.arm.engine.request import DeploymentRequest
from emulator.arm.errors import ArmError, deployment_not_found, invalid_request_content
from emulator.arm.identifiers import DEPLOYMENT_TYPE, ResourceId
from emulator.arm.lifecycle.content import request_in
from emulator.arm.lifecycle.history import accept
from emulator.arm.models import Deployment
from emulator.arm.state import CloudState

LAST_SUCCESSFUL, SPECIFIC = "LastSuccessful", "SpecificDeployment"
ROLLBACK_MODE = "Complete"


def with_rollback_named(state: CloudState, request: DeploymentRequest) -> DeploymentRequest:
    """The request with the name of the deployment that is to follow its failure, as answers show it.

    Raises `ArmError`: InvalidRequestContent, InvalidDeployment (the scope, or one that did not succeed),
    DeploymentNotFound.
    """
    if not request.on_error:
        return request
    if request.id.group is None:
        message = "'onErrorDeployment' is only supported for deployments to a resource group."
        raise ArmError(400, "InvalidDeployment", message)
    kind, name = _asked(request.on_error)
    earlier = _last_successful(state, request.id) if kind == LAST_SUCCESSFUL else _specific(state, request.id, name)
    return replace(request, on_error={"type": kind, "deploymentName": earlier.id.last_name})


def _asked(on_error: Mapping[str, Any]) -> tuple[str, str]:
    kinds = {kind.lower(): kind for kind in (LAST_SUCCESSFUL, SPECIFIC)}
    kind, name = kinds.get(str(on_error.get("type", "")).lower()), on_error.get("deploymentName")
    if kind is None:
        raise invalid_request_content("The type of 'onErrorDeployment' is not LastSuccessful or SpecificDeployment")
    if (kind == SPECIFIC) != bool(name):
        raise invalid_request_content(
            "'onErrorDeployment' has a 'deploymentName' when its type is SpecificDeployment, and only then"
        )
    return kind, str(name or "")


def _last_successful(state: CloudState, own: ResourceId) -> Deployment:
    for deployment in state.deployments(own.scope):
        if deployment.provisioning_state == "Succeeded" and not deployment.parent and deployment.id.key != own.key:
            return deployment
    message = (
        f"There is no successful deployment in the history of '{own.scope}' to deploy when '{own.last_name}' fails."
    )
    raise ArmError(404, "DeploymentNotFound", message)


def _specific(state: CloudState, own: ResourceId, name: str) -> Deployment:
    earlier = state.find_deployment(own.scope.resource(DEPLOYMENT_TYPE, name))
    if earlier is None or earlier.parent:
        raise deployment_not_found(name)
    if earlier.provisioning_state != "Succeeded":
        message = f"The deployment '{name}' did not succeed: it can't be deployed when '{own.last_name}' fails."
        raise ArmError(400, "InvalidDeployment", message)
    return earlier


async def begin_rollback(
    state: CloudState, preparation: Preparation, failed: Deployment
) -> tuple[Prepared, Deployment] | None:
    """Enter the rollback into the history; None when it can't be started, which the failed deployment then tells."""
    on_error = failed.on_error or {}
    try:
        earlier = state.deployment(failed.id.scope.resource(DEPLOYMENT_TYPE, on_error["deploymentName"]))
        request, documents = request_in(earlier.content)
        asked, _ = request_in(failed.content)
        again = replace(
            request,
            mode=ROLLBACK_MODE,
            correlation_id=failed.correlation_id,
            started=now(),
            on_error=None,
            caller=asked.caller,
        )
        prepared = await preparation.prepare_root(again, documents)
        rollback, _ = accept(state, prepared, rolls_back=failed)
    except ArmError as error:
        if failed.error is not None:
            failed.error = failed.error | {"details": [*failed.error.get("details", []), error.as_dict()]}
        note_rollback(state, failed, "Failed")
        return None
    note_rollback(state, failed, "Running")
    return prepared, rollback


def catch_up(state: CloudState) -> None:
    """Tell, after a start, of rollbacks that ended when the process did."""
    for rollback in state.runs():
        if rollback.is_settled and rollback.rolls_back and (failed := state.run(rollback.rolls_back)):
            note_rollback(state, failed, rollback.provisioning_state)


def note_rollback(state: CloudState, failed: Deployment, provisioning_state: str) -> None:
    """Tell in the failed deployment how its rollback is."""
    failed.on_error = {**(failed.on_error or {}), "provisioningState": provisioning_state}
    state.put_deployment(failed)
