"""What people see of a rollout: its templates in the state, its events in the log."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial

import azure.durable_functions as df

from activities.border import register
from activities.events import attempt_failed_event, started_event
from activities.standing import state_of
from armature.attempts import Decision, Start
from armature.azure.services import Services
from armature.errors import Failure
from armature.events import Event, EventCode, Level
from armature.messages import Answer, DecisionsInput, DeploymentStep
from armature.plan import PlannedTemplate
from armature.state import DeploymentState, TemplateState, TemplateStatus
from armature.transitions import with_rollback_templates, with_templates

blueprint = df.Blueprint()


def templates_of(state: DeploymentState, step: DeploymentStep) -> Mapping[str, TemplateState]:
    """The templates that the state shows of the deployment itself, or of its rollback, by name."""
    shown = state.rollback.templates if step.rollback else state.templates
    return {template.name: template for template in shown}


def show(
    services: Services,
    step: DeploymentStep,
    changes: Mapping[str, Callable[[TemplateState], TemplateState]],
    events: Iterable[Event] = (),
) -> None:
    """Change templates in the state, of the deployment itself or of its rollback, and write events to the log.

    The events of a rollback bear its number in their keys: its templates have the names of the deployment's own.
    """
    now = datetime.now(UTC)
    if step.rollback:
        events = [_of_rollback(event, step.rollback) for event in events]
    services.deployments.append_events(step.deployment_id, events)
    if changes:
        section = with_rollback_templates if step.rollback else with_templates
        services.deployments.update_state(step.deployment_id, lambda state: section(state, changes, now))


def _of_rollback(event: Event, number: int) -> Event:
    return event.model_copy(
        update={"key": f"rollback-{number}:{event.key}", "message": f"Rollback: {event.message}"},
    )


def record_decisions(services: Services, work: DecisionsInput) -> Answer:
    """Show starts, retries, cancellations, final failures and skips. Twice: each has one key and one place."""
    now = datetime.now(UTC)
    plan = services.deployments.plan(work.plan_id)
    tenant = state_of(services, work.deployment_id).target.tenant
    events = [event for decision in work.decisions for event in _events(decision, work.reasons.get(decision.name), now)]
    changes = {
        decision.name: partial(
            _decided,
            decision=decision,
            reason=work.reasons.get(decision.name),
            link=portal_link(services, tenant, plan.template(decision.name)),
            now=now,
        )
        for decision in work.decisions
    }
    show(services, work, changes, events)
    return Answer()


def _decided(
    template: TemplateState, *, decision: Decision, reason: Failure | None, link: str, now: datetime
) -> TemplateState:
    update: dict[str, object] = {
        "status": decision.status,
        "attempt": decision.attempt,
        "max_attempts": decision.max_attempts,
        "starts": decision.number,
        "waiting_for": decision.waiting_for,
        "next_attempt_at": decision.next_attempt_at,
        "finished_at": now if decision.status.is_final else None,
    }
    if decision.status is TemplateStatus.RUNNING:
        update |= {"started_at": template.started_at or now, "portal_link": link}
    if reason is not None:
        update["failure"] = reason
    return template.model_copy(update=update)


def portal_link(services: Services, tenant: str | None, template: PlannedTemplate) -> str:
    """Where the portal shows the deployment of a template."""
    return services.cloud.portal_deployment_link(tenant, template.scope.deployment_id(template.deployment_name))


def _events(decision: Decision, reason: Failure | None, now: datetime) -> list[Event]:
    start = Start(name=decision.name, attempt=decision.attempt, number=decision.number)
    return [*([attempt_failed_event(start, reason)] if reason else []), _event(decision, now)]


def _event(decision: Decision, now: datetime) -> Event:
    name = decision.name
    if decision.status is TemplateStatus.RUNNING:
        return started_event(Start(name=name, attempt=decision.attempt, number=decision.number))
    code, level, message = {
        TemplateStatus.RETRYING: (EventCode.TEMPLATE_RETRYING, Level.WARNING, _retrying(decision)),
        TemplateStatus.FAILED: (EventCode.TEMPLATE_FAILED, Level.ERROR, f"{name} failed for good."),
        TemplateStatus.CANCELLED: (EventCode.TEMPLATE_CANCELLED, Level.WARNING, f"{name} was cancelled."),
        TemplateStatus.SKIPPED: (EventCode.TEMPLATE_SKIPPED, Level.WARNING, f"{name} was not started."),
    }[decision.status]
    key = f"template:{name}:{decision.number}:{decision.status.value}"
    return Event(key=key, time=now, code=code, message=message, level=level, template=name)


def _retrying(decision: Decision) -> str:
    """When a template is tried again, and what it waits for: only the clock counts its attempts."""
    message = f"{decision.name} will be tried again"
    if decision.next_attempt_at is not None:
        message += f" at {decision.next_attempt_at:%H:%M:%S}"
    if decision.waiting_for is not None:
        return f"{message}: it waits for {decision.waiting_for}."
    return f"{message} (attempt {decision.next_attempt} of {decision.max_attempts})."


register(blueprint, record_decisions, DecisionsInput)
