"""What all messages build on: the step of a deployment, the answer of an activity, how a phase ended."""

from armature.errors import Failure
from armature.models import Model
from armature.state import StopReason

CHILDREN = (
    "preview",
    "foreseeing",
    "upload",
    "rollout",
    "validation",
    "cleanup",
    "rollback",
    "rollback:rollout",
    "closing",
)
"""What stands behind `{deploymentId}:` in the instance ids of a deployment's orchestrations but its own, and but those
that wait for an approval, which touch nothing and end by themselves."""


def approval_instance(deployment_id: str, number: int) -> str:
    """The instance id of the orchestration that waits for a deployment's nth approval: one of its own for each, so that
    a wait whose deployment has died is in no other's way."""
    return f"{deployment_id}:approval-{number}"


class DeploymentStep(Model):
    """The input of an activity that needs to know which deployment, and of which plan: its own (`rollback` is 0), or
    that of its nth rollback, which deploys previous versions again."""

    deployment_id: str
    rollback: int = 0

    @property
    def plan_id(self) -> str:
        """What the plan and its outputs are stored under. A deployment id has no period, so no two are alike."""
        return plan_id_of(self.deployment_id, self.rollback)


def plan_id_of(deployment_id: str, rollback: int) -> str:
    """The key of a deployment's own plan, or of its nth rollback's."""
    return deployment_id if rollback == 0 else f"{deployment_id}.rollback-{rollback}"


class Answer(Model):
    """What every activity answers; `failure` says why it could not do what it is for."""

    failure: Failure | None = None


class ControlAnswer(Answer):
    """An answer that also tells what the control document says for this run.

    `rollback` is what the cancellation says of it (None: the deployment's option decides), `cancelled_by` who asked.
    """

    is_cancelled: bool = False
    cancelled_by: str | None = None
    rollback: bool | None = None
    is_lock_broken: bool = False


class Outcome(Answer):
    """How a phase, or the deployment, ended: `failure` and `stop` are None when it went well.

    `rollback` is what the cancellation said of it; `is_lock_broken` when the lineage lock was taken away by force, so
    that nothing may be touched any more.
    """

    message: str
    stop: StopReason | None = None
    rollback: bool | None = None
    is_lock_broken: bool = False

    @property
    def is_good(self) -> bool:
        """True when it went well."""
        return self.failure is None and self.stop is None

    @property
    def is_not_approved(self) -> bool:
        """True when it ended since nobody, who was asked, said yes."""
        return self.stop in (StopReason.REJECTED, StopReason.NOT_APPROVED)
