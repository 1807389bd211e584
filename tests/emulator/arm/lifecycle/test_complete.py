"""Complete mode: what the template does not name is deleted, in an order in which it can be."""

from emulator.arm.identifiers import ResourceId
from emulator.arm.lifecycle.complete import deletable_first
from emulator.arm.models import Resource
from tests.emulator.arm.governance.asking import as_stranger, assign
from tests.emulator.arm.running import GROUP_PATH, Arm, failing, nested, resource, storage, template

DEPLOYMENTS = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments"
LOCK = {"properties": {"level": "CanNotDelete"}}


async def left_in_group(arm: Arm) -> set[str]:
    _, answer = await arm.request("GET", f"{GROUP_PATH}/resources")
    return {entry["name"] for entry in answer["value"]}


async def test_what_the_template_does_not_name_is_deleted(arm: Arm) -> None:
    before = template(storage("stkept"), storage("stgone"), resource("gone"), resource("excluded"), resource("kept"))
    await arm.deploy(before, name="before")
    content = template(
        storage("stkept"),
        resource("excluded", condition=False),
        nested("inner", template(resource("kept"), resource("new"))),
    )

    deployment = await arm.deploy(content, mode="Complete")

    assert deployment["properties"]["provisioningState"] == "Succeeded", deployment["properties"].get("error")
    assert deployment["properties"]["mode"] == "Complete"
    assert await left_in_group(arm) == {"stkept", "kept", "new"}
    kinds = [(o["provisioningOperation"], o["provisioningState"]) for o in await arm.operations_of()]
    assert kinds.count(("Delete", "Succeeded")) == 3
    assert kinds[-1] == ("EvaluateDeploymentOutput", "Succeeded")


async def test_nothing_is_deleted_when_something_failed(arm: Arm) -> None:
    await arm.deploy(template(resource("stays")), name="before")

    deployment = await arm.deploy(template(failing("Not_Valid")), mode="Complete")

    assert deployment["properties"]["provisioningState"] == "Failed"
    assert await left_in_group(arm) == {"stays"}


async def test_what_is_locked_stays(arm: Arm) -> None:
    await arm.deploy(template(resource("locked"), resource("free")), name="before")
    path = f"{GROUP_PATH}/providers/Microsoft.Contoso/things/locked/providers/Microsoft.Authorization/locks/l"
    assert (await arm.request("PUT", path, LOCK))[0] in (200, 201)

    deployment = await arm.deploy(template(), mode="Complete")

    assert deployment["properties"]["provisioningState"] == "Succeeded"
    assert await left_in_group(arm) == {"locked"}


async def test_a_network_goes_after_what_is_in_it(arm: Arm) -> None:
    subnet_id = "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'net', 'inner')]"
    net = resource(
        "net",
        "Microsoft.Network/virtualNetworks",
        properties={
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": "inner", "properties": {"addressPrefix": "10.0.0.0/24"}}],
        },
    )
    card = resource(
        "card",
        "Microsoft.Network/networkInterfaces",
        dependsOn=["net"],
        properties={"ipConfigurations": [{"name": "one", "properties": {"subnet": {"id": subnet_id}}}]},
    )
    made = await arm.deploy(template(net, card), name="before")
    assert made["properties"]["provisioningState"] == "Succeeded", made["properties"].get("error")

    deployment = await arm.deploy(template(), mode="Complete")

    assert deployment["properties"]["provisioningState"] == "Succeeded", deployment["properties"].get("error")
    deleted = [o["targetResource"]["resourceName"] for o in await arm.operations_of() if "targetResource" in o]
    assert deleted == ["card", "net"]


async def test_a_nested_deployment_and_other_scopes_cannot_be_complete(arm: Arm) -> None:
    inner = nested("inner", template())
    inner["properties"]["mode"] = "Complete"
    at_subscription = "/".join(DEPLOYMENTS.split("/")[:3]) + "/providers/Microsoft.Resources/deployments/main"

    for path, body in [
        (f"{DEPLOYMENTS}/main", {"properties": {"mode": "Incremental", "template": template(inner)}}),
        (at_subscription, {"location": "eastus2", "properties": {"mode": "Complete", "template": template()}}),
    ]:
        status, answer = await arm.request("PUT", path, body)

        assert status == 400
        assert "Complete" in answer["error"]["message"]


def test_what_others_refer_to_comes_later_and_a_circle_at_once() -> None:
    group = ResourceId("s", "rg")
    site, plan = group.resource("Microsoft.Web/sites", "site"), group.resource("Microsoft.Web/serverfarms", "plan")
    slot = site.child("slots", "slot")
    resources = [
        Resource(plan, "v", {"id": str(plan)}),
        Resource(site, "v", {"id": str(site), "properties": {"serverFarmId": str(plan).upper()}}),
        Resource(slot, "v", {"id": str(slot)}),
    ]

    assert [r.id for r in deletable_first(resources)] == [slot]
    assert [r.id for r in deletable_first(resources[:2])] == [site]
    resources[0].document["usedBy"] = str(site)
    assert [r.id for r in deletable_first(resources[:2])] == [plan, site]


async def test_what_the_caller_may_not_delete_stays(arm: Arm) -> None:
    await arm.deploy(template(resource("stays")), name="before")
    await assign(arm, "Website Contributor", GROUP_PATH)
    body = {"properties": {"mode": "Complete", "template": template()}}

    status, _ = await arm.request("PUT", f"{DEPLOYMENTS}/main", body, **as_stranger(arm))
    deployment = await arm.ended(f"{DEPLOYMENTS}/main")

    assert status == 201
    assert [detail["code"] for detail in deployment["properties"]["error"]["details"]] == ["AuthorizationFailed"]
    assert await left_in_group(arm) == {"stays"}
