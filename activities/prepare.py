"""Prepare: read the bundle, take the lineage's turn, make the target and the artifact storage ready."""

from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime

import azure.durable_functions as df

from activities.border import register
from activities.delivering import check_delivery
from activities.foreign import warn_of_foreign
from activities.standing import DEPLOYMENT_TAG, asked_of, open_state_of, state_of
from activities.survey import survey_target
from armature.azure.arm import ArmGateway
from armature.azure.artifacts import ArtifactAccount
from armature.azure.services import Services
from armature.bundle import BundleError, BundleLimits
from armature.control import LineageRecord
from armature.errors import Cause, Failure, FailureClass, FailureError, failure
from armature.events import Event, EventCode, Level
from armature.messages import Answer, BundleAnswer, ControlAnswer, DeploymentStep, ReadyAnswer, TurnAnswer
from armature.numbers import count_of
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

_ROLE_IS_MISSING = ("authorizationpermissionmismatch", "insufficientaccountpermissions", "http 403")
"""What storage says of an identity without a role; `AuthorizationFailure` is of the network (Common REST API error
codes, 2025)."""

_NOT_LATEST = "Act on that one, or start a new deployment of the bundle."


def read_bundle(services: Services, work: DeploymentStep) -> BundleAnswer:
    """Read and validate the bundle, and keep its plan. Nothing outside the app's own storage is touched.

    Twice: the plan that was written first stands, and with it the version of the bundle that it was made from.
    """
    state = open_state_of(services, work.deployment_id)
    if state.run > 1:  # it was read when the deployment was first run: that plan is what is resumed
        return _planned_bundle(services.deployments.plan(work.deployment_id))
    problems, plan = _reviewed(services, state)
    refused = [problem for problem in problems if problem.is_error]
    events = [_problem_event(number, problem) for number, problem in enumerate((refused or problems)[:MAX_EVENTS])]
    services.deployments.append_events(work.deployment_id, events)
    if plan is not None and not refused:
        plan = services.deployments.save_plan(plan)
        services.deployments.update_state(
            work.deployment_id, lambda found: with_problems(_planned(found, plan), problems)
        )
        return _planned_bundle(plan)
    services.deployments.update_state(work.deployment_id, lambda found: with_problems(found, problems))
    return BundleAnswer(failure=_refusal(refused))


def _planned_bundle(plan: Plan) -> BundleAnswer:
    return BundleAnswer(artifacts=len(plan.artifacts), lineage_key=plan.lineage.key)


def take_turn(services: Services, work: DeploymentStep) -> TurnAnswer:
    """Take the lineage's turn, or a place in its queue; one that is asked to stop takes neither.

    Twice: the owner has its turn still, and one that waits its place; what the lineage remembers is the same.
    """
    state = open_state_of(services, work.deployment_id)
    asked = asked_of(services, state)
    if asked.is_cancelled or asked.is_lock_broken:
        return TurnAnswer.load(asked.dump())
    lineage = services.deployments.plan(work.deployment_id).lineage
    lock = services.deployments.locks.take(lineage, work.deployment_id, state.created_at, state.run)
    is_ours = lock.owner == work.deployment_id
    record = _begun(services, lineage.key, state) if is_ours else None
    holder = None if is_ours else lock.owner or lock.queue[0].deployment_id
    position = lock.position_of(work.deployment_id)
    services.deployments.update_state(
        work.deployment_id, lambda found: _with_turn(found, holder, position or None, record)
    )
    return TurnAnswer(is_ours=is_ours, holder=holder or "", position=position)


def _begun(services: Services, lineage_key: str, state: DeploymentState) -> LineageRecord:
    """What the lineage remembers once this run has its turn. A further run builds on what the deployment left.

    Raises:
        FailureError: NotLatest, another one of the lineage has changed since what this one would build on.
    """
    store, mine = services.deployments, state.deployment_id
    before = store.lineage(lineage_key)
    if before.latest == mine:
        return before
    if state.run > 1 and before.untouched != mine:
        message = f"Deployment {before.latest} had its turn meanwhile: what {mine} left is not as it was any more."
        raise FailureError(failure(FailureClass.UNKNOWN, "NotLatest", message, _NOT_LATEST))
    if before.latest is not None:
        with suppress(KeyError):  # its state may be removed by now
            store.update_state(before.latest, _no_more_undone)
    return store.update_lineage(lineage_key, lambda record: record.begun_by(mine))


def _no_more_undone(state: DeploymentState) -> DeploymentState:
    return state.model_copy(update={"rollback": state.rollback.model_copy(update={"available": False})})


def release_turn(services: Services, work: DeploymentStep) -> Answer:
    """Give up the lineage's turn, or the place in its queue, once the deployment has ended.

    Twice, or late: a lock that is gone, or another's, is left alone, and so is that of a deployment in a further run.
    """
    state = state_of(services, work.deployment_id)
    if state.lineage is not None and state.status.is_final:
        services.deployments.locks.release(state.lineage.key, work.deployment_id, state.run)
    return Answer()


def read_control(services: Services, work: DeploymentStep) -> ControlAnswer:
    """What is asked of the deployment's present run. Changes nothing."""
    return asked_of(services, state_of(services, work.deployment_id))


def prepare_target(services: Services, work: DeploymentStep) -> ReadyAnswer:
    """Check the way to ARM, ensure the target's resource groups, find or provision the artifact storage account.

    Before it touches anything it writes down what is in the target, and warns of what others have running there.
    Answers not ready while ARM provisions the account, and while the app's role on it is not seen: call again. Twice:
    what is there already is left as it is.
    """
    state = state_of(services, work.deployment_id)
    asked = asked_of(services, state)
    if asked.is_cancelled or asked.is_lock_broken:
        return ReadyAnswer.load(asked.dump())
    plan = services.deployments.plan(work.deployment_id)
    arm = services.arm(plan.subscription)
    _check_scopes(services, plan)
    account = services.artifacts.find(arm, plan.location)
    check_delivery(services, state, plan, account)
    survey_target(services, plan)
    warn_of_foreign(services, plan)
    for group in plan.resource_groups_to_ensure:
        groups = services.arm(plan.asked_in(group))
        mark = {**state.options.tags, DEPLOYMENT_TAG: work.deployment_id}
        groups.ensure_resource_group(group.name, group.location, {}, mark=mark)
    if account is None:
        is_private = services.settings.artifacts_public_access == "Disabled"
        services.artifacts.start_provisioning(arm, plan.location, is_private=is_private)
    if account is None or not account.is_ready:
        return ReadyAnswer(is_ready=False)
    try:
        services.artifacts.check_access(account)
        services.artifacts.add_app(account, services.app_name)
    except FailureError as unseen:
        if not unseen.failure.is_retried:
            raise
        return ReadyAnswer(is_ready=False, waits_for=_with_role(services, arm, account, unseen.failure))
    return ReadyAnswer(is_ready=True)


def _with_role(services: Services, arm: ArmGateway, account: ArtifactAccount, refusal: Failure) -> Failure:
    """What is waited for: where the role is missing the app gives it to itself, or a person is told how."""
    if refusal.code.lower() not in _ROLE_IS_MISSING:
        return refusal
    command = services.artifacts.grant_access(arm, account)
    if command is None:
        return refusal
    message = f"{refusal.message} The app may not give itself the role Storage Blob Data Contributor on {account.name}."
    suggestion = f"Give it to the app's identity: {command}. A new role takes up to ten minutes to be seen."
    return refusal.model_copy(update={"message": message, "suggestion": suggestion})


def _check_scopes(services: Services, plan: Plan) -> None:
    """Make sure that ARM can be reached, and lets the app see all that is deployed to.

    Raises:
        FailureError: it does not, or can't be asked.
    """
    scopes = [template.scope for template in plan.templates]
    for subscription in dict.fromkeys((plan.subscription, *map(plan.asked_in, scopes))):
        services.arm(subscription).check_access()
    for scope_id in dict.fromkeys(_standing_scopes(plan)):
        services.arm(plan.subscription).check_history(scope_id)


def _standing_scopes(plan: Plan) -> Iterator[str]:
    """The ids of the scopes in no subscription that have to be there: what comes after a template for such a scope may
    be a management group that this one makes."""
    outside = [template for template in plan.templates if template.scope.subscription is None]
    first = min((template.tier for template in outside), default=0)
    for template in outside:
        if template.tier == first or template.scope.management_group is None:
            yield template.scope.resource_id


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
                template_hosts=services.settings.allowed_template_hosts,
            )
    except BundleError as refused:
        return list(refused.problems), None
    source = BundleVersion(reference=state.bundle, etag=file.etag)
    return list(review.problems), review.plan and review.plan.model_copy(update={"source": source})


def _planned(state: DeploymentState, plan: Plan) -> DeploymentState:
    """The state with what the plan will do; a state that has its templates already keeps them."""
    templates = state.templates or tuple(map(TemplateState.planned, plan.templates))
    lineage = state.lineage or LineageState(
        project=plan.lineage.project,
        environment=plan.lineage.environment,
        key=plan.lineage.key,
        region=plan.lineage.region,
    )
    return state.model_copy(
        update={
            "templates": templates,
            "lineage": lineage,
            "project": plan.lineage.project,
            "environment": plan.lineage.environment,
        }
    )


def _with_turn(
    state: DeploymentState, holder: str | None, position: int | None, record: LineageRecord | None
) -> DeploymentState:
    """The state with whom it waits for; or, once it has its turn, with what it can be rolled back to.

    That is found out once: a further run that has its turn is still the latest, so none has completed since.
    """
    if state.lineage is None:
        return state
    rollback = state.rollback
    if record is not None and rollback.previous_deployment_id is None:
        predecessor = record.predecessor_of(state.deployment_id)
        rollback = rollback.model_copy(update={"previous_deployment_id": predecessor})
    lineage = state.lineage.model_copy(update={"holder": holder, "position": position})
    return state.model_copy(update={"lineage": lineage, "rollback": rollback})


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
    causes = [
        Cause(code=problem.code, message=f"{problem.message} {problem.next_step}", target=_place(problem))
        for problem in problems[:MAX_CAUSES_SHOWN]
    ]
    return Failure(
        failure_class=FailureClass.TEMPLATE,
        code="BundleRefused",
        message=f"{count_of(len(problems), 'problem')} found in the bundle.",
        suggestion="Correct what is listed under problems and deploy again.",
        causes=tuple(causes),
    )


def _place(problem: Problem) -> str | None:
    return f"{problem.place}#{problem.pointer}" if problem.pointer else problem.place or None


register(blueprint, read_bundle, DeploymentStep)
register(blueprint, take_turn, DeploymentStep)
register(blueprint, release_turn, DeploymentStep)
register(blueprint, read_control, DeploymentStep)
register(blueprint, prepare_target, DeploymentStep)
