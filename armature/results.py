"""What is put on the queue `deployment-results`: the end of a deployment, or the rejection of a message."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from armature.errors import Failure
from armature.models import Model
from armature.state import DeploymentState, Status

REQUESTS_QUEUE = "deployment-requests"
RESULTS_QUEUE = "deployment-results"

MAX_RESULT_BYTES = 48 * 1024
"""A queue message has at most 64 KiB, Base64 included (Azure Queue Storage, 2025)."""

MAX_RESULT_FAILURES = 5
MAX_CAUSES = 5
MAX_TEXT = 500

MAX_REJECTION_ERRORS = 20
MAX_REJECTION_TEXT = 300
"""Characters of each; of up to 6 bytes each in JSON they still fit into a message."""


class DeploymentResult(Model):
    """How a run of a deployment ended. Delivered at least once: `deployment_id` and `run` tell a second copy."""

    kind: Literal["deployment"] = "deployment"
    deployment_id: str
    run: int
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


def rejection_of(message_id: str, deployment_id: str | None, message: str, errors: Sequence[str]) -> Rejection:
    """The rejection to send for a message, short enough for a queue message however much is wrong."""
    told = [_cut(error, MAX_REJECTION_TEXT) for error in errors[:MAX_REJECTION_ERRORS]]
    if len(errors) > len(told):
        told.append(f"… and {len(errors) - len(told)} more.")
    return Rejection(message_id=message_id, deployment_id=deployment_id, message=message, errors=tuple(told))


def result_of(state: DeploymentState) -> DeploymentResult:
    """The result to send for a finished deployment, short enough for a queue message: texts are cut until it fits."""
    gone = {id_.lower() for id_ in state.rollback.deleted}
    longest = MAX_TEXT
    while True:
        result = DeploymentResult(
            deployment_id=state.deployment_id,
            run=state.run,
            status=state.status,
            message=_cut(state.message, longest),
            finished_at=state.finished_at,
            resources=len({id_.lower() for id_ in state.resources} - gone),
            failures=tuple(_shortened(failure, longest) for failure in state.failures[:MAX_RESULT_FAILURES]),
        )
        if len(queued(result).encode()) <= MAX_RESULT_BYTES:
            return result
        longest //= 2


def queued(message: DeploymentResult | Rejection) -> str:
    """The text to put on the queue."""
    return message.model_dump_json(by_alias=True, exclude_none=True)


def _shortened(failure: Failure, longest: int) -> Failure:
    causes = tuple(
        cause.model_copy(
            update={
                "code": _cut(cause.code, longest),
                "message": _cut(cause.message, longest),
                "target": cause.target and _cut(cause.target, longest),
            }
        )
        for cause in failure.causes[:MAX_CAUSES]
    )
    texts = {name: _cut(getattr(failure, name), longest) for name in ("code", "message", "suggestion")}
    return failure.model_copy(update={**texts, "causes": causes})


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"
