"""Make the checks of a deployment in batches, again and less and less often while something waits to be warm."""

from collections.abc import Generator, Sequence
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df
from azure.durable_functions.models.Task import TaskBase

from armature.errors import Failure
from armature.messages import (
    BatchAnswer,
    BatchInput,
    ChecksAnswer,
    ChecksInput,
    Outcome,
    TallyAnswer,
    TallyInput,
    ValidationInput,
)
from armature.progress import progress_of
from armature.state import Phase, StopReason
from armature.stops import stopped, stopped_by
from orchestrators.retrying import UNTIL_WRITTEN, Steps, all_called, retried, waited

CALLS_PER_HISTORY = 150
"""Batches made, and rounds, that one history takes before the orchestrator continues as new."""

GROWTH = 1.5
LONGEST_WAIT = 60.0
"""Seconds between two rounds, once it takes long."""

blueprint = df.Blueprint()


@blueprint.orchestration_trigger(context_name="context")
def validation(context: df.DurableOrchestrationContext) -> Steps:
    """Check what a deployment has deployed; answers an Outcome."""
    work = ValidationInput.load(context.get_input())
    if work.begun_at is None:
        step = ChecksInput(deployment_id=work.deployment_id, run=work.run)
        policy = work.options.retry_policy
        plan = yield from retried(context, "plan_checks", step, ChecksAnswer, policy, work.deadline)
        if plan.failure is not None:
            return Outcome(message="The checks could not be planned.", failure=plan.failure).dump()
        if (stop := stopped_by(plan)) is not None:
            return stop.dump()
        if plan.checks == 0:
            return Outcome(message="There was nothing to check.").dump()
        begun = {"begun_at": context.current_utc_datetime, "longest_warm_up": plan.longest_warm_up}
        work = work.model_copy(update={**begun, "pending": tuple(range(plan.batches))})
    return (yield from _Rounds(context, work).made())


class _Rounds:
    """The rounds of one execution: each makes what is pending, counts, and waits."""

    def __init__(self, context: df.DurableOrchestrationContext, work: ValidationInput) -> None:
        self._context = context
        self._work = work
        self._begun_at = work.begun_at or context.current_utc_datetime

    @property
    def _now(self) -> datetime:
        now: datetime = self._context.current_utc_datetime
        return now

    def made(self) -> Steps:
        """Rounds until every check has a result; an Outcome, or None when it continues as new."""
        calls = 0
        while calls < CALLS_PER_HISTORY:
            calls += len(self._work.pending) + 1
            is_last, is_overdue = self._now >= self._warm_at, self._is_overdue()
            has_failed, lost = yield from self._looked(is_last)
            tally = yield from self._tallied(self._why_over(has_failed, is_last, is_overdue))
            if tally.is_cancelled and tally.done < tally.total:
                tally = yield from self._tallied("the deployment was cancelled")
            outcome = self._outcome(tally, lost if is_last else None, is_overdue)
            if outcome is not None:
                return outcome.dump()
            yield from waited(self._context, self._next_look())
        self._context.continue_as_new(self._work.dump())
        return None

    @property
    def _warm_at(self) -> datetime:
        """When nothing is given more time."""
        return self._begun_at + timedelta(seconds=self._work.longest_warm_up)

    def _is_overdue(self) -> bool:
        return self._work.deadline is not None and self._now >= self._work.deadline

    def _why_over(self, has_failed: bool, is_last: bool, is_overdue: bool) -> str:
        """Why what still waits is not made again; empty when it is, or nothing waits."""
        if not self._work.pending:
            return ""
        if has_failed:
            return "another check has failed"
        if is_overdue:
            return "the deployment's time was over"
        return "it could not be made" if is_last else ""

    def _looked(self, is_last: bool) -> Generator[TaskBase, Any, tuple[bool, Failure | None]]:
        """Make the pending batches, so many at a time; whether a check has failed, and why a batch was not made."""
        seconds = (self._now - self._begun_at).total_seconds()
        works = [
            BatchInput(
                deployment_id=self._work.deployment_id,
                run=self._work.run,
                batch=batch,
                seconds=seconds,
                is_last=is_last,
            )
            for batch in self._work.pending
        ]
        answers: list[BatchAnswer] = []
        for first in range(0, len(works), self._work.options.concurrency):
            some = works[first : first + self._work.options.concurrency]
            answers += yield from self._called(some, is_last)
        lost = [answer.failure for answer in answers if answer.failure is not None]
        left = [
            batch
            for batch, answer in zip(self._work.pending, answers, strict=True)
            if answer.failure is not None or answer.waiting
        ]
        self._work = self._work.model_copy(update={"pending": tuple(left), "rounds": self._work.rounds + 1})
        return any(answer.failed for answer in answers), lost[0] if lost else None

    def _called(self, works: Sequence[BatchInput], is_last: bool) -> Generator[TaskBase, Any, list[BatchAnswer]]:
        """A batch whose activity was lost is made again in the next round; in the last one at once, with patience."""
        answers = yield from all_called(self._context, "run_checks", works, BatchAnswer)
        if is_last:
            for number, answer in enumerate(answers):
                if answer.failure is not None:
                    again = retried(
                        self._context, "run_checks", works[number], BatchAnswer, self._work.options.retry_policy
                    )
                    answers[number] = yield from again
        return answers

    def _tallied(self, why_over: str) -> Generator[TaskBase, Any, TallyAnswer]:
        work = TallyInput(deployment_id=self._work.deployment_id, run=self._work.run, why_over=why_over)
        tally = yield from retried(self._context, "tally_checks", work, TallyAnswer, UNTIL_WRITTEN)
        self._context.set_custom_status(progress_of(Phase.VALIDATING, tally.done, tally.total, tally.message).dump())
        return tally

    def _outcome(self, tally: TallyAnswer, lost: Failure | None, is_overdue: bool) -> Outcome | None:
        """How the checks have ended, None while they go on."""
        if tally.failure is not None:
            return Outcome(message="The results of the checks could not be written down.", failure=tally.failure)
        if (stop := stopped_by(tally)) is not None:
            return stop
        if tally.verdict is not None:
            return Outcome(message=f"What was deployed is not good: {tally.message}.", failure=tally.verdict)
        if lost is not None:
            return Outcome(message="Not all checks could be made.", failure=lost)
        if is_overdue and self._work.pending:
            return stopped(StopReason.TIMED_OUT, tally, tally.message)
        return Outcome(message=f"{tally.message}.") if tally.done == tally.total else None

    def _next_look(self) -> datetime:
        """Later and later, and once more when the warm-up is over."""
        wait = min(self._work.options.poll_interval_seconds * GROWTH ** (self._work.rounds - 1), LONGEST_WAIT)
        ends = [self._warm_at] if self._work.deadline is None else [self._warm_at, self._work.deadline]
        return min(self._now + timedelta(seconds=wait), *(max(end, self._now) for end in ends))
