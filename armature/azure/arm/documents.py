"""ARM's documents as the gateway's models. Queries of links are dropped from errors: ARM quotes a SAS there."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from azure.mgmt.resource.deployments.models import DeploymentExtended, DeploymentOperation
from azure.mgmt.resource.resources.models import GenericResource, GenericResourceExpanded
from azure.mgmt.resource.resources.models import ResourceGroup as SdkResourceGroup
from pydantic import TypeAdapter, ValidationError

from armature.azure.failures import without_queries_within
from armature.azure.models import ArmDeployment, ArmOperation, ArmResource, ResourceGroup

_SECURE_TYPES = ("securestring", "secureobject")


def resource_group(group: SdkResourceGroup) -> ResourceGroup:
    """A resource group."""
    return ResourceGroup(
        name=str(group.name),
        location=str(group.location),
        tags=dict(group.tags or {}),
        provisioning_state=str((group.properties and group.properties.provisioning_state) or ""),
    )


def deployment(found: DeploymentExtended) -> ArmDeployment:
    """A deployment without its secure outputs."""
    raw = found.as_dict()
    properties: dict[str, Any] = raw.get("properties") or {}
    return ArmDeployment(
        id=str(found.id),
        name=str(found.name),
        provisioning_state=str(properties.get("provisioningState") or ""),
        tags=_texts(raw.get("tags")),
        outputs=_readable_outputs(properties.get("outputs")),
        output_resources=tuple(str(item["id"]) for item in properties.get("outputResources") or () if item.get("id")),
        error=without_queries_within(properties.get("error")),
        correlation_id=properties.get("correlationId"),
        timestamp=properties.get("timestamp"),
        duration=properties.get("duration"),
        dependencies={
            str(item["id"]): tuple(str(needed["id"]) for needed in item.get("dependsOn") or () if needed.get("id"))
            for item in properties.get("dependencies") or ()
            if item.get("id")
        },
    )


def operation(found: DeploymentOperation) -> ArmOperation:
    """An operation of a deployment."""
    raw = found.as_dict()
    properties: dict[str, Any] = raw.get("properties") or {}
    target: dict[str, Any] = properties.get("targetResource") or {}
    return ArmOperation(
        operation_id=str(raw.get("operationId") or ""),
        kind=str(properties.get("provisioningOperation") or ""),
        provisioning_state=str(properties.get("provisioningState") or ""),
        target_id=target.get("id"),
        target_type=target.get("resourceType"),
        status_code=properties.get("statusCode"),
        error=without_queries_within(properties.get("statusMessage")),
        timestamp=properties.get("timestamp"),
        duration=_span(properties.get("duration")),
    )


def resource(found: GenericResource | GenericResourceExpanded) -> ArmResource:
    """A resource."""
    raw = found.as_dict()
    identity: dict[str, Any] = raw.get("identity") or {}
    return ArmResource(
        id=str(raw.get("id") or ""),
        type=str(raw.get("type") or ""),
        name=str(raw.get("name") or ""),
        location=raw.get("location"),
        tags=_texts(raw.get("tags")),
        identity_principal_id=identity.get("principalId"),
        user_assigned_identities=identity.get("userAssignedIdentities") or {},
        properties=raw.get("properties") or {},
        kind=str(raw.get("kind") or ""),
        managed_by=raw.get("managedBy"),
        created_at=raw.get("createdTime"),
        changed_at=raw.get("changedTime"),
    )


_SPAN = TypeAdapter(timedelta)


def _span(duration: Any) -> timedelta | None:
    """A duration as ARM writes it, ISO 8601; None when it is something else."""
    try:
        return _SPAN.validate_python(duration)
    except ValidationError:
        return None


def _readable_outputs(outputs: Any) -> dict[str, Any]:
    """The values of the outputs but the secure ones."""
    if not isinstance(outputs, dict):
        return {}
    return {
        str(name): output["value"]
        for name, output in outputs.items()
        if isinstance(output, dict) and "value" in output and str(output.get("type")).lower() not in _SECURE_TYPES
    }


def _texts(tags: Mapping[str, Any] | None) -> dict[str, str]:
    return {str(name): str(value) for name, value in (tags or {}).items()}
