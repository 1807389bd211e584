"""How deployments and their operations end, and how that is told."""

from datetime import timedelta
from typing import Any

from emulator.arm.clock import now
from emulator.arm.errors import ArmError
from emulator.arm.models import Deployment, Operation
from emulator.arm.state import CloudState

LIFETIME = timedelta(days=7)  # a deployment that is stuck is ended by ARM after seven days


def operation_succeeded(state: CloudState, deployment: Deployment, operation: Operation, status_code: str) -> None:
    """The operation did what it was to do; `status_code` is the name of the provider's HTTP status."""
    operation.provisioning_state, operation.status_code, operation.ended = "Succeeded", status_code, now()
    state.put_operation(deployment, operation)


def operation_failed(
    state: CloudState,
    deployment: Deployment,
    operation: Operation,
    error: dict[str, Any],
    status_code: str,
    status_message: Any = None,
) -> None:
    """The operation failed with `error`, the object that answers hold; `status_code` names the HTTP status.

    `status_message` is what the operation tells when it is not that object.
    """
    operation.provisioning_state, operation.status_code, operation.ended = "Failed", status_code, now()
    operation.error = error
    operation.status_message = {"status": "Failed", "error": error} if status_message is None else status_message
    state.put_operation(deployment, operation)


def operation_canceled(state: CloudState, deployment: Deployment, operation: Operation) -> None:
    """The deployment was cancelled before the operation had begun anything."""
    operation.provisioning_state, operation.ended = "Canceled", now()
    state.put_operation(deployment, operation)


def failures_of(deployment: Deployment) -> list[dict[str, Any]]:
    """The errors of the operations that failed, in the order in which they did, each with its resource as target."""
    failed = [operation for operation in deployment.operations if operation.provisioning_state == "Failed"]
    failed.sort(key=lambda operation: operation.ended or operation.started)
    return [_with_target(operation.error or {}, str(operation.target)) for operation in failed]


def _with_target(error: dict[str, Any], target: str) -> dict[str, Any]:
    first = {"code": error["code"], "message": error["message"], "target": error.get("target") or target}
    return first | {key: value for key, value in error.items() if key not in first}


def active(existing: Deployment) -> ArmError:
    """The name is taken by a deployment that runs."""
    expires = existing.started + LIFETIME
    message = (
        f"Unable to edit or replace deployment '{existing.id.last_name}': previous deployment from "
        f"'{existing.started:%m/%d/%Y %I:%M:%S %p}' is still active (expiration time is "
        f"'{expires:%m/%d/%Y %I:%M:%S %p}'). "
        "Please see https://aka.ms/arm-deploy for usage details."
    )
    return ArmError(409, "DeploymentActive", message)


def fail(state: CloudState, deployment: Deployment, error: dict[str, Any] | None) -> None:
    """The deployment failed."""
    deployment.error = error
    deployment.enter("Failed")
    state.put_deployment(deployment)


def expire(state: CloudState, deployment: Deployment) -> None:
    """The deployment took too long; what it has in flight is not called back."""
    if not deployment.is_final:
        message = (
            f"The deployment '{deployment.id.last_name}' did not complete within the maximum allowed time of "
            f"'{LIFETIME.days}' days."
        )
        fail(state, deployment, ArmError(408, "DeploymentTimedOut", message).as_dict())
