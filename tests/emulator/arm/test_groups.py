"""Resource groups, subscriptions and providers through the real Azure SDK."""

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from tests.emulator.arm.running import GROUP_PATH, SUBSCRIPTION, Arm, resource, storage, template


async def test_a_group_is_made_read_changed_and_listed(arm: Arm) -> None:
    groups = arm.groups.resource_groups

    made = await groups.create_or_update("rg-two", {"location": "East US 2", "tags": {"team": "shop"}})
    changed = await groups.update("rg-two", {"tags": {"team": "web"}})
    listed = [group.name async for group in groups.list()]
    tagged = [group.name async for group in groups.list(filter="tagName eq 'team' and tagValue eq 'web'")]

    assert (made.location, made.properties.provisioning_state) == ("eastus2", "Succeeded")
    assert changed.tags == {"team": "web"}
    assert listed == ["rg", "rg-two"]
    assert tagged == ["rg-two"]
    assert await groups.check_existence("RG-TWO")


async def test_a_new_group_answers_201_and_a_known_one_200(arm: Arm) -> None:
    path = f"{GROUP_PATH}-new"

    first, _ = await arm.request("PUT", path, {"location": "eastus2"})
    second, _ = await arm.request("PUT", path, {"location": "eastus2"})

    assert (first, second) == (201, 200)


async def test_a_deleted_group_takes_its_resources_and_deployments_along(arm: Arm) -> None:
    await arm.deploy(template(storage()))

    poller = await arm.groups.resource_groups.begin_delete("rg")
    await poller.result()

    assert not await arm.groups.resource_groups.check_existence("rg")
    await arm.groups.resource_groups.create_or_update("rg", {"location": "westus"})
    assert [r async for r in arm.groups.resources.list_by_resource_group("rg")] == []
    assert not await arm.deployments.check_existence("rg", "main")
    assert (arm.folder / "accounts.json").read_text().strip() == "{}"


async def test_a_group_that_is_being_deleted_refuses_writes(slow_arm: Arm) -> None:
    status, _ = await slow_arm.request("DELETE", GROUP_PATH)

    group = await slow_arm.groups.resource_groups.get("rg")
    refused, answer = await slow_arm.request("PUT", f"{GROUP_PATH}/providers/Microsoft.Contoso/things/a", {})

    assert status == 202
    assert group.properties.provisioning_state == "Deleting"
    assert (refused, answer["error"]["code"]) == (409, "ResourceGroupBeingDeleted")


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("rg", {"location": "westus"}, "InvalidResourceGroupLocation"),
        ("other", {}, "LocationRequired"),
        ("ends.", {"location": "westus"}, "InvalidResourceGroup"),
    ],
)
async def test_what_a_group_can_t_be_is_refused(arm: Arm, name: str, body: object, code: str) -> None:
    _, answer = await arm.request("PUT", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}", body)

    assert answer["error"]["code"] == code


async def test_an_unknown_subscription_is_told_before_anything_else(arm: Arm) -> None:
    status, answer = await arm.request("GET", "/subscriptions/11111111-0000-0000-0000-000000000001/resourceGroups/rg")

    assert (status, answer["error"]["code"]) == (404, "SubscriptionNotFound")


async def test_an_absent_group_is_not_found(arm: Arm) -> None:
    with pytest.raises(ResourceNotFoundError) as missing:
        await arm.groups.resource_groups.get("absent")

    assert missing.value.error is not None
    assert missing.value.error.code == "ResourceGroupNotFound"


async def test_providers_register_by_use_and_by_request(arm: Arm) -> None:
    before = await arm.groups.providers.get("Microsoft.Web")
    await arm.groups.providers.register("microsoft.web")
    by_request = await arm.groups.providers.get("Microsoft.Web")
    await arm.deploy(template(storage(), resource("a")))
    by_use = await arm.groups.providers.get("Microsoft.Storage")

    assert (before.registration_state, by_request.registration_state) == ("NotRegistered", "Registered")
    assert by_use.registration_state == "Registered"
    assert "storageAccounts" in [kind.resource_type for kind in by_use.resource_types]
    assert "Microsoft.Contoso" in [provider.namespace async for provider in arm.groups.providers.list()]


async def test_an_unknown_provider_is_refused(arm: Arm) -> None:
    with pytest.raises(HttpResponseError) as refusal:
        await arm.groups.providers.get("Microsoft.Nothing")

    assert refusal.value.error is not None
    assert refusal.value.error.code == "InvalidResourceNamespace"


@pytest.mark.parametrize("path", ["/tenants", "/subscriptions", f"/subscriptions/{SUBSCRIPTION}/locations"])
async def test_what_a_tenant_has_is_listed(arm: Arm, path: str) -> None:
    status, answer = await arm.request("GET", path)

    assert status == 200
    assert answer["value"]


async def test_a_subscription_tells_its_tenant(arm: Arm) -> None:
    _, answer = await arm.request("GET", f"/subscriptions/{SUBSCRIPTION}")

    assert answer["tenantId"] == "00000000-0000-0000-0000-000000000002"
    assert answer["state"] == "Enabled"


async def test_a_group_is_where_azure_is(arm: Arm) -> None:
    status, answer = await arm.request("PUT", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g", {"location": "Canada"})

    assert (status, answer["error"]["code"]) == (400, "LocationNotAvailableForResourceGroup")
    assert answer["error"]["message"].startswith(
        "The provided location 'canada' is not available for resource group. List of available regions is 'eastus,"
    )
