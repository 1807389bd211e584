"""What earlier phases have made stand, found again by the activities that build on it."""

from armature.azure.artifacts import ArtifactAccount
from armature.azure.services import Services
from armature.errors import Failure, FailureClass, FailureError, failure
from armature.messages import ControlAnswer, DeploymentStep
from armature.plan import Plan
from armature.state import DeploymentState, Status
from armature.stops import LOCK_BROKEN

DEPLOYMENT_TAG = "armature-deployment-id"
"""On everything that a deployment makes itself: which one it was."""


def state_of(services: Services, deployment_id: str) -> DeploymentState:
    """The state of a deployment that was accepted.

    Raises:
        FailureError: it is not there any more.
    """
    state = services.deployments.state(deployment_id)
    if state is None:
        message = f"The state of deployment {deployment_id} is gone."
        raise FailureError(failure(FailureClass.UNKNOWN, "StateMissing", message))
    return state


def open_state_of(services: Services, deployment_id: str) -> DeploymentState:
    """The state of a deployment whose present run has not ended.

    Raises:
        FailureError: it has ended, so an orchestration that was started for it once more is to do nothing; or the state
            is not there any more.
    """
    state = state_of(services, deployment_id)
    if state.status.is_final:
        message = f"Run {state.run} of deployment {deployment_id} has ended already: it is {state.status}."
        raise FailureError(failure(FailureClass.UNKNOWN, "RunEnded", message))
    return state


def asked_of(services: Services, state: DeploymentState) -> ControlAnswer:
    """What the control document asks of the deployment's present run."""
    control = services.deployments.control(state.deployment_id)
    cancel = control.cancel_of(state.run)
    return ControlAnswer(
        is_cancelled=cancel is not None,
        cancelled_by=cancel.by if cancel else None,
        rollback=cancel.rollback if cancel else None,
        is_lock_broken=control.is_lock_broken(state.run),
    )


def too_late(services: Services, work: DeploymentStep, what: str) -> Failure | None:
    """Why `what` may not be put any more: what another host has held up may go on when all is over."""
    state = state_of(services, work.deployment_id)
    if state.status.is_final or (state.status is Status.ROLLING_BACK and not work.rollback):
        message = f"{what} was to be put when its deployment had ended, or was being rolled back."
        return failure(FailureClass.UNKNOWN, "RunEnded", message)
    return LOCK_BROKEN if asked_of(services, state).is_lock_broken else None


def artifact_account(services: Services, plan: Plan) -> ArtifactAccount:
    """The artifact storage account of the plan's subscription and location.

    Raises:
        FailureError: it is not there (any more); transient, since ARM's lists lag behind its writes by seconds.
    """
    account = services.artifacts.find(services.arm(plan.subscription), plan.location)
    if account is None or not account.is_ready:
        message = f"The artifact storage account of {plan.location} is not there."
        raise FailureError(failure(FailureClass.TRANSIENT, "ArtifactStorageMissing", message))
    return account
