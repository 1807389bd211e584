"""The clouds: where ARM, sign-in, storage, Key Vault and the portal are in each. No other module names a host.

Facts: `az cloud show` and ARM's own `/metadata/endpoints` (2022-09-01), 2025-11.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from armature.models import Model
from armature.settings import Settings

STORAGE_SCOPE = "https://storage.azure.com/.default"
"""The scope of tokens for blob storage in every cloud (Authorize access to blobs with Microsoft Entra ID, 2025)."""


class UnknownCloudError(ValueError):
    """The settings, or a metadata document, do not say enough about a cloud; the message says what is missing."""


class Cloud(Model):
    """One cloud's endpoints. Addresses have no trailing slash, DNS suffixes no leading dot."""

    name: str
    resource_manager: str
    audience: str
    authority_host: str
    storage_suffix: str
    key_vault_suffix: str
    portal: str

    @property
    def scope(self) -> str:
        """The OAuth scope of a token for ARM."""
        return f"{self.audience}/.default"

    def portal_deployment_link(self, tenant: str | None, deployment_resource_id: str) -> str:
        """The portal's page of an ARM deployment. Without `tenant`, in the directory the reader is signed in to."""
        directory = f"@{tenant}/" if tenant else ""
        blade = "blade/HubsExtension/DeploymentDetailsBlade/~/overview/id/"
        return f"{self.portal}/#{directory}{blade}{quote(deployment_resource_id, safe='')}"


CLOUDS: Mapping[str, Cloud] = {
    cloud.name: cloud
    for cloud in (
        Cloud(
            name="AzureCloud",
            resource_manager="https://management.azure.com",
            audience="https://management.azure.com",
            authority_host="https://login.microsoftonline.com",
            storage_suffix="core.windows.net",
            key_vault_suffix="vault.azure.net",
            portal="https://portal.azure.com",
        ),
        Cloud(
            name="AzureUSGovernment",
            resource_manager="https://management.usgovcloudapi.net",
            audience="https://management.usgovcloudapi.net",
            authority_host="https://login.microsoftonline.us",
            storage_suffix="core.usgovcloudapi.net",
            key_vault_suffix="vault.usgovcloudapi.net",
            portal="https://portal.azure.us",
        ),
        Cloud(
            name="AzureChinaCloud",
            resource_manager="https://management.chinacloudapi.cn",
            audience="https://management.chinacloudapi.cn",
            authority_host="https://login.chinacloudapi.cn",
            storage_suffix="core.chinacloudapi.cn",
            key_vault_suffix="vault.azure.cn",
            portal="https://portal.azure.cn",
        ),
    )
}

_SETTING_OF_FIELD = {
    "resource_manager": "ARMATURE_ARM_ENDPOINT",
    "audience": "ARMATURE_ARM_AUDIENCE",
    "authority_host": "ARMATURE_AUTHORITY_HOST",
    "storage_suffix": "ARMATURE_STORAGE_SUFFIX",
    "key_vault_suffix": "ARMATURE_KEY_VAULT_SUFFIX",
    "portal": "ARMATURE_PORTAL_URL",
}


def cloud_of(settings: Settings, described: Cloud | None = None) -> Cloud:
    """The cloud the app runs in: the table's row for AZURE_CLOUD with the settings' endpoints in place of its own.

    A name that is not in the table (`custom`, an air-gapped cloud) takes its row from `described` (see
    `cloud_from_metadata`) or wholly from the settings.

    Raises:
        UnknownCloudError: the name is not in the table and the settings leave an endpoint out.
    """
    overrides = {
        "resource_manager": settings.arm_endpoint,
        "audience": settings.arm_audience,
        "authority_host": settings.authority_host,
        "storage_suffix": settings.storage_suffix,
        "key_vault_suffix": settings.key_vault_suffix,
        "portal": settings.portal_url,
    }
    given = {field: value for field, value in overrides.items() if value is not None}
    known = described or CLOUDS.get(settings.azure_cloud)
    if known is not None:
        return known.model_copy(update={**given, "name": settings.azure_cloud})
    missing = [_SETTING_OF_FIELD[field] for field in overrides if field not in given]
    if missing:
        known_names = ", ".join(CLOUDS)
        raise UnknownCloudError(
            f"AZURE_CLOUD is {settings.azure_cloud!r}, which is none of {known_names}: set also {', '.join(missing)}."
        )
    return Cloud(name=settings.azure_cloud, **given)


def cloud_from_metadata(document: Any, name: str, resource_manager: str | None = None) -> Cloud:
    """The cloud `name` as ARM's `GET /metadata/endpoints?api-version=2022-09-01` describes it.

    `document` is the answer's JSON: a list of clouds, or one. Names are compared without letter case; where none is of
    that name (the operator's may be another than ARM's own), the one at the address `resource_manager` is it.

    Raises:
        UnknownCloudError: the document does not hold that cloud, or leaves one of its endpoints out.
    """
    listed = document if isinstance(document, list) else [document]
    entries = [entry for entry in listed if isinstance(entry, dict)]
    for key, wanted in (("name", name), ("resourceManager", resource_manager)):
        for entry in entries:
            if wanted and str(entry.get(key, "")).rstrip("/").lower() == wanted.lower():
                return _from_entry(entry, name)
    raise UnknownCloudError(f"The metadata document does not hold a cloud named {name!r}.")


def _from_entry(entry: dict[str, Any], name: str) -> Cloud:
    try:
        resource_manager = str(entry["resourceManager"]).rstrip("/")
        audiences = [str(audience).rstrip("/") for audience in entry["authentication"]["audiences"]]
        host = urlsplit(resource_manager).hostname
        audience = next((one for one in audiences if urlsplit(one).hostname == host), audiences[0])
        return Cloud(
            name=name,
            resource_manager=resource_manager,
            audience=audience,
            authority_host=str(entry["authentication"]["loginEndpoint"]).rstrip("/"),
            storage_suffix=str(entry["suffixes"]["storage"]).removeprefix("."),
            key_vault_suffix=str(entry["suffixes"]["keyVaultDns"]).removeprefix("."),
            portal=str(entry["portal"]).rstrip("/"),
        )
    except (KeyError, IndexError, TypeError) as error:
        raise UnknownCloudError(f"The metadata document describes the cloud {name!r} without {error}.") from error
