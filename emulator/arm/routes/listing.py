"""Lists of resources: ARM's index of a group or a subscription, the resources of one type, and children."""

from typing import Any

from aiohttp import web

from emulator.arm import authorization
from emulator.arm.addresses import Address
from emulator.arm.admission import CALLER
from emulator.arm.behaviours import behaviour_of
from emulator.arm.clock import timestamp
from emulator.arm.errors import ArmError
from emulator.arm.governance.scopes import GROUP_ACTIONS, action_of
from emulator.arm.identifiers import ResourceId
from emulator.arm.lifecycle.complete import is_tracked
from emulator.arm.provisioning import present, read
from emulator.arm.routes.filters import paged, reader_of
from emulator.arm.routes.paths import GROUP, SUBSCRIPTION, any_case
from emulator.arm.routes.service import Service, service_of
from emulator.arm.state import Resource

_LISTED = ("id", "name", "type", "location", "tags", "kind", "sku", "identity", "managedBy", "zones", "plan")
_EXPANSIONS = {"createdtime", "changedtime", "provisioningstate"}
INDEX_LAG = 2.0  # seconds of Azure's time after which a new resource is in ARM's index


def add_routes(router: web.UrlDispatcher) -> None:
    """Register the routes of ARM's index."""
    router.add_get(any_case(f"{SUBSCRIPTION}/resources"), list_resources)
    router.add_get(any_case(f"{GROUP}/resources"), list_resources)


async def list_resources(request: web.Request) -> web.Response:
    """What the caller may read, never deployments nor untracked children, as ARM's index shows it: a little later."""
    service, subscription = service_of(request), request.match_info["subscription"]
    scope = ResourceId(service.state.check_subscription(subscription), request.match_info.get("group"))
    if scope.group:
        scope = service.state.group(subscription, scope.group).id
    expanded = {name.strip().lower() for name in request.query.get("$expand", "").split(",") if name.strip()}
    if expanded - _EXPANSIONS:
        raise ArmError(400, "InvalidExpandQueryString", "The $expand in the query string is invalid.")
    caller, kind = request[CALLER], GROUP_ACTIONS if scope.group else "Microsoft.Resources/subscriptions"
    sees_all = authorization.may_list_all(service.state, caller, f"{kind}/resources/read", scope)
    entries = [
        _listed(resource, expanded)
        for resource in service.state.resources(scope)
        if resource.id.group and is_tracked(resource)
        if service.time.left(resource.created, INDEX_LAG) == 0 or service.time.scale == 0
        if sees_all
        or authorization.is_allowed(service.state, caller.object_id, action_of(resource.id, "read"), resource.id)
    ]
    entries.sort(key=lambda entry: str(entry["id"]).lower())
    return paged(request, list(filter(reader_of(request.query.get("$filter")), entries)))


def _listed(resource: Resource, expanded: set[str]) -> dict[str, Any]:
    entry = {key: resource.document[key] for key in _LISTED if key in resource.document}
    entry["name"] = resource.id.name  # of a child with its parents'
    extra = {
        "createdtime": ("createdTime", timestamp(resource.created)),
        "changedtime": ("changedTime", timestamp(resource.changed)),
        "provisioningstate": ("provisioningState", resource.provisioning_state),
    }
    return entry | dict(extra[name] for name in expanded)


def list_of_type(request: web.Request, address: Address) -> web.Response:
    """What a provider lists: the resources of a type in a scope, or the children of a resource."""
    service = service_of(request)
    scope = address.id
    if scope.group:
        service.state.group(scope.subscription or "", scope.group)
    if scope.parts and address.type.lower().startswith(f"{scope.type.lower()}/"):
        found = _children(service, scope, address.type.rpartition("/")[2])
    else:
        found = [
            resource
            for resource in service.state.resources(scope)
            if resource.id.type.lower() == address.type.lower() and _belongs(resource.id, scope)
        ]
    shown = [present(service.surroundings, resource) for resource in found]
    return paged(request, sorted(shown, key=lambda entry: str(entry["id"]).lower()))


def _belongs(resource_id: ResourceId, scope: ResourceId) -> bool:
    return resource_id.scope.key == scope.key if scope.parts else not resource_id.is_extension


def _children(service: Service, parent: ResourceId, kind: str) -> list[Resource]:
    owner = read(service.surroundings, parent)
    found = service.state.children(owner.id, kind)
    known = {child.id.key for child in found}
    for path in behaviour_of(parent.type).implicit_children:
        child_kind, _, name = path.partition("/")
        child = owner.id.child(child_kind, name)
        if child_kind.lower() == kind.lower() and "/" not in name and child.key not in known:
            found.append(read(service.surroundings, child))
    return found
