"""What the app keeps of previews, in the container of its other documents.

previews/{deploymentId}.json                     Preview: all templates merged
previews/{deploymentId}/{template}.json          TemplatePreview: what was told of one
previews/{deploymentId}/asked/{template}.json    Asked: what ARM works on
"""

from datetime import datetime

from armature.azure.documents import DocumentStore
from armature.azure.records import Records, content_of, file_name
from armature.models import Model
from armature.preview import Preview, TemplatePreview


class Asked(Model):
    """A what-if that ARM works on: where its result will be (None: there is none to wait for), since when, and how long
    it asks to be left in peace.

    `is_on_paper` says that the template's resource group was not there, so that it was asked about with one on paper.
    """

    run: int
    at: datetime
    location: str | None = None
    wait_seconds: float | None = None
    is_on_paper: bool = False


class PreviewStore:
    """Reads and writes previews. Each write is harmless when made twice: the last counts."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._records = Records(documents)

    def preview(self, deployment_id: str) -> tuple[Preview, str] | None:
        """The merged preview and the ETag of its blob; None when there is none."""
        document = self._documents.read(_path(deployment_id))
        return None if document is None else (Preview.model_validate_json(document.content), document.etag)

    def save_preview(self, preview: Preview) -> None:
        """Keep the merged preview."""
        self._documents.put(_path(preview.deployment_id), content_of(preview), {})

    def part(self, deployment_id: str, template: str) -> TemplatePreview | None:
        """What was told of a template, in whatever run; None when nothing was."""
        return self._records.read(_part_path(deployment_id, template), TemplatePreview)

    def save_part(self, deployment_id: str, part: TemplatePreview) -> None:
        """Keep what was told of a template."""
        self._documents.put(_part_path(deployment_id, part.template), content_of(part), {})

    def asked(self, deployment_id: str, template: str, run: int) -> Asked | None:
        """What ARM was asked about a template in this run, and has not told yet."""
        found = self._records.read(_asked_path(deployment_id, template), Asked)
        return found if found is not None and found.run == run else None

    def save_asked(self, deployment_id: str, template: str, asked: Asked) -> None:
        """Keep what ARM works on."""
        self._documents.put(_asked_path(deployment_id, template), content_of(asked), {})

    def forget_asked(self, deployment_id: str, template: str) -> None:
        """Nothing is waited for any more. Twice: gone is success."""
        self._documents.delete(_asked_path(deployment_id, template))


def _path(deployment_id: str) -> str:
    return f"previews/{deployment_id}.json"


def _part_path(deployment_id: str, template: str) -> str:
    return f"previews/{deployment_id}/{file_name(template)}"


def _asked_path(deployment_id: str, template: str) -> str:
    return f"previews/{deployment_id}/asked/{file_name(template)}"
