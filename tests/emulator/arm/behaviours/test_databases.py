"""SQL servers and Cosmos DB accounts."""

from typing import Any

import pytest

from tests.emulator.arm.behaviours.asking import PROVIDERS, get, post, put, refusal
from tests.emulator.arm.running import Arm

SERVER = f"{PROVIDERS}/Microsoft.Sql/servers/db-contoso"
COSMOS = f"{PROVIDERS}/Microsoft.DocumentDB/databaseAccounts/orders"
ADMINISTRATOR = {"administratorLogin": "chief", "administratorLoginPassword": "Correct-Horse-1"}


async def test_a_server_shows_its_name_and_no_password(arm: Arm) -> None:
    server = await put(arm, SERVER, properties=ADMINISTRATOR)

    assert server["properties"]["fullyQualifiedDomainName"] == "db-contoso.database.windows.net"
    assert server["properties"]["state"] == "Ready"
    assert "Correct-Horse" not in str(server) + str(await get(arm, SERVER))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"administratorLoginPassword": "short1A"}, "PasswordNotComplex"),
        ({"administratorLoginPassword": "onlylowercase"}, "PasswordNotComplex"),
        ({"administratorLoginPassword": "My-Chief-1234"}, "PasswordNotComplex"),
        ({"administratorLogin": "sa"}, "InvalidLoginName"),
        ({"administratorLoginPassword": None}, "InvalidParameterValue"),
    ],
)
async def test_an_administrator_needs_a_fit_name_and_password(arm: Arm, change: dict[str, Any], code: str) -> None:
    assert await refusal(arm, "PUT", SERVER, {"properties": ADMINISTRATOR | change}) == (400, code)


async def test_an_administrator_keeps_his_name(arm: Arm) -> None:
    await put(arm, SERVER, properties=ADMINISTRATOR)
    other = ADMINISTRATOR | {"administratorLogin": "other"}

    assert await refusal(arm, "PUT", SERVER, {"properties": other}) == (409, "PropertyChangeNotAllowed")
    again = await put(arm, SERVER, properties={"publicNetworkAccess": "Disabled"})
    assert again["properties"]["administratorLogin"] == "chief"


async def test_a_server_may_do_without_passwords(arm: Arm) -> None:
    administrators = {"azureADOnlyAuthentication": True, "login": "admins", "sid": "s", "tenantId": "t"}

    server = await put(arm, SERVER, properties={"administrators": administrators})

    assert server["properties"]["administrators"]["login"] == "admins"
    assert await refusal(arm, "PUT", SERVER.replace("db-", "DB-"), {}) == (400, "InvalidServerName")


@pytest.mark.parametrize(
    ("body", "sku", "objective"),
    [
        ({"properties": {"edition": "Basic", "requestedServiceObjectiveName": "Basic"}}, ("Basic", "Basic"), "Basic"),
        ({"sku": {"name": "GP_S_Gen5_2"}}, ("GP_S_Gen5", "GeneralPurpose"), "GP_S_Gen5_2"),
        ({"sku": {"name": "S0", "tier": "Standard"}}, ("Standard", "Standard"), "Standard"),
        ({}, ("GP_Gen5", "GeneralPurpose"), "GP_Gen5_2"),
    ],
)
async def test_a_database_is_online_with_the_size_that_was_asked_for(
    arm: Arm, body: dict[str, Any], sku: tuple[str, str], objective: str
) -> None:
    await put(arm, SERVER, properties=ADMINISTRATOR)

    database = await put(arm, f"{SERVER}/databases/main", **body)

    assert (database["sku"]["name"], database["sku"]["tier"]) == sku
    assert database["properties"]["currentServiceObjectiveName"] == objective
    assert database["properties"]["status"] == "Online"


async def test_firewall_rules_need_a_public_server_and_a_range(arm: Arm) -> None:
    await put(arm, SERVER, properties=ADMINISTRATOR)
    path = f"{SERVER}/firewallRules/office"
    office = {"properties": {"startIpAddress": "192.0.2.1", "endIpAddress": "192.0.2.9"}}
    backwards = {"properties": {"startIpAddress": "192.0.2.9", "endIpAddress": "192.0.2.1"}}

    await put(arm, path, **office)
    wrong = await refusal(arm, "PUT", path, {"properties": {"startIpAddress": "here"}})
    turned = await refusal(arm, "PUT", path, backwards)
    await put(arm, SERVER, properties={"publicNetworkAccess": "Disabled"})

    assert (wrong[1], turned[1]) == ("InvalidParameterValue", "InvalidFirewallRule")
    assert await refusal(arm, "PUT", path, office) == (400, "DenyPublicEndpointEnabled")


async def test_a_cosmos_account_tells_its_regions(arm: Arm) -> None:
    locations = [
        {"locationName": "West Europe", "failoverPriority": 1},
        {"locationName": "northeurope", "failoverPriority": 0},
    ]

    account = await put(arm, COSMOS, properties={"databaseAccountOfferType": "Standard", "locations": locations})

    properties = account["properties"]
    assert properties["documentEndpoint"] == "https://orders.documents.azure.com:443/"
    assert [region["id"] for region in properties["locations"]] == ["orders-northeurope", "orders-westeurope"]
    assert [region["locationName"] for region in properties["writeLocations"]] == ["North Europe"]
    assert properties["consistencyPolicy"]["defaultConsistencyLevel"] == "Session"


async def test_cosmos_keys_and_connection_strings_belong_together(arm: Arm) -> None:
    await put(arm, COSMOS)

    keys = await post(arm, f"{COSMOS}/listKeys")
    strings = await post(arm, f"{COSMOS}/listConnectionStrings")
    await arm.request("POST", f"{COSMOS}/regenerateKey", {"keyKind": "secondary"})
    after = await post(arm, f"{COSMOS}/listKeys")

    first = strings["connectionStrings"][0]["connectionString"]
    assert first == f"AccountEndpoint=https://orders.documents.azure.com:443/;AccountKey={keys['primaryMasterKey']};"
    assert after["primaryMasterKey"] == keys["primaryMasterKey"]
    assert after["secondaryMasterKey"] != keys["secondaryMasterKey"]


async def test_what_an_account_holds_is_named_as_it_says(arm: Arm) -> None:
    await put(arm, COSMOS)
    database, container = f"{COSMOS}/sqlDatabases/shop", f"{COSMOS}/sqlDatabases/shop/containers/items"
    await put(arm, database, properties={"resource": {"id": "shop"}, "options": {"throughput": 400}})

    made = await put(arm, container, properties={"resource": {"id": "items", "partitionKey": {"paths": ["/id"]}}})

    assert made["properties"]["resource"]["indexingPolicy"]["indexingMode"] == "consistent"
    assert "options" not in (await get(arm, database))["properties"]
    assert (await refusal(arm, "PUT", database, {"properties": {"resource": {"id": "other"}}}))[0] == 400


@pytest.mark.parametrize("name", ["ab", "Orders", "orders_", "-orders"])
async def test_a_cosmos_name_follows_the_rules(arm: Arm, name: str) -> None:
    assert await refusal(arm, "PUT", COSMOS.replace("orders", name), {}) == (400, "BadRequest")
