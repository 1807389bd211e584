"""Undo what a deployment did: end what is in flight, put previous versions back, delete what is new, look whether
everything is as it was. What can't be undone is recorded, and stops nothing of the rest."""

from collections.abc import Generator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

import azure.durable_functions as df
from azure.durable_functions.models.Task import TaskBase

from armature.attempts import Start
from armature.errors import Failure, FailureClass, failure
from armature.messages import (
    Answer,
    BegunAnswer,
    ControlAnswer,
    DeletionAnswer,
    DeletionInput,
    DeploymentStep,
    EndInput,
    PollAnswer,
    PollInput,
    RollbackInput,
    RollbackOutcome,
    RolloutInput,
    UndoingAnswer,
)
from armature.models import Model
from armature.state import Phase, Status
from armature.stops import LOCK_BROKEN
from orchestrators.retrying import UNTIL_WRITTEN, Steps, retried

SETTLED_WITHIN = timedelta(hours=1)
"""ARM starts nothing more of what is cancelled; what it has in flight ends, for nearly all types, within the hour."""

PUT_BACK_WITHIN = timedelta(hours=4)
"""For how long previous versions are deployed again at the least: as long as the deployment's own timeout if that is
longer. ARM itself would let one that hangs go on for seven days."""

STUCK_FOR = timedelta(minutes=30)
"""How long deletions are tried of which none goes on: providers let go of what they hold within minutes."""

PASSES_PER_HISTORY = 30
"""Passes of deletions after which it continues as new, so that a long rollback keeps a short history."""

LONGEST_LOOK_AWAY = 90.0
"""Seconds between two looks at what ARM works on, once it takes long."""

AnswerT = TypeVar("AnswerT", bound=Answer)

blueprint = df.Blueprint()


class StoppedError(Exception):
    """The rollback can't go on: what is not undone yet is left."""

    def __init__(self, why: Failure) -> None:
        super().__init__(why.message)
        self.failure = why


@blueprint.orchestration_trigger(context_name="context")
def rollback(context: df.DurableOrchestrationContext) -> Steps:
    """Undo a deployment, or (`is_undoing` false) only end what is in flight; answers a RollbackOutcome."""
    work = RollbackInput.load(context.get_input())
    step = DeploymentStep(deployment_id=work.deployment_id, rollback=work.rollback)
    why = None
    try:
        if work.deleting_since is None:
            yield from _settled(context, work)
            if not work.is_undoing:
                return RollbackOutcome(message="Nothing is in flight any more.").dump()
            yield from _put_back(context, work, step)
        unfinished = yield from _deleted(context, work)
        if unfinished is not None:
            context.continue_as_new(unfinished.dump())
            return None
        _say(context, "Looking whether everything is as it was.")
        yield from _performed(context, "verify_rollback", step, Answer)
    except StoppedError as stopped:
        why = stopped.failure
        if not work.is_undoing:
            return RollbackOutcome(message=why.message, failure=why).dump()
    end = EndInput(deployment_id=work.deployment_id, rollback=work.rollback, failure=why)
    return (yield from retried(context, "end_rollback", end, RollbackOutcome, UNTIL_WRITTEN)).dump()


def _settled(context: df.DurableOrchestrationContext, work: RollbackInput) -> Generator[TaskBase, Any, None]:
    """Cancel what ARM may still work on, and wait for its end."""
    begun = yield from _performed(context, "begin_rollback", work, BegunAnswer)
    yield from _ended(context, work, 0, begun.in_flight)
    yield from _ended(context, work, begun.rollback_in_flight, begun.in_flight_again)


def _ended(
    context: df.DurableOrchestrationContext, work: RollbackInput, number: int, in_flight: Sequence[Start]
) -> Generator[TaskBase, Any, None]:
    """Cancel these attempts (of the deployment itself, or of its rollback `number`) until ARM has ended all of them."""
    deadline = context.current_utc_datetime + SETTLED_WITHIN
    left, wait = tuple(in_flight), work.options.poll_interval_seconds
    while left:
        _say(context, f"Waiting for the end of what is in flight: {len(left)}.")
        poll = PollInput(deployment_id=work.deployment_id, rollback=number, in_flight=left)
        sight = yield from _performed(context, "cancel_templates", poll, PollAnswer)
        running = {report.name for report in sight.reports if not report.status.is_final}
        left = tuple(start for start in left if start.name in running)
        if not left:
            return
        if context.current_utc_datetime >= deadline:
            raise StoppedError(_never_ends(left))
        yield _timer(context, max(wait, sight.retry_after_seconds or 0.0))
        wait = _longer(wait)


def _put_back(
    context: df.DurableOrchestrationContext, work: RollbackInput, step: DeploymentStep
) -> Generator[TaskBase, Any, None]:
    """Deploy the previous versions again. What fails there is in the state, and is told when all is looked at."""
    _say(context, "Finding out what is to be undone.")
    found = yield from _performed(context, "plan_rollback", step, UndoingAnswer)
    if found.templates:
        _say(context, f"Deploying previous versions again: {found.templates}.")
        limit = max(PUT_BACK_WITHIN, timedelta(minutes=work.options.timeout))
        again = RolloutInput(
            deployment_id=work.deployment_id,
            rollback=work.rollback,
            options=work.options,
            deadline=context.current_utc_datetime + limit,
        )
        with suppress(Exception):  # the host failed it, or somebody terminated it: the SDK raises nothing narrower
            yield context.call_sub_orchestrator("rollout", again.dump(), f"{work.deployment_id}:rollback:rollout")


def _deleted(
    context: df.DurableOrchestrationContext, work: RollbackInput
) -> Generator[TaskBase, Any, RollbackInput | None]:
    """Delete what the deployment had created, pass by pass, until nothing is left or nothing goes on any more.

    None when that is done; else what to go on with once the orchestrator continues as new.
    """
    settled_at = work.deleting_since or context.current_utc_datetime
    wait, is_stuck = work.options.poll_interval_seconds, False
    for _ in range(PASSES_PER_HISTORY):
        pass_ = DeletionInput(deployment_id=work.deployment_id, rollback=work.rollback, is_stuck=is_stuck)
        answer = yield from _performed(context, "delete_resources", pass_, DeletionAnswer)
        _say(context, f"Resources that are left to delete: {answer.left}.")
        if answer.settled:
            settled_at, wait = context.current_utc_datetime, work.options.poll_interval_seconds
        if not answer.left or context.current_utc_datetime - settled_at >= STUCK_FOR:
            return None
        is_stuck = not (answer.settled or answer.under_way)
        if not answer.settled or answer.under_way:
            yield _timer(context, max(wait, answer.retry_after_seconds or 0.0))
            wait = _longer(wait)
    return work.model_copy(update={"deleting_since": settled_at})


def _performed(
    context: df.DurableOrchestrationContext, activity: str, work: Model, answer: type[AnswerT]
) -> Generator[TaskBase, Any, AnswerT]:
    """What an activity answers, with all patience.

    Raises:
        StoppedError: it could not do what it is for; or the lineage lock is gone, and nothing may be touched.
    """
    found = yield from retried(context, activity, work, answer, UNTIL_WRITTEN)
    if found.failure is not None:
        raise StoppedError(found.failure)
    if isinstance(found, ControlAnswer) and found.is_lock_broken:
        raise StoppedError(LOCK_BROKEN)
    return found


def _timer(context: df.DurableOrchestrationContext, seconds: float) -> TaskBase:
    return context.create_timer(context.current_utc_datetime + timedelta(seconds=seconds))


def _longer(wait: float) -> float:
    return min(1.2 * wait, max(LONGEST_LOOK_AWAY, wait))


def _say(context: df.DurableOrchestrationContext, message: str) -> None:
    """Show in the portal how far it is; the state tells more."""
    context.set_custom_status(
        {"status": Status.ROLLING_BACK.value, "phase": Phase.ROLLING_BACK.value, "message": message}
    )


def _never_ends(left: Sequence[Start]) -> Failure:
    names = ", ".join(start.name for start in left[:10])
    return failure(
        FailureClass.RESOURCE_CONFLICT,
        "DeploymentsDoNotEnd",
        f"ARM still works on {names} after {SETTLED_WITHIN.seconds // 60} minutes, though it was told to cancel them.",
        "Look at them in the portal. Ask for the rollback again once they have ended.",
    )
