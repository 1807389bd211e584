"""The gate: what is about to be deployed is looked at, and where it is called for, a person must say yes."""

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df
from azure.durable_functions.models.Task import TaskBase

from armature.approval import ApprovalStatus, Findings
from armature.errors import FailureClass, failure
from armature.messages import (
    ApprovalInput,
    AskingAnswer,
    AskingInput,
    DeploymentInput,
    DeploymentStep,
    GateAnswer,
    LookAnswer,
    LookInput,
    Outcome,
    approval_instance,
)
from armature.options import Mode
from armature.state import Phase, Status
from armature.stops import never_approved, not_approved, stopped_by
from orchestrators.chapters import Chapters
from orchestrators.listing import doomed_listed, findings_of
from orchestrators.preparing import READY
from orchestrators.previewing import barred, looked_ahead, losses_of
from orchestrators.retrying import Steps, called, carried_through, retried, waited

LOOKS_PER_HISTORY = 100
"""Looks at the control document before the wait continues as new, so that a long one keeps a short history."""

LONGEST_LOOK_AWAY = 60.0
"""Seconds between two looks, once it takes long. A decision wakes the wait up; only one that is not heard waits so."""

LOOK_STANDS = timedelta(minutes=5)
"""How long a look ahead counts while somebody decides: about as long as it takes from it to the first template."""

LOOKED_FOR = timedelta(minutes=30)
"""How long after the deadline it is looked whether somebody had decided, when storage can't be asked."""

blueprint = df.Blueprint()


def approved(
    context: df.DurableOrchestrationContext, job: DeploymentInput, chapters: Chapters
) -> Generator[TaskBase, Any, Outcome]:
    """The gate before anything is touched: good once nothing calls for approval, or all that does is approved."""
    if job.options.force:
        return READY
    step = DeploymentStep(deployment_id=job.deployment_id)
    gate = yield from retried(context, "open_gate", step, GateAnswer, job.options.retry_policy)
    if gate.failure is not None:
        return Outcome(message="It could not be seen whether approval is called for.", failure=gate.failure)
    if (stop := stopped_by(gate)) is not None:
        return stop
    if not gate.is_previewed:
        return (yield from _agreed_in_mode(context, job, chapters, Findings()))
    return (yield from _losses_approved(context, job, chapters))


def _losses_approved(
    context: df.DurableOrchestrationContext, job: DeploymentInput, chapters: Chapters
) -> Generator[TaskBase, Any, Outcome]:
    """Look ahead, and have approved what would be lost. After a person took their time it is looked once more: other
    losses than those that were approved ask again."""
    approved_losses = None
    while True:
        preview = yield from looked_ahead(context, job, chapters)
        if (end := barred(preview)) is not None:
            return end
        losses = losses_of(preview)
        if losses == approved_losses:
            return READY
        asked_at = context.current_utc_datetime
        gate = yield from _agreed_in_mode(context, job, chapters, losses)
        if not gate.is_good or context.current_utc_datetime - asked_at < LOOK_STANDS:
            return gate
        approved_losses = losses


def _agreed_in_mode(
    context: df.DurableOrchestrationContext, job: DeploymentInput, chapters: Chapters, losses: Findings
) -> Generator[TaskBase, Any, Outcome]:
    if job.options.mode is Mode.COMPLETE:
        return (yield from _list_approved(context, job, chapters, losses))
    return (yield from agreed(context, job, chapters, losses))


def _list_approved(
    context: df.DurableOrchestrationContext, job: DeploymentInput, chapters: Chapters, losses: Findings
) -> Generator[TaskBase, Any, Outcome]:
    """Have what mode Complete would delete approved. The list is made again afterwards, since a person took their time:
    one that is another by now asks again."""
    approved_list = None
    while True:
        yield from chapters.begin(Status.PENDING, Phase.PREPARING, "Listing what mode Complete would delete.")
        doomed = yield from doomed_listed(context, job)
        if doomed.failure is not None:
            message = "What mode Complete would delete could not be listed; nothing was touched."
            return Outcome(message=message, failure=doomed.failure)
        if (stop := stopped_by(doomed)) is not None:
            return stop
        if doomed.list_id == approved_list:
            return READY
        gate = yield from agreed(context, job, chapters, findings_of(doomed).with_losses(losses))
        if not gate.is_good:
            return gate
        approved_list = doomed.list_id


def agreed(
    context: df.DurableOrchestrationContext,
    job: DeploymentInput,
    chapters: Chapters,
    findings: Findings,
    *,
    is_second: bool = False,
) -> Generator[TaskBase, Any, Outcome]:
    """Have what was found approved where that is called for. Good: it may be done.

    `is_second` asks for what mode Complete would delete after all, once everything is deployed.
    """
    work = AskingInput(deployment_id=job.deployment_id, findings=findings, is_second=is_second)
    asked = yield from retried(context, "ask_for_approval", work, AskingAnswer, job.options.retry_policy)
    if asked.failure is not None:
        return Outcome(message="Approval could not be asked for.", failure=asked.failure)
    if (stop := stopped_by(asked)) is not None:
        return stop
    if asked.approval_id is None or asked.deadline is None:
        return READY
    message = f"{asked.message} Waiting for approval until {asked.deadline:%Y-%m-%d %H:%M} UTC."
    yield from chapters.begin(Status.AWAITING_APPROVAL, Phase.AWAITING_APPROVAL, message)
    wait = ApprovalInput(
        deployment_id=job.deployment_id,
        run=job.run,
        number=asked.number,
        approval_id=asked.approval_id,
        deadline=asked.deadline,
        has_deployed=is_second,
        wait=job.options.poll_interval_seconds,
    )
    instance_id = approval_instance(job.deployment_id, asked.number)
    answer, lost = yield from carried_through(context, "approval", wait, instance_id)
    if answer is not None:
        return Outcome.load(answer)
    why = failure(FailureClass.UNKNOWN, "ApprovalLost", f"The wait for approval was ended before its end: {lost}")
    return Outcome(message="Approval could not be waited for.", failure=why)


@blueprint.orchestration_trigger(context_name="context")
def approval(context: df.DurableOrchestrationContext) -> Steps:
    """Wait until an approval is decided, or its time is over; answers an Outcome, which is good when it is approved.

    What is decided stands in the control document: an event only wakes it up to look there. It has an instance of its
    own for each approval, and ends by itself when its deployment has ended meanwhile.
    """
    work = ApprovalInput.load(context.get_input())
    step = LookInput(deployment_id=work.deployment_id, run=work.run, number=work.number, approval_id=work.approval_id)
    wait = work.wait
    for _ in range(LOOKS_PER_HISTORY):
        look = yield from called(context, "look_at_approval", step, LookAnswer)
        end = _end_of(work, look, context.current_utc_datetime)
        if end is not None:
            return end.dump()
        until = context.current_utc_datetime + timedelta(seconds=wait)
        if context.current_utc_datetime < work.deadline < until:
            until = work.deadline
        yield from waited(context, until)
        wait = min(1.2 * wait, max(LONGEST_LOOK_AWAY, work.wait))
    context.continue_as_new(work.model_copy(update={"wait": wait}).dump())
    return None


def _end_of(work: ApprovalInput, look: LookAnswer, now: datetime) -> Outcome | None:
    """What a look comes to: None when there is nothing yet but to look again."""
    if look.failure is not None:
        is_given_up = not look.failure.is_retried or now > work.deadline + LOOKED_FOR
        message = "It could not be seen whether it was approved."
        return Outcome(message=message, failure=look.failure) if is_given_up else None
    if (stop := stopped_by(look)) is not None:
        return stop
    done = "what it asked for is left as it is" if work.has_deployed else "nothing was touched"
    if look.status is ApprovalStatus.APPROVED:
        return READY
    if look.status is ApprovalStatus.REJECTED:
        return not_approved(look.by, look.comment, done)
    if look.status in (ApprovalStatus.EXPIRED, ApprovalStatus.WITHDRAWN):
        return never_approved(work.deadline, done)
    return None
