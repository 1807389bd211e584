"""The step after the rollout: what was deployed is checked."""

from collections.abc import Generator
from datetime import datetime
from typing import Any

import azure.durable_functions as df
from azure.durable_functions.models.Task import TaskBase

from armature.errors import FailureClass, failure
from armature.messages import DeploymentInput, Outcome, ValidationInput
from armature.state import Phase, Status
from orchestrators.chapters import Chapters
from orchestrators.retrying import carried_through


def validated(
    context: df.DurableOrchestrationContext, job: DeploymentInput, chapters: Chapters, deadline: datetime
) -> Generator[TaskBase, Any, Outcome]:
    """Check what was deployed; good unless a check has failed, or the deployment was stopped meanwhile."""
    yield from chapters.begin(Status.VALIDATING, Phase.VALIDATING, "Checking what was deployed.")
    work = ValidationInput(deployment_id=job.deployment_id, run=job.run, options=job.options, deadline=deadline)
    answer, lost = yield from carried_through(context, "validation", work, f"{job.deployment_id}:validation")
    if answer is not None:
        return Outcome.load(answer)
    why = failure(FailureClass.UNKNOWN, "ValidationLost", f"The checks were ended before they were done: {lost}")
    return Outcome(message="The checks were not carried through.", failure=why)
