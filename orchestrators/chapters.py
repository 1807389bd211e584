"""The phases of a deployment as they are recorded: each with a higher sequence number than the one before."""

from collections.abc import Generator
from datetime import datetime
from typing import Any

import azure.durable_functions as df
from azure.durable_functions.models.Task import TaskBase

from armature.messages import Answer, PhaseInput
from armature.state import Phase, Status
from orchestrators.retrying import UNTIL_WRITTEN, retried

MAX_MESSAGE_IN_DIGEST = 1000


class Chapters:
    """Records phases, and shows the present one in the portal; `sequence` is the number of the last."""

    def __init__(self, context: df.DurableOrchestrationContext, deployment_id: str, sequence: int) -> None:
        self._context = context
        self._deployment_id = deployment_id
        self.sequence = sequence

    def begin(
        self, status: Status, phase: Phase, message: str, deadline: datetime | None = None
    ) -> Generator[TaskBase, Any, None]:
        """Record a phase; with the deadline, once there is one."""
        self.sequence += 1
        self._context.set_custom_status(digest(status, phase, message))
        work = PhaseInput(
            deployment_id=self._deployment_id,
            sequence=self.sequence,
            status=status,
            phase=phase,
            message=message,
            deadline=deadline,
        )
        yield from retried(self._context, "record_phase", work, Answer, UNTIL_WRITTEN)


def digest(status: Status, phase: Phase, message: str) -> dict[str, str]:
    """The custom status: under 8 KB whatever characters the message is made of. All of it is in the state."""
    return {"status": status.value, "phase": phase.value, "message": message[:MAX_MESSAGE_IN_DIGEST]}
