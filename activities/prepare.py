"""Prepare: read the bundle, take the lineage's turn, make the target and the artifact storage ready."""

from contextlib import closing
from datetime import UTC, datetime

import azure.durable_functions as df

from activities.border import register
from activities.standing import DEPLOYMENT_TAG, state_of
from armature.azure.services import Services
from armature.bundle import BundleError, BundleLimits
from armature.errors import Cause, Failure, FailureClass, FailureError
from armature.events import Event, EventCode, Level
from armature.messages import Answer, BundleAnswer, DeploymentStep, ReadyAnswer, TurnAnswer
from armature.plan import BundleVersion, Plan
from armature.problems import Problem
from armature.state import DeploymentState, LineageState, TemplateState
from armature.transitions import with_problems
from armature.validation import review_bundle
from armature.zip_bundle import ZipBundle

blueprint = df.Blueprint()

MAX_CAUSES_SHOWN = 10
MAX_EVENTS = 50
"""Problems told in the log; the state holds more of them."""


def read_bundle(services: Services, work: DeploymentStep) -> BundleAnswer:
    """Read and validate the bundle, and keep its plan. Nothing outside the app's own storage is touched.

    Twice: the plan that was written first stands, and with it the version of the bundle that it was made from.
    """
    state = state_of(services, work.deployment_id)
    problems, plan = _reviewed(services, state)
    refused = [problem for problem in problems if problem.is_error]
    events = [_problem_event(number, problem) for number, problem in enumerate((refused or problems)[:MAX_EVENTS])]
    services.deployments.append_events(work.deployment_id, events)
    if plan is not None and not refused:
        plan = services.deployments.save_plan(plan)
        services.deployments.update_state(
            work.deployment_id, lambda found: with_problems(_planned(found, plan), problems)
        )
        return BundleAnswer(artifacts=len(plan.artifacts), lineage_key=plan.lineage.key)
    services.deployments.update_state(work.deployment_id, lambda found: with_problems(found, problems))
    return BundleAnswer(failure=_refusal(refused))


def take_turn(services: Services, work: DeploymentStep) -> TurnAnswer:
    """Take the lineage lock, or say who has it.

    Twice: the owner taking it again succeeds; a lock whose owner is finished is taken over by ETag.
    """
    key = services.deployments.plan(work.deployment_id).lineage.key
    answer = services.deployments.take_lock(key, work.deployment_id)
    holder = None if answer.is_taken else answer.holder or None
    services.deployments.update_state(work.deployment_id, lambda found: _held_by(found, holder))
    return TurnAnswer(is_ours=answer.is_taken, holder="" if answer.is_taken else answer.holder)


def release_turn(services: Services, work: DeploymentStep) -> Answer:
    """Give the lineage lock back. Twice: a lock that is gone, or another's, is left alone."""
    state = state_of(services, work.deployment_id)
    if state.lineage is not None:
        services.deployments.release_lock(state.lineage.key, work.deployment_id)
    return Answer()


def prepare_target(services: Services, work: DeploymentStep) -> ReadyAnswer:
    """Check the way to ARM, ensure the target's resource groups, find or provision the artifact storage account.

    Answers not ready while ARM provisions it, and while the app's role on it is not seen: call again. Twice: what is
    there already is left as it is.
    """
    plan = services.deployments.plan(work.deployment_id)
    arm = services.arm(plan.subscription)
    arm.check_access()
    for group in plan.resource_groups_to_ensure:
        arm.ensure_resource_group(group.name, group.location, {DEPLOYMENT_TAG: work.deployment_id})
    account = services.artifacts.find(arm, plan.location)
    if account is None:
        services.artifacts.start_provisioning(arm, plan.location)
    if account is None or not account.is_ready:
        return ReadyAnswer(is_ready=False)
    try:
        services.artifacts.check_access(account)
    except FailureError as unseen:
        if not unseen.failure.is_retried:
            raise
        return ReadyAnswer(is_ready=False, waits_for=unseen.failure)
    return ReadyAnswer(is_ready=True)


def _reviewed(services: Services, state: DeploymentState) -> tuple[list[Problem], Plan | None]:
    try:
        with (
            services.bundles.open(state.bundle) as file,
            closing(ZipBundle(file, BundleLimits.of(services.settings))) as bundle,
        ):
            review = review_bundle(
                bundle,
                request=state.request,
                deployment_id=state.deployment_id,
                cloud_name=services.cloud.name,
                default_location=services.settings.default_location,
            )
    except BundleError as refused:
        return list(refused.problems), None
    source = BundleVersion(reference=state.bundle, etag=file.etag)
    return list(review.problems), review.plan and review.plan.model_copy(update={"source": source})


def _planned(state: DeploymentState, plan: Plan) -> DeploymentState:
    """The state with what the plan will do; a state that has its templates already keeps them."""
    templates = state.templates or tuple(
        TemplateState(
            name=template.name,
            tier=template.tier,
            depends_on=template.depends_on,
            scope=template.scope.resource_id,
            deployment_name=template.deployment_name,
            resources_total=template.resource_count,
        )
        for template in plan.templates
    )
    lineage = state.lineage or LineageState(
        project=plan.lineage.project, environment=plan.lineage.environment, key=plan.lineage.key
    )
    return state.model_copy(
        update={
            "templates": templates,
            "lineage": lineage,
            "project": plan.lineage.project,
            "environment": plan.lineage.environment,
        }
    )


def _held_by(state: DeploymentState, holder: str | None) -> DeploymentState:
    if state.lineage is None or state.lineage.holder == holder:
        return state
    return state.model_copy(update={"lineage": state.lineage.model_copy(update={"holder": holder})})


def _problem_event(number: int, problem: Problem) -> Event:
    return Event(
        key=f"problem:{number}:{problem.code}:{problem.file}:{problem.pointer}",
        time=datetime.now(UTC),
        code=EventCode.BUNDLE_REFUSED if problem.is_error else EventCode.BUNDLE_WARNING,
        message=str(problem),
        level=Level.ERROR if problem.is_error else Level.WARNING,
    )


def _refusal(problems: list[Problem]) -> Failure:
    """The problems that refuse a bundle, as one failure; all of them are in the state."""
    count = len(problems)
    causes = [
        Cause(code=problem.code, message=f"{problem.message} {problem.next_step}", target=_place(problem))
        for problem in problems[:MAX_CAUSES_SHOWN]
    ]
    found = f"{count} problem{'s' if count != 1 else ''} found in the bundle."
    return Failure(
        failure_class=FailureClass.TEMPLATE,
        code="BundleRefused",
        message=found,
        suggestion="Correct what is listed under problems and deploy again.",
        causes=tuple(causes),
    )


def _place(problem: Problem) -> str | None:
    return f"{problem.place}#{problem.pointer}" if problem.pointer else problem.place or None


register(blueprint, read_bundle, DeploymentStep)
register(blueprint, take_turn, DeploymentStep)
register(blueprint, release_turn, DeploymentStep)
register(blueprint, prepare_target, DeploymentStep)
