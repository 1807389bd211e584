"""Approvals: whether one is called for, what it asks, and how it was decided."""

from datetime import UTC, datetime, timedelta

import azure.durable_functions as df

from activities.border import register
from activities.notifying import Notify, app_host, register_notifying
from activities.standing import asked_of, open_state_of, state_of
from armature.approval import (
    ApprovalState,
    ApprovalStatus,
    asked_again,
    asking_words,
    protected_among,
    reasons_of,
)
from armature.azure.services import Services
from armature.control import Decision
from armature.decisions import decision_event, with_decision
from armature.events import Event, EventCode, Level
from armature.messages import AskingAnswer, AskingInput, DeploymentStep, GateAnswer, LookAnswer, LookInput
from armature.notices import asked_notice, decided_notice
from armature.options import Mode
from armature.preview import ChangeKind
from armature.state import DeploymentState
from armature.surveying import group_of
from armature.transitions import with_approval

blueprint = df.Blueprint()


def open_gate(services: Services, work: DeploymentStep) -> GateAnswer:
    """What the app's settings want to be looked at before anything is deployed. Changes nothing."""
    state = open_state_of(services, work.deployment_id)
    return GateAnswer(
        **asked_of(services, state).model_dump(exclude={"failure"}),
        is_previewed=services.settings.preview_before_deploying,
    )


def ask_for_approval(services: Services, work: AskingInput, notify: Notify) -> AskingAnswer:
    """Ask for approval where what was found, the mode or the target calls for it; answers what to wait for.

    Twice, or after it was given: what asks for the very same is the same approval, with the deadline that it got first.
    """
    state = open_state_of(services, work.deployment_id)
    asked = asked_of(services, state)
    if asked.is_cancelled or asked.is_lock_broken:
        return AskingAnswer.load(asked.dump())
    protected = [] if work.is_second else _protected(services, state)
    reasons = reasons_of(work.findings, is_complete=_asks_for_complete(state, work), is_protected=bool(protected))
    if not reasons:
        return AskingAnswer()
    now = datetime.now(UTC)
    deadline = now + timedelta(minutes=services.settings.approval_timeout_minutes)
    message = asking_words(reasons, work.findings, protected)

    def asking(before: ApprovalState | None) -> ApprovalState:
        return asked_again(
            before,
            deployment_id=work.deployment_id,
            run=state.run,
            reasons=reasons,
            findings=work.findings,
            message=message,
            now=now,
            deadline=deadline,
        )

    state = services.deployments.update_state(
        work.deployment_id, lambda found: with_approval(found, state.run, asking, now)
    )
    approval = state.approval
    if approval is None or approval.status is ApprovalStatus.APPROVED:
        return AskingAnswer()
    services.deployments.append_events(work.deployment_id, [_asked_event(approval)])
    notify(state, asked_notice(state, approval, app_host()))
    return AskingAnswer(
        approval_id=approval.approval_id,
        number=approval.number,
        message=approval.message,
        deadline=approval.deadline,
    )


def _asks_for_complete(state: DeploymentState, work: AskingInput) -> bool:
    """Mode Complete asks before anything is touched, whatever it finds; afterwards for what was not approved."""
    return state.options.mode is Mode.COMPLETE and (not work.is_second or work.findings.doomed > 0)


def _protected(services: Services, state: DeploymentState) -> list[str]:
    """The protected scopes that the templates are for, or into which deployments within them would write."""
    patterns = services.settings.protected_targets
    if not patterns:
        return []
    plan = services.deployments.plan(state.deployment_id)
    scopes = [template.scope.resource_id or "/" for template in plan.templates]
    scopes += [plan.group_id(group) for group in plan.resource_groups_to_ensure]
    found = protected_among(scopes, patterns)
    known = {scope.lower() for scope in scopes}
    written = [scope for scope in _written(services, state) if scope.lower() not in known]
    return [*found, *protected_among(written, patterns)]


def _written(services: Services, state: DeploymentState) -> list[str]:
    """The resource groups, or other scopes, in which the preview tells of changes."""
    preview = services.previews.preview(state.deployment_id)
    if preview is None or preview[0].run != state.run:
        return []
    changes = [
        change for change in preview[0].resources if change.kind not in (ChangeKind.NO_CHANGE, ChangeKind.IGNORE)
    ]
    return sorted({group_of(change.id) or change.id for change in changes})


def _asked_event(approval: ApprovalState) -> Event:
    return Event(
        key=f"approval:{approval.number}",
        time=approval.asked_at,
        code=EventCode.APPROVAL_ASKED,
        message=f"Approval {approval.approval_id} is asked for: {approval.message}",
        level=Level.WARNING,
    )


def look_at_approval(services: Services, work: LookInput, notify: Notify) -> LookAnswer:
    """How an approval stands. What was decided, or that its time is over, is shown in the state and the log.

    The control document alone says who decided first; that the time is over is written there too, so that nobody's word
    comes after it. Twice, or late: the first word stands, and an approval whose run has ended is withdrawn.
    """
    state = state_of(services, work.deployment_id)
    approval = state.approval
    is_over = state.status.is_final or state.run != work.run
    if is_over or approval is None or approval.approval_id != work.approval_id:
        return LookAnswer(status=ApprovalStatus.WITHDRAWN)
    asked = asked_of(services, state)
    now = datetime.now(UTC)
    if asked.is_cancelled or asked.is_lock_broken:
        by = asked.cancelled_by if asked.is_cancelled else None
        word = Decision(
            run=work.run,
            at=now,
            by=by,
            number=work.number,
            approval_id=work.approval_id,
            status=ApprovalStatus.WITHDRAWN,
        )
        _show(services, work, word, notify)
        return LookAnswer.load({**asked.dump(), "status": ApprovalStatus.WITHDRAWN})
    decision = services.deployments.control(work.deployment_id).decision_of(work.approval_id)
    if decision is None and now >= approval.deadline:
        decision = _expired(services, work, approval.deadline)
    if decision is None:
        return LookAnswer()
    _show(services, work, decision, notify)
    return LookAnswer(status=decision.status, by=decision.by, comment=decision.comment)


def _expired(services: Services, work: LookInput, deadline: datetime) -> Decision | None:
    """The word that counts once the time is over: that it is, unless somebody was faster."""
    over = Decision(
        run=work.run,
        at=deadline,
        number=work.number,
        approval_id=work.approval_id,
        status=ApprovalStatus.EXPIRED,
    )
    control = services.deployments.ask(work.deployment_id, lambda found: found.with_decision(over))
    return control.decision_of(work.approval_id)


def _show(services: Services, work: LookInput, decision: Decision, notify: Notify) -> None:
    store = services.deployments
    store.append_events(work.deployment_id, [decision_event(decision)])
    state = store.update_state(work.deployment_id, lambda found: with_decision(found, decision))
    if state.approval is not None:
        notify(state, decided_notice(state, state.approval, decision.at, app_host()))


register(blueprint, open_gate, DeploymentStep)
register_notifying(blueprint, ask_for_approval, AskingInput)
register_notifying(blueprint, look_at_approval, LookInput)
