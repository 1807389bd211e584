"""Databases, search, cognitive services and monitoring: their endpoints, and the keys that `list*` tells."""

import uuid
from typing import Any

from emulator.arm.behaviours.generic import Behaviour, Surroundings, secret_of
from emulator.arm.state import Resource


def _provision_cosmos(resource: Resource, surroundings: Surroundings) -> None:
    resource.properties["documentEndpoint"] = f"https://{resource.id.name}.documents.azure.com:443/".lower()


def _cosmos_keys(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    names = ("primaryMasterKey", "secondaryMasterKey", "primaryReadonlyMasterKey", "secondaryReadonlyMasterKey")
    return {name: secret_of(resource, name, 88) for name in names}


def _provision_sql_server(resource: Resource, surroundings: Surroundings) -> None:
    """The administrator's password is taken and never shown again."""
    resource.properties.pop("administratorLoginPassword", None)
    resource.properties["fullyQualifiedDomainName"] = f"{resource.id.name}.database.windows.net".lower()
    resource.properties["state"] = "Ready"


def _present_sql_server(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    shown = {key: value for key, value in resource.properties.items() if key != "administratorLoginPassword"}
    return resource.document | {"properties": shown}


def _provision_workspace(resource: Resource, surroundings: Surroundings) -> None:
    resource.properties["customerId"] = resource.secrets.setdefault("customerId", str(uuid.uuid4()))


def _workspace_keys(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    return {name: secret_of(resource, name, 88) for name in ("primarySharedKey", "secondarySharedKey")}


def _provision_component(resource: Resource, surroundings: Surroundings) -> None:
    key = resource.secrets.setdefault("key", str(uuid.uuid4()))
    location = resource.document.get("location")
    facts = {
        "AppId": resource.secrets.setdefault("appId", str(uuid.uuid4())),
        "InstrumentationKey": key,
        "ConnectionString": f"InstrumentationKey={key};IngestionEndpoint=https://{location}-0.in.applicationinsights.azure.com/",
    }
    resource.properties.update(facts)


def _provision_cognitive_account(resource: Resource, surroundings: Surroundings) -> None:
    domain = resource.properties.get("customSubDomainName") or resource.id.name
    resource.properties["endpoint"] = f"https://{domain}.cognitiveservices.azure.com/".lower()


def _cognitive_keys(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    return {name: secret_of(resource, name, 32) for name in ("key1", "key2")}


def _search_keys(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    return {name: secret_of(resource, name, 52) for name in ("primaryKey", "secondaryKey")}


BEHAVIOURS = {
    "Microsoft.DocumentDB/databaseAccounts": Behaviour(
        150, provision=_provision_cosmos, actions={"listkeys": _cosmos_keys}
    ),
    "Microsoft.DocumentDB/databaseAccounts/sqlDatabases": Behaviour(10),
    "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers": Behaviour(10),
    "Microsoft.Sql/servers": Behaviour(60, provision=_provision_sql_server, present=_present_sql_server),
    "Microsoft.Sql/servers/databases": Behaviour(60),
    "Microsoft.OperationalInsights/workspaces": Behaviour(
        15, provision=_provision_workspace, actions={"sharedkeys": _workspace_keys, "listkeys": _workspace_keys}
    ),
    "Microsoft.Insights/components": Behaviour(5, provision=_provision_component),
    "Microsoft.CognitiveServices/accounts": Behaviour(
        20, provision=_provision_cognitive_account, actions={"listkeys": _cognitive_keys}
    ),
    "Microsoft.Search/searchServices": Behaviour(60, actions={"listadminkeys": _search_keys}),
}
