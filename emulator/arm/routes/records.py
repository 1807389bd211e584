"""`/emulator/records/{kind}/{key}`: what a real subscription has been given or denied, set here by hand.

Kinds: `unregistered` (`{subscription}/{namespace}`), `unregisteredLocation` (`{subscription}/{type}/{location}`),
`quota` (`{subscription}/{location}/{name}`, `{"limit": n}`), `skuUnavailable` (`{location}/{size}`), `health` (a
resource id, `{"availabilityState": …}`). Only who may do everything may set them.
"""

from aiohttp import web

from emulator.arm import authorization
from emulator.arm.admission import CALLER
from emulator.arm.errors import ArmError, invalid_request_content
from emulator.arm.governance.quotas import QUOTA, SKU_UNAVAILABLE
from emulator.arm.governance.registration import UNREGISTERED, UNREGISTERED_LOCATION
from emulator.arm.identifiers import ResourceId
from emulator.arm.routes.health import HEALTH
from emulator.arm.routes.service import Service, json_body, service_of

_KINDS = {kind.lower(): kind for kind in (UNREGISTERED, UNREGISTERED_LOCATION, QUOTA, SKU_UNAVAILABLE, HEALTH)}


def add_routes(router: web.UrlDispatcher) -> None:
    """Register the routes of this module."""
    router.add_get("/emulator/records/{kind}", list_records)
    router.add_put("/emulator/records/{kind}/{key:.+}", put_record)
    router.add_delete("/emulator/records/{kind}/{key:.+}", delete_record)


async def list_records(request: web.Request) -> web.Response:
    """All records of a kind by key."""
    service, kind = _checked(request)
    return web.json_response(service.state.records(kind))


async def put_record(request: web.Request) -> web.Response:
    """Set one."""
    service, kind = _checked(request)
    body = await json_body(request)
    if kind == QUOTA and not isinstance(body.get("limit"), int):
        raise invalid_request_content("a quota needs a limit, a whole number")
    if kind == UNREGISTERED:
        service.state.drop_record("registration", request.match_info["key"])
    service.state.put_record(kind, request.match_info["key"], body)
    return web.json_response(body)


async def delete_record(request: web.Request) -> web.Response:
    """Take one away."""
    service, kind = _checked(request)
    was_there = service.state.drop_record(kind, request.match_info["key"])
    return web.Response(status=200 if was_there else 204)


def _checked(request: web.Request) -> tuple[Service, str]:
    service, kind = service_of(request), _KINDS.get(request.match_info["kind"].lower())
    authorization.check(service.state, request[CALLER], "Emulator/records/write", ResourceId())
    if kind is None:
        raise ArmError(404, "NotFound", f"There are no records of that kind; there are {', '.join(_KINDS.values())}.")
    return service, kind
