"""Roll out: hand templates to ARM, look at what is in flight, show what the scheduler decided."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

import azure.durable_functions as df

from activities.border import register
from activities.events import succeeded_event
from activities.parameters import deployment_body
from activities.standing import DEPLOYMENT_TAG, state_of
from armature.azure.arm import ArmGateway
from armature.azure.models import ArmDeployment, ArmOperation
from armature.azure.services import Services
from armature.errors import Failure, FailureClass, FailureError, failure
from armature.events import Event, EventCode, Level
from armature.messages import (
    Answer,
    DecisionsInput,
    DeploymentStep,
    GraphAnswer,
    PollAnswer,
    PollInput,
    StartAnswer,
    StartInput,
)
from armature.plan import Plan, PlannedTemplate
from armature.scheduling import Decision, GraphTemplate, Report, Rollout, Setback, Start
from armature.state import LinkedDeployment, TemplateState, TemplateStatus
from armature.transitions import with_template, with_templates

blueprint = df.Blueprint()

LOOKS_AT_ONCE = 8
"""Templates that one poll looks at at the same time: fifty in flight are a hundred reads, a fifth of a second each."""

ATTEMPT_TAG = "armature-attempt"


def load_graph(services: Services, work: DeploymentStep) -> GraphAnswer:
    """The plan's graph and limits for the scheduler. Twice: the plan never changes."""
    plan = services.deployments.plan(work.deployment_id)
    options = state_of(services, work.deployment_id).options
    rollout = Rollout(
        templates=tuple(GraphTemplate(name=t.name, depends_on=t.depends_on, tier=t.tier) for t in plan.templates),
        concurrency=options.concurrency,
        scheduling=options.scheduling,
        retry_policy=options.retry_policy,
    )
    return GraphAnswer(rollout=rollout, with_packages=tuple(t.name for t in plan.templates if t.uses_packages))


def start_template(services: Services, work: StartInput) -> StartAnswer:
    """Hand one template to ARM.

    Twice: the deployment's name is the template's and its tags tell deployment and attempt, so one that runs, is done,
    or has failed for this very attempt is not put again.
    """
    try:
        _hand_to_arm(services, work)
    except FailureError as refused:
        _show_failed_attempt(services, work.deployment_id, work.start, refused.failure)
        return StartAnswer(report=_failed(work.start, refused.failure))
    return StartAnswer(report=Report(name=work.start.name, attempt=work.start.attempt, status=TemplateStatus.RUNNING))


def _hand_to_arm(services: Services, work: StartInput) -> None:
    plan = services.deployments.plan(work.deployment_id)
    template = plan.template(work.start.name)
    arm = services.arm(template.scope.subscription)
    standing = arm.get_deployment(template.scope, template.deployment_name)
    if standing is not None and not _must_be_put(standing, work):
        return
    body = deployment_body(services, plan, template, _tags(work))
    try:
        arm.put_deployment(template.scope, template.deployment_name, body)
    except FailureError as refused:
        if refused.failure.code.lower() != "deploymentactive":
            raise
        standing = arm.get_deployment(template.scope, template.deployment_name)
        if standing is None or _must_be_put(standing, work):
            raise


def poll_templates(services: Services, work: PollInput) -> PollAnswer:
    """Look at every attempt in flight: two reads of ARM each, one save of the state for all.

    Twice: what is seen is written again as it is; a template never goes back.
    """
    plan = services.deployments.plan(work.deployment_id)
    shown = {template.name: template for template in state_of(services, work.deployment_id).templates}
    with ThreadPoolExecutor(LOOKS_AT_ONCE, thread_name_prefix="look") as pool:
        sights = list(pool.map(partial(_look, services, plan, shown), work.in_flight))
    services.deployments.append_events(work.deployment_id, [event for sight in sights for event in sight.events])
    now, changes = datetime.now(UTC), {sight.report.name: sight.applied for sight in sights}
    services.deployments.update_state(work.deployment_id, lambda found: with_templates(found, changes, now))
    asked = [sight.retry_after_seconds for sight in sights if sight.retry_after_seconds]
    return PollAnswer(reports=tuple(sight.report for sight in sights), retry_after_seconds=max(asked, default=None))


def record_decisions(services: Services, work: DecisionsInput) -> Answer:
    """Show starts, retries, final failures and skips. Twice: each decision has one key and one place."""
    now = datetime.now(UTC)
    plan = services.deployments.plan(work.deployment_id)
    state = state_of(services, work.deployment_id)
    attempts = state.options.retry_policy.max_attempts
    services.deployments.append_events(
        work.deployment_id,
        [
            event
            for decision in work.decisions
            for event in _decision_events(decision, work.reasons.get(decision.name), attempts, now)
        ],
    )
    changes = {
        decision.name: partial(
            _decided,
            decision=decision,
            reason=work.reasons.get(decision.name),
            link=_portal_link(services, state.target.tenant, plan.template(decision.name)),
            now=now,
        )
        for decision in work.decisions
    }
    services.deployments.update_state(work.deployment_id, lambda found: with_templates(found, changes, now))
    return Answer()


class _Sight:
    """What one look at ARM showed of a template: the report for the scheduler, the events, the change of the state."""

    def __init__(
        self,
        report: Report,
        events: Iterable[Event] = (),
        update: dict[str, object] | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        self.report = report
        self.events = list(events)
        self.retry_after_seconds = retry_after_seconds
        self._update = update or {}

    def applied(self, template: TemplateState) -> TemplateState:
        is_new = template.status is TemplateStatus.WAITING or template.attempt < self.report.attempt
        status = TemplateStatus.RUNNING if is_new else template.status
        return template.model_copy(update={"status": status, **self._update, "attempt": self.report.attempt})


def _look(services: Services, plan: Plan, shown: Mapping[str, TemplateState], start: Start) -> _Sight:
    template = plan.template(start.name)
    arm = services.arm(template.scope.subscription)
    try:
        deployment = arm.get_deployment(template.scope, template.deployment_name)
        if deployment is None:
            return _unseen(start, _not_known(template))
        operations = arm.list_operations(template.scope, template.deployment_name)
        return _sight(services, arm, plan, template, start, shown.get(start.name), deployment, operations)
    except FailureError as unseen:
        if unseen.failure.is_retried:
            return _unseen(start, unseen.failure)
        return _Sight(
            _failed(start, unseen.failure), [_attempt_event(start, unseen.failure)], {"failure": unseen.failure}
        )


def _unseen(start: Start, why: Failure) -> _Sight:
    """The next tick looks again; what ARM does goes on meanwhile. The scheduler counts how often."""
    report = Report(name=start.name, attempt=start.attempt, status=TemplateStatus.RUNNING, is_seen=False)
    return _Sight(report, [], {"failure": why}, why.retry_after_seconds)


def _not_known(template: PlannedTemplate) -> Failure:
    message = f"ARM does not know the deployment {template.deployment_name}, which it was handed."
    suggestion = "See in the activity log whether somebody deleted it, or its resource group; else deploy again."
    return failure(FailureClass.TRANSIENT, "DeploymentLost", message, suggestion)


def _sight(
    services: Services,
    arm: ArmGateway,
    plan: Plan,
    template: PlannedTemplate,
    start: Start,
    shown: TemplateState | None,
    deployment: ArmDeployment,
    operations: list[ArmOperation],
) -> _Sight:
    linked = _linked(operations)
    update = _counted(template, operations, linked, deployment)
    succeeded = sum(child.status.lower() == "succeeded" for child in linked)
    if not deployment.is_final:
        report = Report(
            name=start.name, attempt=start.attempt, status=TemplateStatus.RUNNING, linked_succeeded=succeeded
        )
        events = _progress_events(start, update, shown)
        if start.attempt == 1:  # a failure shown now was only of not being seen; in a later attempt it tells why
            update["failure"] = None
        return _Sight(report, events, update)
    if deployment.is_succeeded:
        services.deployments.save_outputs(plan.deployment_id, template.name, deployment.outputs)
        update |= {"resources": tuple(deployment.output_resources), "failure": None}
        report = Report(name=start.name, attempt=start.attempt, status=TemplateStatus.SUCCEEDED)
        if template.uses_packages:  # it has succeeded when its sites can read their packages
            return _Sight(report, [], update)
        update |= {"status": TemplateStatus.SUCCEEDED, "finished_at": deployment.timestamp or datetime.now(UTC)}
        return _Sight(report, [succeeded_event(start.name, len(deployment.output_resources))], update)
    why = arm.deployment_failure(template.scope, template.deployment_name, deployment)
    update |= {"failure": why, "resources": tuple(deployment.output_resources)}
    report = _failed(start, why, succeeded)
    return _Sight(report, [_attempt_event(start, why)], update)


def _linked(operations: list[ArmOperation]) -> tuple[LinkedDeployment, ...]:
    found = {
        operation.target_id: LinkedDeployment(
            id=operation.target_id, name=operation.target_id.rsplit("/", 1)[-1], status=operation.provisioning_state
        )
        for operation in operations
        if operation.is_linked_deployment and operation.target_id
    }
    return tuple(found.values())


def _counted(
    template: PlannedTemplate,
    operations: list[ArmOperation],
    linked: tuple[LinkedDeployment, ...],
    deployment: ArmDeployment,
) -> dict[str, object]:
    created = {op.target_id: op for op in operations if op.target_id and op.kind.lower() == "create"}
    done = sum(operation.provisioning_state.lower() == "succeeded" for operation in created.values())
    return {
        "resources_done": done,
        "resources_total": max(template.resource_count, len(created)),
        "linked_deployments": linked,
        "correlation_id": deployment.correlation_id,
    }


def _must_be_put(standing: ArmDeployment, work: StartInput) -> bool:
    """True unless what stands is this deployment's, and either goes on, is done, or failed in this very attempt."""
    if standing.tags.get(DEPLOYMENT_TAG) != work.deployment_id:
        return True
    has_failed = standing.is_final and not standing.is_succeeded
    return has_failed and standing.tags.get(ATTEMPT_TAG) != str(work.start.attempt)


def _tags(work: StartInput) -> dict[str, str]:
    return {DEPLOYMENT_TAG: work.deployment_id, ATTEMPT_TAG: str(work.start.attempt)}


def _failed(start: Start, failure: Failure, linked_succeeded: int = 0) -> Report:
    return Report(
        name=start.name,
        attempt=start.attempt,
        status=TemplateStatus.FAILED,
        setback=Setback(failure_class=failure.failure_class, retry_after_seconds=failure.retry_after_seconds),
        linked_succeeded=linked_succeeded,
    )


def _show_failed_attempt(services: Services, deployment_id: str, start: Start, failure: Failure) -> None:
    now = datetime.now(UTC)
    services.deployments.append_events(deployment_id, [_attempt_event(start, failure)])
    services.deployments.update_state(
        deployment_id,
        lambda state: with_template(
            state,
            start.name,
            lambda found: found.model_copy(
                update={
                    "attempt": start.attempt,
                    "status": TemplateStatus.RUNNING,
                    "failure": failure,
                    "started_at": found.started_at or now,
                }
            ),
            now,
        ),
    )


def _decided(
    template: TemplateState, *, decision: Decision, reason: Failure | None, link: str, now: datetime
) -> TemplateState:
    update: dict[str, object] = {
        "status": decision.status,
        "attempt": decision.attempt,
        "next_attempt_at": decision.next_attempt_at,
        "finished_at": now if decision.status.is_final else None,
    }
    if decision.status is TemplateStatus.RUNNING:
        update |= {"started_at": template.started_at or now, "portal_link": link}
    if reason is not None:
        update["failure"] = reason
    return template.model_copy(update=update)


def _portal_link(services: Services, tenant: str | None, template: PlannedTemplate) -> str:
    return services.cloud.portal_deployment_link(tenant, template.scope.deployment_id(template.deployment_name))


def _attempt_event(start: Start, failure: Failure) -> Event:
    return Event(
        key=f"template:{start.name}:{start.attempt}:failed",
        time=datetime.now(UTC),
        code=EventCode.TEMPLATE_ATTEMPT_FAILED,
        message=f"{start.name}, attempt {start.attempt}: {failure.code}: {failure.message}",
        level=Level.WARNING,
        template=start.name,
    )


def _progress_events(start: Start, update: dict[str, object], shown: TemplateState | None) -> list[Event]:
    """Progress that the state does not show yet: a long deployment would fill the log with what it says already."""
    done, total = update["resources_done"], update["resources_total"]
    if not done or (
        shown and (shown.attempt, shown.resources_done, shown.resources_total) == (start.attempt, done, total)
    ):
        return []
    return [
        Event(
            key=f"template:{start.name}:{start.attempt}:progress:{done}/{total}",
            time=datetime.now(UTC),
            code=EventCode.TEMPLATE_PROGRESS,
            message=f"{start.name}: {done} of {total} resources.",
            template=start.name,
        )
    ]


def _decision_events(decision: Decision, reason: Failure | None, max_attempts: int, now: datetime) -> list[Event]:
    attempt = [_attempt_event(Start(name=decision.name, attempt=decision.attempt), reason)] if reason else []
    return [*attempt, _decision_event(decision, max_attempts, now)]


def _decision_event(decision: Decision, max_attempts: int, now: datetime) -> Event:
    name = decision.name
    code, level, message = {
        TemplateStatus.RUNNING: (
            EventCode.TEMPLATE_STARTED,
            Level.INFO,
            f"{name} started" + (f", attempt {decision.attempt}." if decision.attempt > 1 else "."),
        ),
        TemplateStatus.RETRYING: (
            EventCode.TEMPLATE_RETRYING,
            Level.WARNING,
            f"{name} will be tried again"
            + (
                f" at {decision.next_attempt_at:%H:%M:%S} (attempt {decision.attempt + 1} of {max_attempts})."
                if decision.next_attempt_at
                else " once something else has finished."
            ),
        ),
        TemplateStatus.FAILED: (EventCode.TEMPLATE_FAILED, Level.ERROR, f"{name} failed for good."),
        TemplateStatus.SKIPPED: (EventCode.TEMPLATE_SKIPPED, Level.WARNING, f"{name} was not started."),
    }[decision.status]
    word = "started" if decision.status is TemplateStatus.RUNNING else decision.status.value
    key = f"template:{name}:{decision.attempt}:{word}"
    return Event(key=key, time=now, code=code, message=message, level=level, template=name)


register(blueprint, load_graph, DeploymentStep)
register(blueprint, start_template, StartInput)
register(blueprint, poll_templates, PollInput)
register(blueprint, record_decisions, DecisionsInput)
