"""The tree of management groups."""

import pytest

from tests.emulator.arm.governance.asking import THING, as_stranger, assign, put, refusal
from tests.emulator.arm.running import SUBSCRIPTION, Arm, template

GROUPS = "/providers/Microsoft.Management/managementGroups"
ROOT = f"{GROUPS}/00000000-0000-0000-0000-000000000002"


async def group(arm: Arm, name: str, parent: str | None = None) -> str:
    details = {"details": {"parent": {"id": f"{GROUPS}/{parent}"}}} if parent else {}
    await put(arm, f"{GROUPS}/{name}", {"properties": {"displayName": name.upper()} | details})
    return f"{GROUPS}/{name}"


async def test_the_root_group_is_always_there(arm: Arm) -> None:
    status, root = await arm.request("GET", ROOT)

    assert (status, root["properties"]["displayName"]) == (200, "Tenant Root Group")


async def test_groups_hold_groups_and_subscriptions(arm: Arm) -> None:
    corp, _ = await group(arm, "corp"), await group(arm, "online", "corp")
    await put(arm, f"{GROUPS}/online/subscriptions/{SUBSCRIPTION}")

    _, shown = await arm.request("GET", corp, params={"$expand": "children", "$recurse": "true"})
    _, below = await arm.request("GET", f"{corp}/descendants")
    _, every = await arm.request("GET", GROUPS)

    [online] = shown["properties"]["children"]
    assert (online["name"], online["children"][0]["name"]) == ("online", SUBSCRIPTION)
    assert [entry["name"] for entry in below["value"]] == ["online", SUBSCRIPTION]
    assert {entry["name"] for entry in every["value"]} == {"corp", "online", ROOT.rpartition("/")[2]}


async def test_a_role_at_a_group_holds_for_the_subscriptions_in_it_alone(arm: Arm) -> None:
    await put(arm, THING)
    corp = await group(arm, "corp")
    await assign(arm, "Reader", corp)

    outside, _ = await arm.request("GET", THING, **as_stranger(arm))
    await put(arm, f"{corp}/subscriptions/{SUBSCRIPTION}")
    inside, _ = await arm.request("GET", THING, **as_stranger(arm))
    await arm.request("DELETE", f"{corp}/subscriptions/{SUBSCRIPTION}")
    outside_again, _ = await arm.request("GET", THING, **as_stranger(arm))

    assert (outside, inside, outside_again) == (403, 200, 403)


async def test_a_group_that_holds_something_and_the_root_are_not_deleted(arm: Arm) -> None:
    corp, online = await group(arm, "corp"), await group(arm, "online", "corp")

    full, _ = await refusal(arm, "DELETE", corp)
    root, _ = await refusal(arm, "DELETE", ROOT)
    emptied, _ = await arm.request("DELETE", online)
    deleted, _ = await arm.request("DELETE", corp)
    gone, _ = await refusal(arm, "GET", corp)

    assert (full, root, emptied, deleted, gone) == (400, 400, 200, 200, 404)


@pytest.mark.parametrize(("name", "parent", "status"), [("corp", "online", 400), ("new", "gone", 404)])
async def test_a_group_is_not_below_itself_or_nothing(arm: Arm, name: str, parent: str, status: int) -> None:
    await group(arm, "corp")
    await group(arm, "online", "corp")
    body = {"properties": {"details": {"parent": {"id": f"{GROUPS}/{parent}"}}}}

    assert (await refusal(arm, "PUT", f"{GROUPS}/{name}", body))[0] == status


async def test_a_template_makes_groups_that_hang_in_the_tree(arm: Arm) -> None:
    kind = {"type": "Microsoft.Management/managementGroups", "apiVersion": "2021-04-01"}
    below = {"details": {"parent": {"id": "[tenantResourceId('Microsoft.Management/managementGroups', 'corp')]"}}}
    made = [
        {**kind, "name": "corp", "properties": {"displayName": "Corp"}},
        {**kind, "name": "online", "properties": below, "dependsOn": ["corp"]},
    ]
    schema = "https://schema.management.azure.com/schemas/2019-08-01/tenantDeploymentTemplate.json#"
    path = "/providers/Microsoft.Resources/deployments/tree"
    body = {"location": "eastus2", "properties": {"mode": "Incremental", "template": template(*made)}}
    body["properties"]["template"]["$schema"] = schema

    await put(arm, path, body)
    ended = await arm.ended(path)
    _, shown = await arm.request("GET", f"{GROUPS}/corp", params={"$expand": "children"})
    first, _ = await refusal(arm, "DELETE", f"{GROUPS}/corp")
    deleted = [(await arm.request("DELETE", f"{GROUPS}/{name}"))[0] for name in ("online", "corp")]

    assert ended["properties"]["provisioningState"] == "Succeeded", ended
    assert shown["properties"]["displayName"] == "Corp"
    assert shown["properties"]["details"]["parent"]["id"] == ROOT
    assert [child["name"] for child in shown["properties"]["children"]] == ["online"]
    assert first == 400
    assert deleted == [200, 200]


async def test_a_template_does_not_hang_a_group_below_one_that_is_not_there(arm: Arm) -> None:
    schema = "https://schema.management.azure.com/schemas/2019-08-01/tenantDeploymentTemplate.json#"
    lost = {
        "type": "Microsoft.Management/managementGroups",
        "apiVersion": "2021-04-01",
        "name": "lost",
        "properties": {"details": {"parent": {"id": f"{GROUPS}/absent"}}},
    }
    path = "/providers/Microsoft.Resources/deployments/tree"
    body = {"location": "eastus2", "properties": {"mode": "Incremental", "template": template(lost)}}
    body["properties"]["template"]["$schema"] = schema

    await put(arm, path, body)
    ended = await arm.ended(path)

    assert ended["properties"]["provisioningState"] == "Failed"
    assert "'Microsoft.Management/managementGroups/absent' not found" in str(ended)
