"""Look after a rollback whether what existed before is as it was."""

from datetime import UTC, datetime

import azure.durable_functions as df

from activities.border import register
from activities.standing import state_of
from activities.survey import with_looks
from activities.undoing import writes_of
from armature.azure.services import Services
from armature.deletions import DeletionState, DeletionStatus
from armature.errors import FailureError
from armature.leftovers import Leftover
from armature.messages import Answer, DeploymentStep
from armature.rollback import Undoing, judged, with_rewritten
from armature.state import DeploymentState, RollbackState, TemplateState, TemplateStatus, WarningState
from armature.surveying import TemplateSurvey, subscription_of
from armature.transitions import with_rollback, with_warnings

blueprint = df.Blueprint()

_CHANGED_BEFORE = (
    "It is what the previous deployment made of it, which is not quite what it was before this deployment: somebody "
    "had changed it in between, or its provider keeps what was set."
)


def verify_rollback(services: Services, work: DeploymentStep) -> Answer:
    """Compare what existed before with what was written down of it, and show what is not as it was.

    Twice: what was looked at is not looked at again, and the same is shown.
    """
    undoing = services.rollbacks.undoing(work)
    if undoing is None:
        return Answer()
    state = state_of(services, work.deployment_id)
    covered = _covered(services, work, state)
    undoing = with_rewritten(undoing, services.rollbacks.proofs(work.deployment_id).present, covered)
    after = _looked_at(services, work, undoing)
    gone = {sighting.id.lower() for sighting in after.sightings if sighting.existed is False}
    went = (DeletionState(id=r.id, status=DeletionStatus.GONE) for r in undoing.deletions if r.id.lower() in gone)
    services.rollbacks.update_deletions(work, went)
    verdict = judged(undoing, after.sightings, covered, _why_not(undoing, state))
    leftovers = verdict.leftovers or _not_put_back(state)
    now = datetime.now(UTC)
    ours = {id_.lower() for id_ in (*covered, *undoing.unproven, *(deletion.id for deletion in undoing.deletions))}
    warnings = [_appeared_warning(id_, now) for id_ in _appeared(services, work, state) if id_.lower() not in ours] + [
        WarningState(
            key=differs_key(work, id_),
            code="NotAsBefore",
            message=f"{id_}: {_CHANGED_BEFORE}",
            at=now,
        )
        for id_ in verdict.differing
    ]

    def shown(rollback: RollbackState) -> RollbackState:
        return rollback.model_copy(update={"leftovers": leftovers})

    services.deployments.update_state(
        work.deployment_id, lambda found: with_warnings(with_rollback(found, shown, now), warnings)
    )
    return Answer()


def differs_key(work: DeploymentStep, resource_id: str) -> str:
    """The key of the warning that a resource is what the previous version has, and not quite what it was."""
    return f"rollback-{work.rollback}:differs:{resource_id.lower()}"


def _looked_at(services: Services, work: DeploymentStep, undoing: Undoing) -> TemplateSurvey:
    """What can be seen of all that existed before, and of what was given up: it may have gone with what it was part of.

    Raises:
        FailureError: ARM could not be asked. What was seen is kept.
    """
    survey = services.rollbacks.after(work)
    if survey is None:
        progress = services.rollbacks.deletions(work)
        left = [r.id for r in undoing.deletions if progress.state(r).status is not DeletionStatus.GONE]
        ids = (*(change.id for change in undoing.changes), *undoing.unproven, *left)
        survey = TemplateSurvey(template="", ids=ids)
    subscription = services.deployments.plan(work.deployment_id).subscription
    seen, failure = with_looks(services, subscription, survey, survey.left)
    services.rollbacks.add_after(work, seen)
    if failure is not None:
        raise FailureError(failure)
    return seen


def _covered(services: Services, work: DeploymentStep, state: DeploymentState) -> list[str]:
    """What the previous versions wrote that were deployed again."""
    again = [t.name for t in state.rollback.templates if t.status is TemplateStatus.SUCCEEDED]
    if not again:
        return []
    found = writes_of(services, work, services.deployments.plan(work.plan_id), again)
    return [write.id for one in found for write in one.writes if write.is_succeeded]


def _appeared(services: Services, work: DeploymentStep, state: DeploymentState) -> list[str]:
    """What was created in the target's groups while the deployment's templates ran, whoever created it."""
    target = services.rollbacks.target_survey(work.deployment_id)
    until = max((t.finished_at for t in state.templates if t.finished_at), default=None)
    if target is None or until is None:
        return []
    before = {id_.lower() for group in target.groups for id_ in group.resources}
    return [
        resource.id
        for group in target.groups
        if group.existed
        for resource in services.arm(subscription_of(group.id) or "").list_resources(group.id.rpartition("/")[2])
        if resource.id.lower() not in before and resource.created_at and target.at < resource.created_at < until
    ]


def _appeared_warning(resource_id: str, now: datetime) -> WarningState:
    message = (
        f"{resource_id} was created while the deployment ran, though by none of its operations. It may have come with "
        "a resource that is deleted now, as the disk of a virtual machine does: delete it then. It was left as it is."
    )
    return WarningState(key=f"appeared:{resource_id.lower()}", code="AppearedMeanwhile", message=message, at=now)


def _why_not(undoing: Undoing, state: DeploymentState) -> str:
    if undoing.no_previous:
        return undoing.no_previous
    failed = [t for t in state.rollback.templates if t.status is not TemplateStatus.SUCCEEDED]
    reasons = [f"{t.name}: {t.failure.code}: {t.failure.message}" for t in failed if t.failure]
    if failed:
        names = ", ".join(template.name for template in failed)
        return " ".join([f"The previous version of {names} could not be deployed again.", *reasons])
    return "No earlier deployment of the lineage can put it back."


def _not_put_back(state: DeploymentState) -> tuple[Leftover, ...]:
    """The previous versions that could not be deployed again, where nothing else tells of it: what a write had taken
    from them is gone, though what they wrote may be as it was."""
    return tuple(
        Leftover(
            id=f"{template.scope}/providers/Microsoft.Resources/deployments/{template.deployment_name}",
            reason=f"The previous version of {template.name} could not be deployed again: {_reason(template)}",
            suggestion="Mend what stood in its way. Then ask for the rollback again.",
        )
        for template in state.rollback.templates
        if template.status is not TemplateStatus.SUCCEEDED
    )


def _reason(template: TemplateState) -> str:
    return f"{template.failure.code}: {template.failure.message}" if template.failure else "it was not started."


register(blueprint, verify_rollback, DeploymentStep)
