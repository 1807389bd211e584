"""The control document of a deployment: what people asked of it while it ran, or after it had ended; what may be asked.

A Durable event can get lost (continue-as-new drops what came before it, and of several with one name the last counts).
So a request is first written here; the event that follows is only a wake-up, and activities read the document.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StrictBool, model_validator

from armature.approval import ApprovalStatus
from armature.models import Form, Model
from armature.redaction import one_line
from armature.request import DeploymentId
from armature.state import DeploymentState, Purpose, Status, StopReason

MAX_COMMENT = 1000
"""Characters: a comment stands in the state, in the log and in the result."""

CONTROL_EVENT = "control"
"""The name of the Durable event that wakes an orchestration up to read the document."""


Comment = Annotated[str, Field(max_length=MAX_COMMENT), AfterValidator(one_line)]


class Action(StrEnum):
    """What can be asked of a deployment that was accepted."""

    CANCEL = "cancel"
    ROLL_BACK = "rollback"
    RESUME = "resume"
    APPROVE = "approve"
    REJECT = "reject"

    @property
    def is_decision(self) -> bool:
        """True of the word on an approval."""
        return self in (Action.APPROVE, Action.REJECT)


class Wish(Model):
    """The body of such a request over HTTP; all of it may be left out."""

    comment: Comment = ""


class CancelWish(Wish):
    """The body of a cancellation. `rollback` overrides the deployment's option `rollbackOnFailure`."""

    rollback: StrictBool | None = None


ApprovalId = Annotated[str, Form(r"^[0-9a-f]{16}$", "the approvalId of the state: 16 hex digits")]


class DecisionWish(Wish):
    """The body of an approval, or of its refusal: `approval_id` says of exactly what."""

    approval_id: ApprovalId


class ActionMessage(CancelWish):
    """The same on the queue."""

    action: Action
    deployment_id: DeploymentId
    approval_id: ApprovalId | None = None

    @model_validator(mode="after")
    def _rollback_goes_with_cancel(self) -> Self:
        if self.rollback is not None and self.action is not Action.CANCEL:
            raise ValueError("'rollback' goes with the action cancel only")
        return self

    @model_validator(mode="after")
    def _approval_id_goes_with_decisions(self) -> Self:
        if (self.approval_id is not None) is not self.action.is_decision:
            raise ValueError("'approvalId' is required by the actions approve and reject, and goes with no other")
        return self


class ControlRequest(Model):
    """One thing that was asked: in which `run` of the deployment, when, by whom, with what words.

    `by_id` is the caller's object id where the platform tells it. `id` is the queue message's, so that one which comes
    twice is acted on once.
    """

    run: int
    at: datetime
    by: str | None = None
    by_id: str | None = None
    comment: str = ""
    id: str | None = None


class CancelRequest(ControlRequest):
    """To stop. `rollback` overrides the deployment's option `rollbackOnFailure` when it is not None."""

    rollback: bool | None = None


class Decision(ControlRequest):
    """The word on approval `number`: approved, rejected, or (nobody's word) expired."""

    number: int
    approval_id: str
    status: ApprovalStatus


class Control(Model):
    """All that was asked of one deployment, the last of each kind. A request for an earlier run counts for nothing.

    `lock_broken` says that the lineage lock was taken from it by force: it stops, and touches nothing any more.
    """

    cancel: CancelRequest | None = None
    rollback: ControlRequest | None = None
    resume: ControlRequest | None = None
    lock_broken: ControlRequest | None = None
    decision: Decision | None = None

    def decision_of(self, approval_id: str) -> Decision | None:
        """The word on that approval, if it was said."""
        return self.decision if self.decision is not None and self.decision.approval_id == approval_id else None

    def cancel_of(self, run: int) -> CancelRequest | None:
        """The cancellation that was asked for in that run, if one was."""
        return self.cancel if self.cancel is not None and self.cancel.run == run else None

    def is_lock_broken(self, run: int) -> bool:
        """True when that run has lost the lineage lock by force."""
        return self.lock_broken is not None and self.lock_broken.run == run

    def reopening(self, purpose: Purpose) -> ControlRequest | None:
        """The last request for a further run of that purpose."""
        return self.rollback if purpose is Purpose.ROLL_BACK else self.resume

    def with_cancel(self, request: CancelRequest) -> Self:
        """With a cancellation. The first of a run counts: what follows it may have begun."""
        return self if _is_known(self.cancel, request.run) else self.model_copy(update={"cancel": request})

    def with_decision(self, decision: Decision) -> Self:
        """With the word on an approval. The first counts, be it that of two people, or that the time is over."""
        is_known = self.decision is not None and self.decision.number >= decision.number
        return self if is_known else self.model_copy(update={"decision": decision})

    def with_lock_broken(self, request: ControlRequest) -> Self:
        """With word that a run has lost the lineage lock."""
        return self if _is_known(self.lock_broken, request.run) else self.model_copy(update={"lock_broken": request})

    def with_reopening(self, purpose: Purpose, request: ControlRequest) -> Self:
        """With a request for a further run; of one run, the last request counts."""
        if _is_known(self.reopening(purpose), request.run + 1):
            return self
        return self.model_copy(update={"rollback" if purpose is Purpose.ROLL_BACK else "resume": request})


def _is_known(asked: ControlRequest | None, run: int) -> bool:
    """True when that was asked of `run`, or of a later one: a request that comes late takes nothing from what was asked
    since."""
    return asked is not None and asked.run >= run


class LineageRecord(Model):
    """What a lineage remembers of its deployments, in the order in which they ended.

    `completed` are those whose result stands (a rolled back one is taken out), the newest last; `latest` is the one
    that last had its turn and may have changed something: only it can be rolled back, and resumed. `earlier` was the
    latest before it. `untouched` had its turn after `latest` and has touched nothing: it can be resumed too.
    """

    completed: tuple[str, ...] = ()
    latest: str | None = None
    earlier: str | None = None
    untouched: str | None = None

    def begun_by(self, deployment_id: str) -> "LineageRecord":
        """The record once that deployment has its turn to deploy. Twice: the same."""
        if self.latest == deployment_id:
            return self
        return self.model_copy(update={"latest": deployment_id, "earlier": self.latest, "untouched": None})

    def untouched_by(self, deployment_id: str) -> "LineageRecord":
        """The record once that deployment, whose turn it was, has ended and touched nothing. Twice: the same."""
        if self.latest != deployment_id:
            return self
        return self.model_copy(update={"latest": self.earlier, "earlier": None, "untouched": deployment_id})

    def completed_by(self, deployment_id: str) -> "LineageRecord":
        """The record once that deployment has completed. Twice: the same."""
        others = self.undone(deployment_id)
        return others.model_copy(update={"completed": (*others.completed, deployment_id)})

    def undone(self, deployment_id: str) -> "LineageRecord":
        """The record once that deployment's result stands no more. Twice: the same."""
        return self.model_copy(update={"completed": tuple(id_ for id_ in self.completed if id_ != deployment_id)})

    def predecessor_of(self, deployment_id: str) -> str | None:
        """The last one, other than that deployment, whose result stands."""
        return next((id_ for id_ in reversed(self.completed) if id_ != deployment_id), None)


class Refusal(Model):
    """Why something that was asked for is not done: `kind` is the word for programs, the rest is for people."""

    kind: str
    reason: str
    next_step: str


def may_cancel(state: DeploymentState, control: Control, *, rollback: bool | None = None) -> Refusal | None:
    """None when the deployment can be cancelled, or is cancelled already as is asked for; else why not.

    `rollback` is what the request says is to become of what was deployed: None leaves that as it is.
    """
    name, cancel = state.deployment_id, control.cancel_of(state.run)
    is_cancelled = state.stop is not None and state.stop.reason is StopReason.CANCELLED
    if cancel is not None and (is_cancelled or not state.status.is_final):
        is_undoing = state.is_undone_by_itself if cancel.rollback is None else cancel.rollback
        return None if rollback in (None, is_undoing) else _cancelled_otherwise(state, is_undoing=is_undoing)
    if state.status.is_final:
        reason = f"Deployment {name} has ended already: it is {state.status}."
        return Refusal(kind="not-running", reason=reason, next_step=_after_its_end(state))
    if state.status is Status.ROLLING_BACK:
        reason = f"Deployment {name} is being rolled back, and that is not stopped half-way."
        return Refusal(kind="already-rolling-back", reason=reason, next_step="Wait for its end.")
    return None


def _cancelled_otherwise(state: DeploymentState, *, is_undoing: bool) -> Refusal:
    """The first cancellation counts: what it asks for may have begun."""
    how = "to be rolled back" if is_undoing else "not to be rolled back"
    reason = f"Deployment {state.deployment_id} is cancelled already, {how}."
    step = _after_its_end(state) if state.status.is_final else "Wait for its end."
    if not state.status.is_final and not is_undoing:
        step = "Wait for its end, then ask for the rollback."
    return Refusal(kind="already-cancelled", reason=reason, next_step=step)


def _only_previews(state: DeploymentState, so: str, next_step: str) -> Refusal:
    reason = f"Deployment {state.deployment_id} is a preview and changes nothing: {so}."
    return Refusal(kind="only-previews", reason=reason, next_step=next_step)


def _after_its_end(state: DeploymentState) -> str:
    if state.options.is_preview:
        return "There is nothing left to do: it was a preview."
    if state.status is Status.ROLLED_BACK or not state.has_touched:
        return "There is nothing left to do."
    if state.rollback.status is not None:
        return "Ask for the rollback again once nothing stands in its way."
    return "Roll it back if its result is not wanted."


def may_decide(
    state: DeploymentState, control: Control, approval_id: str, verdict: ApprovalStatus, now: datetime
) -> Refusal | None:
    """None when the approval can be given (or refused), or has been just so; else why not."""
    name, approval = state.deployment_id, state.approval
    look = f"Look at what it asks for: armature status {name}"
    if approval is None or approval.approval_id != approval_id:
        if approval is None or not approval.is_waiting:
            reason = f"Deployment {name} does not ask for that approval: it is {state.status}."
            return Refusal(kind="approval-outdated", reason=reason, next_step=look)
        reason = f"Deployment {name} asks for another approval by now: {approval.message}"
        return Refusal(kind="approval-outdated", reason=reason, next_step=f"{look}, and decide on that.")
    decision = control.decision_of(approval_id)
    status = decision.status if decision is not None else approval.status
    if status is verdict:
        return None
    if status is ApprovalStatus.EXPIRED or (status is ApprovalStatus.WAITING and now >= approval.deadline):
        reason = f"The time to approve deployment {name} was over at {approval.deadline:%Y-%m-%d %H:%M:%S} UTC."
        step = "Resume it, or deploy again: it asks anew."
        return Refusal(kind="approval-expired", reason=reason, next_step=step)
    if status in (ApprovalStatus.APPROVED, ApprovalStatus.REJECTED):
        by = decision.by if decision is not None else approval.decided_by
        reason = f"Deployment {name} is {status} already{f' by {by}' if by else ''}."
        step = "Cancel it to stop it." if status is ApprovalStatus.APPROVED else "Resume it, and it asks anew."
        return Refusal(kind="already-decided", reason=reason, next_step=step)
    if state.status.is_final:
        reason = f"Deployment {name} has ended: it is {state.status}."
        return Refusal(kind="not-running", reason=reason, next_step="Resume it, or deploy again: it asks anew.")
    if control.cancel_of(state.run) is not None:
        reason = f"Deployment {name} is being cancelled."
        return Refusal(kind="already-cancelled", reason=reason, next_step="Wait for its end.")
    if control.is_lock_broken(state.run):
        reason = f"Deployment {name} has lost the lineage lock: it ends."
        return Refusal(kind="lock-broken", reason=reason, next_step="Wait for its end.")
    return None


def may_roll_back(state: DeploymentState, control: Control, lineage: LineageRecord) -> Refusal | None:
    """None when the deployment can be rolled back, or the rollback that was asked for goes on; else why not."""
    if state.options.is_preview:
        return _only_previews(state, "there is nothing to undo", "There is nothing to do.")
    if not state.status.is_final:
        return _unless_asked(state, control, Purpose.ROLL_BACK)
    if state.status is Status.ROLLED_BACK:
        reason = f"Deployment {state.deployment_id} is rolled back already."
        return Refusal(kind="already-rolled-back", reason=reason, next_step="There is nothing left to do.")
    if not state.has_touched:
        reason = f"Deployment {state.deployment_id} has touched nothing: nothing of it was started."
        return Refusal(kind="nothing-started", reason=reason, next_step="There is nothing to undo.")
    return _unless_latest(state, lineage)


def may_resume(state: DeploymentState, control: Control, lineage: LineageRecord) -> Refusal | None:
    """None when the deployment can be resumed, or the resumption that was asked for goes on; else why not."""
    if state.options.is_preview:
        return _only_previews(state, "there is nothing to go on with", "Start a new preview, or deploy the bundle.")
    if not state.status.is_final:
        return _unless_asked(state, control, Purpose.DEPLOY)
    name, again = state.deployment_id, "Start a new deployment of the bundle."
    if state.status is Status.COMPLETED:
        return Refusal(kind="not-resumable", reason=f"Deployment {name} has completed.", next_step=again)
    if state.status is Status.ROLLED_BACK:
        return Refusal(kind="not-resumable", reason=f"What deployment {name} did is undone.", next_step=again)
    if state.rollback.status is not None:
        reason = f"Deployment {name} is rolled back in part: what it left can't be told from what it found."
        step = f"Ask for the rollback again, or: {again[0].lower()}{again[1:]}"
        return Refusal(kind="partially-rolled-back", reason=reason, next_step=step)
    return _unless_latest(state, lineage)


def _unless_asked(state: DeploymentState, control: Control, purpose: Purpose) -> Refusal | None:
    """What is asked of a deployment that runs: None when this run is what was asked for before."""
    asked = control.reopening(purpose)
    if state.purpose is purpose and asked is not None and asked.run == state.run - 1:
        return None
    name = state.deployment_id
    if state.status is Status.ROLLING_BACK:
        reason = f"Deployment {name} is being rolled back already."
        return Refusal(kind="already-rolling-back", reason=reason, next_step="Wait for its end.")
    if control.cancel_of(state.run) is not None:
        reason = f"Deployment {name} is being cancelled."
        return Refusal(kind="already-cancelled", reason=reason, next_step="Wait for its end.")
    step = "Wait for its end, or cancel it."
    if purpose is Purpose.ROLL_BACK:
        step = "Wait for its end, or cancel it and let it be rolled back."
    return Refusal(kind="not-final", reason=f"Deployment {name} still runs: it is {state.status}.", next_step=step)


def _unless_latest(state: DeploymentState, lineage: LineageRecord) -> Refusal | None:
    name = state.deployment_id
    if state.lineage is None:
        reason = f"The bundle of deployment {name} was never accepted: nothing of it was started."
        return Refusal(kind="nothing-started", reason=reason, next_step="Start a new deployment.")
    if state.retired_at is not None:
        reason = f"What was kept of deployment {name} is being removed: its time is over."
        return Refusal(kind="removed", reason=reason, next_step="Start a new deployment.")
    if name in (lineage.latest, lineage.untouched):
        return None
    if not any(template.starts or template.attempt for template in state.templates):
        reason = f"Deployment {name} never came to start a template."
        return Refusal(kind="nothing-started", reason=reason, next_step="Start a new deployment.")
    if lineage.latest is None:
        reason = f"Deployment {name} ran before its lineage was recorded."
        return Refusal(kind="not-latest", reason=reason, next_step="Start a new deployment.")
    reason = f"Deployment {lineage.latest} had its turn after {name}: what {name} left is not as it was any more."
    step = f"Act on {lineage.latest}, or start a new deployment."
    return Refusal(kind="not-latest", reason=reason, next_step=step)


def is_carried_out(control: Control, action: Action, run: int, request_id: str | None) -> bool:
    """True when that very request (a queue message that comes again) was acted on: it cancelled a run, or began one
    before `run`. What a person asked for since then is not to be changed by it."""
    if request_id is None:
        return False
    known: dict[Action, ControlRequest | None] = {
        Action.CANCEL: control.cancel,
        Action.ROLL_BACK: control.rollback,
        Action.RESUME: control.resume,
    }
    asked = known.get(action)  # a decision names its approval, and so it is known without
    return asked is not None and asked.id == request_id and asked.run < run
