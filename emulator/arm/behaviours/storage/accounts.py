"""Storage accounts: name rules, what may not change, endpoints at the storage emulator.

Source: Storage Accounts REST reference (Microsoft.Storage 2023-05-01) and Azure's storage account overview.
"""

import re
from typing import Any

from emulator.arm.behaviours.generic import Behaviour, Surroundings, before
from emulator.arm.behaviours.network.connections import connections_of
from emulator.arm.behaviours.rules import changed, is_missing, same_name_elsewhere
from emulator.arm.behaviours.storage import service_client
from emulator.arm.behaviours.storage.actions import ACTIONS
from emulator.arm.catalogue import domains_of
from emulator.arm.clock import timestamp
from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import Resource

ACCOUNT = "Microsoft.Storage/storageAccounts"
SERVICES = ("blob", "file", "queue", "table")

_NAME = re.compile(r"[a-z0-9]{3,24}")
_OTHER_ENDPOINTS = ("queue", "table", "file", "dfs", "web")
_KINDS = ("Storage", "StorageV2", "BlobStorage", "BlockBlobStorage", "FileStorage")
_REDUNDANCIES = ("LRS", "GRS", "RAGRS", "ZRS", "GZRS", "RAGZRS")
_SKUS = (*(f"Standard_{r}" for r in _REDUNDANCIES), "Premium_LRS", "Premium_ZRS")
_TIERS = ("Hot", "Cool", "Cold", "Premium")
_READ_ONLY = ("isHnsEnabled", "isNfsV3Enabled", "encryption.requireInfrastructureEncryption", "dnsEndpointType")
_PAIRS = {
    "eastus": "westus", "eastus2": "centralus", "centralus": "eastus2", "southcentralus": "northcentralus",
    "westus": "eastus", "westus2": "westcentralus", "westus3": "eastus", "northeurope": "westeurope",
    "westeurope": "northeurope", "uksouth": "ukwest", "germanywestcentral": "germanynorth",
    "swedencentral": "swedensouth", "southeastasia": "eastasia", "australiaeast": "australiasoutheast",
    "usgovvirginia": "usgovtexas", "usgovarizona": "usgovtexas", "chinanorth3": "chinaeast3",
}  # fmt: skip
"""Azure paired regions, https://learn.microsoft.com/azure/reliability/regions-paired, 2025."""
_DEFAULTS: dict[str, Any] = {
    "allowCrossTenantReplication": False,
    "minimumTlsVersion": "TLS1_0",
    "allowBlobPublicAccess": False,
    "allowSharedKeyAccess": True,
    "supportsHttpsTrafficOnly": True,
}


def name_availability(name: str, surroundings: Surroundings) -> dict[str, Any]:
    """What `checkNameAvailability` answers."""
    if not _NAME.fullmatch(name):
        return {"nameAvailable": False, "reason": "AccountNameInvalid", "message": _name_refusal(name)}
    asked = Resource(ResourceId.parse(f"/providers/{ACCOUNT}/{name}"), "", {})
    if same_name_elsewhere(asked, surroundings):
        message = f"The storage account named {name} is already taken."
        return {"nameAvailable": False, "reason": "AlreadyExists", "message": message}
    return {"nameAvailable": True}


def _name_refusal(name: str) -> str:
    return (
        f"{name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in "
        "length and use numbers and lower-case letters only."
    )


def _check(resource: Resource, surroundings: Surroundings) -> None:
    name = resource.id.name
    if not _NAME.fullmatch(name):
        raise ArmError(400, "AccountNameInvalid", _name_refusal(name))
    if other := same_name_elsewhere(resource, surroundings):
        if str(other.id.subscription).lower() == str(resource.id.subscription).lower():
            message = f"The account {name} is already in another resource group in this subscription."
            raise ArmError(409, "StorageAccountInAnotherResourceGroup", message)
        raise ArmError(409, "StorageAccountAlreadyTaken", f"The storage account named {name} is already taken.")
    _check_values(resource)
    _check_changes(resource, surroundings)
    _check_network_rules(resource, surroundings)


def _check_values(resource: Resource) -> None:
    given = {
        "sku.name": ((resource.document.get("sku") or {}).get("name"), _SKUS),
        "kind": (resource.document.get("kind"), _KINDS),
        "properties.accessTier": (resource.properties.get("accessTier"), _TIERS),
        "properties.minimumTlsVersion": (
            resource.properties.get("minimumTlsVersion"),
            ("TLS1_0", "TLS1_1", "TLS1_2", "TLS1_3"),
        ),
    }
    for path, (value, allowed) in given.items():
        if value is not None and value not in allowed:
            message = f"Values for request parameters are invalid: {path.removeprefix('properties.')}."
            raise ArmError(400, "InvalidValuesForRequestParameters", message, target=path)


def _check_changes(resource: Resource, surroundings: Surroundings) -> None:
    earlier = before(resource, surroundings)
    if earlier is None:
        return
    path = changed(resource, surroundings, _READ_ONLY)
    old, new = earlier.document.get("kind"), resource.document.get("kind")
    if new and old and new != old and (old, new) not in {("Storage", "StorageV2"), ("BlobStorage", "StorageV2")}:
        path = "kind"
    if _is_premium(resource) is not None and _is_premium(resource) != _is_premium(earlier):
        path = "sku"
    if path:
        message = (
            f"The property '{path.rsplit('.', 1)[-1]}' was specified in the input, but it cannot be updated as it is "
            "read-only. For more information, see - https://aka.ms/storageaccountupdate"
        )
        raise ArmError(409, "AccountPropertyCannotBeUpdated", message)


def _is_premium(resource: Resource) -> bool | None:
    name = (resource.document.get("sku") or {}).get("name")
    return str(name).startswith("Premium") if name else None


def _check_network_rules(resource: Resource, surroundings: Surroundings) -> None:
    rules = resource.properties.get("networkAcls") or {}
    for rule in rules.get("virtualNetworkRules") or []:
        if is_missing(rule.get("id"), surroundings):
            message = (
                "Validation of network acls failure: "
                f"SubnetNotFound:Subnet {rule['id'].rsplit('/', 1)[-1]} could not be found in virtual network.."
            )
            raise ArmError(400, "NetworkAclsValidationFailure", message)


def _provision(resource: Resource, surroundings: Surroundings) -> None:
    name, document, properties = resource.id.name, resource.document, resource.properties
    made = timestamp(resource.created)
    for number in (1, 2):
        resource.secrets[f"key{number}"] = surroundings.accounts.ensure(name, number)
        resource.secrets.setdefault(f"key{number}Created", made)
    document.setdefault("kind", "StorageV2")
    sku = str((document.get("sku") or {}).get("name") or "Standard_RAGRS")
    document["sku"] = {"name": sku, "tier": sku.partition("_")[0]}
    for key, value in _DEFAULTS.items():
        properties.setdefault(key, value)
    if document["kind"] in ("StorageV2", "BlobStorage"):
        properties.setdefault("accessTier", "Hot")
    rules = properties.get("networkAcls") or {}
    defaults = {"bypass": "AzureServices", "virtualNetworkRules": [], "ipRules": [], "defaultAction": "Allow"}
    properties["networkAcls"] = defaults | rules
    encrypted = {"keyType": "Account", "enabled": True, "lastEnabledTime": made}
    services = {"file": encrypted, "blob": encrypted}
    properties["encryption"] = {"keySource": "Microsoft.Storage"} | (properties.get("encryption") or {})
    properties["encryption"]["services"] = services
    properties |= {"creationTime": made, "statusOfPrimary": "available"}
    properties["primaryLocation"] = document.get("location")
    properties["primaryEndpoints"] = _endpoints(resource, surroundings, "")
    _add_secondary(sku, resource, surroundings)


def _add_secondary(sku: str, resource: Resource, surroundings: Surroundings) -> None:
    """Geo-redundant accounts tell their second region, and those that can be read there its endpoints."""
    properties = resource.properties
    where = _PAIRS.get(str(properties.get("primaryLocation")).replace(" ", "").lower())
    if "G" in sku.partition("_")[2] and where:
        properties |= {"secondaryLocation": where, "statusOfSecondary": "available"}
        if sku.partition("_")[2].startswith("RA"):
            endpoints = _endpoints(resource, surroundings, "-secondary")
            properties["secondaryEndpoints"] = {key: value for key, value in endpoints.items() if key != "file"}


def _endpoints(resource: Resource, surroundings: Surroundings, suffix: str) -> dict[str, str]:
    name, domain = resource.id.name, domains_of(resource.document.get("location")).storage
    endpoints = {"blob": f"{surroundings.blob_endpoint.rstrip('/')}/{name}{suffix}/"}
    return endpoints | {other: f"https://{name}{suffix}.{other}.{domain}/" for other in _OTHER_ENDPOINTS}


def _present(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    created = {f"key{number}": resource.secrets.get(f"key{number}Created") for number in (1, 2)}
    extra: dict[str, Any] = {"privateEndpointConnections": connections_of(resource, surroundings)}
    if created["key1"]:
        extra["keyCreationTime"] = created
    return resource.document | {"properties": resource.properties | extra}


def _removed(resource: Resource, surroundings: Surroundings) -> None:
    """What the account held goes with it; its keys open nothing from then on."""
    service_client.discard(surroundings, resource.id.name)


BEHAVIOURS = {
    ACCOUNT: Behaviour(
        seconds=20,
        check=_check,
        provision=_provision,
        present=_present,
        removed=_removed,
        actions=ACTIONS,
        implicit_children=tuple(f"{service}Services/default" for service in SERVICES),
        is_preflighted=True,
        has_global_name=True,
    ),
}
