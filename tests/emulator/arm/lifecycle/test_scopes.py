"""Deployments at every scope: the same calls, a location, and lists that hold their own scope only."""

import pytest

from emulator.arm.settings import DEFAULT_TENANT
from tests.emulator.arm.running import GROUP_PATH, SUBSCRIPTION, SUBSCRIPTION_SCHEMA, Arm, template

TENANT_SCHEMA = "https://schema.management.azure.com/schemas/2019-08-01/tenantDeploymentTemplate.json#"
MANAGEMENT_SCHEMA = "https://schema.management.azure.com/schemas/2019-08-01/managementGroupDeploymentTemplate.json#"
SCOPES = {
    "": TENANT_SCHEMA,
    f"/providers/Microsoft.Management/managementGroups/{DEFAULT_TENANT}": MANAGEMENT_SCHEMA,
    f"/subscriptions/{SUBSCRIPTION}": SUBSCRIPTION_SCHEMA,
}
OUTPUTS = {"where": {"type": "string", "value": "[deployment().name]"}}


@pytest.mark.parametrize("scope", list(SCOPES))
async def test_every_call_is_there_at_every_scope(arm: Arm, scope: str) -> None:
    path = f"{scope}/providers/Microsoft.Resources/deployments/main"
    content = template(outputs=OUTPUTS) | {"$schema": SCOPES[scope]}
    body = {"location": "eastus2", "properties": {"mode": "Incremental", "template": content}}

    created, first = await arm.request("PUT", path, body)
    ended = await arm.ended(path)
    _, operations = await arm.request("GET", f"{path}/operations")
    _, listed = await arm.request("GET", f"{scope}/providers/Microsoft.Resources/deployments/")
    statuses = [(await arm.request(method, where))[0] for method, where in [("HEAD", path), ("POST", f"{path}/cancel")]]
    moved, refusal = await arm.request("PUT", path, body | {"location": "westus"})
    deleted, _ = await arm.request("DELETE", path)

    assert (created, first["id"], first["location"]) == (201, path, "eastus2")
    assert ended["properties"]["outputs"]["where"]["value"] == "main"
    assert [o["properties"]["provisioningOperation"] for o in operations["value"]] == ["EvaluateDeploymentOutput"]
    assert [d["id"] for d in listed["value"]] == [path]
    assert statuses == [204, 409]
    assert (moved, refusal["error"]["code"]) == (409, "InvalidDeploymentLocation")
    assert deleted == 202


@pytest.mark.parametrize("scope", list(SCOPES))
async def test_a_location_is_needed_but_in_a_group(arm: Arm, scope: str) -> None:
    body = {"properties": {"mode": "Incremental", "template": template() | {"$schema": SCOPES[scope]}}}

    status, answer = await arm.request("PUT", f"{scope}/providers/Microsoft.Resources/deployments/main", body)

    assert (status, answer["error"]["code"]) == (400, "InvalidDeployment")
    assert "The 'location' property must be specified for 'main'." in answer["error"]["message"]
    in_group = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/main"
    assert (await arm.request("PUT", in_group, body | {"location": "eastus2"}))[0] == 400


async def test_an_absent_management_group_is_not_found(arm: Arm) -> None:
    path = "/providers/Microsoft.Management/managementGroups/absent/providers/Microsoft.Resources/deployments/main"

    status, answer = await arm.request("GET", path)

    assert (status, answer["error"]["code"]) == (404, "NotFound")
