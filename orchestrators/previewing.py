"""What a deployment would change: told instead of done, or before it is done."""

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df
from azure.durable_functions.models.Task import TaskBase

from armature.approval import Findings
from armature.errors import FailureClass, failure
from armature.messages import DeploymentInput, DeploymentStep, Outcome, PreviewAnswer, PreviewInput
from armature.options import Mode
from armature.state import Phase, Status
from armature.stops import stopped_by
from orchestrators.chapters import Chapters
from orchestrators.listing import doomed_listed
from orchestrators.retrying import reason_of, retried


def previewed(
    context: df.DurableOrchestrationContext, job: DeploymentInput, chapters: Chapters
) -> Generator[TaskBase, Any, Outcome]:
    """The whole of a deployment in mode WhatIf or Validate, or with dryRun, once its bundle is read.

    It takes no turn in its lineage and makes nothing ready: all that it writes is in the app's own storage.
    """
    what = "whether it would accept the templates" if job.options.mode is Mode.VALIDATE else "what would change"
    deadline = context.current_utc_datetime + timedelta(minutes=job.options.timeout)
    yield from chapters.begin(Status.PENDING, Phase.PREVIEWING, f"Asking Azure {what}.", deadline)
    if job.options.mode is not Mode.COMPLETE:
        return outcome_of((yield from told(context, job, deadline)))
    return (yield from _told_with_deletions(context, job, deadline))


def _told_with_deletions(
    context: df.DurableOrchestrationContext, job: DeploymentInput, deadline: datetime
) -> Generator[TaskBase, Any, Outcome]:
    """What would change, and what mode Complete would delete: listed once it is known what the templates write."""
    asked = yield from told(context, job, deadline, is_merged=False)
    if asked.failure is not None or stopped_by(asked) is not None:
        return outcome_of(asked)
    doomed = yield from doomed_listed(context, job)
    if (stop := stopped_by(doomed)) is not None:
        return stop
    if doomed.failure is not None:
        return Outcome(message="What mode Complete would delete could not be listed.", failure=doomed.failure)
    step = DeploymentStep(deployment_id=job.deployment_id)
    return outcome_of((yield from retried(context, "merge_previews", step, PreviewAnswer, job.options.retry_policy)))


def told(
    context: df.DurableOrchestrationContext,
    job: DeploymentInput,
    deadline: datetime | None = None,
    *,
    is_merged: bool = True,
) -> Generator[TaskBase, Any, PreviewAnswer]:
    """What Azure says that the deployment would change; with a failure when nothing can be told at all.

    Unless `is_merged`, the templates' parts are written down, and counted nowhere yet.
    """
    work = PreviewInput(deployment_id=job.deployment_id, options=job.options, deadline=deadline, is_merged=is_merged)
    try:
        answer = yield context.call_sub_orchestrator("preview", work.dump(), f"{job.deployment_id}:preview")
    except Exception as lost:  # the host failed it, or somebody terminated it: the SDK raises nothing narrower
        why = failure(
            FailureClass.UNKNOWN, "PreviewLost", f"The preview was ended before it was done: {reason_of(lost)}"
        )
        return PreviewAnswer(message="There is no preview.", failure=why)
    return PreviewAnswer.load(answer)


def looked_ahead(
    context: df.DurableOrchestrationContext, job: DeploymentInput, chapters: Chapters
) -> Generator[TaskBase, Any, PreviewAnswer]:
    """What a deployment that is about to be carried out would change, for whoever has to approve it."""
    yield from chapters.begin(Status.PENDING, Phase.PREVIEWING, "Asking Azure what would change.")
    return (yield from told(context, job))


def barred(answer: PreviewAnswer) -> Outcome | None:
    """The end of a deployment after a look ahead: Azure refuses a template, or it is asked to stop. None when it may go
    on; that nothing could be told is no reason to stop, since in the end Azure itself says what it does not take."""
    if (stop := stopped_by(answer)) is not None:
        return stop
    if answer.failure is None and answer.refused:
        refused = failure(FailureClass.TEMPLATE, "TemplatesRefused", answer.refusal_message)
        return Outcome(message=f"{answer.refusal_message} Nothing was touched.", failure=refused)
    return None


def losses_of(answer: PreviewAnswer) -> Findings:
    """What is lost by what would change: of that a person decides."""
    if answer.failure is not None or not (answer.deletions or answer.replacements):
        return Findings()
    return Findings(deletions=answer.deletions, replacements=answer.replacements, digest=answer.digest)


def outcome_of(answer: PreviewAnswer) -> Outcome:
    """How a deployment ends that only previews: well, unless Azure refuses a template, or nothing could be told."""
    if (stop := stopped_by(answer)) is not None:
        return stop
    if answer.failure is not None:
        return Outcome(message=answer.message or "There is no preview.", failure=answer.failure)
    if answer.refused:
        refused = failure(FailureClass.TEMPLATE, "TemplatesRefused", answer.refusal_message)
        return Outcome(message=answer.message, failure=refused)
    return Outcome(message=answer.message)
