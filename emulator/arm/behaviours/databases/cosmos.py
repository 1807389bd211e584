"""Cosmos DB: accounts with their regions and keys, and what they hold.

Source: Database Accounts and SQL Resources references of Microsoft.DocumentDB 2024-08-15.
"""

import re
import time
import uuid
from collections.abc import Callable
from typing import Any

from emulator.arm.behaviours.generic import Action, Behaviour, Surroundings, new_secret, secret_of
from emulator.arm.behaviours.network.connections import present_with_connections
from emulator.arm.behaviours.rules import same_name_elsewhere
from emulator.arm.catalogue import LOCATIONS
from emulator.arm.errors import ArmError
from emulator.arm.state import Resource

ACCOUNT = "Microsoft.DocumentDB/databaseAccounts"
_NAME = re.compile(r"(?=.{3,44}$)[a-z0-9]+(?:-[a-z0-9]+)*")
_KEY_LENGTH = 88
_KEYS = {
    "primaryMasterKey": "primary",
    "secondaryMasterKey": "secondary",
    "primaryReadonlyMasterKey": "primaryReadonly",
    "secondaryReadonlyMasterKey": "secondaryReadonly",
}


def _check(resource: Resource, surroundings: Surroundings) -> None:
    name = resource.id.last_name
    if not _NAME.fullmatch(name):
        message = (
            f"DatabaseAccount name '{name}' is invalid. It must be 3 to 44 lower-case letters, digits and hyphens, and "
            "begin and end with a letter or a digit."
        )
        raise ArmError(400, "BadRequest", message)
    if same_name_elsewhere(resource, surroundings):
        message = f"Dns record for {name} under zone Document is already taken. Please choose a different name."
        raise ArmError(409, "Conflict", message)
    priorities = [location.get("failoverPriority", 0) for location in resource.properties.get("locations") or []]
    if sorted(priorities) != list(range(len(priorities))):
        message = "Invalid failover priorities: they must be unique and begin with 0."
        raise ArmError(400, "BadRequest", message)


def _provision(resource: Resource, surroundings: Surroundings) -> None:
    properties, name = resource.properties, resource.id.last_name.lower()
    domain = f"documents.{surroundings.state.cloud.services}"
    regions = _regions(resource, name, domain)
    readable = [{key: value for key, value in region.items() if key != "isZoneRedundant"} for region in regions]
    several = bool(properties.get("enableMultipleWriteLocations"))
    properties |= {
        "documentEndpoint": f"https://{name}.{domain}:443/",
        "locations": regions,
        "readLocations": readable,
        "writeLocations": readable if several else readable[:1],
        "failoverPolicies": [
            {key: region[key] for key in ("id", "locationName", "failoverPriority")} for region in regions
        ],
        "instanceId": resource.secrets.setdefault("instanceId", str(uuid.uuid4())),
    }
    consistency = {"defaultConsistencyLevel": "Session", "maxIntervalInSeconds": 5, "maxStalenessPrefix": 100}
    properties["consistencyPolicy"] = consistency | (properties.get("consistencyPolicy") or {})
    defaults: dict[str, Any] = {
        "databaseAccountOfferType": "Standard",
        "capabilities": [],
        "ipRules": [],
        "virtualNetworkRules": [],
        "isVirtualNetworkFilterEnabled": False,
        "enableAutomaticFailover": False,
        "enableMultipleWriteLocations": False,
        "publicNetworkAccess": "Enabled",
        "disableLocalAuth": False,
        "minimalTlsVersion": "Tls12",
    }
    for key, value in defaults.items():
        properties.setdefault(key, value)
    resource.document.setdefault("kind", "GlobalDocumentDB")
    for key in _KEYS:
        secret_of(resource, key, _KEY_LENGTH)


def _regions(resource: Resource, name: str, domain: str) -> list[dict[str, Any]]:
    given = resource.properties.get("locations") or [{"locationName": resource.document.get("location")}]
    regions = []
    for number, location in enumerate(given):
        region = str(location.get("locationName")).replace(" ", "").lower()
        regions.append(
            {
                "id": f"{name}-{region}",
                "locationName": LOCATIONS.get(region, region),
                "documentEndpoint": f"https://{name}-{region}.{domain}:443/",
                "provisioningState": "Succeeded",
                "failoverPriority": location.get("failoverPriority", number),
                "isZoneRedundant": bool(location.get("isZoneRedundant")),
            }
        )
    return sorted(regions, key=lambda region: int(region["failoverPriority"]))


def _list_keys(*names: str) -> Action:
    def act(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
        return {name: secret_of(resource, name, _KEY_LENGTH) for name in names}

    return act


def _list_connection_strings(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    endpoint = resource.properties.get("documentEndpoint")
    strings = []
    for name, kind in _KEYS.items():
        text = f"AccountEndpoint={endpoint};AccountKey={secret_of(resource, name, _KEY_LENGTH)};"
        words = re.sub(r"(?<!^)([A-Z])", r" \1", kind).replace("Readonly", "Read-Only").capitalize()
        described = f"{words} SQL Connection String"
        strings.append(
            {"connectionString": text, "description": described, "keyKind": kind.capitalize(), "type": "Sql"}
        )
    return {"connectionStrings": strings}


def _regenerate(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> None:
    named = next((name for name, kind in _KEYS.items() if kind.lower() == str(body.get("keyKind")).lower()), None)
    if named is None:
        raise ArmError(400, "BadRequest", f"The key kind '{body.get('keyKind')}' is invalid.")
    resource.secrets[named] = new_secret(_KEY_LENGTH)
    surroundings.state.put_resource(resource)


# What an account holds


def _check_content(resource: Resource, surroundings: Surroundings) -> None:
    described = resource.properties.get("resource")
    if not isinstance(described, dict) or not described.get("id"):
        raise ArmError(400, "BadRequest", "The property 'resource.id' is missing.")
    if described["id"] != resource.id.last_name:
        message = f"The resource id '{described['id']}' does not match the name '{resource.id.last_name}' of the URI."
        raise ArmError(400, "BadRequest", message)


def _provision_content(complete: dict[str, Any]) -> Callable[[Resource, Surroundings], None]:
    def provision(resource: Resource, surroundings: Surroundings) -> None:
        """The service adds its own ids; throughput is a resource of its own and not shown here."""
        resource.properties.pop("options", None)
        described: dict[str, Any] = complete | resource.properties["resource"]
        rid = resource.secrets.setdefault("rid", new_secret(8) + "==")
        described |= {"_rid": rid, "_ts": int(time.time()), "_etag": f'"{uuid.uuid4()}"'}
        resource.properties["resource"] = described

    return provision


_INDEXING = {
    "indexingPolicy": {
        "indexingMode": "consistent",
        "automatic": True,
        "includedPaths": [{"path": "/*"}],
        "excludedPaths": [{"path": '/"_etag"/?'}],
    },
    "conflictResolutionPolicy": {"mode": "LastWriterWins", "conflictResolutionPath": "/_ts"},
}


def _content(complete: dict[str, Any]) -> Behaviour:
    return Behaviour(10, check=_check_content, provision=_provision_content(complete))


BEHAVIOURS = {
    ACCOUNT: Behaviour(
        150,  # minutes: https://learn.microsoft.com/azure/cosmos-db/nosql/quickstart-template-json
        check=_check,
        provision=_provision,
        present=present_with_connections,
        actions={
            "listkeys": _list_keys(*_KEYS),
            "readonlykeys": _list_keys("primaryReadonlyMasterKey", "secondaryReadonlyMasterKey"),
            "listconnectionstrings": _list_connection_strings,
            "regeneratekey": _regenerate,
        },
        is_preflighted=True,
        has_global_name=True,
    ),
    f"{ACCOUNT}/sqlDatabases": _content({"_colls": "colls/", "_users": "users/"}),
    f"{ACCOUNT}/sqlDatabases/containers": _content(_INDEXING),
    f"{ACCOUNT}/sqlRoleAssignments": Behaviour(5),
    f"{ACCOUNT}/sqlRoleDefinitions": Behaviour(5),
    f"{ACCOUNT}/mongodbDatabases": _content({}),
    f"{ACCOUNT}/mongodbDatabases/collections": _content({}),
    f"{ACCOUNT}/tables": _content({}),
}
