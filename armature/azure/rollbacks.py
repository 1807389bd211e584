"""What the app keeps so that a deployment can be undone, in the container of its other documents.

snapshots/{deploymentId}.json               TargetSurvey, written once
snapshots/{deploymentId}/{template}.json    TemplateSurvey: what existed before the template was started
"""

import hashlib
from collections.abc import Iterable
from typing import TypeVar
from urllib.parse import quote

from armature.azure.documents import DocumentStore
from armature.models import Model
from armature.surveying import Proofs, Sighting, TargetSurvey, TemplateSurvey

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

    def add_sightings(
        self, deployment_id: str, survey: TemplateSurvey, sightings: Iterable[Sighting]
    ) -> TemplateSurvey:
        """Keep what was seen; `survey` when nothing is kept yet. What was seen earlier of a resource stands."""
        fresh = tuple(sightings)

        def changed(content: bytes | None) -> bytes:
            known = survey if content is None else TemplateSurvey.model_validate_json(content)
            return _content(known.with_sightings(fresh))

        content = self._documents.update(_template_path(deployment_id, survey.template), changed)
        return survey if content is None else TemplateSurvey.model_validate_json(content)

    def proofs(self, deployment_id: str) -> Proofs:
        """All that is known of what existed before the deployment began."""
        listed = self._documents.list(f"snapshots/{deployment_id}/")
        surveys = [survey for entry in listed if (survey := self._read(entry.path, TemplateSurvey)) is not None]
        return Proofs(self.target_survey(deployment_id), surveys)

    def _read(self, path: str, kind: type[RecordT]) -> RecordT | None:
        document = self._documents.read(path)
        return None if document is None else kind.model_validate_json(document.content)


def _target_path(deployment_id: str) -> str:
    return f"snapshots/{deployment_id}.json"


def _template_path(deployment_id: str, template: str) -> str:
    """A template of an assembly may have any name: no slash of it may lead to another document."""
    name = quote(template, safe="")
    if len(name) > MAX_NAME_IN_PATH:
        name = hashlib.sha256(template.encode()).hexdigest()
    return f"snapshots/{deployment_id}/{name}.json"


def _content(model: Model) -> bytes:
    return model.model_dump_json(by_alias=True, exclude_none=True).encode()
