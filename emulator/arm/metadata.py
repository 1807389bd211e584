"""What `GET /metadata/endpoints` tells of the clouds: one document since 2022-09-01, a list of all of them before.

Shape and values: the answer of management.azure.com as quoted in https://github.com/Azure/azure-cli/issues/29283, and
what the Azure CLI reads of it (`azure.cli.core.cloud`). The operator of this cloud is AzureCloud.
"""

from dataclasses import dataclass
from typing import Any

SINGLE_DOCUMENT_SINCE = "2022-09-01"


@dataclass(frozen=True)
class _Cloud:
    name: str
    resource_manager: str
    login: str
    portal: str
    audiences: tuple[str, ...]
    domain: str  # of storage, SQL and the databases: `core.{domain}`, `database.{domain}`
    key_vault: str
    registry: str
    tenant: str = "common"


_GOVERNMENT = _Cloud(
    name="AzureUSGovernment",
    resource_manager="https://management.usgovcloudapi.net",
    login="https://login.microsoftonline.us",
    portal="https://portal.azure.us",
    audiences=("https://management.core.usgovcloudapi.net", "https://management.usgovcloudapi.net"),
    domain="usgovcloudapi.net",
    key_vault="vault.usgovcloudapi.net",
    registry="azurecr.us",
)
_CHINA = _Cloud(
    name="AzureChinaCloud",
    resource_manager="https://management.chinacloudapi.cn",
    login="https://login.chinacloudapi.cn",
    portal="https://portal.azure.cn",
    audiences=("https://management.core.chinacloudapi.cn", "https://management.chinacloudapi.cn"),
    domain="chinacloudapi.cn",
    key_vault="vault.azure.cn",
    registry="azurecr.cn",
)


def endpoints_document(api_version: str, resource_manager: str, tenant: str) -> dict[str, Any] | list[dict[str, Any]]:
    """The answer: the cloud whose ARM is at `resource_manager`, or for an older `api_version` all clouds."""
    own = _Cloud(
        name="AzureCloud",
        resource_manager=resource_manager,
        login="https://login.microsoftonline.com",
        portal="https://portal.azure.com",
        audiences=("https://management.core.windows.net/", "https://management.azure.com/"),
        domain="windows.net",
        key_vault="vault.azure.net",
        registry="azurecr.io",
        tenant=tenant,
    )
    if api_version >= SINGLE_DOCUMENT_SINCE:
        return _described(own)
    return [_described(cloud) for cloud in (own, _CHINA, _GOVERNMENT)]


def _described(cloud: _Cloud) -> dict[str, Any]:
    return {
        "name": cloud.name,
        "portal": cloud.portal,
        "resourceManager": cloud.resource_manager,
        "authentication": {
            "loginEndpoint": cloud.login,
            "audiences": list(cloud.audiences),
            "tenant": cloud.tenant,
            "identityProvider": "AAD",
        },
        "graph": f"https://graph.{cloud.domain}/",
        "graphAudience": f"https://graph.{cloud.domain}/",
        "batch": f"https://batch.core.{cloud.domain}/",
        "sqlManagement": f"https://management.core.{cloud.domain}:8443/",
        "suffixes": {
            "storage": f"core.{cloud.domain}",
            "keyVaultDns": cloud.key_vault,
            "sqlServerHostname": f"database.{cloud.domain}",
            "mysqlServerEndpoint": f"mysql.database.{cloud.domain}",
            "postgresqlServerEndpoint": f"postgres.database.{cloud.domain}",
            "acrLoginServer": cloud.registry,
        },
    }
