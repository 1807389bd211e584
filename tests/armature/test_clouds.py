import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.identity import AzureAuthorityHosts

import emulator.clouds
from armature.clouds import CLOUDS, Cloud, UnknownCloudError, cloud_from_metadata, cloud_of
from armature.settings import Settings
from tests.running import ROOT

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


TABLE = {
    "AzureCloud": {
        "resource_manager": "https://management.azure.com",
        "audience": "https://management.azure.com",
        "authority_host": "https://login.microsoftonline.com",
        "storage_suffix": "core.windows.net",
        "key_vault_suffix": "vault.azure.net",
        "portal": "https://portal.azure.com",
    },
    "AzureUSGovernment": {
        "resource_manager": "https://management.usgovcloudapi.net",
        "audience": "https://management.usgovcloudapi.net",
        "authority_host": "https://login.microsoftonline.us",
        "storage_suffix": "core.usgovcloudapi.net",
        "key_vault_suffix": "vault.usgovcloudapi.net",
        "portal": "https://portal.azure.us",
    },
    "AzureChinaCloud": {
        "resource_manager": "https://management.chinacloudapi.cn",
        "audience": "https://management.chinacloudapi.cn",
        "authority_host": "https://login.chinacloudapi.cn",
        "storage_suffix": "core.chinacloudapi.cn",
        "key_vault_suffix": "vault.azure.cn",
        "portal": "https://portal.azure.cn",
    },
}


@pytest.mark.parametrize("name", TABLE)
def test_a_known_cloud_needs_no_endpoints(name: str) -> None:
    cloud = cloud_of(settings(AZURE_CLOUD=name))

    assert cloud.model_dump() == {"name": name, **TABLE[name]}
    assert cloud.scope == f"{TABLE[name]['resource_manager']}/.default"


def test_no_other_cloud_is_known() -> None:
    assert set(CLOUDS) == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_the_azure_sdks_and_the_emulator_know_the_same_addresses(name: str) -> None:
    cloud, emulated = CLOUDS[name], emulator.clouds.CLOUDS[name]
    sdk = {
        "AzureCloud": AzureAuthorityHosts.AZURE_PUBLIC_CLOUD,
        "AzureUSGovernment": AzureAuthorityHosts.AZURE_GOVERNMENT,
        "AzureChinaCloud": AzureAuthorityHosts.AZURE_CHINA,
    }

    assert cloud.authority_host == f"https://{sdk[name]}" == emulated.login
    assert cloud.audience in emulated.audiences
    assert (cloud.portal, cloud.storage_suffix) == (emulated.portal, f"core.{emulated.domain}")
    assert (cloud.key_vault_suffix, cloud.resource_manager) == (emulated.key_vault, emulated.resource_manager)


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


CLOUD_HOST = re.compile(
    r"""[\w.-]*\b(
        azure\.(com|net|us|cn|de) | windows\.net | microsoft\.(com|us|cn) | (login\.)?microsoftonline\.\w+
        | usgovcloudapi\.net | chinacloudapi\.cn | chinacloudsites\.cn | azurewebsites\.\w+ | azurecr\.\w+
        | azurefd\.\w+ | cloudapp\.\w+ | applicationinsights\.\w+ | azconfig\.io | azure-api\.\w+
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
ADDRESS = re.compile(r"https?://(?P<host>[\w-]+(?:\.[\w-]+)+)")
PLACEHOLDER = re.compile(r"https://(ACCOUNT\.blob\.SUFFIX|HOST)\b")
NO_ENDPOINTS = {
    "learn.microsoft.com": "Microsoft's documentation: for all clouds, and for people only",
    "aka.ms": "links to it, within ARM's own wording of errors",
    "github.com": "where a fact was found",
    "www.standardwebhooks.com": "where a fact was found",
    "schema.management.azure.com": "part of the name of a template's schema, the same in all clouds",
    "schemas.xmlsoap.org": "part of the names of claims",
    "schemas.microsoft.com": "part of the names of claims",
    "json-schema.org": "part of the name of the language of schemas",
    "armature.dev": "part of the names of our own types of problems",
    "127.0.0.1": "this machine",
}
"""Hosts that are no cloud's, each with what it is there for."""
RESERVED = (".example", ".invalid")
"""Names that nobody can have (RFC 2606)."""


def sources() -> Iterator[Path]:
    """The modules of the app."""
    yield ROOT / "function_app.py"
    for package in ("armature", "activities", "orchestrators", "triggers"):
        yield from sorted((ROOT / package).rglob("*.py"))


def hosts_in(text: str) -> set[str]:
    """The hosts that a text names, comments and all, but for those that are no endpoint."""
    text = PLACEHOLDER.sub("", text)
    named = {found["host"] for found in ADDRESS.finditer(text)} | {found[0] for found in CLOUD_HOST.finditer(text)}
    return {host for host in named if host.lower() not in NO_ENDPOINTS and not host.endswith(RESERVED)}


def test_no_module_but_the_table_of_clouds_names_a_host() -> None:
    found = {str(file.relative_to(ROOT)): hosts_in(file.read_text(encoding="utf-8")) for file in sources()}

    assert len(found) > 100
    assert found.pop("armature/clouds.py") >= {"management.azure.com", "portal.azure.us", "login.chinacloudapi.cn"}
    assert {file: hosts for file, hosts in found.items() if hosts} == {}


@pytest.mark.parametrize(
    "text",
    [
        "https://management.usgovcloudapi.net",
        "suffix = 'core.windows.net'",
        "# see https://shop.azurewebsites.us/api",
        "https://contoso.org/x",
        "f'https://{name}.blob.core.chinacloudapi.cn'",
    ],
)
def test_the_search_finds_hosts(text: str) -> None:
    assert hosts_in(text)


def test_each_exception_of_the_search_is_needed() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in sources())

    assert [host for host in NO_ENDPOINTS if host not in text] == []
