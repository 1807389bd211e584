from typing import Any

import pytest

from armature.clouds import CLOUDS, Cloud, UnknownCloudError, cloud_from_metadata, cloud_of
from armature.settings import Settings

ALL_ENDPOINTS = {
    "ARMATURE_ARM_ENDPOINT": "https://management.local.azurestack.external",
    "ARMATURE_ARM_AUDIENCE": "https://management.stack.onmicrosoft.com/1234",
    "ARMATURE_AUTHORITY_HOST": "https://adfs.local.azurestack.external",
    "ARMATURE_STORAGE_SUFFIX": "local.azurestack.external",
    "ARMATURE_KEY_VAULT_SUFFIX": "vault.local.azurestack.external",
    "ARMATURE_PORTAL_URL": "https://portal.local.azurestack.external",
}


def settings(**values: str) -> Settings:
    return Settings.model_validate(
        {"ARMATURE_STORAGE_BLOB_ENDPOINT": "https://x", "AZURE_CLOUD": "AzureCloud", **values}
    )


def metadata(**changes: Any) -> dict[str, Any]:
    """What public ARM's metadata endpoint says, in the parts that are read."""
    return {
        "name": "AzureCloud",
        "resourceManager": "https://management.azure.com/",
        "authentication": {
            "loginEndpoint": "https://login.microsoftonline.com/",
            "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
            "tenant": "common",
        },
        "suffixes": {"storage": "core.windows.net", "keyVaultDns": ".vault.azure.net"},
        "portal": "https://portal.azure.com/",
        **changes,
    }


@pytest.mark.parametrize(
    ("name", "arm", "sign_in"),
    [
        ("AzureCloud", "https://management.azure.com", "https://login.microsoftonline.com"),
        ("AzureUSGovernment", "https://management.usgovcloudapi.net", "https://login.microsoftonline.us"),
        ("AzureChinaCloud", "https://management.chinacloudapi.cn", "https://login.chinacloudapi.cn"),
    ],
)
def test_a_known_cloud_needs_no_endpoints(name: str, arm: str, sign_in: str) -> None:
    cloud = cloud_of(settings(AZURE_CLOUD=name))

    assert cloud == CLOUDS[name]
    assert (cloud.resource_manager, cloud.authority_host) == (arm, sign_in)
    assert cloud.scope == f"{arm}/.default"


def test_an_endpoint_of_the_settings_stands_in_place_of_the_clouds_own() -> None:
    cloud = cloud_of(settings(ARMATURE_ARM_ENDPOINT="https://127.0.0.1:1234/"))

    assert cloud == CLOUDS["AzureCloud"].model_copy(update={"resource_manager": "https://127.0.0.1:1234"})


def test_a_custom_cloud_comes_wholly_from_the_settings() -> None:
    cloud = cloud_of(settings(AZURE_CLOUD="custom", **ALL_ENDPOINTS))

    assert cloud.name == "custom"
    assert list(cloud.dump().values())[1:] == list(ALL_ENDPOINTS.values())


@pytest.mark.parametrize("left_out", ALL_ENDPOINTS)
def test_a_custom_cloud_names_the_setting_that_it_lacks(left_out: str) -> None:
    given = {name: value for name, value in ALL_ENDPOINTS.items() if name != left_out}

    with pytest.raises(UnknownCloudError, match=left_out):
        cloud_of(settings(AZURE_CLOUD="custom", **given))


def test_a_custom_cloud_may_be_described_by_its_own_metadata() -> None:
    described = cloud_from_metadata([metadata(name="AzureStack-User-1")], "azurestack-user-1")

    cloud = cloud_of(settings(AZURE_CLOUD="custom", ARMATURE_PORTAL_URL="https://portal.here"), described)

    assert cloud == described.model_copy(update={"name": "custom", "portal": "https://portal.here"})


def test_the_metadata_of_the_public_cloud_agrees_with_the_table() -> None:
    assert cloud_from_metadata([metadata(name="Other"), metadata()], "AzureCloud") == CLOUDS["AzureCloud"]
    assert cloud_from_metadata(metadata(), "AzureCloud") == CLOUDS["AzureCloud"]


def test_an_audience_elsewhere_is_the_first_one_named() -> None:
    document = metadata(resourceManager="https://arm.stack", authentication={
        "loginEndpoint": "https://adfs", "audiences": ["https://a/", "https://b/"]})  # fmt: skip

    assert cloud_from_metadata(document, "AzureCloud").audience == "https://a"


@pytest.mark.parametrize(
    "document",
    [
        [],
        None,
        [metadata(name="Other")],
        metadata(suffixes={"storage": "x"}),
        metadata(authentication={"loginEndpoint": "x", "audiences": []}),
        metadata(authentication=None),
    ],
)
def test_metadata_without_what_is_needed_is_refused(document: Any) -> None:
    with pytest.raises(UnknownCloudError, match="AzureCloud"):
        cloud_from_metadata(document, "AzureCloud")


def test_a_portal_link_opens_a_deployment_in_its_tenant() -> None:
    cloud: Cloud = CLOUDS["AzureUSGovernment"]
    deployment = "/subscriptions/1/resourceGroups/rg/providers/Microsoft.Resources/deployments/web.d1"
    escaped = deployment.replace("/", "%2F")

    link = cloud.portal_deployment_link("tenant-1", deployment)

    assert (
        link == f"https://portal.azure.us/#@tenant-1/blade/HubsExtension/DeploymentDetailsBlade/~/overview/id/{escaped}"
    )
    assert "/#blade/" in cloud.portal_deployment_link(None, deployment)


def test_a_cloud_that_its_arm_calls_otherwise_is_found_by_its_address():
    entry = {
        "name": "AzureStack-User-1",
        "resourceManager": "https://management.local.stack.contoso/",
        "authentication": {"loginEndpoint": "https://login.contoso", "audiences": ["https://management.contoso/guid"]},
        "suffixes": {"storage": "local.stack.contoso", "keyVaultDns": "vault.local.stack.contoso"},
        "portal": "https://portal.local.stack.contoso",
    }

    cloud = cloud_from_metadata([entry], "custom", "https://management.local.stack.contoso")

    assert (cloud.name, cloud.storage_suffix) == ("custom", "local.stack.contoso")
    with pytest.raises(UnknownCloudError):
        cloud_from_metadata([entry], "custom", "https://management.elsewhere.contoso")
