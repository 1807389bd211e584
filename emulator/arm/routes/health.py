"""`Microsoft.ResourceHealth/availabilityStatuses`: `current` of a resource, and those of all resources of a group.

The list holds only the types whose providers report their health. What is told of a resource can be set by a record of
the kind `health` (emulator.arm.routes.records) under its id: `{"availabilityState", "reasonType", "summary"}`.
Source: https://learn.microsoft.com/rest/api/resourcehealth/availability-statuses (get by resource, list by resource
group); https://learn.microsoft.com/azure/service-health/resource-health-checks-resource-types, 2025.
"""

from typing import Any

from aiohttp import web

from emulator.arm import authorization
from emulator.arm.addresses import tidy
from emulator.arm.admission import CALLER
from emulator.arm.clock import now, timestamp
from emulator.arm.identifiers import ResourceId
from emulator.arm.provisioning import read
from emulator.arm.routes.filters import paged
from emulator.arm.routes.paths import GROUP, any_case
from emulator.arm.routes.service import Service, service_of
from emulator.arm.state import Resource

_TYPE = "Microsoft.ResourceHealth/availabilityStatuses"

_STATUS = (
    "/{scope:.+}/{_providers:(?i:providers)}/{_namespace:(?i:microsoft.resourcehealth)}"
    "/{_kind:(?i:availabilitystatuses)}/{_name:(?i:current)}"
)


HEALTH = "health"
_REPORTING = frozenset(
    kind.lower()
    for kind in (
        "Microsoft.ApiManagement/service",
        "Microsoft.Cache/Redis",
        "Microsoft.CognitiveServices/accounts",
        "Microsoft.Compute/virtualMachines",
        "Microsoft.ContainerService/managedClusters",
        "Microsoft.DocumentDB/databaseAccounts",
        "Microsoft.EventHub/namespaces",
        "Microsoft.KeyVault/vaults",
        "Microsoft.Network/applicationGateways",
        "Microsoft.Network/loadBalancers",
        "Microsoft.Network/virtualNetworkGateways",
        "Microsoft.Search/searchServices",
        "Microsoft.ServiceBus/namespaces",
        "Microsoft.Sql/servers/databases",
        "Microsoft.Storage/storageAccounts",
        "Microsoft.Web/serverFarms",
        "Microsoft.Web/sites",
    )
)


def add_routes(router: web.UrlDispatcher) -> None:
    """Register the routes of this module."""
    router.add_get(any_case(f"{GROUP}/providers/Microsoft.ResourceHealth/availabilityStatuses"), statuses_of_group)
    router.add_get(_STATUS, current_status)


async def statuses_of_group(request: web.Request) -> web.Response:
    """What is reported of the resources of a group."""
    service, subscription = service_of(request), request.match_info["subscription"]
    scope = service.state.group(subscription, request.match_info["group"]).id
    authorization.check(service.state, request[CALLER], f"{_TYPE}/read", scope)
    found = [each for each in service.state.resources(scope) if each.id.type.lower() in _REPORTING]
    return paged(request, [_status(service, each) for each in sorted(found, key=lambda each: each.id.key)])


async def current_status(request: web.Request) -> web.Response:
    """Available once it is made; Unavailable when its provider failed, Unknown before."""
    service = service_of(request)
    resource = read(service.surroundings, ResourceId.parse(tidy(f"/{request.match_info['scope']}")))
    return web.json_response(_status(service, resource))


def _status(service: Service, resource: Resource) -> dict[str, Any]:
    states = {"Succeeded": "Available", "Failed": "Unavailable"}
    state = states.get(resource.provisioning_state, "Unknown")
    told = {"availabilityState": state, "reasonType": "" if state == "Available" else "Unplanned"}
    told |= service.state.record(HEALTH, str(resource.id).strip("/")) or {}
    return {
        "id": f"{resource.id}/providers/{_TYPE}/current",
        "name": "current",
        "type": "Microsoft.ResourceHealth/AvailabilityStatuses",
        "location": resource.document.get("location"),
        "properties": {
            "title": told["availabilityState"],
            "summary": f"The resource is {str(told['availabilityState']).lower()}.",
            "occurredTime": timestamp(resource.changed),
            "reportedTime": timestamp(now()),
            **told,
        },
    }
