"""Places and documents for an ARM that answers what a test says."""

from typing import Any

from armature.plan import DeploymentScopeTarget
from tests.armature.azure.canned import Answer

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
S = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{S}/resourceGroups/rg-shop"
IN_GROUP = DeploymentScopeTarget(subscription=SUBSCRIPTION, resource_group="rg-shop")
IN_SUBSCRIPTION = DeploymentScopeTarget(subscription=SUBSCRIPTION)
DEPLOYMENTS = "/providers/Microsoft.Resources/deployments"
SITE = f"{GROUP}/providers/Microsoft.Web/sites/api"


def deployment_answer(state: str, **properties: Any) -> Answer:
    """A deployment `web` in that state."""
    body = {
        "id": f"{GROUP}{DEPLOYMENTS}/web",
        "name": "web",
        "tags": {"armature-attempt": "1"},
        "properties": {"provisioningState": state, "correlationId": "c-1", "timestamp": "2026-11-24T07:00:00.1234567Z"}
        | properties,
    }
    return Answer(200, body)


def operation(state: str, target: str | None, message: Any = None, kind: str = "Create") -> dict[str, Any]:
    """An operation of a deployment on the resource `target`, with the error `message` as it came."""
    properties: dict[str, Any] = {
        "provisioningOperation": kind,
        "provisioningState": state,
        "timestamp": "2026-11-24T07:00:00Z",
        "statusCode": "Conflict" if state == "Failed" else "OK",
    }
    if target:
        name = target.rsplit("/", 1)[-1]
        resource_type = "/".join(target.rsplit("/providers/", 1)[1].split("/")[:2])
        properties["targetResource"] = {"id": target, "resourceType": resource_type, "resourceName": name}
    if message is not None:
        properties["statusMessage"] = message
    return {"id": "/x/operations/1", "operationId": "1", "properties": properties}
