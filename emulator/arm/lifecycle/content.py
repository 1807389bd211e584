"""What a deployment was made of, as JSON kept with its run: the request, and what its links led to."""

from collections.abc import Mapping
from typing import Any

from emulator.arm.engine.prepared import Prepared
from emulator.arm.engine.request import DeploymentRequest
from emulator.arm.models import Deployment
from emulator.arm.state import CloudState


def content_of(prepared: Prepared, *, is_root: bool = True) -> dict[str, Any]:
    """The JSON object from which the same can be prepared again; a nested one only together with its root.

    It holds secrets.
    """
    request, documents = prepared.request, prepared.downloads.documents
    linked = {"template": prepared.template} if request.template is None else {}
    return {"request": request.dump(), "documents": dict(documents) if is_root else {}} | linked


def request_in(content: Mapping[str, Any]) -> tuple[DeploymentRequest, dict[str, str]]:
    """The request, and the documents that its links led to."""
    return DeploymentRequest.load(content["request"]), dict(content["documents"])


def template_in(content: Mapping[str, Any]) -> dict[str, Any]:
    """The template as it was given, or as its link led to it."""
    return dict(content.get("template") or DeploymentRequest.load(content["request"]).template or {})


def keep_downloads(state: CloudState, deployment: Deployment, prepared: Prepared) -> None:
    """Note in the deployment that a client asked for what was downloaded since; `prepared` is any part of it."""
    root = deployment
    while root.parent and (parent := state.run(root.parent)):
        root = parent
    documents = prepared.downloads.documents
    if len(root.content["documents"]) < len(documents):
        root.content["documents"] = dict(documents)
        state.put_content(root)
