"""Services of which templates read an address and keys: configuration, caches, search, cognitive services, SignalR."""

from typing import Any

from emulator.arm.behaviours import retention
from emulator.arm.behaviours.generic import Action, Behaviour, Surroundings, new_secret, secret_of
from emulator.arm.behaviours.network.connections import present_with_connections
from emulator.arm.behaviours.rules import same_name_elsewhere
from emulator.arm.clock import timestamp
from emulator.arm.errors import ArmError
from emulator.arm.state import Resource


def _check_name_is_free(resource: Resource, surroundings: Surroundings) -> None:
    if same_name_elsewhere(resource, surroundings):
        message = f"The specified name '{resource.id.last_name}' is already in use."
        raise ArmError(409, "NameUnavailable", message)


def _check_store(resource: Resource, surroundings: Surroundings) -> None:
    _check_name_is_free(resource, surroundings)
    retention.check_name_is_not_held(resource, surroundings)


def _listing(length: int, *names: str) -> Action:
    def act(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
        return {name: secret_of(resource, name, length) for name in names}

    return act


def _renewing(length: int, asked: str, names: dict[str, str]) -> Action:
    """A POST whose body names under `asked` which key is made anew."""

    def act(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
        named = names.get(str(body.get(asked)).lower())
        if named is None:
            raise ArmError(400, "BadRequest", f"The value '{body.get(asked)}' of '{asked}' is invalid.")
        resource.secrets[named] = new_secret(length)
        surroundings.state.put_resource(resource)
        return {name: secret_of(resource, name, length) for name in names.values()}

    return act


# App Configuration (Configuration Stores reference 2023-03-01)


def _provision_store(resource: Resource, surroundings: Surroundings) -> None:
    retention.recover(resource, surroundings)
    resource.document.setdefault("sku", {"name": "standard"})
    resource.properties["endpoint"] = f"https://{resource.id.last_name}.azconfig.io".lower()
    resource.properties["creationDate"] = timestamp(resource.created)
    resource.properties.setdefault("publicNetworkAccess", "Enabled")
    resource.properties.setdefault("disableLocalAuth", False)
    resource.properties.pop("createMode", None)


def _list_store_keys(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    endpoint, keys = resource.properties.get("endpoint"), []
    for name, is_read_only in (
        ("Primary", False),
        ("Secondary", False),
        ("Primary Read Only", True),
        ("Secondary Read Only", True),
    ):
        key_id, value = secret_of(resource, f"{name} id", 12), secret_of(resource, name, 44)
        text = f"Endpoint={endpoint};Id={key_id};Secret={value}"
        keys.append(
            {
                "id": key_id,
                "name": name,
                "value": value,
                "connectionString": text,
                "lastModified": timestamp(resource.created),
                "readOnly": is_read_only,
            }
        )
    return {"value": keys}


# Redis (Redis reference 2023-08-01), SignalR (2023-02-01)


def _provision_redis(resource: Resource, surroundings: Surroundings) -> None:
    host = f"{resource.id.last_name}.redis.cache.{surroundings.state.cloud.domain}".lower()
    facts = {"hostName": host, "port": 6379, "sslPort": 6380}
    resource.properties.update(facts | {"accessKeys": None, "redisVersion": "6.0"})
    resource.properties.setdefault("enableNonSslPort", False)


def _provision_signalr(resource: Resource, surroundings: Surroundings) -> None:
    host = f"{resource.id.last_name}.service.signalr.net".lower()
    facts = {"hostName": host, "publicPort": 443, "serverPort": 443, "version": "1.0", "externalIP": "203.0.113.1"}
    resource.properties.update(facts)


def _list_signalr_keys(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    for kind in ("primary", "secondary"):
        key = answer[f"{kind}Key"] = secret_of(resource, f"{kind}Key", 44)
        host = resource.properties.get("hostName")
        answer[f"{kind}ConnectionString"] = f"Endpoint=https://{host};AccessKey={key};Version=1.0;"
    return answer


# Search (2023-11-01), cognitive services (2023-05-01)


def _provision_search(resource: Resource, surroundings: Surroundings) -> None:
    resource.document.setdefault("sku", {"name": "standard"})
    defaults = {"replicaCount": 1, "partitionCount": 1, "hostingMode": "default", "publicNetworkAccess": "Enabled"}
    for name, value in defaults.items():
        resource.properties.setdefault(name, value)
    facts = {
        "status": "running",
        "statusDetails": "",
        "endpoint": f"https://{resource.id.last_name}.{surroundings.state.cloud.search}",
    }
    resource.properties.update(facts)


def _list_query_keys(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    return {"value": [{"name": None, "key": secret_of(resource, "queryKey", 52)}]}


def _provision_cognitive(resource: Resource, surroundings: Surroundings) -> None:
    retention.recover(resource, surroundings)
    domain = resource.properties.get("customSubDomainName")
    region = str(resource.document.get("location") or "").replace(" ", "").lower()
    host = domain or region
    kind = "openai" if domain and resource.document.get("kind") == "OpenAI" else "cognitiveservices"
    suffix = f"{kind}.{surroundings.state.cloud.services}"
    if not domain:
        suffix = "api.cognitive.microsoft.com"
    facts = {"endpoint": f"https://{host}.{suffix}/".lower(), "dateCreated": timestamp(resource.created)}
    resource.properties.update(facts | {"internalId": resource.secrets.setdefault("internalId", new_secret(32))})
    resource.properties.setdefault("publicNetworkAccess", "Enabled")
    resource.properties.pop("restore", None)


def _check_cognitive(resource: Resource, surroundings: Surroundings) -> None:
    retention.check_name_is_not_held(resource, surroundings)
    domain = resource.properties.get("customSubDomainName")
    for other in surroundings.state.resources(resource.id.scope.root) if domain else ():
        same_type = other.id.type.lower() == resource.id.type.lower() and other.id.key != resource.id.key
        if same_type and str(other.properties.get("customSubDomainName")).lower() == str(domain).lower():
            message = f"The subdomain name '{domain}' is already used. Please pick a different name."
            raise ArmError(409, "CustomDomainInUse", message)


_KEY_1_AND_2 = {"key1": "key1", "key2": "key2"}
_PRIMARY_AND_SECONDARY = {"primary": "primaryKey", "secondary": "secondaryKey"}

BEHAVIOURS = {
    "Microsoft.AppConfiguration/configurationStores": Behaviour(
        15,
        check=_check_store,
        provision=_provision_store,
        removed=retention.keep,
        present=present_with_connections,
        actions={"listkeys": _list_store_keys},
        has_global_name=True,
    ),
    "Microsoft.AppConfiguration/configurationStores/keyValues": Behaviour(1),
    "Microsoft.Cache/redis": Behaviour(
        900,  # "about 15 minutes": https://learn.microsoft.com/azure/azure-cache-for-redis/quickstart-create-redis
        check=_check_name_is_free,
        provision=_provision_redis,
        present=present_with_connections,
        actions={
            "listkeys": _listing(44, "primaryKey", "secondaryKey"),
            "regeneratekey": _renewing(44, "keyType", _PRIMARY_AND_SECONDARY),
        },
        has_global_name=True,
    ),
    "Microsoft.SignalRService/signalR": Behaviour(
        60,
        check=_check_name_is_free,
        provision=_provision_signalr,
        present=present_with_connections,
        actions={"listkeys": _list_signalr_keys},
        has_global_name=True,
    ),
    "Microsoft.Search/searchServices": Behaviour(
        60,
        check=_check_name_is_free,
        provision=_provision_search,
        present=present_with_connections,
        actions={
            "listadminkeys": _listing(52, "primaryKey", "secondaryKey"),
            "listquerykeys": _list_query_keys,
        },
        has_global_name=True,
    ),
    "Microsoft.CognitiveServices/accounts": Behaviour(
        20,
        check=_check_cognitive,
        provision=_provision_cognitive,
        removed=retention.keep,
        present=present_with_connections,
        actions={
            "listkeys": _listing(32, "key1", "key2"),
            "regeneratekey": _renewing(32, "keyName", _KEY_1_AND_2),
        },
    ),
    "Microsoft.CognitiveServices/accounts/deployments": Behaviour(10),
}
