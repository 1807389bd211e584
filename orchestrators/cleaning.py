"""Mode Complete: what no template deploys is deleted, in the last step of a deployment: it can't be undone."""

from collections.abc import Generator
from datetime import datetime
from typing import Any

import azure.durable_functions as df
from azure.durable_functions.models.Task import TaskBase

from armature.errors import FailureClass, failure
from armature.messages import CleanUpInput, DeploymentInput, Outcome
from armature.options import Mode
from armature.state import Phase, Status
from armature.stops import stopped_by
from orchestrators.approving import agreed
from orchestrators.chapters import Chapters
from orchestrators.listing import doomed_listed, findings_of
from orchestrators.preparing import READY
from orchestrators.retrying import carried_through

_RESUME = "Resume the deployment: it goes on with the deletions."
_NOT_LISTED = "What mode Complete would delete could not be listed; nothing was deleted."


def cleaned_up(
    context: df.DurableOrchestrationContext, job: DeploymentInput, chapters: Chapters, deadline: datetime
) -> Generator[TaskBase, Any, Outcome]:
    """Delete what no template deploys, once everything else went well. What was not approved exactly so asks again.

    Not good: the deployment itself stands as it is, whatever is left to delete, unless its cancellation says that it is
    to be rolled back. The time that a person takes to decide does not count.
    """
    if job.options.mode is not Mode.COMPLETE:
        return READY
    yield from chapters.begin(Status.DEPLOYING, Phase.CLEANING_UP, "Listing what no template deploys.")
    answer = yield from doomed_listed(context, job, is_after_rollout=True)
    if answer.failure is not None:
        return Outcome(message=_NOT_LISTED, failure=answer.failure, rollback=False)
    if (stop := stopped_by(answer)) is not None:
        return stop
    if not answer.total:
        return READY
    asked_at = context.current_utc_datetime
    if answer.unapproved and not job.options.force:
        gate = yield from agreed(context, job, chapters, findings_of(answer), is_second=True)
        if not gate.is_good and not gate.is_not_approved:  # what nobody approves is kept, the rest goes all the same
            return gate
    yield from chapters.begin(Status.DEPLOYING, Phase.CLEANING_UP, "Deleting what no template deploys.")
    work = CleanUpInput(
        deployment_id=job.deployment_id,
        run=job.run,
        list_id=answer.list_id,
        options=job.options,
        deadline=deadline + (context.current_utc_datetime - asked_at),
    )
    return (yield from _deleted(context, work))


def _deleted(context: df.DurableOrchestrationContext, work: CleanUpInput) -> Generator[TaskBase, Any, Outcome]:
    answer, lost = yield from carried_through(context, "cleanup", work, f"{work.deployment_id}:cleanup")
    if answer is not None:
        return Outcome.load(answer)
    reason = f"The deletions were ended before they were done: {lost}"
    why = failure(FailureClass.UNKNOWN, "CleanUpLost", reason, _RESUME)
    return Outcome(message="The deletions were not carried through.", failure=why, rollback=False)
