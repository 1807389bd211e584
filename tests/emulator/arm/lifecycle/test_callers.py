"""A deployment may do what the one who asked for it may do."""

from typing import Any

import pytest

from tests.emulator.arm.running import GROUP_PATH, SUBSCRIPTION, Arm, nested, resource, storage, template, token

CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
STRANGER = "99999999-0000-0000-0000-000000000001"
ASSIGNMENT = f"{GROUP_PATH}/providers/Microsoft.Authorization/roleAssignments/11111111-1111-1111-1111-111111111111"


async def test_what_the_caller_may_not_do_the_deployment_may_not(arm: Arm) -> None:
    await arm.request("PUT", GROUP_PATH.removesuffix("rg") + "other", {"location": "eastus2"})
    role = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{CONTRIBUTOR}"
    properties = {"roleDefinitionId": role, "principalId": STRANGER, "principalType": "ServicePrincipal"}
    assigned, answer = await arm.request("PUT", ASSIGNMENT, {"properties": properties})
    assert assigned == 201, answer
    arm.http.headers["Authorization"] = f"Bearer {token(arm.certificates, oid=STRANGER)}"
    path = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/main"
    content = template(resource("own"), nested("elsewhere", template(resource("foreign")), resourceGroup="other"))

    status, answer = await arm.request("PUT", path, {"properties": {"mode": "Incremental", "template": content}})
    deployment = await arm.ended(path) if status == 201 else answer

    codes = {detail["code"] for detail in deployment["properties"]["error"]["details"]}
    states = {o["targetResource"]["resourceName"]: o["provisioningState"] for o in await arm.operations_of()}
    assert codes == {"AuthorizationFailed"}
    assert states == {"own": "Succeeded", "elsewhere": "Failed"}


DEPLOYER = "77777777-7777-7777-7777-777777777777"
DEPLOYMENT = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/main"
ACCOUNT = f"{GROUP_PATH}/providers/Microsoft.Storage/storageAccounts/stcontoso"


async def deployed_by_who_may(arm: Arm, actions: list[str], **output: Any) -> Any:
    """A deployment with one output, into a group with an account, by a principal with a custom role."""
    account = storage()
    await arm.request("PUT", ACCOUNT, {key: account[key] for key in ("location", "sku", "kind")})
    role = f"{GROUP_PATH}/providers/Microsoft.Authorization/roleDefinitions/{DEPLOYER}"
    permissions = [{"actions": ["Microsoft.Resources/deployments/*", *actions]}]
    shape = {"roleName": "Deployer", "permissions": permissions, "assignableScopes": [GROUP_PATH]}
    made, answer = await arm.request("PUT", role, {"properties": shape})
    assert made == 201, answer
    assigned, answer = await arm.request(
        "PUT", ASSIGNMENT, {"properties": {"roleDefinitionId": role, "principalId": STRANGER}}
    )
    assert assigned == 201, answer
    arm.http.headers["Authorization"] = f"Bearer {token(arm.certificates, oid=STRANGER)}"
    return await arm.deploy(template(outputs={"told": output}))


@pytest.mark.parametrize(
    ("actions", "value", "action"),
    [
        ([], "[reference(resourceId('Microsoft.Storage/storageAccounts', 'stcontoso'), '2023-05-01')]", "read"),
        (
            ["Microsoft.Storage/storageAccounts/read"],
            "[listKeys(resourceId('Microsoft.Storage/storageAccounts', 'stcontoso'), '2023-05-01')]",
            "listKeys/action",
        ),
    ],
)
async def test_a_template_tells_no_more_than_its_caller_may_know(
    arm: Arm, actions: list[str], value: str, action: str
) -> None:
    deployment = await deployed_by_who_may(arm, actions, type="object", value=value)

    error = deployment["properties"]["error"]
    assert deployment["properties"]["provisioningState"] == "Failed"
    assert "AuthorizationFailed" in str(error)
    assert f"Microsoft.Storage/storageAccounts/{action}" in str(error)
    assert "outputs" not in deployment["properties"]


async def test_a_template_tells_what_its_caller_may_know(arm: Arm) -> None:
    value = "[listKeys(resourceId('Microsoft.Storage/storageAccounts', 'stcontoso'), '2023-05-01').keys[0].keyName]"

    deployment = await deployed_by_who_may(arm, ["Microsoft.Storage/storageAccounts/*"], type="string", value=value)

    assert deployment["properties"]["outputs"]["told"]["value"] == "key1"


async def test_outputs_stay_as_they_were_told(arm: Arm) -> None:
    account = storage()
    value = "[reference('stcontoso', '2023-05-01')]"
    deployment = await arm.deploy(template(account, outputs={"told": {"type": "object", "value": value}}))
    before = deployment["properties"]["outputs"]["told"]["value"]

    changed = {key: account[key] for key in ("location", "sku", "kind")} | {"properties": {"accessTier": "Cool"}}
    status, answer = await arm.request("PUT", ACCOUNT, changed)
    assert status == 200, answer
    await arm.request("POST", f"{ACCOUNT}/regenerateKey", {"keyName": "key1"})

    _, after = await arm.request("GET", DEPLOYMENT)
    assert after["properties"]["outputs"]["told"]["value"] == before
    assert before["accessTier"] == "Hot"
