"""What the app keeps so that a deployment can be undone, in the container of its other documents.

snapshots/{deploymentId}.json               TargetSurvey, written once
snapshots/{deploymentId}/{template}.json    TemplateSurvey: what existed before the template was started
rollbacks/{deploymentId}/{number}.json      Undoing: what the nth rollback is to undo, written once; beside it:
    deletions.json                          DeletionProgress: how far its deletions are
    writes/{template}.json                  TemplateWrites: what the template wrote; again/ for previous versions
    after.json                              TemplateSurvey: how what existed before is after it
rollbacks/{deploymentId}/starts/{template}.json    TemplateWrites: what its earlier starts wrote
"""

from collections.abc import Iterable

from armature.azure.documents import DocumentStore
from armature.azure.records import Records, file_name
from armature.deletions import DeletionProgress, DeletionState
from armature.messages import DeploymentStep
from armature.rollback import TemplateWrites, Undoing
from armature.surveying import Proofs, TargetSurvey, TemplateSurvey


class RollbackStore:
    """Reads and writes what a rollback builds on. Each write is harmless when made twice."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._records = Records(documents)

    def target_survey(self, deployment_id: str) -> TargetSurvey | None:
        """How the target was before the deployment touched it; None when it was not surveyed."""
        return self._records.read(_target_path(deployment_id), TargetSurvey)

    def save_target_survey(self, deployment_id: str, survey: TargetSurvey) -> None:
        """Keep how the target was; the survey that was written first stands."""
        self._records.create(_target_path(deployment_id), survey)

    def template_survey(self, deployment_id: str, template: str) -> TemplateSurvey | None:
        """What existed before the template was started; None when it was not surveyed."""
        return self._records.read(_template_path(deployment_id, template), TemplateSurvey)

    def add_sightings(self, deployment_id: str, survey: TemplateSurvey) -> None:
        """Keep what was seen before a template was started. What was seen earlier of a resource stands."""
        self._add_sightings(_template_path(deployment_id, survey.template), survey)

    def surveyed(self, deployment_id: str, templates: Iterable[str]) -> set[str]:
        """Those of the templates that were surveyed, or began to be: they were about to be started."""
        listed = {entry.path for entry in self._documents.list(f"snapshots/{deployment_id}/")}
        return {name for name in templates if _template_path(deployment_id, name) in listed}

    def surveyed_ids(self, deployment_id: str) -> tuple[str, ...]:
        """All that the templates which were started, or about to be, write: as ARM's validation told it before."""
        listed = self._documents.list(f"snapshots/{deployment_id}/")
        surveys = (self._records.read(entry.path, TemplateSurvey) for entry in listed)
        return tuple(dict.fromkeys(id_ for survey in surveys if survey is not None for id_ in survey.ids))

    def proofs(self, deployment_id: str, earlier: Iterable[str] = (), others: Iterable[str] = ()) -> Proofs:
        """All that is known of what existed before the deployment began; `earlier` are what the one before had made,
        `others` what somebody else made meanwhile."""
        listed = self._documents.list(f"snapshots/{deployment_id}/")
        surveys = [survey for entry in listed if (survey := self._records.read(entry.path, TemplateSurvey)) is not None]
        return Proofs(self.target_survey(deployment_id), surveys, earlier, others)

    def writes(self, step: DeploymentStep, template: str, *, is_again: bool) -> TemplateWrites | None:
        """What a template of the deployment, or (`is_again`) its previous version in this rollback, wrote; None when
        this rollback has not found that out yet."""
        return self._records.read(_writes_path(step, template, is_again), TemplateWrites)

    def save_writes(self, step: DeploymentStep, found: TemplateWrites, *, is_again: bool) -> None:
        """Keep what a template wrote; what was written first stands."""
        self._records.create(_writes_path(step, found.template, is_again), found)

    def earlier_writes(self, deployment_id: str, template: str) -> TemplateWrites | None:
        """What was found of earlier starts of a template before it was started anew; None when there was none."""
        return self._records.read(_starts_path(deployment_id, template), TemplateWrites)

    def add_earlier_writes(self, deployment_id: str, found: TemplateWrites) -> None:
        """Keep what an earlier start of a template wrote: ARM forgets it with the next. What is known already stays."""
        path, none = _starts_path(deployment_id, found.template), TemplateWrites(template=found.template)
        self._records.update(path, none, lambda known: known.with_more(found))

    def undoing(self, step: DeploymentStep) -> Undoing | None:
        """What this rollback is to undo; None when it is not known yet."""
        return self._records.read(f"{_rollback_path(step)}.json", Undoing)

    def save_undoing(self, step: DeploymentStep, undoing: Undoing) -> Undoing:
        """Keep what this rollback is to undo; answers what stands, which is what was written first."""
        self._records.create(f"{_rollback_path(step)}.json", undoing)
        return self.undoing(step) or undoing

    def deletions(self, step: DeploymentStep) -> DeletionProgress:
        """How far the deletions of this rollback are."""
        return self._records.read(f"{_rollback_path(step)}/deletions.json", DeletionProgress) or DeletionProgress()

    def update_deletions(self, step: DeploymentStep, states: Iterable[DeletionState]) -> DeletionProgress:
        """Keep where deletions stand; one that is final stays so."""
        fresh = tuple(states)
        path = f"{_rollback_path(step)}/deletions.json"
        return self._records.update(path, DeletionProgress(), lambda known: known.with_states(fresh))

    def after(self, step: DeploymentStep) -> TemplateSurvey | None:
        """How what existed before is after this rollback, as far as that was looked at."""
        return self._records.read(f"{_rollback_path(step)}/after.json", TemplateSurvey)

    def add_after(self, step: DeploymentStep, survey: TemplateSurvey) -> None:
        """Keep what was seen after this rollback."""
        self._add_sightings(f"{_rollback_path(step)}/after.json", survey)

    def _add_sightings(self, path: str, survey: TemplateSurvey) -> None:
        unseen = survey.model_copy(update={"sightings": ()})
        if not self._records.create(path, survey):
            self._records.update(path, unseen, lambda known: known.with_more(survey))


def _target_path(deployment_id: str) -> str:
    return f"snapshots/{deployment_id}.json"


def _template_path(deployment_id: str, template: str) -> str:
    return f"snapshots/{deployment_id}/{file_name(template)}"


def _starts_path(deployment_id: str, template: str) -> str:
    return f"rollbacks/{deployment_id}/starts/{file_name(template)}"


def _rollback_path(step: DeploymentStep) -> str:
    return f"rollbacks/{step.deployment_id}/{step.rollback}"


def _writes_path(step: DeploymentStep, template: str, is_again: bool) -> str:
    return f"{_rollback_path(step)}/{'again' if is_again else 'writes'}/{file_name(template)}"
