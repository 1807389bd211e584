"""Hand templates to ARM, one start at a time, in the order that the scheduler decides."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

import azure.durable_functions as df

from activities.border import register
from activities.clearing import cleared
from activities.events import attempt_failed_event
from activities.parameters import deployment_body
from activities.placing import placed_failure
from activities.restarting import note_what_changed
from activities.showing import show, templates_of
from activities.standing import DEPLOYMENT_TAG, asked_of, state_of, too_late
from activities.survey import survey_template
from activities.tagging import tags_of
from armature.attempts import Report, Start
from armature.azure.models import ArmDeployment
from armature.azure.services import Services
from armature.errors import Failure, FailureClass, FailureError, Recovery, failure
from armature.events import Event, EventCode
from armature.messages import DeploymentStep, GraphAnswer, StartAnswer, StartInput
from armature.options import Delivery
from armature.plan import Plan, PlannedTemplate
from armature.scheduling import GraphTemplate, Rollout, Track
from armature.state import DeploymentState, TemplateState, TemplateStatus

blueprint = df.Blueprint()

ATTEMPT_TAG = "armature-attempt"
"""Which start of the template it was (armature.scheduling.Start.number)."""

HANDOVERS = 4
"""How often one start hands over a template that ARM can't download, each time with a fresh SAS. ARM tries a download
once, where every other call here is tried again for a moment; refused so early, nothing has begun."""


def load_graph(services: Services, work: DeploymentStep) -> GraphAnswer:
    """The plan's graph and limits for the scheduler, and what earlier runs have done of it. Twice: it reads only."""
    plan = services.deployments.plan(work.plan_id)
    state = state_of(services, work.deployment_id)
    options = state.options
    rollout = Rollout(
        templates=tuple(GraphTemplate(name=t.name, depends_on=t.depends_on, tier=t.tier) for t in plan.templates),
        concurrency=options.concurrency,
        scheduling=options.scheduling,
        retry_policy=options.retry_policy,
        seed=work.plan_id,
        tracks={name: track for name, shown in templates_of(state, work).items() if (track := _track(shown))},
    )
    return GraphAnswer(
        **dict(asked_of(services, state)),
        rollout=rollout,
        with_packages=tuple(t.name for t in plan.templates if t.uses_packages),
        puts_tags=bool(tags_of(services, state, work)),
    )


def _track(shown: TemplateState) -> Track | None:
    """Where a template stands when a further run begins; None when it was never begun."""
    if shown.status is TemplateStatus.SUCCEEDED:
        return Track(status=TemplateStatus.SUCCEEDED, attempt=shown.attempt, number=shown.starts)
    return Track(number=shown.starts) if shown.starts else None


def start_template(services: Services, work: StartInput) -> StartAnswer:
    """Hand one template to ARM, once what failed an earlier start of it is cleared.

    Twice: the deployment's name is the template's and its tags tell deployment and start, so one that runs, is done,
    or has failed for this very start is not put again. Late, once its run has ended or what it did is being undone, or
    after the lineage lock is lost: nothing is put any more.
    """
    if (why := too_late(services, work, work.start.name)) is not None:
        return StartAnswer(failure=why)
    try:
        _hand_to_arm(services, work)
    except FailureError as refused:
        why = refused.failure
        if not why.is_retried:
            plan = services.deployments.plan(work.plan_id)
            why = placed_failure(services, plan, plan.template(work.start.name), why)
        show_failed_start(services, work, work.start, why)
        return StartAnswer(report=Report.failed(work.start, why))
    return StartAnswer(report=Report.of(work.start, TemplateStatus.RUNNING))


def _hand_to_arm(services: Services, work: StartInput) -> None:
    plan = services.deployments.plan(work.plan_id)
    template = plan.template(work.start.name)
    arm = services.arm(plan.asked_in(template.scope))
    standing = arm.get_deployment(template.scope, template.deployment_name)
    if standing is not None and not _must_be_put(standing, work):
        return
    if standing is not None and not standing.is_final:
        raise FailureError(in_use(standing))
    events = cleared(services, state_of(services, work.deployment_id), template, work)
    show(services, work, {}, events)
    if not work.rollback:
        note_what_changed(services, plan, template, standing)
    for left in reversed(range(HANDOVERS)):
        try:
            _put(services, work, plan, template)
            return
        except FailureError as refused:
            if refused.failure.recovery is not Recovery.FRESH_SAS or not left:
                raise
            services.artifacts.forget(services.arm(plan.subscription), plan.location)  # it may be private by now


def _put(services: Services, work: StartInput, plan: Plan, template: PlannedTemplate) -> None:
    arm = services.arm(plan.asked_in(template.scope))
    state = state_of(services, work.deployment_id)
    tags = {**tags_of(services, state, work), **_tags(work)}
    body = deployment_body(services, plan, work.plan_id, template, tags, state.options.delivery)
    show_delivery(services, work, state, {work.start: Delivery.SAS if body.template is None else Delivery.INLINE})
    if not work.rollback:
        survey_template(services, plan, template, body)
    try:
        arm.put_deployment(template.scope, template.deployment_name, body)
    except FailureError as refused:
        if refused.failure.code.lower() != "deploymentactive":
            raise
        standing = arm.get_deployment(template.scope, template.deployment_name)
        if standing is None:
            raise
        if _must_be_put(standing, work):
            raise FailureError(in_use(standing)) from refused


def show_delivery(
    services: Services, work: DeploymentStep, state: DeploymentState, chosen: Mapping[Start, Delivery]
) -> None:
    """Tell of templates that are handed over otherwise than the state says. Twice: it says so then."""
    shown = templates_of(state, work)
    fresh = {
        start: delivery
        for start, delivery in chosen.items()
        if (found := shown.get(start.name)) is not None and found.delivery is not delivery
    }
    if fresh:
        changes = {start.name: partial(_with_delivery, delivery=delivery) for start, delivery in fresh.items()}
        show(services, work, changes, [_delivered_event(start, delivery) for start, delivery in fresh.items()])


def _with_delivery(found: TemplateState, delivery: Delivery) -> TemplateState:
    return found.model_copy(update={"delivery": delivery})


def _delivered_event(start: Start, delivery: Delivery) -> Event:
    how = "in the request, with all that it links to" if delivery is Delivery.INLINE else "by a link"
    return Event(
        key=f"delivery:{start.name}:{start.number}:{delivery}",
        time=datetime.now(UTC),
        code=EventCode.TEMPLATE_DELIVERED,
        message=f"{start.name} is handed to ARM {how}.",
        template=start.name,
    )


def _must_be_put(standing: ArmDeployment, work: StartInput) -> bool:
    """True unless what stands is this deployment's, and either goes on, is done, or failed in this very start."""
    if standing.tags.get(DEPLOYMENT_TAG) != work.deployment_id:
        return True
    has_failed = standing.is_final and not standing.is_succeeded
    return has_failed and standing.tags.get(ATTEMPT_TAG) != str(work.start.number)


def in_use(standing: ArmDeployment) -> Failure:
    """That a deployment of the same name, which is not this one's, still runs."""
    whose = standing.tags.get(DEPLOYMENT_TAG)
    owner = f"belongs to the deployment {whose}" if whose else "somebody else has started"
    since = f" (last changed at {standing.timestamp:%Y-%m-%d %H:%M:%S} UTC)" if standing.timestamp else ""
    message = f"ARM still works on {standing.name}, which {owner}{since}: two of one name can't run at once."
    suggestion = "It is waited for. If it hangs, cancel it in the portal."
    active = failure(FailureClass.RESOURCE_CONFLICT, "DeploymentActive", message, suggestion)
    return active.model_copy(update={"recovery": Recovery.WAIT})


def _tags(work: StartInput) -> dict[str, str]:
    return {DEPLOYMENT_TAG: work.deployment_id, ATTEMPT_TAG: str(work.start.number)}


def show_failed_start(services: Services, work: DeploymentStep, start: Start, why: Failure) -> None:
    """Show that ARM, or what comes before it, has refused a start."""
    now = datetime.now(UTC)

    def failed(found: TemplateState) -> TemplateState:
        return found.model_copy(
            update={
                "attempt": start.attempt,
                "starts": start.number,
                "status": TemplateStatus.RUNNING,
                "failure": why,
                "started_at": found.started_at or now,
            }
        )

    show(services, work, {start.name: failed}, [attempt_failed_event(start, why)])


register(blueprint, load_graph, DeploymentStep)
register(blueprint, start_template, StartInput)
