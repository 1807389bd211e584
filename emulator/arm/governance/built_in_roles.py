"""The built-in roles that templates assign most, with what they allow on the control plane and to data.

Source: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles, 2025.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class BuiltInRole:
    """A role; the lists are patterns of operations, in which `*` stands for any text."""

    id: str
    name: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()


_READ = ("*/read",)
_AUTHORIZATION_READ = "Microsoft.Authorization/*/read"
_COMMON = (
    _AUTHORIZATION_READ,
    "Microsoft.Insights/alertRules/*",
    "Microsoft.ResourceHealth/availabilityStatuses/read",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Support/*",
)
_BLOB = "Microsoft.Storage/storageAccounts/blobServices"
_BLOBS = f"{_BLOB}/containers/blobs"
_DELEGATE = f"{_BLOB}/generateUserDelegationKey/action"
_QUEUES = "Microsoft.Storage/storageAccounts/queueServices/queues"
_TABLES = "Microsoft.Storage/storageAccounts/tableServices/tables"
_FILES = "Microsoft.Storage/storageAccounts/fileServices/fileshares"
_VAULT = "Microsoft.KeyVault"
_VAULT_READ = (
    _AUTHORIZATION_READ,
    f"{_VAULT}/checkNameAvailability/read",
    f"{_VAULT}/deletedVaults/read",
    f"{_VAULT}/locations/*/read",
    f"{_VAULT}/vaults/*/read",
    f"{_VAULT}/operations/read",
)
_COGNITIVE = "Microsoft.CognitiveServices"
_SEARCH = "Microsoft.Search/searchServices"
_BUS, _HUB = "Microsoft.ServiceBus", "Microsoft.EventHub"
_CONFIGURATION = "Microsoft.AppConfiguration/configurationStores"

BUILT_IN_ROLES: tuple[BuiltInRole, ...] = (
    BuiltInRole("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", ("*",)),
    BuiltInRole(
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Contributor",
        ("*",),
        (
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
            "Microsoft.Compute/galleries/share/action",
            "Microsoft.Purview/consents/write",
            "Microsoft.Purview/consents/delete",
            "Microsoft.Resources/deploymentStacks/manageDenySetting/action",
        ),
    ),
    BuiltInRole("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", _READ),
    BuiltInRole(
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "User Access Administrator",
        (*_READ, "Microsoft.Authorization/*", "Microsoft.Support/*"),
    ),
    BuiltInRole(
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        "Role Based Access Control Administrator",
        (
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            *_READ,
            "Microsoft.Support/*",
        ),
    ),
    BuiltInRole(
        "36243c78-bf99-498c-9df9-86d9f8d28608",
        "Resource Policy Contributor",
        (
            *_READ,
            "Microsoft.Authorization/policyassignments/*",
            "Microsoft.Authorization/policydefinitions/*",
            "Microsoft.Authorization/policyexemptions/*",
            "Microsoft.Authorization/policysetdefinitions/*",
            "Microsoft.PolicyInsights/*",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Support/*",
        ),
    ),
    BuiltInRole(
        "4a9ae827-6dc8-4573-8ac7-8239d42aa03f",
        "Tag Contributor",
        (
            _AUTHORIZATION_READ,
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Resources/subscriptions/resourceGroups/resources/read",
            "Microsoft.Resources/subscriptions/resources/read",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Insights/alertRules/*",
            "Microsoft.Support/*",
            "Microsoft.Resources/tags/*",
        ),
    ),
    # Storage
    BuiltInRole(
        "17d1049b-9a84-46fb-8f53-869881c3d3ab",
        "Storage Account Contributor",
        (
            *_COMMON,
            "Microsoft.Insights/diagnosticSettings/*",
            "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action",
            "Microsoft.Storage/storageAccounts/*",
        ),
    ),
    BuiltInRole(
        "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
        "Storage Blob Data Owner",
        (f"{_BLOB}/containers/*", _DELEGATE),
        data_actions=(f"{_BLOBS}/*",),
    ),
    BuiltInRole(
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        "Storage Blob Data Contributor",
        (f"{_BLOB}/containers/delete", f"{_BLOB}/containers/read", f"{_BLOB}/containers/write", _DELEGATE),
        data_actions=tuple(f"{_BLOBS}/{verb}" for verb in ("delete", "read", "write", "move/action", "add/action")),
    ),
    BuiltInRole(
        "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        "Storage Blob Data Reader",
        (f"{_BLOB}/containers/read", _DELEGATE),
        data_actions=(f"{_BLOBS}/read",),
    ),
    BuiltInRole("db58b8e5-c6ad-4a2a-8342-4190687cbf4a", "Storage Blob Delegator", (_DELEGATE,)),
    BuiltInRole(
        "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
        "Storage Queue Data Contributor",
        (f"{_QUEUES}/delete", f"{_QUEUES}/read", f"{_QUEUES}/write"),
        data_actions=tuple(f"{_QUEUES}/messages/{verb}" for verb in ("delete", "read", "write", "process/action")),
    ),
    BuiltInRole(
        "19e7f393-937e-4f77-808e-94535e297925",
        "Storage Queue Data Reader",
        (f"{_QUEUES}/read",),
        data_actions=(f"{_QUEUES}/messages/read",),
    ),
    BuiltInRole(
        "8a0f0c08-91a1-4084-bc3d-661d67233fed",
        "Storage Queue Data Message Processor",
        data_actions=(f"{_QUEUES}/messages/read", f"{_QUEUES}/messages/process/action"),
    ),
    BuiltInRole(
        "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a",
        "Storage Queue Data Message Sender",
        data_actions=(f"{_QUEUES}/messages/add/action",),
    ),
    BuiltInRole(
        "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
        "Storage Table Data Contributor",
        (f"{_TABLES}/read", f"{_TABLES}/write", f"{_TABLES}/delete"),
        data_actions=tuple(
            f"{_TABLES}/entities/{verb}" for verb in ("read", "write", "delete", "add/action", "update/action")
        ),
    ),
    BuiltInRole(
        "76199698-9eea-4c19-bc75-cec21354c6b6",
        "Storage Table Data Reader",
        (f"{_TABLES}/read",),
        data_actions=(f"{_TABLES}/entities/read",),
    ),
    BuiltInRole(
        "0c867c2a-1d8c-454a-a3db-ab2ea1bdc8bb",
        "Storage File Data SMB Share Contributor",
        data_actions=(f"{_FILES}/files/read", f"{_FILES}/files/write", f"{_FILES}/files/delete"),
    ),
    # Key Vault
    BuiltInRole(
        "f25e0fa2-a7c8-4377-a976-54943a77a395",
        "Key Vault Contributor",
        (*_COMMON, f"{_VAULT}/*"),
        (
            f"{_VAULT}/locations/deletedVaults/purge/action",
            f"{_VAULT}/hsmPools/*",
            f"{_VAULT}/managedHsms/*",
        ),
    ),
    BuiltInRole(
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",
        "Key Vault Administrator",
        _VAULT_READ,
        data_actions=(f"{_VAULT}/vaults/*",),
    ),
    BuiltInRole(
        "21090545-7ca7-4776-b22c-e363652d74d2",
        "Key Vault Reader",
        _VAULT_READ,
        data_actions=(f"{_VAULT}/vaults/*/read", f"{_VAULT}/vaults/secrets/readMetadata/action"),
    ),
    BuiltInRole(
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
        "Key Vault Secrets Officer",
        _VAULT_READ,
        data_actions=(f"{_VAULT}/vaults/secrets/*",),
    ),
    BuiltInRole(
        "4633458b-17de-408a-b874-0445c86b69e6",
        "Key Vault Secrets User",
        data_actions=(f"{_VAULT}/vaults/secrets/getSecret/action", f"{_VAULT}/vaults/secrets/readMetadata/action"),
    ),
    BuiltInRole(
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
        "Key Vault Crypto Officer",
        _VAULT_READ,
        data_actions=(f"{_VAULT}/vaults/keys/*", f"{_VAULT}/vaults/keyrotationpolicies/*"),
    ),
    BuiltInRole(
        "12338af0-0e69-4776-bea7-57ae8d297424",
        "Key Vault Crypto User",
        data_actions=tuple(
            f"{_VAULT}/vaults/keys/{verb}"
            for verb in ("read", "update/action", "backup/action", "encrypt/action", "decrypt/action", "sign/action")
        ),
    ),
    BuiltInRole(
        "e147488a-f6f5-4113-8e2d-b22465e65bf6",
        "Key Vault Crypto Service Encryption User",
        ("Microsoft.EventGrid/eventSubscriptions/*",),
        data_actions=tuple(f"{_VAULT}/vaults/keys/{verb}" for verb in ("read", "wrap/action", "unwrap/action")),
    ),
    BuiltInRole(
        "a4417e6f-fecd-4de8-b567-7b0420556985",
        "Key Vault Certificates Officer",
        _VAULT_READ,
        data_actions=(f"{_VAULT}/vaults/certificatecas/*", f"{_VAULT}/vaults/certificates/*"),
    ),
    # Web, compute and network
    BuiltInRole(
        "de139f84-1756-47ae-9be6-808fbbe84772",
        "Website Contributor",
        (
            *_COMMON,
            "Microsoft.Insights/components/*",
            "Microsoft.Web/certificates/*",
            "Microsoft.Web/listSitesAssignedToHostName/read",
            "Microsoft.Web/serverFarms/join/action",
            "Microsoft.Web/serverFarms/read",
            "Microsoft.Web/sites/*",
        ),
    ),
    BuiltInRole(
        "2cc479cb-7b4d-49a8-b449-8c00fd0f0a4b",
        "Web Plan Contributor",
        (*_COMMON, "Microsoft.Web/serverFarms/*", "Microsoft.Web/hostingEnvironments/Join/Action"),
    ),
    BuiltInRole("4d97b98b-1d4f-4787-a291-c67834d212e7", "Network Contributor", (*_COMMON, "Microsoft.Network/*")),
    BuiltInRole(
        "b12aa53e-6015-4669-85d0-8515ebb3ae7f",
        "Private DNS Zone Contributor",
        (
            *_COMMON,
            "Microsoft.Network/privateDnsZones/*",
            "Microsoft.Network/privateDnsOperationResults/*",
            "Microsoft.Network/privateDnsOperationStatuses/*",
            "Microsoft.Network/virtualNetworks/read",
            "Microsoft.Network/virtualNetworks/join/action",
        ),
    ),
    BuiltInRole(
        "befefa01-2a29-4197-83a8-272ff33ce314", "DNS Zone Contributor", (*_COMMON, "Microsoft.Network/dnsZones/*")
    ),
    BuiltInRole(
        "9980e02c-c2be-4d73-94e8-173b1dc7cf3c",
        "Virtual Machine Contributor",
        (
            *_COMMON,
            "Microsoft.Compute/availabilitySets/*",
            "Microsoft.Compute/locations/*",
            "Microsoft.Compute/virtualMachines/*",
            "Microsoft.Compute/virtualMachineScaleSets/*",
            "Microsoft.Compute/disks/write",
            "Microsoft.Compute/disks/read",
            "Microsoft.Compute/disks/delete",
            "Microsoft.Network/loadBalancers/backendAddressPools/join/action",
            "Microsoft.Network/networkInterfaces/*",
            "Microsoft.Network/networkSecurityGroups/join/action",
            "Microsoft.Network/networkSecurityGroups/read",
            "Microsoft.Network/publicIPAddresses/join/action",
            "Microsoft.Network/publicIPAddresses/read",
            "Microsoft.Network/virtualNetworks/read",
            "Microsoft.Network/virtualNetworks/subnets/join/action",
            "Microsoft.Storage/storageAccounts/listKeys/action",
            "Microsoft.Storage/storageAccounts/read",
        ),
    ),
    # Identity
    BuiltInRole(
        "f1a07417-d97a-45cb-824c-7a7467783830",
        "Managed Identity Operator",
        (
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
            *_COMMON,
        ),
    ),
    BuiltInRole(
        "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59",
        "Managed Identity Contributor",
        (
            "Microsoft.ManagedIdentity/userAssignedIdentities/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/write",
            "Microsoft.ManagedIdentity/userAssignedIdentities/delete",
            "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/*",
            *_COMMON,
        ),
    ),
    # Databases
    BuiltInRole(
        "9b7fa17d-e63e-47b0-bb0a-15c516ac86ec",
        "SQL DB Contributor",
        (*_COMMON, "Microsoft.Sql/locations/*/read", "Microsoft.Sql/servers/databases/*", "Microsoft.Sql/servers/read"),
    ),
    BuiltInRole(
        "6d8ee4ec-f05a-4a1d-8b00-a9b17e38b437",
        "SQL Server Contributor",
        (*_COMMON, "Microsoft.Sql/locations/*/read", "Microsoft.Sql/servers/*"),
    ),
    BuiltInRole(
        "5bd9cd88-fe45-4216-938b-f97437e15450",
        "DocumentDB Account Contributor",
        (*_COMMON, "Microsoft.DocumentDb/databaseAccounts/*"),
    ),
    BuiltInRole(
        "fbdf93bf-df7d-467e-a4d2-9458aa1360c8",
        "Cosmos DB Account Reader Role",
        (
            _AUTHORIZATION_READ,
            "Microsoft.DocumentDB/*/read",
            "Microsoft.DocumentDB/databaseAccounts/readonlykeys/action",
            "Microsoft.Insights/MetricDefinitions/read",
            "Microsoft.Insights/Metrics/read",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Support/*",
        ),
    ),
    # Monitoring
    BuiltInRole(
        "92aaf0da-9dab-42b6-94a3-d43ce8d16293",
        "Log Analytics Contributor",
        (
            *_READ,
            "Microsoft.Automation/automationAccounts/*",
            "Microsoft.Insights/alertRules/*",
            "Microsoft.Insights/diagnosticSettings/*",
            "Microsoft.OperationalInsights/*",
            "Microsoft.OperationsManagement/*",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourcegroups/deployments/*",
            "Microsoft.Storage/storageAccounts/listKeys/action",
            "Microsoft.Support/*",
        ),
    ),
    BuiltInRole(
        "73c42c96-874c-492b-b04d-ab87d138a893",
        "Log Analytics Reader",
        (
            *_READ,
            "Microsoft.OperationalInsights/workspaces/analytics/query/action",
            "Microsoft.OperationalInsights/workspaces/search/action",
            "Microsoft.Support/*",
        ),
        ("Microsoft.OperationalInsights/workspaces/sharedKeys/read",),
    ),
    BuiltInRole(
        "749f88d5-cbae-40b8-bcfc-e573ddc772fa",
        "Monitoring Contributor",
        (
            *_READ,
            "Microsoft.Insights/*",
            "Microsoft.OperationalInsights/workspaces/write",
            "Microsoft.OperationalInsights/workspaces/sharedKeys/action",
            "Microsoft.Support/*",
        ),
    ),
    BuiltInRole(
        "43d0d8ad-25c7-4714-9337-8ba259a9fe05",
        "Monitoring Reader",
        (*_READ, "Microsoft.OperationalInsights/workspaces/search/action", "Microsoft.Support/*"),
    ),
    BuiltInRole(
        "3913510d-42f4-4e42-8a64-420c390055eb",
        "Monitoring Metrics Publisher",
        ("Microsoft.Insights/Register/Action", "Microsoft.Support/*"),
        data_actions=("Microsoft.Insights/Metrics/Write", "Microsoft.Insights/Telemetry/Write"),
    ),
    BuiltInRole(
        "ae349356-3a1b-4a5e-921d-050484c6347e",
        "Application Insights Component Contributor",
        (*_COMMON, "Microsoft.Insights/components/*"),
    ),
    # Containers, messages, search, models, configuration
    BuiltInRole(
        "7f951dda-4ed3-4680-a7ca-43fe172d538d", "AcrPull", ("Microsoft.ContainerRegistry/registries/pull/read",)
    ),
    BuiltInRole(
        "8311e382-0749-4cb8-b61a-304f252e45ec",
        "AcrPush",
        ("Microsoft.ContainerRegistry/registries/pull/read", "Microsoft.ContainerRegistry/registries/push/write"),
    ),
    BuiltInRole(
        "090c5cfd-751d-490a-894a-3ce6f1109419", "Azure Service Bus Data Owner", (f"{_BUS}/*",), (), (f"{_BUS}/*",)
    ),
    BuiltInRole(
        "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39",
        "Azure Service Bus Data Sender",
        (f"{_BUS}/*/queues/read", f"{_BUS}/*/topics/read"),
        data_actions=(f"{_BUS}/*/send/action",),
    ),
    BuiltInRole(
        "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0",
        "Azure Service Bus Data Receiver",
        (f"{_BUS}/*/queues/read", f"{_BUS}/*/topics/read"),
        data_actions=(f"{_BUS}/*/receive/action",),
    ),
    BuiltInRole(
        "f526a384-b230-433a-b45c-95f59c4a2dec", "Azure Event Hubs Data Owner", (f"{_HUB}/*",), (), (f"{_HUB}/*",)
    ),
    BuiltInRole(
        "2b629674-e913-4c01-ae53-ef4638d8f975",
        "Azure Event Hubs Data Sender",
        (f"{_HUB}/*/eventhubs/read",),
        data_actions=(f"{_HUB}/*/send/action",),
    ),
    BuiltInRole(
        "a638d3c7-ab3a-418d-83e6-5f17a39d4fde",
        "Azure Event Hubs Data Receiver",
        (f"{_HUB}/*/eventhubs/consumergroups/read",),
        data_actions=(f"{_HUB}/*/receive/action",),
    ),
    BuiltInRole("7ca78c08-252a-4471-8644-bb5ff32d4ba0", "Search Service Contributor", (*_COMMON, f"{_SEARCH}/*")),
    BuiltInRole(
        "8ebe5a00-799e-43f5-93ac-243d3dce84a7",
        "Search Index Data Contributor",
        data_actions=(f"{_SEARCH}/indexes/documents/*",),
    ),
    BuiltInRole(
        "1407120a-92aa-4202-b7e9-c0e197c71c8f",
        "Search Index Data Reader",
        data_actions=(f"{_SEARCH}/indexes/documents/read",),
    ),
    BuiltInRole(
        "25fbc0a9-bd7c-42a3-aa1a-3b75d497ee68", "Cognitive Services Contributor", (*_COMMON, f"{_COGNITIVE}/*")
    ),
    BuiltInRole(
        "a97b65f3-24c7-4388-baec-2e87135dc908",
        "Cognitive Services User",
        (f"{_COGNITIVE}/*/read", f"{_COGNITIVE}/accounts/listkeys/action", "Microsoft.Support/*"),
        data_actions=(f"{_COGNITIVE}/*",),
    ),
    BuiltInRole(
        "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd",
        "Cognitive Services OpenAI User",
        (f"{_COGNITIVE}/*/read", "Microsoft.Authorization/roleAssignments/read"),
        data_actions=(f"{_COGNITIVE}/accounts/OpenAI/*/read", f"{_COGNITIVE}/accounts/OpenAI/*/action"),
    ),
    BuiltInRole(
        "a001fd3d-188f-4b5d-821b-7da978bf7442",
        "Cognitive Services OpenAI Contributor",
        (
            f"{_COGNITIVE}/*/read",
            f"{_COGNITIVE}/accounts/deployments/write",
            f"{_COGNITIVE}/accounts/deployments/delete",
            "Microsoft.Authorization/roleAssignments/read",
        ),
        data_actions=(f"{_COGNITIVE}/accounts/OpenAI/*",),
    ),
    BuiltInRole(
        "5ae67dd6-50cb-40e7-96ff-dc2bfa4b606b",
        "App Configuration Data Owner",
        data_actions=(f"{_CONFIGURATION}/*/read", f"{_CONFIGURATION}/*/write", f"{_CONFIGURATION}/*/delete"),
    ),
    BuiltInRole(
        "516239f1-63e1-4d78-a4de-a74fb236a071",
        "App Configuration Data Reader",
        data_actions=(f"{_CONFIGURATION}/*/read",),
    ),
)
