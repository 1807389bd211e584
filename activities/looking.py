"""Look at the deployments that ARM works on: how far they are, how they ended."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

import azure.durable_functions as df

from activities.border import register
from activities.events import attempt_failed_event, progress_event, succeeded_event
from activities.showing import show, templates_of
from activities.standing import asked_of, state_of
from armature.azure.models import ArmDeployment, ArmOperation
from armature.azure.services import Services
from armature.errors import Failure, FailureClass, FailureError, failure
from armature.events import Event
from armature.messages import PollAnswer, PollInput
from armature.plan import Plan, PlannedTemplate
from armature.scheduling import Report, Start
from armature.state import LinkedDeployment, TemplateState, TemplateStatus

blueprint = df.Blueprint()

LOOKS_AT_ONCE = 8
"""Templates that one poll looks at at the same time: fifty in flight are a hundred reads, a fifth of a second each."""


def poll_templates(services: Services, work: PollInput) -> PollAnswer:
    """Look at every attempt in flight: two reads of ARM each, one save of the state for all; and at what is asked for.

    Twice: what is seen is written again as it is; a template never goes back.
    """
    state = state_of(services, work.deployment_id)
    look = Look(services, services.deployments.plan(work.plan_id), work.plan_id, templates_of(state, work))
    with ThreadPoolExecutor(LOOKS_AT_ONCE, thread_name_prefix="look") as pool:
        sights = list(pool.map(look.at, work.in_flight))
    changes = {sight.report.name: sight.applied for sight in sights}
    show(services, work, changes, [event for sight in sights for event in sight.events])
    asked = [sight.retry_after_seconds for sight in sights if sight.retry_after_seconds]
    control = asked_of(services, state)
    return PollAnswer(
        **dict(control),
        reports=tuple(sight.report for sight in sights),
        retry_after_seconds=max(asked, default=None),
    )


class Sight:
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
        """The template as the state is to show it."""
        is_new = template.status is TemplateStatus.WAITING or template.attempt < self.report.attempt
        status = TemplateStatus.RUNNING if is_new else template.status
        return template.model_copy(update={"status": status, **self._update, "attempt": self.report.attempt})


@dataclass(frozen=True)
class Look:
    """A look at ARM for one plan, next to what the state shows of its templates."""

    services: Services
    plan: Plan
    plan_id: str
    shown: Mapping[str, TemplateState]

    def at(self, start: Start) -> Sight:
        """How an attempt stands. Changes nothing but the outputs that are kept of a template that has succeeded."""
        template = self.plan.template(start.name)
        arm = self.services.arm(template.scope.subscription)
        try:
            deployment = arm.get_deployment(template.scope, template.deployment_name)
            if deployment is None:
                return _unseen(start, _not_known(template))
            operations = arm.list_operations(template.scope, template.deployment_name)
            return self._sight(template, start, deployment, operations)
        except FailureError as unseen:
            if unseen.failure.is_retried:
                return _unseen(start, unseen.failure)
            return _failed(start, unseen.failure, {})

    def _sight(
        self, template: PlannedTemplate, start: Start, deployment: ArmDeployment, operations: list[ArmOperation]
    ) -> Sight:
        linked = _linked(operations)
        update = _counted(template, operations, linked, deployment)
        succeeded = sum(child.status.lower() == "succeeded" for child in linked)
        if not deployment.is_final:
            report = Report.running(start).model_copy(update={"linked_succeeded": succeeded})
            if start.attempt == 1:  # a failure shown now was only of not being seen; in a later attempt it tells why
                update["failure"] = None
            return Sight(report, progress_event(start, update, self.shown.get(start.name)), update)
        if deployment.is_succeeded:
            return self._succeeded(template, start, deployment, update)
        arm = self.services.arm(template.scope.subscription)
        why = arm.deployment_failure(template.scope, template.deployment_name, deployment)
        return _failed(start, why, {**update, "resources": tuple(deployment.output_resources)}, succeeded)

    def _succeeded(
        self, template: PlannedTemplate, start: Start, deployment: ArmDeployment, update: dict[str, object]
    ) -> Sight:
        self.services.deployments.save_outputs(self.plan_id, template.name, deployment.outputs)
        update |= {"resources": tuple(deployment.output_resources), "failure": None}
        report = Report(name=start.name, attempt=start.attempt, status=TemplateStatus.SUCCEEDED)
        if template.uses_packages:  # it has succeeded when its sites can read their packages
            return Sight(report, [], update)
        update |= {"status": TemplateStatus.SUCCEEDED, "finished_at": deployment.timestamp or datetime.now(UTC)}
        return Sight(report, [succeeded_event(start.name, len(deployment.output_resources))], update)


def _failed(start: Start, why: Failure, update: dict[str, object], linked_succeeded: int = 0) -> Sight:
    report = Report.failed(start, why, linked_succeeded)
    return Sight(report, [attempt_failed_event(start, why)], {**update, "failure": why})


def _unseen(start: Start, why: Failure) -> Sight:
    """The next tick looks again; what ARM does goes on meanwhile. The scheduler decides for how long."""
    report = Report.running(start).model_copy(update={"is_seen": False})
    return Sight(report, [], {"failure": why}, why.retry_after_seconds)


def _not_known(template: PlannedTemplate) -> Failure:
    message = f"ARM does not know the deployment {template.deployment_name}, which it was handed."
    suggestion = "See in the activity log whether somebody deleted it, or its resource group; else deploy again."
    return failure(FailureClass.TRANSIENT, "DeploymentLost", message, suggestion)


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


register(blueprint, poll_templates, PollInput)
