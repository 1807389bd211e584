"""What is put on the queue `deployment-results`: the end of a deployment, or the rejection of a message."""

from datetime import datetime
from typing import Literal

from armature.errors import Failure
from armature.models import Model
from armature.state import DeploymentState, Status

REQUESTS_QUEUE = "deployment-requests"
RESULTS_QUEUE = "deployment-results"

MAX_RESULT_FAILURES = 5
"""So that a result stays well under a queue message's 64 KiB (48 KiB before Base64; Azure Queue Storage, 2025)."""

MAX_MESSAGE = 500


class DeploymentResult(Model):
    """How a deployment ended. Delivered at least once: `deployment_id` tells a second copy."""

    kind: Literal["deployment"] = "deployment"
    deployment_id: str
    status: Status
    message: str
    finished_at: datetime | None = None
    resources: int
    failures: tuple[Failure, ...] = ()


class Rejection(Model):
    """A message on the requests queue that started nothing, and why. `message_id` is the queue message's."""

    kind: Literal["rejection"] = "rejection"
    message_id: str
    deployment_id: str | None = None
    message: str
    errors: tuple[str, ...] = ()


def result_of(state: DeploymentState) -> DeploymentResult:
    """The result to send for a finished deployment, short enough for a queue message."""
    failures = tuple(
        failure.model_copy(
            update={
                "message": failure.message[:MAX_MESSAGE],
                "causes": tuple(
                    cause.model_copy(update={"message": cause.message[:MAX_MESSAGE]}) for cause in failure.causes[:5]
                ),
            }
        )
        for failure in state.failures[:MAX_RESULT_FAILURES]
    )
    return DeploymentResult(
        deployment_id=state.deployment_id,
        status=state.status,
        message=state.message,
        finished_at=state.finished_at,
        resources=len(state.resources),
        failures=failures,
    )
