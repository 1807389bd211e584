"""Look at the deployments that ARM works on: how far they are, how they ended."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

import azure.durable_functions as df

from activities.border import register
from activities.events import attempt_failed_event, progress_events, succeeded_event, treated_as_done_event
from activities.foreign import warn_of_foreign
from activities.parallel import in_parallel
from activities.placing import placed_failure
from activities.showing import show, templates_of
from activities.standing import asked_of, state_of
from activities.tagging import tags_of
from armature.attempts import Report, Start
from armature.azure.models import ArmDeployment, ArmOperation
from armature.azure.services import Services
from armature.errors import Failure, FailureClass, FailureError, Recovery, failure
from armature.events import Event
from armature.messages import DeploymentStep, PollAnswer, PollInput
from armature.plan import Plan, PlannedTemplate
from armature.state import DeploymentState, LinkedDeployment, TemplateState, TemplateStatus

blueprint = df.Blueprint()


def poll_templates(services: Services, work: PollInput) -> PollAnswer:
    """Look at every attempt in flight: two reads of ARM each, one save of the state for all; and at what is asked for.

    Twice: what is seen is written again as it is; a template never goes back.
    """
    state = state_of(services, work.deployment_id)
    look = Look.of(services, state, work)
    sights = all_seen(look.at, work.in_flight)
    show_sights(services, work, sights)
    if work.looks_for_foreign:
        shown = [*state.templates, *state.rollback.templates]
        warn_of_foreign(services, look.plan, {t.correlation_id for t in shown if t.correlation_id})
    return poll_answer(services, state, sights)


def poll_answer(services: Services, state: DeploymentState, sights: Sequence["Sight"]) -> PollAnswer:
    """What was seen, for how long ARM asks to be left in peace at most, and what is asked of the deployment."""
    asked = [sight.retry_after_seconds for sight in sights if sight.retry_after_seconds]
    return PollAnswer(
        **dict(asked_of(services, state)),
        reports=tuple(sight.report for sight in sights),
        retry_after_seconds=max(asked, default=None),
    )


def all_seen(look: Callable[[Start], "Sight"], starts: Iterable[Start]) -> list["Sight"]:
    """What a look at each of `starts` shows, several at a time."""
    return in_parallel(look, starts)


def show_sights(services: Services, step: DeploymentStep, sights: Iterable["Sight"]) -> None:
    """Save what was seen, in one go."""
    seen = [sight for sight in sights if sight.is_shown]
    changes = {sight.report.name: sight.applied for sight in seen}
    show(services, step, changes, [event for sight in seen for event in sight.events])


class Sight:
    """What one look at ARM showed of a template: the report for the scheduler and, if it `is_shown`, the events and the
    change of the state."""

    def __init__(
        self,
        start: Start,
        report: Report,
        events: Iterable[Event] = (),
        update: dict[str, object] | None = None,
        retry_after_seconds: float | None = None,
        *,
        is_shown: bool = True,
    ) -> None:
        self.start = start
        self.report = report
        self.events = list(events)
        self.retry_after_seconds = retry_after_seconds
        self.update = update or {}
        self.is_shown = is_shown

    def reporting(self, report: Report, update: dict[str, object]) -> "Sight":
        """The same look, reported as something else, with more to show."""
        return Sight(self.start, report, self.events, {**self.update, **update}, self.retry_after_seconds)

    def applied(self, template: TemplateState) -> TemplateState:
        """The template as the state is to show it. A start without a number is whichever the state shows."""
        is_new = template.status is TemplateStatus.WAITING or template.starts < self.start.number
        status = TemplateStatus.RUNNING if is_new else template.status
        begun = {"attempt": self.start.attempt, "starts": self.start.number} if self.start.number else {}
        return template.model_copy(update={"status": status, **self.update, **begun})


@dataclass(frozen=True)
class Look:
    """A look at ARM for one plan, next to what the state shows of its templates."""

    services: Services
    plan: Plan
    plan_id: str
    shown: Mapping[str, TemplateState]
    puts_tags: bool = False

    @classmethod
    def of(cls, services: Services, state: DeploymentState, step: DeploymentStep) -> Self:
        """A look for a step of a deployment."""
        return cls(
            services,
            services.deployments.plan(step.plan_id),
            step.plan_id,
            templates_of(state, step),
            bool(tags_of(services, state, step)),
        )

    def leaves_something(self, template: PlannedTemplate) -> bool:
        """True when something is left to do for the template once ARM has deployed it: it has succeeded after that."""
        return template.uses_packages or self.puts_tags

    def at(self, start: Start) -> Sight:
        """How an attempt stands. Changes nothing but the outputs that are kept of a template that has succeeded."""
        template = self.plan.template(start.name)
        arm = self.services.arm(self.plan.asked_in(template.scope))
        try:
            deployment = arm.get_deployment(template.scope, template.deployment_name)
            if deployment is None:
                return unseen(start, _not_known(template), is_lost=True)
            operations = arm.list_operations(template.scope, template.deployment_name)
            return self.sight(template, start, deployment, operations)
        except FailureError as refused:
            if refused.failure.is_retried:
                return unseen(start, refused.failure)
            return failed(start, refused.failure, {})

    def sight(
        self, template: PlannedTemplate, start: Start, deployment: ArmDeployment, operations: list[ArmOperation]
    ) -> Sight:
        """How an attempt stands whose deployment and operations were read."""
        update = counted(template, operations, deployment)
        succeeded = sum(child.status.lower() == "succeeded" for child in _linked(operations))
        if not deployment.is_final:
            report = Report.of(start, TemplateStatus.RUNNING, succeeded)
            if start.number == 1:  # a failure shown now was only of not being seen; later it tells of an earlier start
                update["failure"] = None
            events = progress_events(start, update, self.shown.get(start.name))
            return Sight(start, report, events, {**update, "waiting_for": None})
        if deployment.is_succeeded:
            return self._succeeded(template, start, deployment, update)
        update |= {"resources": tuple(deployment.output_resources)}
        why = self._why(template, deployment)
        if is_done_all_the_same(template, why, operations):
            return self._treated_as_done(template, start, why, update)
        if not why.is_retried:
            why = placed_failure(self.services, self.plan, template, why)
        return failed(start, why, update, succeeded)

    def _why(self, template: PlannedTemplate, deployment: ArmDeployment) -> Failure:
        if deployment.is_canceled:
            message = f"Somebody has cancelled the deployment {deployment.name} in Azure."
            suggestion = "The activity log of its scope tells who. Resume this deployment, or deploy again."
            return failure(FailureClass.UNKNOWN, "DeploymentCanceled", message, suggestion)
        arm = self.services.arm(self.plan.asked_in(template.scope))
        return arm.deployment_failure(template.scope, template.deployment_name, deployment)

    def _succeeded(
        self, template: PlannedTemplate, start: Start, deployment: ArmDeployment, update: dict[str, object]
    ) -> Sight:
        self.services.deployments.save_outputs(self.plan_id, template.name, deployment.outputs)
        resources = tuple(deployment.output_resources)
        update |= {"resources": resources, "failure": None, "waiting_for": None}
        report = Report.of(start, TemplateStatus.SUCCEEDED)
        if self.leaves_something(template):
            return Sight(start, report, [], update)
        update |= {"status": TemplateStatus.SUCCEEDED, "finished_at": deployment.timestamp or datetime.now(UTC)}
        return Sight(start, report, [succeeded_event(start.name, len(resources))], update)

    def _treated_as_done(
        self, template: PlannedTemplate, start: Start, why: Failure, update: dict[str, object]
    ) -> Sight:
        """Success with a warning. ARM evaluates no outputs of what failed: who needs one hears that it is missing."""
        self.services.deployments.save_outputs(self.plan_id, template.name, {})
        event = treated_as_done_event(start, why)
        update |= {"failure": None, "waiting_for": None}
        report = Report.of(start, TemplateStatus.SUCCEEDED)
        if not self.leaves_something(template):
            update |= {"status": TemplateStatus.SUCCEEDED, "finished_at": datetime.now(UTC)}
        return Sight(start, report, [event], update)


def is_done_all_the_same(template: PlannedTemplate, why: Failure, operations: Iterable[ArmOperation]) -> bool:
    """True when all that failed is there already (a role assignment that exists), and nothing was left undone for it.

    What depends on a failed resource ARM does not begin: then fewer resources were begun than the template has. What
    failed inside of a linked deployment is not looked into, and counts as failed.
    """
    if why.recovery is not Recovery.TREAT_AS_DONE:
        return False
    begun = {op.target_id: op for op in operations if op.target_id and op.kind.lower() == "create"}
    is_settled = all(op.is_failed or op.provisioning_state.lower() == "succeeded" for op in begun.values())
    has_failed_link = any(op.is_failed and op.is_linked_deployment for op in begun.values())
    return is_settled and not has_failed_link and len(begun) >= template.resource_count


def failed(start: Start, why: Failure, update: dict[str, object], linked_succeeded: int = 0) -> Sight:
    """That an attempt has failed; what that means for its template, the scheduler decides."""
    report = Report.failed(start, why, linked_succeeded)
    return Sight(start, report, [attempt_failed_event(start, why)], {**update, "failure": why})


def unseen(start: Start, why: Failure, *, is_lost: bool = False) -> Sight:
    """The next tick looks again; what ARM does goes on meanwhile. The scheduler decides for how long."""
    report = Report.of(start, TemplateStatus.RUNNING).model_copy(update={"is_seen": False, "is_lost": is_lost})
    update: dict[str, object] = {"failure": why, "waiting_for": "word of Azure on how it stands"}
    return Sight(start, report, [], update, why.retry_after_seconds)


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


def counted(template: PlannedTemplate, operations: list[ArmOperation], deployment: ArmDeployment) -> dict[str, object]:
    """How far a deployment is: what the state shows of it whatever has become of it."""
    created = {op.target_id: op for op in operations if op.target_id and op.kind.lower() == "create"}
    done = sum(operation.provisioning_state.lower() == "succeeded" for operation in created.values())
    return {
        "resources_done": done,
        "resources_total": max(template.resource_count, len(created)),
        "linked_deployments": _linked(operations),
        "correlation_id": deployment.correlation_id,
    }


register(blueprint, poll_templates, PollInput)
