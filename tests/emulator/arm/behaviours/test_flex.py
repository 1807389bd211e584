"""Function apps on Flex Consumption: what they must say, and what other plans say that is refused."""

from typing import Any

import pytest

from tests.emulator.arm.behaviours.asking import PROVIDERS, post, put
from tests.emulator.arm.running import Arm

PLAN = f"{PROVIDERS}/Microsoft.Web/serverfarms/plan"
SITE = f"{PROVIDERS}/Microsoft.Web/sites/web"
CONTAINER = {
    "type": "blobContainer",
    "value": "https://store.blob.core.windows.net/app",
    "authentication": {"type": "SystemAssignedIdentity"},
}
RUNTIME = {"name": "python", "version": "3.11"}
APP: dict[str, Any] = {"deployment": {"storage": CONTAINER}, "runtime": RUNTIME}


def site(app: Any, **config: Any) -> dict[str, Any]:
    properties = {"serverFarmId": PLAN, "siteConfig": config, "functionAppConfig": app}
    return {"kind": "functionapp,linux", "location": "eastus2", "properties": properties}


async def flex_plan(arm: Arm) -> None:
    await put(arm, PLAN, sku={"name": "FC1"}, properties={"reserved": True})


async def message_of(arm: Arm, path: str, body: dict[str, Any]) -> str:
    status, answer = await arm.request("PUT", path, body)
    assert status == 400, answer
    return str(answer["error"]["message"])


async def test_an_app_says_its_package_runtime_and_scale(arm: Arm) -> None:
    await flex_plan(arm)
    scale = {"instanceMemoryMB": 2048, "maximumInstanceCount": 1000, "alwaysReady": [{"name": "http"}]}

    made = await put(arm, SITE, **site(APP | {"scaleAndConcurrency": scale}, minTlsVersion="1.2"))

    assert made["properties"]["functionAppConfig"]["runtime"] == RUNTIME
    assert made["properties"]["sku"] == "FlexConsumption"


@pytest.mark.parametrize(
    ("app", "section"),
    [
        (None, "FunctionAppConfig"),
        (APP | {"deployment": {}}, "Deployment.Storage"),
        (APP | {"deployment": {"storage": CONTAINER | {"authentication": {}}}}, "Storage.Authentication"),
        (APP | {"runtime": {"name": "python"}}, "Runtime"),
        (APP | {"scaleAndConcurrency": {"instanceMemoryMB": 1024}}, "InstanceMemoryMB"),
        (APP | {"scaleAndConcurrency": {"maximumInstanceCount": 1001}}, "MaximumInstanceCount"),
        (APP | {"scaleAndConcurrency": {"maximumInstanceCount": 0}}, "MaximumInstanceCount"),
    ],
)
async def test_an_app_that_leaves_something_out_is_refused(arm: Arm, app: Any, section: str) -> None:
    await flex_plan(arm)

    assert f"{section} is invalid" in await message_of(arm, SITE, site(app))


@pytest.mark.parametrize("name", ["FUNCTIONS_WORKER_RUNTIME", "website_run_from_package", "WEBSITE_CONTENTSHARE"])
async def test_settings_of_other_plans_are_refused_wherever_they_are_written(arm: Arm, name: str) -> None:
    await flex_plan(arm)
    settings = [{"name": name, "value": "1"}]

    assert "AppSettings" in await message_of(arm, SITE, site(APP, appSettings=settings))
    await put(arm, SITE, **site(APP))
    assert "AppSettings" in await message_of(arm, f"{SITE}/config/appsettings", {"properties": {name: "1"}})
    assert "AppSettings" in await message_of(arm, f"{SITE}/config/web", {"properties": {"appSettings": settings}})


async def test_properties_of_other_plans_are_refused_also_as_null(arm: Arm) -> None:
    await flex_plan(arm)

    one = await message_of(arm, SITE, site(APP, linuxFxVersion=None))
    two = await message_of(arm, SITE, site(APP, ftpsState="Disabled", linuxFxVersion="PYTHON|3.11"))
    await put(arm, SITE, **site(APP))

    assert "The following site configuration property (Site.SiteConfig.LinuxFxVersion) for Flex" in one
    assert "list of 2 site configuration properties (Site.SiteConfig.FtpsState, Site.SiteConfig.LinuxFxVersion)" in two
    assert "FtpsState" in await message_of(arm, f"{SITE}/config/web", {"properties": {"ftpsState": "Disabled"}})


async def test_code_comes_by_onedeploy_alone(arm: Arm) -> None:
    await flex_plan(arm)
    await put(arm, SITE, **site(APP))
    package = {"properties": {"packageUri": "https://127.0.0.1:1/package.zip"}}

    assert "zip deployment" in await message_of(arm, f"{SITE}/extensions/ZipDeploy", package)
    status, answer = await arm.request("PUT", f"{SITE}/extensions/onedeploy", package)
    assert status in (200, 201), answer


async def test_other_plans_take_what_flex_consumption_refuses(arm: Arm) -> None:
    await put(arm, PLAN, sku={"name": "P1v3"}, properties={"reserved": True})

    await put(arm, SITE, **site(None, linuxFxVersion="PYTHON|3.11", ftpsState="Disabled"))
    await put(arm, f"{SITE}/config/appsettings", properties={"FUNCTIONS_WORKER_RUNTIME": "python"})

    assert (await post(arm, f"{SITE}/config/appsettings/list"))["properties"] == {"FUNCTIONS_WORKER_RUNTIME": "python"}
