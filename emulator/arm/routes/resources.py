"""Resources by id at any scope: PUT, GET, HEAD, PATCH, DELETE, their actions, and lists of one type."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from emulator.arm.addresses import action_at, list_at, resource_at, tidy
from emulator.arm.admission import CALLER
from emulator.arm.errors import ArmError, invalid_request_content, status_of
from emulator.arm.governance.registration import check_served
from emulator.arm.identifiers import ResourceId
from emulator.arm.models import ProviderOperation
from emulator.arm.provisioning import act, present, read
from emulator.arm.routes import listing
from emulator.arm.routes.conditions import check_conditions, etag_of, is_unchanged
from emulator.arm.routes.operation_results import async_headers
from emulator.arm.routes.service import Service, json_body, service_of

_AT_ONCE = 3.0  # what takes no longer is answered when it is done, as providers do; seconds of Azure's time
_WITHOUT_BODY = frozenset({"microsoft.storage/storageaccounts", "microsoft.web/serverfarms"})
"""Types whose providers accept with 202 and a `Location` alone: their REST reference, Create."""
_ANSWERS_WHAT_WAS = "microsoft.authorization/"  # deleting what governs answers what it was


def add_routes(router: web.UrlDispatcher) -> None:
    """Register the routes of resources; those by id match whatever nothing else did."""
    listing.add_routes(router)
    by_id = "/{resource_id:.+}"
    router.add_get(by_id, get_resource, allow_head=False)
    router.add_head(by_id, head_resource)
    router.add_put(by_id, put_resource)
    router.add_patch(by_id, patch_resource)
    router.add_delete(by_id, delete_resource)
    router.add_post(by_id, post_action)


async def get_resource(request: web.Request) -> web.Response:
    """One resource, or a list when the path ends with a type."""
    service = service_of(request)
    if resource_at(request.path) is None and (address := list_at(request.path)):
        check_served(address.type, request.query["api-version"], None, service.state.cloud)
        return listing.list_of_type(request, address)
    resource = read(service.surroundings, _resource_id(request))
    if is_unchanged(request, resource):
        return web.Response(status=304, headers={"ETag": etag_of(resource)})
    return web.json_response(present(service.surroundings, resource), headers={"ETag": etag_of(resource)})


async def head_resource(request: web.Request) -> web.Response:
    """204 when it is there, 404 when not."""
    try:
        read(service_of(request).surroundings, _resource_id(request))
    except ArmError as absent:
        return web.Response(status=absent.status)
    return web.Response(status=204)


async def put_resource(request: web.Request) -> web.Response:
    """Create or replace: 201 or 200 with the resource; 201, 200 or 202 with where to ask when it takes time."""
    service, resource_id, body = service_of(request), _resource_id(request), await _resource_body(request)
    check_conditions(request, service.state.find_resource(resource_id))
    return await _write(request, service, resource_id, body)


async def patch_resource(request: web.Request) -> web.Response:
    """Change what is named: tags and other parts are replaced, properties are merged."""
    service, resource_id, body = service_of(request), _resource_id(request), await _resource_body(request)
    resource = service.state.resource(resource_id)
    check_conditions(request, resource)
    merged = resource.document | {key: value for key, value in body.items() if key != "properties"}
    merged["properties"] = _merged(resource.properties, body.get("properties") or {})
    return await _write(request, service, resource.id, merged)


async def _resource_body(request: web.Request) -> dict[str, Any]:
    body = await json_body(request)
    if body.get("properties") is not None and not isinstance(body["properties"], dict):
        raise invalid_request_content("the properties are not an object")
    return body


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON merge patch: objects are merged, all else is replaced, null takes away."""
    result = dict(old)
    for name, value in new.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, Mapping):
            below = result.get(name)
            result[name] = _merged(below if isinstance(below, Mapping) else {}, value)
        else:
            result[name] = value
    return result


async def _write(
    request: web.Request, service: Service, resource_id: ResourceId, body: Mapping[str, Any]
) -> web.Response:
    version = request.query["api-version"]
    work = service.operations.begin_write(resource_id, version, body, request[CALLER])
    status = 201 if work.is_new else 200
    if not _is_done_at_once(service, work):
        headers = async_headers(request, work, _location(body))
        if resource_id.type.lower() in _WITHOUT_BODY:
            return web.Response(status=202, headers=headers)
        shown = present(service.surroundings, service.state.resource(resource_id))
        return web.json_response(shown, status=status, headers=headers)
    await _ended(service, work)
    resource = service.state.resource(resource_id)
    shown = present(service.surroundings, resource)
    return web.json_response(shown, status=status, headers={"ETag": etag_of(resource)})


async def delete_resource(request: web.Request) -> web.Response:
    """200, or 202 with where to ask; 204 when there was nothing."""
    service, resource_id = service_of(request), _resource_id(request)
    if resource_id.subscription and resource_id.group:
        service.state.group(resource_id.subscription, resource_id.group)
    found = service.state.find_resource(resource_id)
    check_conditions(request, found)
    before = present(service.surroundings, found) if found else None
    work = service.operations.begin_remove(resource_id, request[CALLER])
    if work is None or found is None:
        return web.Response(status=204)
    if not _is_done_at_once(service, work):
        return web.Response(status=202, headers=async_headers(request, work, _location(found.document)))
    await _ended(service, work)
    if resource_id.type.lower().startswith(_ANSWERS_WHAT_WAS):
        return web.json_response(before)
    return web.Response(status=200)


async def post_action(request: web.Request) -> web.Response:
    """`listKeys` and its kind: the last segment of the path is the action."""
    service, asked = service_of(request), action_at(request.path)
    if asked is None or not asked.id.parts:
        raise _no_route(request)
    resource_id = _checked(request, asked.id)
    body = await json_body(request)
    return web.json_response(act(service.surroundings, resource_id, asked.action, body, request[CALLER]))


def _is_done_at_once(service: Service, work: ProviderOperation) -> bool:
    return service.time.scale == 0 or work.seconds <= _AT_ONCE


async def _ended(service: Service, work: ProviderOperation) -> None:
    """Wait for the end of work that nobody else will ask about; raises its error."""
    await service.operations.ended(work)
    service.state.drop_work(work)
    if work.error:
        raise ArmError(
            status_of(work.status_code),
            work.error["code"],
            work.error["message"],
            target=work.error.get("target"),
            details=work.error.get("details", ()),
            additional_info=work.error.get("additionalInfo", ()),
        )


def _location(document: Mapping[str, Any]) -> str:
    return str(document.get("location") or "global").replace(" ", "").lower()


def _resource_id(request: web.Request) -> ResourceId:
    found = resource_at(request.path)
    if found is None:
        raise _no_route(request)
    return _checked(request, found)


def _checked(request: web.Request, resource_id: ResourceId) -> ResourceId:
    """The id, when its provider serves its type in the version of the query."""
    if resource_id.is_deployment:
        message = f"This emulator does not know {request.method} of deployments at this path."
        raise ArmError(501, "NotImplemented", message)
    check_served(resource_id.type, request.query["api-version"], None, service_of(request).state.cloud)
    return resource_id


def _no_route(request: web.Request) -> ArmError:
    message = f"No HTTP resource was found that matches '{request.method} {tidy(request.path)}'."
    return ArmError(404, "NotFound", message)
