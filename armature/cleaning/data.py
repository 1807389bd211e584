"""Which types of resources hold data, and what can bring back what was deleted of them.

Sources: the recovery pages of each service, 2025: Key Vault soft-delete, App Configuration soft delete, Recover a
deleted storage account, Restore a deleted server or database (Azure SQL, PostgreSQL, MySQL), Cosmos DB continuous
backup, Log Analytics workspace recovery, Cognitive Services recover a deleted resource, Recovery Services soft delete.
"""

_BY_HAND = "It can be recovered by hand: {how}."
_GONE = "What it holds is lost."

_TYPES: dict[str, str] = {
    "microsoft.storage/storageaccounts": _BY_HAND.format(
        how="in the portal, under the storage accounts' Restore, for 14 days, while nobody takes its name"
    ),
    "microsoft.keyvault/vaults": _BY_HAND.format(
        how="az keyvault recover --name {name}, for as long as it is retained"
    ),
    "microsoft.keyvault/managedhsms": _BY_HAND.format(
        how="az keyvault recover --hsm-name {name}, for as long as it is retained"
    ),
    "microsoft.appconfiguration/configurationstores": _BY_HAND.format(
        how="az appconfig recover --name {name}, for as long as it is retained"
    ),
    "microsoft.cognitiveservices/accounts": _BY_HAND.format(
        how="az cognitiveservices account recover --name {name}, for 48 hours"
    ),
    "microsoft.operationalinsights/workspaces": _BY_HAND.format(
        how="az monitor log-analytics workspace recover --workspace-name {name}, for 14 days"
    ),
    "microsoft.sql/servers": _GONE,
    "microsoft.sql/servers/databases": _BY_HAND.format(
        how="az sql db restore from its backups, while its server is there and they are retained"
    ),
    "microsoft.sql/managedinstances": _GONE,
    "microsoft.sql/managedinstances/databases": _BY_HAND.format(
        how="az sql midb restore from its backups, while its instance is there and they are retained"
    ),
    "microsoft.sqlvirtualmachine/sqlvirtualmachines": _GONE,
    "microsoft.documentdb/databaseaccounts": _BY_HAND.format(
        how="az cosmosdb restore, if it has continuous backup; else by a support request within 8 hours"
    ),
    "microsoft.documentdb/mongoclusters": _GONE,
    "microsoft.documentdb/cassandraclusters": _GONE,
    "microsoft.dbforpostgresql/servers": _GONE,
    "microsoft.dbforpostgresql/flexibleservers": _BY_HAND.format(
        how="by the REST API's create mode ReviveDropped, for 5 days"
    ),
    "microsoft.dbforpostgresql/servergroupsv2": _GONE,
    "microsoft.dbformysql/servers": _GONE,
    "microsoft.dbformysql/flexibleservers": _BY_HAND.format(
        how="by a point-in-time restore of the deleted server, for 5 days"
    ),
    "microsoft.dbformariadb/servers": _GONE,
    "microsoft.cache/redis": _GONE,
    "microsoft.cache/redisenterprise": _GONE,
    "microsoft.compute/disks": _GONE,
    "microsoft.compute/snapshots": _GONE,
    "microsoft.compute/images": _GONE,
    "microsoft.compute/galleries": _GONE,
    "microsoft.compute/galleries/images/versions": _GONE,
    "microsoft.compute/virtualmachines": "What lies on disks that go with it is lost.",
    "microsoft.compute/virtualmachinescalesets": "What lies on the disks of its instances is lost.",
    "microsoft.netapp/netappaccounts": _GONE,
    "microsoft.netapp/netappaccounts/capacitypools": _GONE,
    "microsoft.netapp/netappaccounts/capacitypools/volumes": _GONE,
    "microsoft.elasticsan/elasticsans": _GONE,
    "microsoft.storagesync/storagesyncservices": _GONE,
    "microsoft.datalakestore/accounts": _GONE,
    "microsoft.containerregistry/registries": "The images in it are lost.",
    "microsoft.containerservice/managedclusters": "What its volumes hold is lost.",
    "microsoft.containerinstance/containergroups": "What its containers have written into themselves is lost.",
    "microsoft.eventhub/namespaces": "The events that it retains are lost.",
    "microsoft.servicebus/namespaces": "The messages in its queues and topics are lost.",
    "microsoft.devices/iothubs": "Its device identities and messages are lost.",
    "microsoft.kusto/clusters": _GONE,
    "microsoft.kusto/clusters/databases": _GONE,
    "microsoft.synapse/workspaces": _GONE,
    "microsoft.synapse/workspaces/sqlpools": _GONE,
    "microsoft.databricks/workspaces": _GONE,
    "microsoft.machinelearningservices/workspaces": _GONE,
    "microsoft.search/searchservices": "Its indexes are lost.",
    "microsoft.recoveryservices/vaults": "The backups in it are lost.",
    "microsoft.dataprotection/backupvaults": "The backups in it are lost.",
    "microsoft.insights/components": "A classic one loses its telemetry; else that is in its workspace.",
    "microsoft.web/sites": "Its settings, and the content that was deployed to it without a template, are lost.",
    "microsoft.web/sites/slots": "Its settings, and the content that was deployed to it without a template, are lost.",
    "microsoft.web/staticsites": "The content that was deployed to it is lost.",
    "microsoft.automation/automationaccounts": "Its assets and job history are lost.",
    "microsoft.healthcareapis/workspaces": _GONE,
    "microsoft.healthcareapis/services": _GONE,
    "microsoft.purview/accounts": _GONE,
    "microsoft.timeseriesinsights/environments": _GONE,
    "microsoft.network/dnszones": "The records in it are lost.",
    "microsoft.network/privatednszones": "The records in it are lost.",
}
"""In lower case, each with what becomes of its data."""


def holds_data(resource_type: str) -> bool:
    """Whether data is lost with a resource of that type."""
    return resource_type.lower() in _TYPES


def what_is_lost(resource_type: str, name: str) -> str:
    """What becomes of the data of a deleted resource, in a sentence; empty of what holds none."""
    return _TYPES.get(resource_type.lower(), "").replace("{name}", name.rpartition("/")[2])


def types_that_hold_data() -> tuple[str, ...]:
    """The types, in lower case, in order."""
    return tuple(sorted(_TYPES))
