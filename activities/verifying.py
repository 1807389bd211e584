"""Look after a rollback whether what existed before is as it was."""

from datetime import UTC, datetime

import azure.durable_functions as df

from activities.border import register
from activities.standing import state_of
from activities.survey import with_looks
from activities.undoing import writes_of
from armature.azure.services import Services
from armature.errors import FailureError
from armature.messages import Answer, DeploymentStep
from armature.removals import RemovalState, RemovalStatus
from armature.rollback import Undoing, judged
from armature.state import DeploymentState, RollbackState, TemplateStatus, WarningState
from armature.surveying import TemplateSurvey
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
    after = _looked_at(services, work, undoing)
    gone = {sighting.id.lower() for sighting in after.sightings if sighting.existed is False}
    went = (RemovalState(id=r.id, status=RemovalStatus.GONE) for r in undoing.removals if r.id.lower() in gone)
    services.rollbacks.update_removals(work, went)
    state = state_of(services, work.deployment_id)
    covered = _covered(services, work, state)
    verdict = judged(undoing, after.sightings, covered, _why_not(undoing, state))
    now = datetime.now(UTC)
    warnings = [
        WarningState(
            key=f"rollback-{work.rollback}:differs:{id_.lower()}",
            code="NotAsBefore",
            message=f"{id_}: {_CHANGED_BEFORE}",
            at=now,
        )
        for id_ in verdict.differing
    ]

    def shown(rollback: RollbackState) -> RollbackState:
        return rollback.model_copy(update={"leftovers": verdict.leftovers})

    services.deployments.update_state(
        work.deployment_id, lambda found: with_warnings(with_rollback(found, shown, now), warnings)
    )
    return Answer()


def _looked_at(services: Services, work: DeploymentStep, undoing: Undoing) -> TemplateSurvey:
    """What can be seen of all that existed before, and of what was given up: it may have gone with what it was part of.

    Raises:
        FailureError: ARM could not be asked. What was seen is kept.
    """
    survey = services.rollbacks.after(work)
    if survey is None:
        progress = services.rollbacks.removals(work)
        left = [r.id for r in undoing.removals if progress.state(r).status is not RemovalStatus.GONE]
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


def _why_not(undoing: Undoing, state: DeploymentState) -> str:
    if undoing.no_previous:
        return undoing.no_previous
    failed = [t for t in state.rollback.templates if t.status is not TemplateStatus.SUCCEEDED]
    reasons = [f"{t.name}: {t.failure.code}: {t.failure.message}" for t in failed if t.failure]
    if failed:
        names = ", ".join(template.name for template in failed)
        return " ".join([f"The previous version of {names} could not be deployed again.", *reasons])
    return "No earlier deployment of the lineage can put it back."


register(blueprint, verify_rollback, DeploymentStep)
