"""Hand templates to ARM, one start at a time, in the order that the scheduler decides."""

from datetime import UTC, datetime

import azure.durable_functions as df

from activities.border import register
from activities.events import attempt_failed_event
from activities.parameters import deployment_body
from activities.showing import show
from activities.standing import DEPLOYMENT_TAG, state_of
from armature.azure.models import ArmDeployment
from armature.azure.services import Services
from armature.errors import Failure, FailureError
from armature.messages import DeploymentStep, GraphAnswer, StartAnswer, StartInput
from armature.scheduling import GraphTemplate, Report, Rollout
from armature.state import TemplateState, TemplateStatus

blueprint = df.Blueprint()

ATTEMPT_TAG = "armature-attempt"


def load_graph(services: Services, work: DeploymentStep) -> GraphAnswer:
    """The plan's graph and limits for the scheduler. Twice: the plan never changes."""
    plan = services.deployments.plan(work.plan_id)
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
        _show_failed_attempt(services, work, refused.failure)
        return StartAnswer(report=Report.failed(work.start, refused.failure))
    return StartAnswer(report=Report(name=work.start.name, attempt=work.start.attempt, status=TemplateStatus.RUNNING))


def _hand_to_arm(services: Services, work: StartInput) -> None:
    plan = services.deployments.plan(work.plan_id)
    template = plan.template(work.start.name)
    arm = services.arm(template.scope.subscription)
    standing = arm.get_deployment(template.scope, template.deployment_name)
    if standing is not None and not _must_be_put(standing, work):
        return
    body = deployment_body(services, plan, work.plan_id, template, _tags(work))
    try:
        arm.put_deployment(template.scope, template.deployment_name, body)
    except FailureError as refused:
        if refused.failure.code.lower() != "deploymentactive":
            raise
        standing = arm.get_deployment(template.scope, template.deployment_name)
        if standing is None or _must_be_put(standing, work):
            raise


def _must_be_put(standing: ArmDeployment, work: StartInput) -> bool:
    """True unless what stands is this deployment's, and either goes on, is done, or failed in this very attempt."""
    if standing.tags.get(DEPLOYMENT_TAG) != work.deployment_id:
        return True
    has_failed = standing.is_final and not standing.is_succeeded
    return has_failed and standing.tags.get(ATTEMPT_TAG) != str(work.start.attempt)


def _tags(work: StartInput) -> dict[str, str]:
    return {DEPLOYMENT_TAG: work.deployment_id, ATTEMPT_TAG: str(work.start.attempt)}


def _show_failed_attempt(services: Services, work: StartInput, failure: Failure) -> None:
    now = datetime.now(UTC)

    def failed(found: TemplateState) -> TemplateState:
        return found.model_copy(
            update={
                "attempt": work.start.attempt,
                "status": TemplateStatus.RUNNING,
                "failure": failure,
                "started_at": found.started_at or now,
            }
        )

    show(services, work, {work.start.name: failed}, [attempt_failed_event(work.start, failure)])


register(blueprint, load_graph, DeploymentStep)
register(blueprint, start_template, StartInput)
