"""Storage accounts: names, what may not change, endpoints, keys and signatures."""

import base64
import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.emulator.arm.behaviours.asking import PROVIDERS, get, post, put, refusal
from tests.emulator.arm.running import Arm, storage, template

ACCOUNT = f"{PROVIDERS}/Microsoft.Storage/storageAccounts/stcontoso"
SUBNET_ID = f"{PROVIDERS}/Microsoft.Network/virtualNetworks/net/subnets/a"


async def test_an_account_is_known_to_the_storage_emulator_with_the_keys_it_lists(arm: Arm) -> None:
    await arm.deploy(template(storage()))

    keys = await post(arm, f"{ACCOUNT}/listKeys")

    accounts = json.loads((arm.folder / "accounts.json").read_text())
    first, second = (key["value"] for key in keys["keys"])
    assert accounts == {"stcontoso": first, "stcontoso/2": second}
    assert len(base64.b64decode(first)) == 64


async def test_accounts_of_others_in_the_file_are_left_alone(arm: Arm) -> None:
    (arm.folder / "accounts.json").write_text('{"devstoreaccount1": "a2V5"}')

    await put(arm, ACCOUNT)
    await arm.request("DELETE", ACCOUNT)

    assert json.loads((arm.folder / "accounts.json").read_text()) == {"devstoreaccount1": "a2V5"}


@pytest.mark.parametrize("name", ["St", "Upper", "with-dash", "a" * 25])
async def test_an_account_s_name_follows_the_rules(arm: Arm, name: str) -> None:
    assert await refusal(arm, "PUT", ACCOUNT.replace("stcontoso", name), {}) == (400, "AccountNameInvalid")


async def test_an_account_s_name_is_taken_everywhere(arm: Arm) -> None:
    await arm.groups.resource_groups.create_or_update("other", {"location": "westus"})
    await put(arm, ACCOUNT)

    elsewhere = ACCOUNT.replace("/rg/", "/other/")

    assert await refusal(arm, "PUT", elsewhere, {}) == (409, "StorageAccountInAnotherResourceGroup")


@pytest.mark.parametrize(
    "body",
    [
        {"sku": {"name": "Standard_XRS"}},
        {"kind": "StorageV9"},
        {"properties": {"accessTier": "Warm"}},
        {"properties": {"minimumTlsVersion": "TLS0_9"}},
    ],
)
async def test_values_that_storage_does_not_know_are_refused(arm: Arm, body: dict[str, Any]) -> None:
    assert await refusal(arm, "PUT", ACCOUNT, body) == (400, "InvalidValuesForRequestParameters")


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "BlockBlobStorage", "sku": {"name": "Standard_LRS"}},
        {"kind": "StorageV2", "sku": {"name": "Premium_LRS"}},
        {"kind": "StorageV2", "properties": {"isHnsEnabled": True}},
    ],
)
async def test_what_an_account_is_made_with_stays(arm: Arm, body: dict[str, Any]) -> None:
    await put(arm, ACCOUNT, kind="StorageV2", sku={"name": "Standard_LRS"}, properties={"isHnsEnabled": False})

    assert await refusal(arm, "PUT", ACCOUNT, body) == (409, "AccountPropertyCannotBeUpdated")


async def test_a_resource_stays_where_it_is(arm: Arm) -> None:
    await put(arm, ACCOUNT)

    assert await refusal(arm, "PUT", ACCOUNT, {"location": "westus"}) == (409, "InvalidResourceLocation")


async def test_an_account_that_is_read_in_two_regions_tells_both(arm: Arm) -> None:
    account = await put(arm, ACCOUNT, sku={"name": "Standard_RAGRS"}, kind="StorageV2")

    properties = account["properties"]
    assert properties["primaryEndpoints"]["blob"].endswith("/stcontoso/")
    assert (properties["primaryLocation"], properties["secondaryLocation"]) == ("eastus2", "centralus")
    assert properties["secondaryEndpoints"]["blob"].endswith("/stcontoso-secondary/")
    assert account["sku"] == {"name": "Standard_RAGRS", "tier": "Standard"}
    assert properties["networkAcls"]["defaultAction"] == "Allow"


async def test_network_rules_name_subnets_that_exist(arm: Arm) -> None:
    rules = {"networkAcls": {"defaultAction": "Deny", "virtualNetworkRules": [{"id": SUBNET_ID}]}}

    assert await refusal(arm, "PUT", ACCOUNT, {"properties": rules}) == (400, "NetworkAclsValidationFailure")


async def test_a_regenerated_key_replaces_the_one_that_the_storage_emulator_knows(arm: Arm) -> None:
    await put(arm, ACCOUNT)
    before = await post(arm, f"{ACCOUNT}/listKeys")

    after = await post(arm, f"{ACCOUNT}/regenerateKey", keyName="key2")

    assert after["keys"][0] == before["keys"][0]
    assert after["keys"][1]["value"] != before["keys"][1]["value"]
    accounts = json.loads((arm.folder / "accounts.json").read_text())
    assert accounts["stcontoso/2"] == after["keys"][1]["value"]
    assert (await post(arm, f"{ACCOUNT}/listKeys")) == after


async def test_signatures_are_made_for_what_is_asked(arm: Arm) -> None:
    await put(arm, ACCOUNT)
    expiry = "2099-01-01T00:00:00Z"

    account = await post(
        arm,
        f"{ACCOUNT}/listAccountSas",
        signedServices="b",
        signedResourceTypes="co",
        signedPermission="rl",
        signedExpiry=expiry,
    )
    service = await post(
        arm,
        f"{ACCOUNT}/listServiceSas",
        canonicalizedResource="/blob/stcontoso/templates",
        signedResource="c",
        signedPermission="r",
        signedExpiry=expiry,
    )

    assert parse_qs(account["accountSasToken"])["srt"] == ["co"]
    assert parse_qs(service["serviceSasToken"])["sp"] == ["r"]
    bad = {"signedServices": "b"}
    assert (await refusal(arm, "POST", f"{ACCOUNT}/listAccountSas", bad))[1] == "InvalidValuesForRequestParameters"


async def test_containers_and_policies_of_an_account_are_children(arm: Arm) -> None:
    await put(arm, ACCOUNT)

    container = await put(arm, f"{ACCOUNT}/blobServices/default/containers/artifacts")
    policy = await put(arm, f"{ACCOUNT}/managementPolicies/default", properties={"policy": {"rules": []}})
    service = await get(arm, f"{ACCOUNT}/blobServices/default")

    assert container["type"] == "Microsoft.Storage/storageAccounts/blobServices/containers"
    assert container["properties"]["publicAccess"] == "None"
    assert policy["properties"]["policy"] == {"rules": []}
    assert service["name"] == "default"


async def test_a_container_is_public_only_where_the_account_lets_it(arm: Arm) -> None:
    await put(arm, ACCOUNT, properties={"allowBlobPublicAccess": False})
    path = f"{ACCOUNT}/blobServices/default/containers/open"

    assert await refusal(arm, "PUT", path, {"properties": {"publicAccess": "Blob"}}) == (
        409,
        "PublicAccessNotPermitted",
    )
    assert (await refusal(arm, "PUT", f"{path}--", {}))[0] == 400
