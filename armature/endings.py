"""How a run of a deployment ends: the last status, and what is told of it. Pure; activities.finish records it."""

from datetime import datetime
from enum import StrEnum

from armature.approval import ApprovalStatus
from armature.control import Control
from armature.errors import Failure, FailureClass, failure
from armature.messages import ClosingInput, FinishInput, Outcome, RollbackInput, RollbackOutcome
from armature.models import Model
from armature.state import (
    DeploymentState,
    Phase,
    Purpose,
    RollbackStatus,
    Status,
    StopReason,
    StopState,
    TemplateState,
    TemplateStatus,
)
from armature.stops import LOCK_BROKEN, lock_broken
from armature.transitions import with_failures, with_nothing_waiting, with_phase

_CANCELLING = (StopReason.CANCELLED, StopReason.REJECTED, StopReason.NOT_APPROVED)
"""What makes a deployment `cancelled`: that somebody said so, or that nobody said yes."""

_DEPLOY_AGAIN = "Resume the deployment, or deploy again."


class Result(StrEnum):
    """What becomes of the deployment's result in its lineage."""

    STANDS = "stands"
    UNDONE = "undone"
    UNCHANGED = "unchanged"


class Ending(Model):
    """The end of a run: `failures` are what ended it, in words for people."""

    status: Status
    message: str
    result: Result = Result.UNCHANGED
    failures: tuple[Failure, ...] = ()
    stop: StopState | None = None


def ending_of(state: DeploymentState, control: Control, end: FinishInput, now: datetime) -> Ending:
    """The end of the state's run, from how its work, and its rollback if there was one, went."""
    outcome, rollback = end.outcome, end.rollback
    stop = _stop_of(state, control, outcome, now)
    reasons = _reasons(state, outcome)
    if outcome.is_lock_broken:
        return Ending(status=Status.FAILED, message=outcome.message, failures=reasons)
    if outcome.is_good and state.purpose is Purpose.DEPLOY:
        result = Result.UNCHANGED if state.options.is_preview else Result.STANDS
        return Ending(status=Status.COMPLETED, message=outcome.message, result=result)
    if state.purpose is Purpose.ROLL_BACK and rollback is None:
        message = f"The rollback was not begun: {outcome.message}"
        return Ending(status=state.ended_as or Status.FAILED, message=message, stop=stop)
    if rollback is None:
        rollback = RollbackOutcome()  # nothing was started
    elif end.is_undone:
        return _undone(outcome, rollback, reasons, stop)
    if rollback.failure is not None:
        reasons = (*reasons, rollback.failure)
    is_cancelled = outcome.stop in _CANCELLING and rollback.failure is None
    status = Status.CANCELLED if is_cancelled else Status.FAILED
    result = Result.STANDS if state.stands else Result.UNCHANGED  # the next one is rolled back to what is deployed
    return Ending(status=status, message=_joined(outcome.message, rollback), result=result, failures=reasons, stop=stop)


def _undone(
    outcome: Outcome, rollback: RollbackOutcome, reasons: tuple[Failure, ...], stop: StopState | None
) -> Ending:
    is_whole = rollback.failure is None and rollback.leftovers == 0
    status = Status.ROLLED_BACK if is_whole else Status.FAILED
    reasons = reasons if rollback.failure is None else (*reasons, rollback.failure)
    message = _joined(outcome.message, rollback)
    return Ending(status=status, message=message, result=Result.UNDONE, failures=reasons, stop=stop)


def _joined(message: str, rollback: RollbackOutcome) -> str:
    return " ".join(filter(None, [message, rollback.message]))


def ended(
    state: DeploymentState, ending: Ending, end: FinishInput, now: datetime, *, is_latest: bool
) -> DeploymentState:
    """The state of the deployment once its run has ended so; unchanged when that run has ended already.

    `is_latest` says that it was the last of its lineage to have its turn: only such a one can be rolled back.
    """
    if state.status.is_final or state.run != end.run:
        return state
    is_whole = ending.status is Status.ROLLED_BACK
    rollback = state.rollback.model_copy(update={"available": is_latest and not is_whole})
    if ending.result is Result.UNDONE:
        status = RollbackStatus.COMPLETED if is_whole else RollbackStatus.PARTIAL
        rollback = rollback.model_copy(update={"status": status, "finished_at": rollback.finished_at or now})
    lineage = state.lineage and state.lineage.model_copy(update={"holder": None, "position": None})
    rollback = rollback.model_copy(update={"templates": tuple(map(_given_up, rollback.templates))})
    approval = state.approval and state.approval.decided(ApprovalStatus.WITHDRAWN, now)
    told = state.model_copy(
        update={
            "stop": ending.stop,
            "rollback": rollback,
            "lineage": lineage,
            "approval": approval,
            "validation": state.validation and state.validation.given_up(),
        }
    )
    settled = with_nothing_waiting(told, now)
    settled = settled.model_copy(update={"templates": tuple(map(_given_up, settled.templates))})
    return with_phase(
        with_failures(settled, [failure.given_up() for failure in ending.failures]),
        sequence=max(end.sequence, state.sequence + 1),
        status=ending.status,
        phase=Phase.FINISHED,
        message=ending.message,
        now=now,
    )


def with_rollback_available(state: DeploymentState) -> DeploymentState:
    """The state of one that is the latest of its lineage again; unchanged when it is undone, or has not ended."""
    if not state.status.is_final or state.status is Status.ROLLED_BACK or not state.has_touched:
        return state
    return state.model_copy(update={"rollback": state.rollback.model_copy(update={"available": True})})


def _given_up(template: TemplateState) -> TemplateState:
    return template.model_copy(update={"failure": template.failure and template.failure.given_up()})


def last_words(state: DeploymentState, ending: Ending) -> str:
    """What the log says last: what a preview has found, and how a rollback ended, the event before has told."""
    if state.options.is_preview and state.preview is not None and ending.stop is None:
        return "Nothing was changed."
    undone = state.rollback.message
    if ending.result is not Result.UNDONE or not undone or not ending.message.endswith(undone):
        return ending.message
    words = "Rolled back." if ending.status is Status.ROLLED_BACK else "Rolled back in part."
    return f"{ending.message.removesuffix(undone)}{words}"


def closing_of(state: DeploymentState, control: Control, message: str, *, has_turn: bool) -> ClosingInput:
    """What is left to do for a run whose orchestration has died: settle, or undo, what it started; and record its end.

    `message` says how it died. Without its turn (`has_turn`) it may touch nothing.
    """
    cancel = control.cancel_of(state.run)
    why = failure(FailureClass.UNKNOWN, "OrchestrationEnded", message, _DEPLOY_AGAIN)
    outcome = Outcome(message=message, failure=why, rollback=cancel and cancel.rollback)
    if control.is_lock_broken(state.run):
        outcome = lock_broken()
    is_settling = has_turn and not outcome.is_lock_broken and _may_have_started(state)
    is_undoing = is_settling and undoes(state.purpose, outcome, rollback_on_failure=state.is_undone_by_itself)
    rollback = RollbackInput(
        deployment_id=state.deployment_id,
        rollback=state.rollback.present_number,
        options=state.options,
        is_undoing=is_undoing,
        sequence=state.sequence + 1,
    )
    end = FinishInput(
        deployment_id=state.deployment_id,
        run=state.run,
        sequence=state.sequence + 2,
        outcome=outcome,
        is_undone=is_undoing,
    )
    return ClosingInput(end=end, rollback=rollback if is_settling else None)


def undoes(purpose: Purpose, outcome: Outcome, *, rollback_on_failure: bool) -> bool:
    """True when a run that ends so is rolled back: by its purpose, its cancellation's word, or else its option.

    One that was not approved has changed nothing; what the run before it left is left.
    """
    if purpose is Purpose.ROLL_BACK:
        return True
    if outcome.is_not_approved:
        return False
    return rollback_on_failure if outcome.rollback is None else outcome.rollback


def _may_have_started(state: DeploymentState) -> bool:
    """True when ARM may have been handed something, in whatever run. A start is shown a moment after it is made."""
    if not state.has_touched:
        return False
    is_in_rollout = Phase.UPLOADING.value in state.phases or Phase.ROLLING_BACK.value in state.phases
    may_have_made_groups = state.deadline is not None  # known from the moment when the target is made ready
    has_run = state.run > 1 or any(template.attempt for template in state.templates)
    return is_in_rollout or may_have_made_groups or has_run


def _reasons(state: DeploymentState, outcome: Outcome) -> tuple[Failure, ...]:
    """What made it fail: the templates' own failures where there are any, which tell more than their sum."""
    found = [t.failure for t in state.templates if t.status is TemplateStatus.FAILED and t.failure]
    if outcome.is_lock_broken:
        return (outcome.failure or LOCK_BROKEN, *found)
    if outcome.stop is StopReason.TIMED_OUT:
        return (_timed_out(state), *found)
    if outcome.stop in _CANCELLING:
        return tuple(found)
    return tuple(found) or ((outcome.failure,) if outcome.failure else ())


def _timed_out(state: DeploymentState) -> Failure:
    message = f"The deployment was not done {state.options.timeout:g} minutes after it had its turn."
    suggestion = "See which template took so long; give options.timeout more minutes, or resume the deployment."
    return failure(FailureClass.UNKNOWN, "DeploymentTimedOut", message, suggestion)


def _stop_of(state: DeploymentState, control: Control, outcome: Outcome, now: datetime) -> StopState | None:
    if outcome.stop is StopReason.TIMED_OUT:
        at = state.deadline or now
        return StopState(reason=StopReason.TIMED_OUT, at=at, comment=f"{state.options.timeout:g} minutes were over.")
    if outcome.is_not_approved and outcome.stop is not None:
        approval = state.approval
        if approval is None or approval.is_waiting:
            return StopState(reason=outcome.stop, at=now)
        at = approval.decided_at or now
        return StopState(reason=outcome.stop, at=at, by=approval.decided_by, comment=approval.comment)
    cancel = control.cancel_of(state.run)
    if outcome.stop is None or cancel is None:
        return None
    return StopState(reason=StopReason.CANCELLED, at=cancel.at, by=cancel.by, comment=cancel.comment)
