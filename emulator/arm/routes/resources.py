"""Resources by id, their actions, and the lists of a group and of a subscription."""

import re
from typing import Any

from aiohttp import web

from emulator.arm.clock import timestamp
from emulator.arm.errors import ArmError, invalid_request_content
from emulator.arm.identifiers import ResourceId
from emulator.arm.provisioning import act, present, read, remove, write
from emulator.arm.routes.filters import paged, reader_of
from emulator.arm.routes.paths import GROUP, SUBSCRIPTION, any_case
from emulator.arm.routes.service import Service, json_body, service_of
from emulator.arm.state import Resource

_LISTED = ("id", "name", "type", "location", "tags", "kind", "sku", "identity", "managedBy", "zones", "plan")
_EXPANSIONS = {"createdtime", "changedtime", "provisioningstate"}


def add_routes(router: web.UrlDispatcher) -> None:
    """Register the routes of this module; the ones by id match whatever nothing else did."""
    router.add_get(any_case(f"{SUBSCRIPTION}/resources"), list_resources)
    router.add_get(any_case(f"{GROUP}/resources"), list_resources)
    by_id = "/{resource_id:.+}"
    router.add_get(by_id, get_resource, allow_head=False)
    router.add_head(by_id, head_resource)
    router.add_put(by_id, put_resource)
    router.add_patch(by_id, patch_resource)
    router.add_delete(by_id, delete_resource)
    router.add_post(by_id, post_action)


async def list_resources(request: web.Request) -> web.Response:
    """Top-level resources only, never deployments, as ARM's index shows them."""
    service, subscription = service_of(request), request.match_info["subscription"]
    scope = ResourceId(service.state.check_subscription(subscription), request.match_info.get("group"))
    if scope.group:
        scope = service.state.group(subscription, scope.group).id
    expanded = {name.strip().lower() for name in request.query.get("$expand", "").split(",") if name.strip()}
    if expanded - _EXPANSIONS:
        raise ArmError(400, "InvalidExpandQueryString", "The $expand in the query string is invalid.")
    entries = [
        _listed(resource, expanded)
        for resource in service.state.resources(scope)
        if resource.id.group and resource.id.parent is None and not resource.id.is_extension
    ]
    entries.sort(key=lambda entry: str(entry["id"]).lower())
    return paged(request, list(filter(reader_of(request.query.get("$filter")), entries)))


def _listed(resource: Resource, expanded: set[str]) -> dict[str, Any]:
    entry = {key: resource.document[key] for key in _LISTED if key in resource.document}
    extra = {
        "createdtime": ("createdTime", timestamp(resource.created)),
        "changedtime": ("changedTime", timestamp(resource.changed)),
        "provisioningstate": ("provisioningState", resource.provisioning_state),
    }
    return entry | dict(extra[name] for name in expanded)


async def get_resource(request: web.Request) -> web.Response:
    """One resource."""
    surroundings = service_of(request).surroundings
    return web.json_response(present(surroundings, read(surroundings, _resource_id(request))))


async def head_resource(request: web.Request) -> web.Response:
    """204 when it is there, 404 when not."""
    try:
        read(service_of(request).surroundings, _resource_id(request))
    except ArmError as absent:
        return web.Response(status=absent.status)
    return web.Response(status=204)


async def put_resource(request: web.Request) -> web.Response:
    """Create or replace; providers that take their time do so in deployments, a PUT by hand is done at once."""
    service, resource_id, body = service_of(request), _resource_id(request), await json_body(request)
    if body.get("properties") is not None and not isinstance(body["properties"], dict):
        raise invalid_request_content("the properties are not an object")
    resource, is_new = await write(service.surroundings, resource_id, request.query["api-version"], body)
    return web.json_response(present(service.surroundings, resource), status=201 if is_new else 200)


async def patch_resource(request: web.Request) -> web.Response:
    """Replace the tags and whatever top-level part is named; properties are merged one level deep."""
    service, resource_id, body = service_of(request), _resource_id(request), await json_body(request)
    resource = service.state.resource(resource_id)
    merged = resource.document | {key: value for key, value in body.items() if key != "properties"}
    merged["properties"] = resource.properties | (body.get("properties") or {})
    changed, _ = await write(service.surroundings, resource.id, request.query["api-version"], merged)
    return web.json_response(present(service.surroundings, changed))


async def delete_resource(request: web.Request) -> web.Response:
    """200, or 204 when there was nothing."""
    service, resource_id = service_of(request), _resource_id(request)
    _check_group(service, resource_id)
    return web.Response(status=200 if remove(service.surroundings, resource_id) else 204)


async def post_action(request: web.Request) -> web.Response:
    """`listKeys` and its kind: the last segment of the path is the action."""
    path, _, action = request.path.rpartition("/")
    return web.json_response(
        act(service_of(request).surroundings, _parse(path, request), action, await json_body(request))
    )


def _resource_id(request: web.Request) -> ResourceId:
    return _parse(request.path, request)


def _parse(path: str, request: web.Request) -> ResourceId:
    try:
        resource_id = ResourceId.parse(re.sub("/+", "/", path))  # clients double slashes before ids and after providers
    except ArmError:
        resource_id = ResourceId()
    if not resource_id.parts:
        raise ArmError(404, "NotFound", f"No HTTP resource was found that matches '{request.method} {path}'.")
    if resource_id.is_deployment:
        message = f"This emulator does not know {request.method} of deployments at this path."
        raise ArmError(501, "NotImplemented", message)
    if resource_id.subscription:
        service_of(request).state.check_subscription(resource_id.subscription)
    return resource_id


def _check_group(service: Service, resource_id: ResourceId) -> None:
    if resource_id.subscription and resource_id.group:
        service.state.group(resource_id.subscription, resource_id.group)
