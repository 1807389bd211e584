"""Management groups, the subscriptions in them, what is below one, and all entities of the tenant."""

from typing import Any

from aiohttp import web

from emulator.arm import authorization, management_groups
from emulator.arm.admission import CALLER
from emulator.arm.errors import invalid_request_content
from emulator.arm.identifiers import MANAGEMENT_GROUP_TYPE, ResourceId
from emulator.arm.models import Resource
from emulator.arm.routes.filters import paged
from emulator.arm.routes.paths import MANAGEMENT_GROUP, any_case
from emulator.arm.routes.service import Service, json_body, service_of
from emulator.arm.state import CloudState


def add_routes(router: web.UrlDispatcher) -> None:
    """Register the routes of this module."""
    router.add_get(any_case(f"/providers/{MANAGEMENT_GROUP_TYPE}"), list_groups)
    router.add_post(any_case("/providers/Microsoft.Management/getEntities"), entities)
    router.add_put(any_case(MANAGEMENT_GROUP), put_group)
    router.add_patch(any_case(MANAGEMENT_GROUP), put_group)
    router.add_get(any_case(MANAGEMENT_GROUP), get_group)
    router.add_delete(any_case(MANAGEMENT_GROUP), delete_group)
    router.add_get(any_case(f"{MANAGEMENT_GROUP}/descendants"), descendants)
    router.add_put(any_case(f"{MANAGEMENT_GROUP}/subscriptions/{{subscription}}"), put_subscription)
    router.add_delete(any_case(f"{MANAGEMENT_GROUP}/subscriptions/{{subscription}}"), delete_subscription)


async def list_groups(request: web.Request) -> web.Response:
    """All groups."""
    shown = [
        group.document | {"properties": {k: v for k, v in group.properties.items() if k != "details"}}
        for group in management_groups.every(service_of(request).state)
    ]
    return paged(request, shown)


async def put_group(request: web.Request) -> web.Response:
    """Create or change: the name that is shown, and the group above (`details.parent.id`)."""
    service, body = service_of(request), await json_body(request)
    properties = body.get("properties") or body
    parent = management_groups.wanted_parent(properties)
    if parent is not None and not isinstance(parent, str):
        raise invalid_request_content("the id of the parent is no text")
    name = request.match_info["management_group"]
    group, is_new = management_groups.put(service.state, name, properties.get("displayName"), parent)
    return web.json_response(group.document, status=201 if is_new else 200)


async def get_group(request: web.Request) -> web.Response:
    """One group; `$expand=children`, with `$recurse=true` those below as well."""
    service = service_of(request)
    group = management_groups.get(service.state, request.match_info["management_group"])
    if "children" not in request.query.get("$expand", "").lower():
        return web.json_response(group.document)
    is_deep = request.query.get("$recurse", "").lower() == "true"
    properties = group.properties | {"children": _children(service.state, group, is_deep=is_deep)}
    return web.json_response(group.document | {"properties": properties})


def _children(state: CloudState, group: Resource, *, is_deep: bool) -> list[dict[str, Any]]:
    name = group.id.management_group or ""
    below = []
    for child in management_groups.children(state, name):
        entry: dict[str, Any] = {key: child.document[key] for key in ("id", "type", "name")}
        entry["displayName"] = child.properties["displayName"]
        if is_deep:
            entry["children"] = _children(state, child, is_deep=True)
        below.append(entry)
    return below + [_subscription(own) for own in management_groups.subscriptions(state, name)]


def _subscription(subscription: str) -> dict[str, Any]:
    entry = {"id": f"/subscriptions/{subscription}", "type": "/subscriptions", "name": subscription}
    return entry | {"displayName": "Local development"}


async def delete_group(request: web.Request) -> web.Response:
    """202 without anything to wait for, as the provider answers; 204 when there was none."""
    was_there = management_groups.drop(service_of(request).state, request.match_info["management_group"])
    return web.Response(status=200 if was_there else 204)


async def descendants(request: web.Request) -> web.Response:
    """Every group and subscription below."""
    service = service_of(request)
    group = management_groups.get(service.state, request.match_info["management_group"])
    return paged(request, _below(service, group))


def _below(service: Service, group: Resource) -> list[dict[str, Any]]:
    name, found = group.id.management_group or "", list[dict[str, Any]]()
    parent = {"parent": {"id": str(group.id)}}
    for child in management_groups.children(service.state, name):
        shown = {"displayName": child.properties["displayName"]} | parent
        found.append({key: child.document[key] for key in ("id", "type", "name")} | {"properties": shown})
        found += _below(service, child)
    for own in management_groups.subscriptions(service.state, name):
        found.append(_subscription(own) | {"properties": {"displayName": "Local development"} | parent})
    return found


async def put_subscription(request: web.Request) -> web.Response:
    """Move a subscription into the group."""
    service, name = service_of(request), request.match_info["management_group"]
    subscription = request.match_info["subscription"]
    management_groups.place_subscription(service.state, name, subscription)
    group = ResourceId(management_group=name)
    document = {
        "id": f"{group}/subscriptions/{subscription}",
        "type": f"{MANAGEMENT_GROUP_TYPE}/subscriptions",
        "name": subscription,
        "properties": {"displayName": "Local development", "state": "Active", "parent": {"id": str(group)}},
    }
    return web.json_response(document)


async def delete_subscription(request: web.Request) -> web.Response:
    """Move a subscription back into the root group."""
    state = service_of(request).state
    management_groups.get(state, request.match_info["management_group"])
    management_groups.place_subscription(state, state.tenant, request.match_info["subscription"])
    return web.Response(status=200)


async def entities(request: web.Request) -> web.Response:
    """The groups and subscriptions that the caller sees."""
    service, caller = service_of(request), request[CALLER].object_id
    root = management_groups.get(service.state, service.state.tenant)
    entries = [root.document, *_below(service, root)]
    seen = [one for one in entries if authorization.is_seen(service.state, caller, ResourceId.parse(one["id"]))]
    return paged(request, seen)
