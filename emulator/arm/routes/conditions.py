"""`ETag`, `If-Match` and `If-None-Match` of resources."""

import hashlib

from aiohttp import web

from emulator.arm.errors import ArmError
from emulator.arm.models import Resource


def etag_of(resource: Resource) -> str:
    """The tag of the resource as it is now; another after each write."""
    seen = f"{resource.id.key}@{resource.changed.isoformat()}/{resource.provisioning_state}"
    return f'"{hashlib.sha256(seen.encode()).hexdigest()[:32]}"'


def check_conditions(request: web.Request, resource: Resource | None) -> None:
    """Raise `ArmError` (412 PreconditionFailed) when the request is for another state of the resource than it has."""
    wanted, unwanted = request.headers.get("If-Match"), request.headers.get("If-None-Match")
    if wanted and (resource is None or not _names(wanted, resource)):
        raise _failed("The condition '{}' in the If-Match header was not satisfied.", wanted)
    if unwanted and resource is not None and _names(unwanted, resource):
        raise _failed("The condition '{}' in the If-None-Match header was not satisfied.", unwanted)


def is_unchanged(request: web.Request, resource: Resource) -> bool:
    """True when a reader says that it has this state of the resource already."""
    known = request.headers.get("If-None-Match")
    return known is not None and _names(known, resource)


def _names(header: str, resource: Resource) -> bool:
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return "*" in tags or etag_of(resource) in tags


def _failed(message: str, condition: str) -> ArmError:
    return ArmError(412, "PreconditionFailed", message.format(condition))
