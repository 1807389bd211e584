"""What the cloud offers: locations, resource providers with their types and API versions, and the clouds' endpoints.

Types that are not listed work all the same (the emulator's generic behaviour); the list is what `GET providers` tells.
Source: Microsoft.Resources reference, azure.microsoft.com/locations, the metadata endpoint of management.azure.com.
"""

from typing import Any

LOCATIONS = {
    "eastus": "East US",
    "eastus2": "East US 2",
    "centralus": "Central US",
    "southcentralus": "South Central US",
    "westus": "West US",
    "westus2": "West US 2",
    "westus3": "West US 3",
    "northeurope": "North Europe",
    "westeurope": "West Europe",
    "uksouth": "UK South",
    "germanywestcentral": "Germany West Central",
    "swedencentral": "Sweden Central",
    "southeastasia": "Southeast Asia",
    "australiaeast": "Australia East",
    "usgovvirginia": "USGov Virginia",
    "usgovarizona": "USGov Arizona",
    "chinanorth3": "China North 3",
}

_TYPES = {
    "Microsoft.Authorization": ["roleAssignments", "roleDefinitions", "locks", "policyAssignments"],
    "Microsoft.CognitiveServices": ["accounts", "accounts/deployments"],
    "Microsoft.DocumentDB": ["databaseAccounts", "databaseAccounts/sqlDatabases"],
    "Microsoft.Insights": ["components", "diagnosticSettings"],
    "Microsoft.KeyVault": ["vaults", "vaults/secrets"],
    "Microsoft.ManagedIdentity": ["userAssignedIdentities"],
    "Microsoft.Network": [
        "loadBalancers",
        "networkInterfaces",
        "networkSecurityGroups",
        "privateDnsZones",
        "privateDnsZones/virtualNetworkLinks",
        "privateEndpoints",
        "privateEndpoints/privateDnsZoneGroups",
        "publicIPAddresses",
        "virtualNetworks",
        "virtualNetworks/subnets",
    ],
    "Microsoft.OperationalInsights": ["workspaces"],
    "Microsoft.Resources": ["deployments", "resourceGroups", "subscriptions", "tags"],
    "Microsoft.Search": ["searchServices"],
    "Microsoft.Sql": ["servers", "servers/databases", "servers/firewallRules"],
    "Microsoft.Storage": [
        "storageAccounts",
        "storageAccounts/blobServices",
        "storageAccounts/blobServices/containers",
        "storageAccounts/managementPolicies",
    ],
    "Microsoft.Web": ["serverfarms", "sites", "sites/config", "sites/functions"],
}

API_VERSIONS = [
    "2025-04-01", "2025-01-01", "2024-07-01", "2024-03-01", "2023-11-01", "2023-09-01", "2023-01-01", "2022-09-01",
    "2021-04-01", "2020-10-01", "2019-10-01",
]  # fmt: skip

PROVIDERS = {namespace.lower(): namespace for namespace in _TYPES}


def resource_types(namespace: str) -> list[dict[str, Any]]:
    """The types of a provider with their locations and API versions; empty for a provider that is not listed."""
    types = _TYPES.get(PROVIDERS.get(namespace.lower(), ""), [])
    locations = list(LOCATIONS.values())
    return [{"resourceType": name, "locations": locations, "apiVersions": API_VERSIONS} for name in types]


def resource_type(namespace: str, name: str) -> dict[str, Any] | None:
    """One type of a provider, as the template function `providers()` gives it."""
    return next((t for t in resource_types(namespace) if t["resourceType"].lower() == name.lower()), None)
