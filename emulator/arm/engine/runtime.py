"""What `reference()` shows of a resource, a resource group or a deployment that is there."""

from copy import deepcopy
from typing import Any

from emulator.arm.behaviours import Surroundings
from emulator.arm.engine.describe import deployment_properties
from emulator.arm.engine.instance import Instance
from emulator.arm.errors import resource_not_found
from emulator.arm.identifiers import ResourceId
from emulator.arm.provisioning import present, read


def properties(surroundings: Surroundings, resource_id: ResourceId) -> Any:
    """A copy of the properties; raises `ArmError` when the resource is not there."""
    return deepcopy(_document(surroundings, resource_id).get("properties", {}))


def full(surroundings: Surroundings, resource_id: ResourceId, instance: Instance | None) -> dict[str, Any]:
    """The whole of it, as `reference(…, 'Full')` shows it; `instance` is there for a resource of the template."""
    document = deepcopy(_document(surroundings, resource_id))
    shown = {key: value for key, value in document.items() if key not in ("id", "name", "type")}
    scope = str(resource_id.scope).removeprefix(f"/subscriptions/{resource_id.subscription}").lstrip("/")
    return shown | {
        "subscriptionId": resource_id.subscription,
        "resourceGroupName": resource_id.group,
        "scope": scope,
        "resourceId": resource_id.relative,
        "referenceApiVersion": document.get("apiVersion"),
        "condition": True,
        "isConditionTrue": instance is None or instance.is_enabled,
        "isTemplateResource": instance is not None and not instance.is_existing,
        "isAction": False,
        "provisioningOperation": "Read",
    }


def _document(surroundings: Surroundings, resource_id: ResourceId) -> dict[str, Any]:
    state = surroundings.state
    if resource_id.is_deployment:
        deployment = state.deployment(resource_id)
        return {"location": deployment.location, "properties": deployment_properties(deployment)}
    if resource_id.is_resource_group:
        group = state.group(resource_id.subscription or "", resource_id.group or "")
        return {"location": group.location, "tags": group.tags, "properties": {"provisioningState": "Succeeded"}}
    resource = read(surroundings, resource_id)
    if resource.provisioning_state == "Creating":
        raise resource_not_found(resource_id.type, resource_id.name, resource_id.group)
    return {"apiVersion": resource.api_version} | present(surroundings, resource)
