"""Plans, sites and their configuration."""

from typing import Any

import pytest

from tests.emulator.arm.behaviours.asking import PROVIDERS, get, post, put, refusal
from tests.emulator.arm.running import Arm

PLAN = f"{PROVIDERS}/Microsoft.Web/serverfarms/plan"
SITE = f"{PROVIDERS}/Microsoft.Web/sites/web"
SETTINGS = f"{SITE}/config/appsettings"


@pytest.mark.parametrize(
    ("sku", "shown"),
    [
        ({"name": "P1v3", "capacity": 3}, ("P1v3", "PremiumV3", 3)),
        ({"Tier": "Standard", "Name": "S1"}, ("S1", "Standard", 1)),
        ({"name": "Y1"}, ("Y1", "Dynamic", 0)),
        ({"name": "FC1"}, ("FC1", "FlexConsumption", 0)),
    ],
)
async def test_a_plan_tells_the_tier_of_its_size(arm: Arm, sku: dict[str, Any], shown: tuple[str, str, int]) -> None:
    plan = await put(arm, PLAN, sku=sku)

    assert (plan["sku"]["name"], plan["sku"]["tier"], plan["sku"]["capacity"]) == shown
    assert plan["properties"]["status"] == "Ready"


async def test_a_plan_with_sites_counts_them_and_stays(arm: Arm) -> None:
    await put(arm, PLAN, sku={"name": "S1"})
    await put(arm, SITE, properties={"serverFarmId": PLAN})

    assert (await get(arm, PLAN))["properties"]["numberOfSites"] == 1
    assert await refusal(arm, "DELETE", PLAN) == (409, "Conflict")
    assert (await refusal(arm, "PUT", f"{PLAN}2", {"sku": {"name": "XXL"}}))[0] == 400


async def test_a_site_needs_its_plan_and_a_name_that_nobody_has(arm: Arm) -> None:
    await arm.groups.resource_groups.create_or_update("other", {"location": "westus"})
    await put(arm, SITE)

    assert await refusal(arm, "PUT", f"{SITE}2", {"properties": {"serverFarmId": PLAN}}) == (404, "NotFound")
    assert await refusal(arm, "PUT", SITE.replace("/rg/", "/other/"), {}) == (409, "Conflict")
    assert await refusal(arm, "PUT", f"{SITE}-windows", {}) == (400, "ReservedResourceName")
    assert await refusal(arm, "PUT", f"{SITE}_", {}) == (400, "BadRequest")


async def test_app_service_says_its_reason_once_more_in_the_details(arm: Arm) -> None:
    _, answer = await arm.request("PUT", SITE, {"location": "eastus2", "properties": {"serverFarmId": PLAN}})

    message = "Cannot find ServerFarm with name plan."
    assert answer["error"]["details"] == [{"message": message}, {"code": "NotFound"}, {}]


async def test_a_site_runs_under_its_host_name_and_hides_its_settings(arm: Arm) -> None:
    settings = [{"name": "KEY", "value": "secret-value"}, {"name": "NUMBER", "value": 1}]

    site = await put(arm, SITE, properties={"siteConfig": {"appSettings": settings, "linuxFxVersion": "PYTHON|3.11"}})

    shown = site["properties"]
    assert (shown["defaultHostName"], shown["state"]) == ("web.azurewebsites.net", "Running")
    assert shown["siteConfig"] == {"appSettings": None, "linuxFxVersion": "PYTHON|3.11"}
    assert (await post(arm, f"{SETTINGS}/list"))["properties"] == {"KEY": "secret-value", "NUMBER": "1"}


async def test_settings_of_one_name_are_refused(arm: Arm) -> None:
    config = {"appSettings": [{"name": "KEY", "value": "1"}, {"name": "key", "value": "2"}]}

    assert await refusal(arm, "PUT", SITE, {"properties": {"siteConfig": config}}) == (400, "BadRequest")


async def test_application_settings_are_replaced_whole_and_told_only_by_their_list(arm: Arm) -> None:
    await put(arm, SITE, properties={"siteConfig": {"appSettings": [{"name": "OLD", "value": "1"}]}})

    written = await put(arm, SETTINGS, properties={"WEBSITE_RUN_FROM_PACKAGE": "https://secret-uri"})
    listed = await post(arm, f"{SETTINGS}/list")
    read = await get(arm, SETTINGS)
    await put(arm, SITE, tags={"a": "1"})

    assert listed["properties"] == {"WEBSITE_RUN_FROM_PACKAGE": "https://secret-uri"}
    assert (await post(arm, f"{SETTINGS}/list"))["properties"] == listed["properties"]
    assert "secret-uri" not in str(written) + str(read)


async def test_application_settings_are_no_objects(arm: Arm) -> None:
    await put(arm, SITE)

    assert await refusal(arm, "PUT", SETTINGS, {"properties": {"A": {"b": 1}}}) == (400, "BadRequest")


async def test_connection_strings_are_told_by_their_list(arm: Arm) -> None:
    await put(arm, SITE)
    strings = {"db": {"value": "Server=x;Password=hunter2", "type": "SQLAzure"}}

    written = await put(arm, f"{SITE}/config/connectionstrings", properties=strings)

    assert "hunter2" not in str(written)
    assert (await post(arm, f"{SITE}/config/connectionstrings/list"))["properties"] == strings


async def test_the_web_configuration_is_the_site_s(arm: Arm) -> None:
    await put(arm, SITE, properties={"siteConfig": {"alwaysOn": True, "linuxFxVersion": "PYTHON|3.11"}})

    await put(arm, f"{SITE}/config/web", properties={"linuxFxVersion": "PYTHON|3.12"})

    config = (await get(arm, f"{SITE}/config/web"))["properties"]
    assert (config["alwaysOn"], config["linuxFxVersion"], config["numberOfWorkers"]) == (True, "PYTHON|3.12", 1)
    assert (await get(arm, SITE))["properties"]["siteConfig"]["linuxFxVersion"] == "PYTHON|3.12"


async def test_a_subnet_is_named_by_the_site_or_by_its_network_configuration(arm: Arm) -> None:
    network = f"{PROVIDERS}/Microsoft.Network/virtualNetworks/net"
    prefixes = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    await put(
        arm, network, properties=prefixes | {"subnets": [{"name": "a", "properties": {"addressPrefix": "10.0.0.0/24"}}]}
    )
    await put(arm, SITE)

    await put(arm, f"{SITE}/networkConfig/virtualNetwork", properties={"subnetResourceId": f"{network}/subnets/a"})

    assert (await get(arm, SITE))["properties"]["virtualNetworkSubnetId"] == f"{network}/subnets/a"
    assert await refusal(arm, "DELETE", f"{network}/subnets/a") == (400, "InUseSubnetCannotBeDeleted")


async def test_a_slot_is_a_site_with_a_name_and_settings_of_its_own(arm: Arm) -> None:
    await put(arm, SITE, properties={"siteConfig": {"appSettings": [{"name": "WHO", "value": "production"}]}})

    slot = await put(arm, f"{SITE}/slots/staging", kind="app")
    await put(arm, f"{SITE}/slots/staging/config/appsettings", properties={"WHO": "staging"})

    assert slot["properties"]["defaultHostName"] == "web-staging.azurewebsites.net"
    assert (await post(arm, f"{SETTINGS}/list"))["properties"] == {"WHO": "production"}


async def test_a_site_is_stopped_and_started(arm: Arm) -> None:
    await put(arm, SITE, kind="functionapp")

    await post(arm, f"{SITE}/stop")
    stopped = await get(arm, SITE)
    refused = await refusal(arm, "POST", f"{SITE}/syncfunctiontriggers")
    await put(arm, SITE, tags={"a": "1"})
    still = await get(arm, SITE)
    await post(arm, f"{SITE}/start")

    assert stopped["properties"]["state"] == still["properties"]["state"] == "Stopped"
    assert refused == (400, "BadRequest")
    assert (await get(arm, SITE))["properties"]["state"] == "Running"
    assert (await post(arm, f"{SITE}/syncfunctiontriggers"))["status"] == "success"


async def test_host_keys_and_a_function_s_keys_stay(arm: Arm) -> None:
    await put(arm, SITE, kind="functionapp")
    binding = {"type": "httpTrigger", "direction": "in", "name": "req", "route": "jobs/enqueue"}
    function = await put(arm, f"{SITE}/functions/enqueue", properties={"config": {"bindings": [binding]}})

    host = await post(arm, f"{SITE}/host/default/listkeys")
    own = await post(arm, f"{SITE}/functions/enqueue/listkeys")

    assert function["properties"]["invoke_url_template"] == "https://web.azurewebsites.net/api/jobs/enqueue"
    assert {"masterKey", "functionKeys"} <= host.keys()
    assert await post(arm, f"{SITE}/host/default/listkeys") == host
    assert await post(arm, f"{SITE}/functions/enqueue/listkeys") == own


@pytest.mark.parametrize("where", ["site", "config/web"])
async def test_connection_strings_are_told_by_their_own_list_alone(arm: Arm, where: str) -> None:
    strings = [{"name": "Db", "connectionString": "Password=secret-value", "type": "SQLAzure"}, {"type": "Custom"}]

    if where == "site":
        await put(arm, SITE, properties={"siteConfig": {"connectionStrings": strings}})
    else:
        await put(arm, SITE)
        await put(arm, f"{SITE}/config/web", properties={"connectionStrings": strings})

    shown = str([await get(arm, SITE), await get(arm, f"{SITE}/config/web")])
    listed = await post(arm, f"{SITE}/config/connectionstrings/list")
    assert "secret-value" not in shown
    assert listed["properties"] == {"Db": {"value": "Password=secret-value", "type": "SQLAzure"}}
    refused = {"properties": {"siteConfig": {"connectionStrings": "Password=secret-value"}}}
    assert await refusal(arm, "PUT", SITE, refused) == (400, "BadRequest")


async def test_a_functions_key_is_told_by_its_list_alone(arm: Arm) -> None:
    await put(arm, SITE, kind="functionapp")
    await put(arm, f"{SITE}/functions/f", properties={"config": {"bindings": []}})

    made = await put(arm, f"{SITE}/functions/f/keys/mine", properties={"name": "mine", "value": "secret-value"})

    assert "secret-value" not in str([made, await get(arm, f"{SITE}/functions/f/keys/mine")])
    assert (await post(arm, f"{SITE}/functions/f/listKeys"))["mine"] == "secret-value"
