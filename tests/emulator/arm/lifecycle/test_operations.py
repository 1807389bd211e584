"""The operations of a deployment: what it makes, what it asks, and the bodies that `debugSetting` adds."""

from tests.emulator.arm.running import Arm, resource, storage, template

ASKING = {
    "read": {"type": "string", "value": "[reference(resourceId('Microsoft.Web/sites', 'site'), '2023-01-01').state]"},
    "again": {"type": "object", "value": "[reference(resourceId('Microsoft.Web/sites', 'site'), '2023-01-01')]"},
    "acted": {"type": "string", "value": "[listKeys('stcontoso', '2023-01-01').keys[0].keyName]"},
    "own": {"type": "string", "value": "[reference('stcontoso').primaryEndpoints.blob]"},
}


async def test_what_is_asked_of_resources_is_told(arm: Arm) -> None:
    plan = resource("plan", "Microsoft.Web/serverfarms", sku={"name": "B1"})
    site = resource("site", "Microsoft.Web/sites", dependsOn=["plan"], properties={"serverFarmId": "plan"})
    site["properties"]["serverFarmId"] = "[resourceId('Microsoft.Web/serverfarms', 'plan')]"
    await arm.deploy(template(plan, site), name="before")

    deployment = await arm.deploy(template(storage(), outputs=ASKING))

    assert deployment["properties"]["provisioningState"] == "Succeeded", deployment["properties"].get("error")
    told = [
        (operation["provisioningOperation"], operation.get("targetResource", {}).get("resourceName"))
        for operation in await arm.operations_of()
    ]
    assert len(told) == 4
    outputs = ("EvaluateDeploymentOutput", None)
    assert set(told) == {("Create", "stcontoso"), ("Read", "site"), ("Action", "stcontoso"), outputs}


async def test_bodies_are_shown_when_they_are_asked_for(arm: Arm) -> None:
    setting = {"detailLevel": "requestContent, responseContent"}

    deployment = await arm.deploy(template(resource("a", properties={"x": "[concat('a', 'b')]"})), debugSetting=setting)

    assert deployment["properties"]["debugSetting"] == setting
    created = (await arm.operations_of())[0]
    assert created["request"]["content"]["properties"] == {"x": "ab"}
    assert created["response"]["content"]["properties"]["provisioningState"] == "Succeeded"


async def test_bodies_are_not_shown_otherwise(arm: Arm) -> None:
    await arm.deploy(template(resource("a")), debugSetting={"detailLevel": "none"})

    assert not {"request", "response"} & (await arm.operations_of())[0].keys()
