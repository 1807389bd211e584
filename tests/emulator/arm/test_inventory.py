"""The inventory: what a bench or a test compares before and after, in one answer."""

from tests.emulator.arm.running import GROUP_PATH, Arm, resource, template

INVENTORY = "/emulator/inventory"
VNET = "Microsoft.Network/virtualNetworks"


def network(name: str, *subnets: str) -> list[dict]:
    parent = resource(name, VNET, properties={"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}})
    children = [
        resource(
            f"{name}/{subnet}",
            f"{VNET}/subnets",
            dependsOn=[f"[resourceId('{VNET}', '{name}')]"],
            properties={"addressPrefix": f"10.0.{number}.0/24"},
        )
        for number, subnet in enumerate(subnets)
    ]
    for child in children:
        child.pop("location", None)
    return [parent, *children]


async def test_children_are_told_with_their_parents_and_each_with_when_it_was_made(arm: Arm) -> None:
    await arm.deploy(template(*network("vnet", "web")))

    _, told = await arm.request("GET", INVENTORY)

    shown = {each["document"]["id"].rpartition("/providers/")[2]: each["created"] for each in told["resources"]}
    assert {f"{VNET}/vnet", f"{VNET}/vnet/subnets/web"} <= shown.keys()
    assert all(moment.endswith("Z") for moment in shown.values())


async def test_a_group_is_told_of_alone(arm: Arm) -> None:
    await arm.groups.resource_groups.create_or_update("other", {"location": "eastus2", "tags": {"a": "b"}})
    await arm.deploy(template(*network("vnet")))

    _, told = await arm.request("GET", INVENTORY, params={"group": "OTHER"})

    assert [(group["id"].rpartition("/")[2], group["tags"]) for group in told["groups"]] == [("other", {"a": "b"})]
    assert told["resources"] == told["deployments"] == []


async def test_a_run_tells_what_is_under_way_in_it(slow_arm: Arm) -> None:
    body = {"properties": {"mode": "Incremental", "template": template(*network("vnet"))}}
    await slow_arm.request("PUT", f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/main", body)

    async def told() -> dict:
        _, answer = await slow_arm.request("GET", INVENTORY)
        return next(run for run in answer["deployments"] if run["id"].endswith("/main"))

    run = await told()
    while not run["underWay"]:
        run = await told()

    assert run["provisioningState"] in ("Accepted", "Running")
    assert run["underWay"] == [f"{GROUP_PATH}/providers/{VNET}/vnet"]
