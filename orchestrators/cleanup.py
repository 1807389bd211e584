"""Delete what mode Complete has listed, pass by pass, until nothing is left or nothing goes on any more."""

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df
from azure.durable_functions.models.Task import TaskBase

from armature.errors import Failure, FailureClass, failure
from armature.messages import CleaningInput, CleanUpEnding, CleanUpEndInput, CleanUpInput, DeletionAnswer, Outcome
from armature.numbers import count_of
from armature.state import Phase, Status
from armature.stops import lock_broken, stopped_by
from orchestrators.chapters import digest
from orchestrators.retrying import UNTIL_WRITTEN, Steps, retried, waited

STUCK_FOR = timedelta(minutes=30)
"""How long deletions are tried of which none goes on: providers let go of what they hold within minutes. What ARM works
on goes on, however long: a managed instance, or an environment of App Service, takes hours."""

PASSES_PER_HISTORY = 30
"""Passes of deletions after which it continues as new, so that a long clean-up keeps a short history."""

LONGEST_LOOK_AWAY = 90.0
"""Seconds between two looks at what ARM works on, once it takes long."""

_RESUME = (
    "See clean-up in the state for what stands in the way of each. Then resume the deployment: it goes on with the "
    "deletions. What is deployed stands."
)

blueprint = df.Blueprint()


@blueprint.orchestration_trigger(context_name="context")
def cleanup(context: df.DurableOrchestrationContext) -> Steps:
    """Delete a list, children first; answers an Outcome, which is good when only what a lock keeps, or somebody has
    changed since, is left."""
    work = CleanUpInput.load(context.get_input())
    course = _Course(context, work)
    answer = yield from course.carried_out()
    if answer is None:
        context.continue_as_new(work.model_copy(update={"deleting_since": course.moved_at}).dump())
        return None
    end = CleanUpEndInput(deployment_id=work.deployment_id, run=work.run, list_id=work.list_id, why=course.why)
    ending = yield from retried(context, "end_clean_up", end, CleanUpEnding, UNTIL_WRITTEN)
    return _outcome(answer, ending).dump()


class _Course:
    """The passes of one execution: `moved_at` is when a deletion was last settled, or under way, `why` why no more is
    tried."""

    def __init__(self, context: df.DurableOrchestrationContext, work: CleanUpInput) -> None:
        self._context = context
        self._work = work
        self.moved_at: datetime = work.deleting_since or context.current_utc_datetime
        self.why = ""

    def carried_out(self) -> Generator[TaskBase, Any, DeletionAnswer | None]:
        """The last pass's answer; None when there is more to do than one history takes."""
        wait, is_stuck = self._work.options.poll_interval_seconds, False
        for _ in range(PASSES_PER_HISTORY):
            pass_ = CleaningInput(
                deployment_id=self._work.deployment_id,
                run=self._work.run,
                list_id=self._work.list_id,
                is_stuck=is_stuck,
            )
            answer = yield from retried(self._context, "delete_doomed", pass_, DeletionAnswer, UNTIL_WRITTEN)
            if self._is_over(answer):
                return answer
            message = f"Resources that are left to delete: {answer.left}."
            self._context.set_custom_status(digest(Status.DEPLOYING, Phase.CLEANING_UP, message))
            if answer.settled:
                wait = self._work.options.poll_interval_seconds
            is_stuck = not (answer.settled or answer.under_way)
            if not answer.settled or answer.under_way:
                until = self._context.current_utc_datetime + timedelta(
                    seconds=max(wait, answer.retry_after_seconds or 0.0)
                )
                yield from waited(self._context, until)
                wait = min(1.2 * wait, max(LONGEST_LOOK_AWAY, wait))
        return None

    def _is_over(self, answer: DeletionAnswer) -> bool:
        now = self._context.current_utc_datetime
        if answer.settled or answer.under_way:
            self.moved_at = now
        if answer.failure is not None:
            self.why = f"{answer.failure.code}: {answer.failure.message}"
        elif answer.is_cancelled or answer.is_lock_broken:
            self.why = "The deployment was cancelled." if answer.is_cancelled else "The lineage lock was taken away."
        elif answer.left and self._work.deadline is not None and now >= self._work.deadline:
            self.why = "The deployment's time was over."
        elif answer.left and now - self.moved_at >= STUCK_FOR:
            self.why = f"Nothing went on for {STUCK_FOR.seconds // 60} minutes."
        return bool(self.why) or not answer.left


def _outcome(last: DeletionAnswer, ending: CleanUpEnding) -> Outcome:
    """How the deployment ends by its deletions. They fail nothing that was deployed: it is not rolled back for them."""
    if last.is_lock_broken:
        return lock_broken(_until_then(ending))
    stop = stopped_by(last)
    if stop is not None:
        return stop.model_copy(update={"message": f"{stop.message} {ending.message}".strip()})
    why = last.failure or ending.failure
    if why is not None:
        return Outcome(
            message="The deletions could not be carried through.", failure=_incomplete(why.message), rollback=False
        )
    if ending.left:
        return Outcome(message=ending.message, failure=_incomplete(ending.message), rollback=False)
    return Outcome(message=ending.message)


def _until_then(ending: CleanUpEnding) -> str:
    return f"{count_of(ending.deleted, 'resource')} that no template deploys deleted"


def _incomplete(message: str) -> Failure:
    return failure(FailureClass.UNKNOWN, "CleanUpIncomplete", message, _RESUME)
