"""What the app keeps so that a deployment can be undone, in the container of its other documents.

snapshots/{deploymentId}.json               TargetSurvey, written once
snapshots/{deploymentId}/{template}.json    TemplateSurvey: what existed before the template was started
"""

import hashlib
from collections.abc import Iterable
from typing import TypeVar
from urllib.parse import quote

from armature.azure.documents import DocumentStore
from armature.messages import DeploymentStep
from armature.models import Model
from armature.removals import RemovalProgress, RemovalState
from armature.rollback import TemplateWrites, Undoing
from armature.surveying import Proofs, TargetSurvey, TemplateSurvey

MAX_NAME_IN_PATH = 200
"""A blob's name has at most 1,024 characters (Blob storage, 2025)."""

RecordT = TypeVar("RecordT", bound=Model)


class RollbackStore:
    """Reads and writes what a rollback builds on. Each write is harmless when made twice."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents

    def target_survey(self, deployment_id: str) -> TargetSurvey | None:
        """How the target was before the deployment touched it; None when it was not surveyed."""
        return self._read(_target_path(deployment_id), TargetSurvey)

    def save_target_survey(self, deployment_id: str, survey: TargetSurvey) -> None:
        """Keep how the target was; the survey that was written first stands."""
        self._documents.create(_target_path(deployment_id), _content(survey), {})

    def template_survey(self, deployment_id: str, template: str) -> TemplateSurvey | None:
        """What existed before the template was started; None when it was not surveyed."""
        return self._read(_template_path(deployment_id, template), TemplateSurvey)

    def add_sightings(self, deployment_id: str, survey: TemplateSurvey) -> None:
        """Keep what was seen before a template was started. What was seen earlier of a resource stands."""
        self._add_sightings(_template_path(deployment_id, survey.template), survey)

    def surveyed(self, deployment_id: str, templates: Iterable[str]) -> set[str]:
        """Those of the templates that were surveyed, or began to be: they were about to be started."""
        listed = {entry.path for entry in self._documents.list(f"snapshots/{deployment_id}/")}
        return {name for name in templates if _template_path(deployment_id, name) in listed}

    def proofs(self, deployment_id: str, earlier: Iterable[str] = ()) -> Proofs:
        """All that is known of what existed before the deployment began; `earlier` are what the one before had made."""
        listed = self._documents.list(f"snapshots/{deployment_id}/")
        surveys = [survey for entry in listed if (survey := self._read(entry.path, TemplateSurvey)) is not None]
        return Proofs(self.target_survey(deployment_id), surveys, earlier)

    def writes(self, step: DeploymentStep, template: str, *, is_again: bool) -> TemplateWrites | None:
        """What a template of the deployment, or (`is_again`) its previous version in this rollback, wrote; None when
        this rollback has not found that out yet."""
        return self._read(_writes_path(step, template, is_again), TemplateWrites)

    def save_writes(self, step: DeploymentStep, found: TemplateWrites, *, is_again: bool) -> None:
        """Keep what a template wrote; what was written first stands."""
        self._documents.create(_writes_path(step, found.template, is_again), _content(found), {})

    def undoing(self, step: DeploymentStep) -> Undoing | None:
        """What this rollback is to undo; None when it is not known yet."""
        return self._read(f"{_rollback_path(step)}.json", Undoing)

    def save_undoing(self, step: DeploymentStep, undoing: Undoing) -> Undoing:
        """Keep what this rollback is to undo; answers what stands, which is what was written first."""
        self._documents.create(f"{_rollback_path(step)}.json", _content(undoing), {})
        return self.undoing(step) or undoing

    def removals(self, step: DeploymentStep) -> RemovalProgress:
        """How far the deletions of this rollback are."""
        return self._read(f"{_rollback_path(step)}/removals.json", RemovalProgress) or RemovalProgress()

    def update_removals(self, step: DeploymentStep, states: Iterable[RemovalState]) -> RemovalProgress:
        """Keep where deletions stand; one that is final stays so."""
        fresh = tuple(states)

        def changed(content: bytes | None) -> bytes:
            known = RemovalProgress() if content is None else RemovalProgress.model_validate_json(content)
            return _content(known.with_states(fresh))

        content = self._documents.update(f"{_rollback_path(step)}/removals.json", changed)
        return RemovalProgress() if content is None else RemovalProgress.model_validate_json(content)

    def after(self, step: DeploymentStep) -> TemplateSurvey | None:
        """How what existed before is after this rollback, as far as that was looked at."""
        return self._read(f"{_rollback_path(step)}/after.json", TemplateSurvey)

    def add_after(self, step: DeploymentStep, survey: TemplateSurvey) -> None:
        """Keep what was seen after this rollback."""
        self._add_sightings(f"{_rollback_path(step)}/after.json", survey)

    def _add_sightings(self, path: str, survey: TemplateSurvey) -> None:
        def changed(content: bytes | None) -> bytes:
            known = survey if content is None else TemplateSurvey.model_validate_json(content)
            return _content(known.with_sightings(survey.sightings))

        self._documents.update(path, changed)

    def _read(self, path: str, kind: type[RecordT]) -> RecordT | None:
        document = self._documents.read(path)
        return None if document is None else kind.model_validate_json(document.content)


def _target_path(deployment_id: str) -> str:
    return f"snapshots/{deployment_id}.json"


def _template_path(deployment_id: str, template: str) -> str:
    return f"snapshots/{deployment_id}/{_file_name(template)}"


def _rollback_path(step: DeploymentStep) -> str:
    return f"rollbacks/{step.deployment_id}/{step.rollback}"


def _writes_path(step: DeploymentStep, template: str, is_again: bool) -> str:
    return f"{_rollback_path(step)}/{'again' if is_again else 'writes'}/{_file_name(template)}"


def _file_name(template: str) -> str:
    """A template of an assembly may have any name: no slash of it may lead to another document."""
    name = quote(template, safe="")
    if len(name) > MAX_NAME_IN_PATH:
        name = hashlib.sha256(template.encode()).hexdigest()
    return f"{name}.json"


def _content(model: Model) -> bytes:
    return model.model_dump_json(by_alias=True, exclude_none=True).encode()
