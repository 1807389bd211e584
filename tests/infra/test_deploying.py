"""The Azure SDK deploys the app's template to the emulator, in either cloud, and a second time without a change."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from armature.fingerprints import fingerprint
from emulator.certificates import Certificates
from emulator.clouds import GOVERNMENT, PUBLIC, Cloud
from tests.emulator.arm.running import SUBSCRIPTION, Arm, running_arm
from tests.infra.templates import compiled

GROUP = "rg-armature-app"
GROUP_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
APP = "func-armature-test"
SITE = f"{GROUP_ID}/providers/Microsoft.Web/sites/{APP}"


@asynccontextmanager
async def cloud_with_group(certificates: Certificates, folder: Path, cloud: Cloud) -> AsyncIterator[Arm]:
    async with running_arm(certificates, folder, cloud=cloud) as arm:
        await arm.groups.resource_groups.create_or_update(GROUP, {"location": cloud.default_location})
        yield arm


async def deployed(arm: Arm, **parameters: Any) -> dict[str, Any]:
    """Deploy the template through the SDK; its outputs."""
    given = {name: {"value": value} for name, value in {"appName": APP, **parameters}.items()}
    body = {
        "properties": {"mode": "Incremental", "template": compiled("azuredeploy.json"), "parameters": given},
    }
    poller = await arm.deployments.begin_create_or_update(GROUP, "armature", body)
    result = await poller.result()
    assert result.properties.provisioning_state == "Succeeded"
    return {name: output["value"] for name, output in result.properties.outputs.items()}


async def asked(arm: Arm, method: str, path: str, version: str = "2023-12-01") -> dict[str, Any]:
    status, answer = await arm.request(method, path, params={"api-version": version})
    assert status == 200, answer
    return dict(answer)


async def settings_of(arm: Arm) -> dict[str, str]:
    return dict((await asked(arm, "POST", f"{SITE}/config/appsettings/list"))["properties"])


async def contents(arm: Arm) -> dict[str, str]:
    """What each resource comes down to, by id."""
    told = await asked(arm, "GET", "/emulator/inventory")
    return {each["document"]["id"]: fingerprint(each["document"]) for each in told["resources"]}


async def roles_of(arm: Arm, principal: str) -> set[tuple[str, str]]:
    """What a principal has: the types that it has roles on, with the roles' names."""
    told = await asked(arm, "GET", "/emulator/inventory")
    definitions = await asked(
        arm, "GET", f"{GROUP_ID}/providers/Microsoft.Authorization/roleDefinitions", version="2022-04-01"
    )
    names = {entry["name"]: entry["properties"]["roleName"] for entry in definitions["value"]}
    assignments = [
        each["document"]["properties"]
        for each in told["resources"]
        if each["document"]["type"] == "Microsoft.Authorization/roleAssignments"
    ]
    return {
        (assignment["scope"].removeprefix(f"{GROUP_ID}/providers/"), names[assignment["roleDefinitionId"][-36:]])
        for assignment in assignments
        if assignment["principalId"] == principal
    }


async def test_the_public_cloud_gets_flex_consumption_with_least_privilege(
    certificates: Certificates, folder: Path
) -> None:
    async with cloud_with_group(certificates, folder, PUBLIC) as arm:
        outputs = await deployed(arm)

        site = await asked(arm, "GET", SITE)
        settings = await settings_of(arm)
        roles = await roles_of(arm, outputs["identityPrincipalId"])

    storage = f"Microsoft.Storage/storageAccounts/{outputs['storageAccountName']}"
    artifacts = f"Microsoft.Storage/storageAccounts/{outputs['artifactStorageAccountName']}"
    assert outputs["hostingPlan"] == "FlexConsumption"
    assert outputs["apiUrl"] == f"https://{APP}.azurewebsites.net/api"
    assert (site["properties"]["state"], site["properties"]["sku"]) == ("Running", "FlexConsumption")
    assert site["properties"]["httpsOnly"] is True
    assert site["properties"]["functionAppConfig"]["runtime"] == {"name": "python", "version": "3.11"}
    assert "FUNCTIONS_WORKER_RUNTIME" not in settings
    assert settings["AZURE_CLOUD"] == "AzureCloud"
    assert roles == {
        (storage, "Storage Blob Data Owner"),
        (storage, "Storage Queue Data Contributor"),
        (storage, "Storage Table Data Contributor"),
        (artifacts, "Storage Blob Data Contributor"),
        (artifacts, "Role Based Access Control Administrator"),
        (f"Microsoft.Insights/components/appi-{APP}", "Monitoring Metrics Publisher"),
    }


async def test_government_gets_a_plan_that_it_has_and_addresses_of_its_own(
    certificates: Certificates, folder: Path
) -> None:
    async with cloud_with_group(certificates, folder, GOVERNMENT) as arm:
        outputs = await deployed(arm)

        site = await asked(arm, "GET", SITE)
        settings = await settings_of(arm)

    assert outputs["hostingPlan"] == "Dedicated"
    assert outputs["apiUrl"] == f"https://{APP}.azurewebsites.us/api"
    assert site["properties"]["siteConfig"]["linuxFxVersion"] == "Python|3.11"
    assert site["properties"]["siteConfig"]["alwaysOn"] is True
    assert settings["AZURE_CLOUD"] == "AzureUSGovernment"
    assert settings["FUNCTIONS_WORKER_RUNTIME"] == "python"
    account = outputs["storageAccountName"]
    assert settings["AzureWebJobsStorage__queueServiceUri"] == f"https://{account}.queue.core.usgovcloudapi.net/"
    assert "AADAudience=https://monitor.azure.us/" in settings["APPLICATIONINSIGHTS_CONNECTION_STRING"]


@pytest.mark.parametrize(("cloud", "plan"), [(GOVERNMENT, "FlexConsumption"), (PUBLIC, "Dedicated")])
async def test_the_cloud_and_the_plan_are_parameters_too(
    certificates: Certificates, folder: Path, cloud: Cloud, plan: str
) -> None:
    async with cloud_with_group(certificates, folder, cloud) as arm:
        own = {"ARMATURE_MAX_CONCURRENCY": "9"}
        outputs = await deployed(arm, cloudName=cloud.name, hostingPlan=plan, settings=own)

        settings = await settings_of(arm)

    assert outputs["hostingPlan"] == plan
    assert (settings["AZURE_CLOUD"], settings["ARMATURE_MAX_CONCURRENCY"]) == (cloud.name, "9")


@pytest.mark.parametrize("plan", ["FlexConsumption", "Dedicated"])
async def test_deployed_again_it_changes_nothing(certificates: Certificates, folder: Path, plan: str) -> None:
    async with cloud_with_group(certificates, folder, PUBLIC) as arm:
        first = await deployed(arm, hostingPlan=plan)
        before, settings = await contents(arm), await settings_of(arm)

        second = await deployed(arm, hostingPlan=plan)
        after, settings_after = await contents(arm), await settings_of(arm)

    assert (second, after, settings_after) == (first, before, settings)
