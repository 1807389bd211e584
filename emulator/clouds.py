"""The clouds that the emulator can be: where ARM, sign-in and the portal are in each, and how their services are named.

Facts: ARM's own `/metadata/endpoints`, as quoted in https://github.com/Azure/azure-cli/issues/29283; the audiences that
ARM names when it refuses a token, https://github.com/stephaneey/azure-apim-extension/issues/93; and
https://learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure, 2025.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Cloud:
    """One cloud. Addresses have no trailing slash.

    `domain` is that of storage, SQL, messaging and caches (`core.{domain}`, `database.{domain}`), `services` that of
    databases, search and cognitive services (`documents.{services}`); `tokens` the address that tells whose
    tokens are: their issuer is `{tokens}/{tenant}/`. `default_location` and `other_location` are two of its regions.
    """

    name: str
    resource_manager: str
    login: str
    tokens: str
    portal: str
    domain: str
    services: str
    search: str
    graph: str
    key_vault: str
    registry: str
    front_door: str
    default_location: str
    other_location: str

    @property
    def audiences(self) -> tuple[str, ...]:
        """What ARM takes tokens for, in the order in which it names them."""
        return tuple(
            f"{address}{slash}"
            for address in (f"https://management.core.{self.domain}", self.resource_manager)
            for slash in ("/", "")
        )

    def issuer(self, tenant: str) -> str:
        """Who issues the tokens of a directory."""
        return f"{self.tokens}/{tenant}/"

    def environment(self) -> dict[str, Any]:
        """What the template function `environment()` tells."""
        return {
            "name": self.name,
            "gallery": f"https://gallery.{self.resource_manager.removeprefix('https://management.')}/",
            "graph": self.graph,
            "graphAudience": self.graph,
            "portal": self.portal,
            "resourceManager": f"{self.resource_manager}/",
            "authentication": {
                "loginEndpoint": f"{self.login}/",
                "audiences": list(self.audiences[::2]),
                "tenant": "common",
                "identityProvider": "AAD",
            },
            "suffixes": {
                "acrLoginServer": f".{self.registry}",
                "azureDatalakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
                "azureDatalakeStoreFileSystem": "azuredatalakestore.net",
                "azureFrontDoorEndpointSuffix": self.front_door,
                "keyvaultDns": f".{self.key_vault}",
                "sqlServerHostname": f".database.{self.domain}",
                "storage": f"core.{self.domain}",
            },
        }


PUBLIC = Cloud(
    name="AzureCloud",
    resource_manager="https://management.azure.com",
    login="https://login.microsoftonline.com",
    tokens="https://sts.windows.net",
    portal="https://portal.azure.com",
    domain="windows.net",
    services="azure.com",
    search="search.windows.net",
    graph="https://graph.windows.net/",
    key_vault="vault.azure.net",
    registry="azurecr.io",
    front_door="azurefd.net",
    default_location="eastus2",
    other_location="westus2",
)
GOVERNMENT = Cloud(
    name="AzureUSGovernment",
    resource_manager="https://management.usgovcloudapi.net",
    login="https://login.microsoftonline.us",
    tokens="https://sts.windows.net",
    portal="https://portal.azure.us",
    domain="usgovcloudapi.net",
    services="azure.us",
    search="search.azure.us",
    graph="https://graph.windows.net/",
    key_vault="vault.usgovcloudapi.net",
    registry="azurecr.us",
    front_door="azurefd.us",
    default_location="usgovvirginia",
    other_location="usgovarizona",
)
CHINA = Cloud(
    name="AzureChinaCloud",
    resource_manager="https://management.chinacloudapi.cn",
    login="https://login.chinacloudapi.cn",
    tokens="https://sts.chinacloudapi.cn",
    portal="https://portal.azure.cn",
    domain="chinacloudapi.cn",
    services="azure.cn",
    search="search.azure.cn",
    graph="https://graph.chinacloudapi.cn/",
    key_vault="vault.azure.cn",
    registry="azurecr.cn",
    front_door="azurefd.cn",
    default_location="chinanorth3",
    other_location="chinaeast3",
)
CLOUDS: Mapping[str, Cloud] = {cloud.name: cloud for cloud in (PUBLIC, CHINA, GOVERNMENT)}
