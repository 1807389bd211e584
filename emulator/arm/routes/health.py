"""`Microsoft.ResourceHealth/availabilityStatuses/current` of a resource.

Source: https://learn.microsoft.com/rest/api/resourcehealth/availability-statuses/get-by-resource.
"""

from aiohttp import web

from emulator.arm.addresses import tidy
from emulator.arm.clock import now, timestamp
from emulator.arm.identifiers import ResourceId
from emulator.arm.provisioning import read
from emulator.arm.routes.service import service_of

_STATUS = (
    "/{scope:.+}/{_providers:(?i:providers)}/{_namespace:(?i:microsoft.resourcehealth)}"
    "/{_kind:(?i:availabilitystatuses)}/{_name:(?i:current)}"
)


def add_routes(router: web.UrlDispatcher) -> None:
    """Register the routes of this module."""
    router.add_get(_STATUS, current_status)


async def current_status(request: web.Request) -> web.Response:
    """Available once it is made; Unavailable when its provider failed, Unknown before."""
    resource = read(service_of(request).surroundings, ResourceId.parse(tidy(f"/{request.match_info['scope']}")))
    states = {"Succeeded": "Available", "Failed": "Unavailable"}
    state = states.get(resource.provisioning_state, "Unknown")
    document = {
        "id": f"{resource.id}/providers/Microsoft.ResourceHealth/availabilityStatuses/current",
        "name": "current",
        "type": "Microsoft.ResourceHealth/AvailabilityStatuses",
        "location": resource.document.get("location"),
        "properties": {
            "availabilityState": state,
            "title": state,
            "summary": f"The resource is {state.lower()}.",
            "reasonType": "" if state == "Available" else "Unplanned",
            "occurredTime": timestamp(resource.changed),
            "reportedTime": timestamp(now()),
        },
    }
    return web.json_response(document)
