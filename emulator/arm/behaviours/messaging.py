"""Service Bus and Event Hubs: namespaces, and authorization rules whose keys make connection strings.

Source: Namespaces and Authorization Rules references of Microsoft.ServiceBus 2021-11-01, Microsoft.EventHub 2021-11-01.
"""

import re
from typing import Any

from emulator.arm.behaviours.generic import Action, Behaviour, Surroundings, new_secret, secret_of
from emulator.arm.behaviours.network.connections import present_with_connections
from emulator.arm.behaviours.rules import same_name_elsewhere
from emulator.arm.clock import now, timestamp
from emulator.arm.errors import ArmError
from emulator.arm.state import Resource

_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9-]{4,48})[A-Za-z0-9]")
_ROOT_RULE = "AuthorizationRules/RootManageSharedAccessKey"
_KEYS = ("primaryKey", "secondaryKey")


def _check(resource: Resource, surroundings: Surroundings) -> None:
    if not _NAME.fullmatch(resource.id.last_name):
        message = (
            f"The namespace name '{resource.id.last_name}' is invalid. It must be 6 to 50 letters, digits and hyphens, "
            "begin with a letter and end with a letter or a digit."
        )
        raise ArmError(400, "BadRequest", message)
    if same_name_elsewhere(resource, surroundings):
        message = f"Namespace name '{resource.id.last_name}' is not available; the specified name is already in use."
        raise ArmError(400, "NamespaceUnavailable", message)


def _provision(resource: Resource, surroundings: Surroundings) -> None:
    name, properties = resource.id.last_name, resource.properties
    sku = {"name": "Standard"} | (resource.document.get("sku") or {})
    resource.document["sku"] = {"tier": sku["name"]} | sku
    facts = {
        "serviceBusEndpoint": f"https://{name}.servicebus.{surroundings.state.cloud.domain}:443/".lower(),
        "metricId": f"{resource.id.subscription}:{name}".lower(),
        "status": "Active",
        "createdAt": timestamp(resource.created),
        "updatedAt": timestamp(now()),
    }
    properties.update(facts)
    defaults = {"minimumTlsVersion": "1.2", "publicNetworkAccess": "Enabled", "disableLocalAuth": False}
    for key, value in (defaults | {"zoneRedundant": False}).items():
        properties.setdefault(key, value)


def _provision_entity(resource: Resource, surroundings: Surroundings) -> None:
    facts = {"status": "Active", "createdAt": timestamp(resource.created), "updatedAt": timestamp(now())}
    resource.properties.update(facts)


def _keys(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    """The keys and connection strings; those of a queue, topic or hub name it as well."""
    namespace, *entities = resource.id.parts[-1].names[:-1]
    rule = resource.id.last_name
    entity = f";EntityPath={entities[0]}" if entities else ""
    answer: dict[str, Any] = {"keyName": rule}
    for name in _KEYS:
        key = answer[name] = secret_of(resource, name, 44)
        text = (
            f"Endpoint=sb://{namespace.lower()}.servicebus.{surroundings.state.cloud.domain}/;SharedAccessKeyName={rule};"
            f"SharedAccessKey={key}{entity}"
        )
        answer[name.replace("Key", "ConnectionString")] = text
    surroundings.state.put_resource(resource)
    return answer


def _list_keys(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    return _keys(resource, surroundings)


def _regenerate(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    kind = str(body.get("keyType"))
    name = kind[:1].lower() + kind[1:]
    if name not in _KEYS:
        raise ArmError(400, "BadRequest", f"The key type '{kind}' is none of PrimaryKey, SecondaryKey.")
    resource.secrets[name] = new_secret(44)
    return _keys(resource, surroundings)


_ACTIONS: dict[str, Action] = {"listkeys": _list_keys, "regeneratekeys": _regenerate}
_RULE = Behaviour(2, actions=_ACTIONS)
_NAMESPACE = Behaviour(
    60,
    check=_check,
    provision=_provision,
    present=present_with_connections,
    implicit_children=(_ROOT_RULE, "networkRuleSets/default"),
    is_preflighted=True,
    has_global_name=True,
)
_ENTITY = Behaviour(3, provision=_provision_entity)

BEHAVIOURS = {
    "Microsoft.ServiceBus/namespaces": _NAMESPACE,
    "Microsoft.EventHub/namespaces": _NAMESPACE,
    **{f"Microsoft.ServiceBus/namespaces/{kind}": _ENTITY for kind in ("queues", "topics", "topics/subscriptions")},
    "Microsoft.EventHub/namespaces/eventhubs": _ENTITY,
    **{
        f"{kind}/AuthorizationRules": _RULE
        for kind in (
            "Microsoft.ServiceBus/namespaces",
            "Microsoft.ServiceBus/namespaces/queues",
            "Microsoft.ServiceBus/namespaces/topics",
            "Microsoft.EventHub/namespaces",
            "Microsoft.EventHub/namespaces/eventhubs",
        )
    },
}
