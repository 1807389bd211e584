"""What may be asked of a deployment as it stands, and what is answered to what may not. Pure.

Decided from the state, the control document and what the lineage remembers; who may ask is `armature.permissions`.
"""

from datetime import datetime

from armature.approval import ApprovalStatus
from armature.control import Control, LineageRecord
from armature.models import Model
from armature.state import DeploymentState, Purpose, Status, StopReason


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
            step = "There is nothing to decide any more." if state.status.is_final else look
            return Refusal(kind="approval-outdated", reason=reason, next_step=step)
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
