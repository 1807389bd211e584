"""`/emulator/inventory`: all that exists, as no single request to ARM tells it: children too, and every run.

`?group=NAME` tells of one resource group only. Only who may do everything may ask.
"""

from typing import Any

from aiohttp import web

from emulator.arm import authorization
from emulator.arm.admission import CALLER
from emulator.arm.clock import timestamp
from emulator.arm.identifiers import ResourceId
from emulator.arm.models import Deployment, Resource, ResourceGroup
from emulator.arm.provisioning import present
from emulator.arm.routes.service import Service, service_of


def add_routes(router: web.UrlDispatcher) -> None:
    """Register the routes of this module."""
    router.add_get("/emulator/inventory", tell)


async def tell(request: web.Request) -> web.Response:
    """`groups`, `resources` with when each was made, `deployments` with what goes on in each."""
    service = service_of(request)
    authorization.check(service.state, request[CALLER], "Emulator/inventory/read", ResourceId())
    group = request.query.get("group", "").lower()

    def is_meant(resource_id: ResourceId) -> bool:
        return not group or (resource_id.group or "").lower() == group

    found = [each for subscription in service.state.subscriptions for each in service.state.groups(subscription)]
    resources = [resource for resource in service.state.resources(ResourceId()) if is_meant(resource.id)]
    return web.json_response(
        {
            "groups": [_group(each) for each in found if is_meant(each.id)],
            "resources": [_resource(service, resource) for resource in resources],
            "deployments": [_deployment(service, run) for run in service.state.runs() if is_meant(run.id)],
        }
    )


def _group(group: ResourceGroup) -> dict[str, Any]:
    return {
        "id": str(group.id),
        "location": group.location,
        "tags": group.tags,
        "managedBy": group.managed_by,
        "provisioningState": group.provisioning_state,
    }


def _resource(service: Service, resource: Resource) -> dict[str, Any]:
    return {"created": timestamp(resource.created), "document": present(service.surroundings, resource)}


def _deployment(service: Service, run: Deployment) -> dict[str, Any]:
    """A run, with the operations that go on in it and the deployment that it is nested in."""
    parent = service.state.run(run.parent) if run.parent else None
    return {
        "id": str(run.id),
        "tags": run.tags or {},
        "provisioningState": run.provisioning_state,
        "started": timestamp(run.started),
        "changed": timestamp(run.timestamp),
        "parent": str(parent.id) if parent else None,
        "underWay": [str(operation.target) for operation in run.operations if not operation.is_ended],
    }
