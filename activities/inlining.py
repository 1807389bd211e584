"""Templates handed to ARM in the body of a request: read from where they lie, with all that they link to inside."""

from collections.abc import Collection, Mapping
from typing import Any

from armature.azure.arm.deployments import request_bytes
from armature.azure.artifacts import ArtifactAccount
from armature.azure.models import DeploymentBody
from armature.azure.services import Services
from armature.bundle import Bundle
from armature.delivery import SMALLER, artifacts_location, bundle_reader, inlined_template, reader, too_large
from armature.errors import Cause, Failure, FailureClass, FailureError, failure
from armature.plan import PlannedTemplate
from armature.templates.inlining import LOCATION, InliningError, Read
from armature.templates.limits import MAX_REQUEST_BYTES, MAX_TEMPLATE_BYTES


def artifact_reader(services: Services, account: ArtifactAccount, container: str) -> Read:
    """Reads the templates that were uploaded as the app's identity, over a private network where need be.

    What it gives raises FailureError when the storage can't be asked.
    """
    return reader(lambda path: services.artifacts.read(account, container, path, MAX_TEMPLATE_BYTES))


def inline_body_from_bundle(
    bundle: Bundle,
    template: PlannedTemplate,
    parameters: Mapping[str, dict[str, Any]],
    *,
    location: str = LOCATION,
    tags: Mapping[str, str] | None = None,
    unknown: Collection[str] = (),
) -> DeploymentBody:
    """As `inline_body`, of a bundle that is not uploaded; a template that is told where it lies is told `location`."""
    told = {name: {"value": value} for name, value in artifacts_location(template, location).items()}
    return inline_body(
        template, bundle_reader(bundle), {**told, **parameters}, location=location, tags=tags, unknown=unknown
    )


def inline_body(
    template: PlannedTemplate,
    read: Read,
    parameters: Mapping[str, dict[str, Any]],
    *,
    location: str,
    tags: Mapping[str, str] | None = None,
    unknown: Collection[str] = (),
) -> DeploymentBody:
    """The body of a deployment with the template in it, and in that all that it links to.

    `parameters` are as in a parameter file; what is no `value` in them, and `unknown` beside them, only ARM will know.
    `location` is the address of the bundle's root, with a slash at its end.

    Raises:
        FailureError: a link can't be inlined (TemplateNotInlined), or the request has more than ARM takes
            (RequestContentTooLarge).
    """
    try:
        content = inlined_template(template, read, parameters, location=location, unknown=unknown)
    except InliningError as refused:
        raise FailureError(_not_inlined(refused)) from refused
    body = DeploymentBody(
        template=content, parameters=dict(parameters), tags=dict(tags or {}), location=template.location
    )
    check_size(template.name, body)
    return body


def check_size(name: str, body: DeploymentBody) -> None:
    """Refuse what ARM would refuse for its size.

    Raises:
        FailureError: RequestContentTooLarge.
    """
    size = len(request_bytes(body))
    if size > MAX_REQUEST_BYTES:
        message = too_large(name, size)
        raise FailureError(failure(FailureClass.TEMPLATE, "RequestContentTooLarge", message, SMALLER))


def _not_inlined(refused: InliningError) -> Failure:
    place = f"{refused.file}#{refused.pointer}" if refused.pointer else refused.file
    cause = Cause(code="TemplateNotInlined", message=f"{refused.message} {refused.next_step}", place=place)
    message = f"A linked template can't be sent in the request. {refused.file}: {refused.message}"
    why = failure(FailureClass.TEMPLATE, "TemplateNotInlined", message, refused.next_step)
    return why.model_copy(update={"causes": (cause,)})
