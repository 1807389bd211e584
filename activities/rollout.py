"""Roll out: hand templates to ARM, look at what is in flight, show what the scheduler decided."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial

import azure.durable_functions as df

from activities.border import register
from activities.events import succeeded_event
from activities.parameters import deployment_body
from armature.azure.arm import ArmGateway
from armature.azure.models import ArmDeployment, ArmOperation
from armature.azure.services import Services
from armature.errors import Failure, FailureError
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
from armature.state import DeploymentState, LinkedDeployment, TemplateState, TemplateStatus
from armature.transitions import with_template

blueprint = df.Blueprint()

DEPLOYMENT_TAG = "armature-deployment-id"
ATTEMPT_TAG = "armature-attempt"


def load_graph(services: Services, work: DeploymentStep) -> GraphAnswer:
    """The plan's graph and limits for the scheduler. Twice: the plan never changes."""
    plan = services.deployments.plan(work.deployment_id)
    state = services.deployments.state(work.deployment_id)
    if state is None:
        raise KeyError(work.deployment_id)
    options = state.options
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
    plan = services.deployments.plan(work.deployment_id)
    template = plan.template(work.start.name)
    arm = services.arm(template.scope.subscription)
    standing = arm.get_deployment(template.scope, template.deployment_name)
    if standing is None or _must_be_put(standing, work):
        body = deployment_body(services, plan, template, _tags(work))
        try:
            standing = arm.put_deployment(template.scope, template.deployment_name, body)
        except FailureError as refused:
            if refused.failure.code.lower() != "deploymentactive":
                _show_failed_attempt(services, work.deployment_id, work.start, refused.failure)
                return StartAnswer(report=_failed(work.start, refused.failure))
            standing = arm.get_deployment(template.scope, template.deployment_name)
            if standing is None or _must_be_put(standing, work):
                raise
    _show_started(services, plan, template, work.start, standing)
    return StartAnswer(report=Report(name=work.start.name, attempt=work.start.attempt, status=TemplateStatus.RUNNING))


def poll_templates(services: Services, work: PollInput) -> PollAnswer:
    """Look at every attempt in flight: two reads of ARM each, one save of the state for all.

    Twice: what is seen is written again as it is; a template never goes back.
    """
    plan = services.deployments.plan(work.deployment_id)
    sights = [_look(services, plan, start) for start in work.in_flight]
    services.deployments.append_events(work.deployment_id, [event for sight in sights for event in sight.events])
    now = datetime.now(UTC)

    def seen(state: DeploymentState) -> DeploymentState:
        for sight in sights:
            state = with_template(state, sight.report.name, sight.applied, now)
        return state

    services.deployments.update_state(work.deployment_id, seen)
    return PollAnswer(reports=tuple(sight.report for sight in sights))


def record_decisions(services: Services, work: DecisionsInput) -> Answer:
    """Show retries, final failures and skips. Twice: each decision has one key and one place."""
    now = datetime.now(UTC)
    state = services.deployments.state(work.deployment_id)
    attempts = state.options.retry_policy.max_attempts if state else 0
    services.deployments.append_events(
        work.deployment_id, [_decision_event(decision, attempts, now) for decision in work.decisions]
    )

    def decided(found: DeploymentState) -> DeploymentState:
        for decision in work.decisions:
            found = with_template(found, decision.name, partial(_decided, decision=decision, now=now), now)
        return found

    services.deployments.update_state(work.deployment_id, decided)
    return Answer()


class _Sight:
    """What one look at ARM showed of a template: the report for the scheduler, the events, the change of the state."""

    def __init__(self, report: Report, events: Iterable[Event] = (), update: dict[str, object] | None = None) -> None:
        self.report = report
        self.events = list(events)
        self._update = update or {}

    def applied(self, template: TemplateState) -> TemplateState:
        return template.model_copy(update={**self._update, "attempt": self.report.attempt})


def _look(services: Services, plan: Plan, start: Start) -> _Sight:
    template = plan.template(start.name)
    arm = services.arm(template.scope.subscription)
    try:
        deployment = arm.get_deployment(template.scope, template.deployment_name)
        if deployment is None:
            return _Sight(Report(name=start.name, attempt=start.attempt, status=TemplateStatus.RUNNING))
        operations = arm.list_operations(template.scope, template.deployment_name)
        return _sight(services, arm, plan, template, start, deployment, operations)
    except FailureError as unseen:
        if unseen.failure.is_retried:  # the next tick looks again; what ARM does goes on meanwhile
            return _Sight(Report(name=start.name, attempt=start.attempt, status=TemplateStatus.RUNNING))
        return _Sight(
            _failed(start, unseen.failure), [_attempt_event(start, unseen.failure)], {"failure": unseen.failure}
        )


def _sight(
    services: Services,
    arm: ArmGateway,
    plan: Plan,
    template: PlannedTemplate,
    start: Start,
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
        return _Sight(report, _progress_events(start, update), update)
    if deployment.is_succeeded:
        services.deployments.save_outputs(plan.deployment_id, template.name, deployment.outputs)
        update |= {"resources": tuple(deployment.output_resources), "failure": None}
        report = Report(name=start.name, attempt=start.attempt, status=TemplateStatus.SUCCEEDED)
        if template.uses_packages:  # it has succeeded when its sites can read their packages
            return _Sight(report, [], update)
        update |= {"status": TemplateStatus.SUCCEEDED, "finished_at": deployment.timestamp or datetime.now(UTC)}
        return _Sight(report, [succeeded_event(start.name, len(deployment.output_resources))], update)
    failure = arm.deployment_failure(template.scope, template.deployment_name, deployment)
    update |= {"failure": failure, "resources": tuple(deployment.output_resources)}
    report = _failed(start, failure, succeeded)
    return _Sight(report, [_attempt_event(start, failure)], update)


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


def _show_started(
    services: Services, plan: Plan, template: PlannedTemplate, start: Start, standing: ArmDeployment
) -> None:
    now = datetime.now(UTC)
    services.deployments.append_events(
        plan.deployment_id,
        [
            Event(
                key=f"template:{start.name}:{start.attempt}:started",
                time=now,
                code=EventCode.TEMPLATE_STARTED,
                message=f"{start.name} started" + (f", attempt {start.attempt}." if start.attempt > 1 else "."),
                template=start.name,
            )
        ],
    )
    link = services.cloud.portal_deployment_link(None, template.scope.deployment_id(template.deployment_name))

    def started(found: TemplateState) -> TemplateState:
        return found.model_copy(
            update={
                "status": TemplateStatus.RUNNING,
                "attempt": start.attempt,
                "started_at": found.started_at or now,
                "correlation_id": standing.correlation_id,
                "portal_link": link,
            }
        )

    services.deployments.update_state(plan.deployment_id, lambda state: with_template(state, start.name, started, now))


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


def _decided(template: TemplateState, *, decision: Decision, now: datetime) -> TemplateState:
    finished = now if decision.status.is_final else None
    return template.model_copy(
        update={
            "status": decision.status,
            "attempt": decision.attempt,
            "next_attempt_at": decision.next_attempt_at,
            "finished_at": finished,
        }
    )


def _attempt_event(start: Start, failure: Failure) -> Event:
    return Event(
        key=f"template:{start.name}:{start.attempt}:failed",
        time=datetime.now(UTC),
        code=EventCode.TEMPLATE_ATTEMPT_FAILED,
        message=f"{start.name}, attempt {start.attempt}: {failure.code}: {failure.message}",
        level=Level.WARNING,
        template=start.name,
    )


def _progress_events(start: Start, update: dict[str, object]) -> list[Event]:
    done, total = update["resources_done"], update["resources_total"]
    if not done:
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


def _decision_event(decision: Decision, max_attempts: int, now: datetime) -> Event:
    name = decision.name
    code, level, message = {
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
    key = f"template:{name}:{decision.attempt}:{decision.status}"
    return Event(key=key, time=now, code=code, message=message, level=level, template=name)


register(blueprint, load_graph, DeploymentStep)
register(blueprint, start_template, StartInput)
register(blueprint, poll_templates, PollInput)
register(blueprint, record_decisions, DecisionsInput)
