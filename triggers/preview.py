"""The HTTP API of previews: what a deployment would change, as JSON, text or Markdown."""

import asyncio
from enum import StrEnum

import azure.durable_functions as df
import azure.functions as func

from armature.azure.services import Services, services
from armature.preview import Preview
from armature.preview.markdown import as_markdown
from armature.preview.rows import without_noise
from armature.preview.text import as_text
from armature.state import DeploymentState
from triggers.answers import ProblemError, answered, json_answer
from triggers.deployments import POLL_AFTER_SECONDS, asked_id, unknown
from triggers.query import word

blueprint = df.Blueprint()


class PreviewFormat(StrEnum):
    """How a preview is told."""

    JSON = "json"
    TEXT = "text"
    MARKDOWN = "markdown"


class _Switch(StrEnum):
    TRUE = "true"
    FALSE = "false"


_MEDIA_TYPES = {
    "application/json": PreviewFormat.JSON,
    "text/markdown": PreviewFormat.MARKDOWN,
    "text/plain": PreviewFormat.TEXT,
}
_ANSWERED_AS = {PreviewFormat.TEXT: "text/plain", PreviewFormat.MARKDOWN: "text/markdown"}


@blueprint.route(route="deployments/{deploymentId}/preview", methods=["GET"])
async def get_preview(req: func.HttpRequest) -> func.HttpResponse:
    """The merged preview; 304 when it is what the caller has (`If-None-Match`)."""

    async def serve() -> func.HttpResponse:
        deployment_id = asked_id(req)
        chosen = word(req, "format", PreviewFormat) or _accepted(req.headers.get("accept", ""))
        shows_noise = word(req, "noise", _Switch) is _Switch.TRUE
        state, preview, etag = await asyncio.to_thread(_found, services(), deployment_id)
        tag = f'W/"{etag.strip(chr(34))}-{chosen.value}{"-noise" if shows_noise else ""}"'
        headers = {"ETag": tag, "Vary": "Accept", "Cache-Control": "no-store"}
        if tag in [each.strip() for each in req.headers.get("if-none-match", "").split(",")]:
            return func.HttpResponse(status_code=304, headers=headers)
        if chosen is PreviewFormat.JSON:
            shown = preview if shows_noise else without_noise(preview)
            return json_answer(shown.dump(), headers=headers)
        return func.HttpResponse(
            _told(chosen, state, preview, shows_noise=shows_noise),
            mimetype=_ANSWERED_AS[chosen],
            charset="utf-8",
            headers={**headers, "X-Content-Type-Options": "nosniff"},
        )

    return await answered(serve)


def _found(app: Services, deployment_id: str) -> tuple[DeploymentState, Preview, str]:
    """The deployment, its preview, and the preview's ETag.

    Raises:
        ProblemError: 404, there is no such deployment, or no preview of it (yet).
    """
    state = app.deployments.state(deployment_id)
    if state is None:
        raise unknown(deployment_id)
    found = app.previews.preview(deployment_id)
    if found is not None:
        return (state, *found)
    detail = f"Deployment {deployment_id} has no preview: it was asked for with `force`, or ended before there was one."
    headers = {}
    if not state.status.is_final:
        detail = f"Deployment {deployment_id} has no preview yet: it is {state.status}. Ask again in a few seconds."
        headers = {"Retry-After": str(POLL_AFTER_SECONDS)}
    raise ProblemError(404, "no-preview", "No preview", detail, headers=headers, deploymentId=deployment_id)


def _told(chosen: PreviewFormat, state: DeploymentState, preview: Preview, *, shows_noise: bool) -> str:
    if chosen is PreviewFormat.TEXT:
        return as_text(preview, shows_noise=shows_noise)
    key = state.lineage.key if state.lineage else ""
    return as_markdown(preview, key=key, shows_noise=shows_noise)


def _accepted(accept: str) -> PreviewFormat:
    """The format of the first media type that is asked for by its name; JSON when none is."""
    for wanted in accept.split(","):
        known = _MEDIA_TYPES.get(wanted.split(";")[0].strip().lower())
        if known is not None:
            return known
    return PreviewFormat.JSON
