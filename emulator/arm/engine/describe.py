"""Deployments and their operations as ARM's answers show them."""

from typing import Any

from emulator.arm.clock import duration, now, timestamp
from emulator.arm.identifiers import DEPLOYMENT_TYPE
from emulator.arm.state import Deployment, Operation


def describe_deployment(deployment: Deployment) -> dict[str, Any]:
    """The deployment; secure values were left out when they were stored."""
    described: dict[str, Any] = {
        "id": str(deployment.id),
        "name": deployment.id.last_name,
        "type": DEPLOYMENT_TYPE,
        "properties": deployment_properties(deployment),
    }
    described |= {"location": deployment.location} if deployment.location else {}
    return described | ({"tags": dict(deployment.tags)} if deployment.tags else {})


def deployment_properties(deployment: Deployment) -> dict[str, Any]:
    """The `properties`, which `reference()` of a nested deployment sees as well."""
    until = deployment.changed if deployment.is_final else now()
    properties: dict[str, Any] = {
        "templateHash": deployment.template_hash,
        "parameters": deployment.parameters,
        "mode": deployment.mode,
        "provisioningState": deployment.provisioning_state,
        "timestamp": timestamp(deployment.timestamp),
        "duration": duration(until - deployment.started),
        "correlationId": deployment.correlation_id,
        "providers": deployment.providers,
        "dependencies": deployment.dependencies,
        "validatedResources": [{"id": resource_id} for resource_id in deployment.validated_resources],
    }
    if deployment.template_link:
        properties["templateLink"] = deployment.template_link
    if deployment.debug_setting:
        properties["debugSetting"] = deployment.debug_setting
    if deployment.on_error:
        properties["onErrorDeployment"] = deployment.on_error
    if deployment.is_final:
        properties["outputResources"] = [{"id": resource_id} for resource_id in deployment.output_resources]
    if deployment.outputs is not None:
        properties["outputs"] = deployment.outputs
    if deployment.error:
        properties["error"] = deployment.error
    return properties


def describe_operation(deployment: Deployment, operation: Operation) -> dict[str, Any]:
    """One operation."""
    until = operation.ended or now()
    properties: dict[str, Any] = {
        "provisioningOperation": operation.kind,
        "provisioningState": operation.provisioning_state,
        "timestamp": timestamp(until),
        "duration": duration(until - operation.started),
        "trackingId": operation.tracking_id,
        "serviceRequestId": operation.service_request_id,
    }
    if operation.status_code:
        properties["statusCode"] = operation.status_code
    if operation.status_message is not None:
        properties["statusMessage"] = operation.status_message
    if operation.request is not None:
        properties["request"] = {"content": operation.request}
    if operation.response is not None:
        properties["response"] = {"content": operation.response}
    if target := operation.target:
        properties["targetResource"] = {"id": str(target), "resourceType": target.type, "resourceName": target.name}
    return {
        "id": f"{deployment.id}/operations/{operation.id}",
        "operationId": operation.id,
        "properties": properties,
    }
