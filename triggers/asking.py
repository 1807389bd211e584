"""Asking something of a deployment: to stop, to go on, to undo what it did, or that it may go on, by whatever way.

The request is first written to the control document; then the deployment is told. Whoever dies in between leaves a
document that the deployment's next look reads, or a state that the timer has carried on.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

import azure.durable_functions as df

from armature.approval import ApprovalStatus
from armature.audit import AuditAction, AuditEntry
from armature.azure.services import Services
from armature.callers import Caller
from armature.control import Action, CancelRequest, ControlRequest, Decision, LineageRecord, is_carried_out
from armature.decisions import decision_event, with_decision
from armature.events import Event, EventCode
from armature.permissions import may_ask
from armature.refusals import Refusal, may_cancel, may_decide, may_resume, may_roll_back
from armature.state import DeploymentState, Purpose, StopReason, StopState
from armature.transitions import reopened, with_stop
from triggers.orchestrations import ensure_running, has_ended, wake

logger = logging.getLogger("armature.triggers")


@dataclass(frozen=True)
class Asking:
    """What is asked, by whom, with what words. `request_id` tells a queue message that comes twice, `approval_id` what
    is approved, or rejected; `caller` is whom the platform vouches for."""

    action: Action
    by: str | None
    comment: str = ""
    rollback: bool | None = None
    request_id: str | None = None
    caller: Caller | None = None
    approval_id: str = ""

    @property
    def by_id(self) -> str | None:
        """The object id of who asks."""
        return self.caller.id if self.caller else None


@dataclass(frozen=True)
class Asked:
    """The deployment after something was asked of it, and why that is not done, if it is not."""

    state: DeploymentState
    refusal: Refusal | None = None


async def ask(
    client: df.DurableOrchestrationClient, services: Services, deployment_id: str, asking: Asking
) -> Asked | None:
    """Ask it; None when there is no such deployment. Twice: the same, and done once. The audit trail tells it first.

    Raises:
        FailureError: storage could not be asked, so that nothing was asked of the deployment.
    """
    state = await asyncio.to_thread(services.deployments.state, deployment_id)
    if state is None:
        return None
    entry = _audited(state, asking)
    await asyncio.to_thread(services.deployments.audit.append, entry)
    asked = await _answered(client, services, state, asking)
    if asked.refusal is not None:
        refused = {"key": f"{entry.key}:refused", "outcome": "refused", "reason": asked.refusal.reason}
        await asyncio.to_thread(services.deployments.audit.append, entry.model_copy(update=refused))
    return asked


def _audited(state: DeploymentState, asking: Asking) -> AuditEntry:
    now = datetime.now(UTC)
    return AuditEntry(
        key=f"{asking.action}:{state.deployment_id}:{state.run}:{asking.request_id or now.isoformat()}",
        at=now,
        action=AuditAction(asking.action.value),
        by=asking.by,
        by_id=asking.by_id,
        deployment_id=state.deployment_id,
        run=state.run,
        lineage_key=state.lineage.key if state.lineage else None,
        comment=asking.comment,
    )


async def _answered(
    client: df.DurableOrchestrationClient, services: Services, state: DeploymentState, asking: Asking
) -> Asked:
    deployment_id = state.deployment_id
    control = await asyncio.to_thread(services.deployments.control, deployment_id)
    forbidden = may_ask(
        asking.action,
        asking.caller,
        state,
        control,
        services.settings,
        is_from_queue=asking.request_id is not None,
        rollback=asking.rollback,
    )
    if forbidden is not None:
        return Asked(state, forbidden)
    if is_carried_out(control, asking.action, state.run, asking.request_id):
        return Asked(state)
    if asking.action is Action.CANCEL:
        return await _cancelled(client, services, state, asking)
    if asking.action.is_decision:
        return await _decided(client, services, state, asking)
    purpose = Purpose.ROLL_BACK if asking.action is Action.ROLL_BACK else Purpose.DEPLOY
    return await _begun_again(client, services, state, purpose, asking)


async def _cancelled(
    client: df.DurableOrchestrationClient, services: Services, state: DeploymentState, asking: Asking
) -> Asked:
    store, now = services.deployments, datetime.now(UTC)
    control = await asyncio.to_thread(store.control, state.deployment_id)
    refusal = may_cancel(state, control, rollback=asking.rollback)
    if refusal is not None or state.status.is_final:
        return Asked(state, refusal)
    request = CancelRequest(
        run=state.run,
        at=now,
        by=asking.by,
        by_id=asking.by_id,
        comment=asking.comment,
        id=asking.request_id,
        rollback=asking.rollback,
    )
    control = await asyncio.to_thread(store.ask, state.deployment_id, lambda found: found.with_cancel(request))
    refusal = may_cancel(state, control, rollback=asking.rollback)  # another cancellation may have been faster
    if refusal is not None:
        return Asked(state, refusal)
    try:
        state = await asyncio.to_thread(_tell_cancelled, services, state, control.cancel_of(state.run) or request)
    except Exception:  # it is asked for, whatever becomes of telling so: the deployment reads it at its next look
        logger.exception("%s is asked to stop, but its state could not tell so yet", state.deployment_id)
    await wake(client, state.deployment_id, state.approval)
    return Asked(state)


def _tell_cancelled(services: Services, state: DeploymentState, request: CancelRequest) -> DeploymentState:
    message = f"Cancellation asked for{_by(request)}."
    event = Event(key=f"cancel:{request.run}", time=request.at, code=EventCode.CANCELLATION_ASKED, message=message)
    services.deployments.append_events(state.deployment_id, [event])
    stop = StopState(reason=StopReason.CANCELLED, at=request.at, by=request.by, comment=request.comment)
    return services.deployments.update_state(state.deployment_id, lambda found: with_stop(found, request.run, stop))


async def _decided(
    client: df.DurableOrchestrationClient, services: Services, state: DeploymentState, asking: Asking
) -> Asked:
    """Write down the word on an approval; the first one counts, and the same again is the same."""
    store, now = services.deployments, datetime.now(UTC)
    verdict = ApprovalStatus.APPROVED if asking.action is Action.APPROVE else ApprovalStatus.REJECTED
    control = await asyncio.to_thread(store.control, state.deployment_id)
    refusal = may_decide(state, control, asking.approval_id, verdict, now)
    if refusal is not None or state.approval is None:
        return Asked(state, refusal)
    word = Decision(
        run=state.run,
        at=now,
        by=asking.by,
        by_id=asking.by_id,
        comment=asking.comment,
        id=asking.request_id,
        number=state.approval.number,
        approval_id=asking.approval_id,
        status=verdict,
    )
    control = await asyncio.to_thread(store.ask, state.deployment_id, lambda found: found.with_decision(word))
    refusal = may_decide(state, control, asking.approval_id, verdict, now)  # somebody else may have been faster
    if refusal is not None:
        return Asked(state, refusal)
    waiting = state.approval
    try:
        state = await asyncio.to_thread(_tell_decided, services, state, control.decision_of(asking.approval_id) or word)
    except Exception:  # it is decided, whatever becomes of telling so: the deployment reads it at its next look
        logger.exception("%s is decided on, but its state could not tell so yet", state.deployment_id)
    await wake(client, state.deployment_id, waiting)
    return Asked(state)


def _tell_decided(services: Services, state: DeploymentState, decision: Decision) -> DeploymentState:
    services.deployments.append_events(state.deployment_id, [decision_event(decision)])
    return services.deployments.update_state(state.deployment_id, lambda found: with_decision(found, decision))


async def _begun_again(
    client: df.DurableOrchestrationClient,
    services: Services,
    state: DeploymentState,
    purpose: Purpose,
    asking: Asking,
) -> Asked:
    """Have the deployment begin a further run: to deploy what is left of it, or to roll it back."""
    refusal = await asyncio.to_thread(_refusal_of, services, state, purpose)
    if refusal is not None:
        return Asked(state, refusal)
    if state.status.is_final:
        if not await has_ended(client, state.deployment_id):
            return Asked(state, _still_ending(state))
        state = await asyncio.to_thread(_reopened, services, state, purpose, asking)
        refusal = await asyncio.to_thread(_refusal_of, services, state, purpose)  # something else may have been faster
        if refusal is not None:
            return Asked(state, refusal)
    try:
        await ensure_running(client, state)
    except Exception:  # whatever it is, the timer starts what was reopened and does not run
        logger.exception("%s has a further run, which could not be started yet", state.deployment_id)
    return Asked(state)


def _refusal_of(services: Services, state: DeploymentState, purpose: Purpose) -> Refusal | None:
    control = services.deployments.control(state.deployment_id)
    lineage = services.deployments.lineage(state.lineage.key) if state.lineage else LineageRecord()
    return (may_roll_back if purpose is Purpose.ROLL_BACK else may_resume)(state, control, lineage)


def _still_ending(state: DeploymentState) -> Refusal:
    reason = f"Deployment {state.deployment_id} is {state.status}, but its orchestration has not quite ended."
    return Refusal(kind="still-ending", reason=reason, next_step="Ask again in a few seconds.")


def _reopened(services: Services, state: DeploymentState, purpose: Purpose, asking: Asking) -> DeploymentState:
    store, now = services.deployments, datetime.now(UTC)
    request = ControlRequest(
        run=state.run, at=now, by=asking.by, by_id=asking.by_id, comment=asking.comment, id=asking.request_id
    )
    is_rollback = purpose is Purpose.ROLL_BACK
    store.ask(state.deployment_id, lambda found: found.with_reopening(purpose, request))
    message = f"{'Rollback' if is_rollback else 'Resumption'} asked for{_by(request)}."
    event = Event(
        key=f"run:{state.run + 1}",
        time=now,
        code=EventCode.ROLLBACK_ASKED if is_rollback else EventCode.RESUMPTION_ASKED,
        message=f"{message} The run before had ended as {state.status}: {state.message}",
    )
    store.append_events(state.deployment_id, [event])
    return store.update_state(
        state.deployment_id,
        lambda found: reopened(found, run=request.run, purpose=purpose, message=message, now=now),
    )


def _by(request: ControlRequest) -> str:
    """By whom, and in quotes, so that nobody's words pass for Armature's, why."""
    by = f" by {request.by}" if request.by else ""
    comment = request.comment.replace('"', "'")
    return f'{by}: "{comment}"' if comment else by
