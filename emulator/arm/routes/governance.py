"""Lists of what governs a scope: role assignments and definitions, locks, policies, the caller's own permissions."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from emulator.arm.addresses import Address, list_at, resource_at
from emulator.arm.admission import CALLER
from emulator.arm.authorization import assignments_of
from emulator.arm.errors import ArmError
from emulator.arm.governance import roles
from emulator.arm.governance.locks import LOCK_TYPE
from emulator.arm.governance.policy.built_in import BUILT_IN_POLICIES
from emulator.arm.governance.policy.enforcement import DEFINITION_TYPE as POLICY_TYPE
from emulator.arm.governance.registration import check_served
from emulator.arm.governance.scopes import scopes_above
from emulator.arm.identifiers import ResourceId
from emulator.arm.odata import calls, comparisons
from emulator.arm.provisioning import present
from emulator.arm.routes.filters import filter_of, paged, reader_of
from emulator.arm.routes.service import Service, service_of

_NAMESPACE = "/{scope:.*}{_providers:(?i:/?providers)}/{_namespace:(?i:microsoft.authorization)}"


def add_routes(router: web.UrlDispatcher) -> None:
    """Register the routes of this module."""
    router.add_get(f"{_NAMESPACE}/{{_kind:(?i:permissions)}}", permissions)
    router.add_get(f"{_NAMESPACE}/{{_kind:(?i:roledefinitions)}}/{{name}}", role_definition, allow_head=False)
    router.add_get(f"{_NAMESPACE}/{{_kind:(?i:policydefinitions)}}/{{name}}", policy_definition, allow_head=False)
    router.add_get(
        f"{_NAMESPACE}/{{_kind:(?i:roleassignments|roledefinitions|locks|policyassignments|policydefinitions"
        "|policysetdefinitions|policyexemptions)}",
        list_governing,
    )


async def list_governing(request: web.Request) -> web.Response:
    """What is set at the scope, at those above it, and below it, as the type's provider lists it."""
    service, address = service_of(request), list_at(request.path)
    if address is None:
        raise ArmError(404, "NotFound", f"No HTTP resource was found that matches 'GET {request.path}'.")
    check_served(address.type, request.query["api-version"], None, service.state.cloud)
    _check_scope(service, address.id)
    besides = _BESIDES.get(address.type.lower())
    entries = [*(besides(address.id) if besides else ()), *_listed(request, service, address)]
    return paged(request, list(filter(reader_of(request.query.get("$filter")), entries)))


def _listed(request: web.Request, service: Service, address: Address) -> list[dict[str, Any]]:
    wanted, scope = filter_of(request.query.get("$filter")), address.id
    is_of_locks = address.type.lower() == LOCK_TYPE.lower()  # whose provider lists none of the scopes above
    above = [scope] if is_of_locks else list(scopes_above(service.state, scope))
    found = {r.id.key: r for place in above for r in service.state.governing(place, address.type)}
    if not (calls(wanted, "atscope") or calls(wanted, "atexactscope")):
        for resource in service.state.resources(scope):
            if resource.id.type.lower() == address.type.lower():
                found[resource.id.key] = resource
    assigned = [call.arguments[0] for call in calls(wanted, "assignedto") if call.arguments]
    principals = {name.lower() for name in (*assigned, *comparisons(wanted, "principalid"))}
    shown = [present(service.surroundings, resource) for resource in found.values()]
    return [
        entry for entry in shown if not principals or str(entry["properties"].get("principalId")).lower() in principals
    ]


def _check_scope(service: Service, scope: ResourceId) -> None:
    if scope.subscription and scope.group:
        service.state.group(scope.subscription, scope.group)
    if scope.parts:
        service.state.resource(scope)


async def permissions(request: web.Request) -> web.Response:
    """What the caller may do at the scope."""
    service, address = service_of(request), list_at(request.path)
    scope, principal = address.id if address else ResourceId(), request[CALLER].object_id
    told = [
        permission.dump()
        for assignment in assignments_of(service.state, principal, scopes_above(service.state, scope))
        for permission in roles.permissions_of(service.state, str(assignment.properties.get("roleDefinitionId", "")))
    ]
    return web.json_response({"value": told})


async def role_definition(request: web.Request) -> web.Response:
    """A role by its name, built in or custom."""
    service, wanted = service_of(request), resource_at(request.path)
    scope, name = wanted.scope if wanted else ResourceId(), request.match_info["name"]
    if document := roles.built_in_document(scope, name):
        return web.json_response(document)
    if custom := roles.find_custom(service.state, name):
        return web.json_response(present(service.surroundings, custom))
    message = f"The specified role definition with ID '{name.replace('-', '').upper()}' does not exist."
    raise ArmError(404, "RoleDefinitionDoesNotExist", message)


async def policy_definition(request: web.Request) -> web.Response:
    """A policy definition, built in or made at the scope."""
    service, name = service_of(request), request.match_info["name"]
    if built_in := BUILT_IN_POLICIES.get(name.lower()):
        return web.json_response(_policy(name.lower(), built_in))
    wanted = resource_at(request.path)
    found = service.state.find_resource(wanted) if wanted else None
    if found is None:
        raise ArmError(404, "PolicyDefinitionNotFound", f"The policy definition '{name}' could not be found.")
    return web.json_response(present(service.surroundings, found))


def _policy(name: str, content: dict[str, Any]) -> dict[str, Any]:
    policy_id = f"/providers/{POLICY_TYPE}/{name}"
    return {"id": policy_id, "name": name, "type": POLICY_TYPE, "properties": content | {"policyType": "BuiltIn"}}


_BESIDES: dict[str, Callable[[ResourceId], list[dict[str, Any]]]] = {
    roles.DEFINITION_TYPE.lower(): roles.built_in_documents,
    POLICY_TYPE.lower(): lambda scope: [_policy(name, content) for name, content in BUILT_IN_POLICIES.items()],
}
