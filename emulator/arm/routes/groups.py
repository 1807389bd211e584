"""Resource groups: PUT, GET, HEAD, PATCH, DELETE and the list."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from emulator.arm import authorization, gates
from emulator.arm.admission import CALLER
from emulator.arm.behaviours.generic import new_document
from emulator.arm.errors import ArmError
from emulator.arm.governance.scopes import GROUP_ACTIONS
from emulator.arm.grouping import write_group
from emulator.arm.identifiers import ResourceId
from emulator.arm.routes.filters import paged, reader_of
from emulator.arm.routes.operation_results import location_headers
from emulator.arm.routes.paths import GROUP, SUBSCRIPTION, any_case
from emulator.arm.routes.service import Service, json_body, service_of
from emulator.arm.state import Resource, ResourceGroup


def add_routes(router: web.UrlDispatcher) -> None:
    """Register the routes of this module."""
    router.add_get(any_case(f"{SUBSCRIPTION}/resourcegroups"), list_groups)
    router.add_put(any_case(GROUP), put_group)
    router.add_get(any_case(GROUP), get_group, allow_head=False)
    router.add_head(any_case(GROUP), head_group)
    router.add_patch(any_case(GROUP), patch_group)
    router.add_delete(any_case(GROUP), delete_group)


def described(group: ResourceGroup) -> dict[str, Any]:
    """The group as ARM shows it."""
    document: dict[str, Any] = {
        "id": str(group.id),
        "name": group.id.group,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
        "properties": {"provisioningState": group.provisioning_state},
    }
    document |= {"tags": group.tags} if group.tags else {}
    return document | ({"managedBy": group.managed_by} if group.managed_by else {})


async def list_groups(request: web.Request) -> web.Response:
    """The groups that the caller may read; `$filter` by tag, `$top`."""
    service, caller = service_of(request), request[CALLER]
    state, subscription = service.state, service.state.check_subscription(request.match_info["subscription"])
    meets, action = reader_of(request.query.get("$filter")), f"{GROUP_ACTIONS}/read"
    sees_all = authorization.may_list_all(state, caller, action, ResourceId(subscription))
    shown = [
        described(group)
        for group in state.groups(subscription)
        if sees_all or authorization.is_allowed(state, caller.object_id, action, group.id)
    ]
    return paged(request, list(filter(meets, shown)))


async def put_group(request: web.Request) -> web.Response:
    """Create or update."""
    service, group_id, body = service_of(request), _group_id(request), await json_body(request)
    _check_write(request, service, group_id, body)
    group, is_new = write_group(service.state, group_id, body)
    return web.json_response(described(group), status=201 if is_new else 200)


async def get_group(request: web.Request) -> web.Response:
    """One group."""
    return web.json_response(described(_group(request)))


async def head_group(request: web.Request) -> web.Response:
    """204 when it is there, 404 when not."""
    try:
        _group(request)
    except ArmError as absent:
        return web.Response(status=absent.status)
    return web.Response(status=204)


async def patch_group(request: web.Request) -> web.Response:
    """Change tags or the manager; what is not named stays."""
    service, body = service_of(request), await json_body(request)
    group = service.state.writable_group(request.match_info["subscription"], request.match_info["group"])
    _check_write(request, service, group.id, described(group) | body)
    if isinstance(body.get("tags"), dict):
        group.tags = body["tags"]
    if "managedBy" in body:
        group.managed_by = body["managedBy"]
    service.state.put_group(group)
    return web.json_response(described(group))


async def delete_group(request: web.Request) -> web.Response:
    """202 with a `Location` that answers 202 until the group with all that it holds is gone."""
    service, group = service_of(request), _group(request)
    as_resource = Resource(group.id, "", new_document(group.id, described(group)))
    gates.check_delete(service.surroundings, as_resource, request[CALLER])
    work = service.operations.begin_group_deletion(group)
    return web.Response(status=202, headers=location_headers(request, work))


def _check_write(request: web.Request, service: Service, group_id: ResourceId, body: Mapping[str, Any]) -> None:
    as_resource = Resource(group_id, "", new_document(group_id, body))
    gates.check_write(service.surroundings, as_resource, None, request[CALLER])


def _group_id(request: web.Request) -> ResourceId:
    return ResourceId(request.match_info["subscription"], request.match_info["group"])


def _group(request: web.Request) -> ResourceGroup:
    group_id = _group_id(request)
    return service_of(request).state.group(group_id.subscription or "", group_id.group or "")
