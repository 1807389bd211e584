"""Cancelling a deployment, and removing its entry from the history; neither touches a resource."""

from emulator.arm.errors import ArmError
from emulator.arm.lifecycle.ending import active
from emulator.arm.models import DELETING, Deployment, ProviderOperation
from emulator.arm.state import CloudState

REMOVAL_SECONDS = 5.0
FORGET = "forget"


def cancel(state: CloudState, deployment: Deployment) -> None:
    """Start nothing more of it; what is in flight ends by itself, and deployments nested in it go on.

    Raises `ArmError` (409 DeploymentCannotBeCancelled) when it has ended.
    """
    if deployment.is_final:
        message = (
            f"The deployment '{deployment.id.last_name}' cannot be cancelled because its provisioning state is "
            f"'{deployment.provisioning_state}'. Only deployments that are accepted or running can be cancelled."
        )
        raise ArmError(409, "DeploymentCannotBeCancelled", message)
    deployment.enter("Canceled")
    state.put_deployment(deployment)


def begin_removal(state: CloudState, deployment: Deployment) -> ProviderOperation:
    """Accept the deletion of a history entry; a second time the same operation is answered.

    Raises `ArmError` (409 DeploymentActive) while it runs.
    """
    if not deployment.is_final:
        raise active(deployment)
    if deployment.provisioning_state == DELETING:
        for work in state.all_work():
            if work.kind == FORGET and work.document == {"run": deployment.status_id}:
                return work
    deployment.provisioning_state = DELETING
    state.put_deployment(deployment)
    work = ProviderOperation(FORGET, deployment.id, REMOVAL_SECONDS, {"run": deployment.status_id}, is_new=False)
    state.put_work(work)
    return work


def finish_removal(state: CloudState, work: ProviderOperation) -> None:
    """The entry is gone, with its operations."""
    if deployment := state.run((work.document or {})["run"]):
        state.drop_deployment(deployment)
