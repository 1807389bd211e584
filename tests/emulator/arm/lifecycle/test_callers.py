"""A deployment may do what the one who asked for it may do."""

from tests.emulator.arm.running import GROUP_PATH, SUBSCRIPTION, Arm, nested, resource, template, token

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
