"""What `GET /metadata/endpoints` tells of the clouds: one document since 2022-09-01, a list of all of them before.

Shape: the answer of management.azure.com as quoted in https://github.com/Azure/azure-cli/issues/29283, and what the
Azure CLI reads of it (`azure.cli.core.cloud`).
"""

from typing import Any

from emulator.clouds import CLOUDS, Cloud

SINGLE_DOCUMENT_SINCE = "2022-09-01"


def endpoints_document(
    api_version: str, own: Cloud, resource_manager: str, tenant: str
) -> dict[str, Any] | list[dict[str, Any]]:
    """The answer of the cloud `own`, whose ARM is at `resource_manager`: it alone, or for an older `api_version` all.

    `tenant` is the only directory that `own` knows.
    """
    here = _described(own, resource_manager, tenant)
    if api_version >= SINGLE_DOCUMENT_SINCE:
        return here
    return [here if cloud == own else _described(cloud, cloud.resource_manager, "common") for cloud in CLOUDS.values()]


def _described(cloud: Cloud, resource_manager: str, tenant: str) -> dict[str, Any]:
    return {
        "name": cloud.name,
        "portal": cloud.portal,
        "resourceManager": resource_manager,
        "authentication": {
            "loginEndpoint": cloud.login,
            "audiences": list(cloud.audiences[::2]),
            "tenant": tenant,
            "identityProvider": "AAD",
        },
        "graph": cloud.graph,
        "graphAudience": cloud.graph,
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
