"""Resources as they are and as they would be, in the form that what-if compares."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from emulator.arm.behaviours import Surroundings
from emulator.arm.behaviours.generic import KEPT
from emulator.arm.engine.instance import Instance
from emulator.arm.provisioning import present
from emulator.arm.state import Resource, ResourceGroup

_OF_THE_PROVIDER = ("provisioningState",)  # tells how a write ended, not what the resource is
_OF_THE_IDENTITY = ("principalId", "tenantId")  # given by the platform and kept over later writes


def shown_group(group: ResourceGroup, api_version: str) -> dict[str, Any]:
    """A resource group that exists."""
    return _group_document(group.id.group or "", str(group.id), api_version, group.location, group.tags)


def predicted_group(instance: Instance, body: Mapping[str, Any], existing: ResourceGroup | None) -> dict[str, Any]:
    """A resource group as a template would leave it: tags that the template does not mention stay."""
    tags = body.get("tags", existing.tags if existing else {})
    location = str(body.get("location", "")).replace(" ", "").lower()
    return _group_document(instance.id.group or "", str(instance.id), instance.api_version, location, tags)


def _group_document(
    name: str, resource_id: str, api_version: str, location: str, tags: Mapping[str, str]
) -> dict[str, Any]:
    document: dict[str, Any] = {"apiVersion": api_version, "id": resource_id, "location": location, "name": name}
    document["type"] = "Microsoft.Resources/resourceGroups"
    return document | ({"tags": dict(tags)} if tags else {})


def shown_resource(surroundings: Surroundings, resource: Resource, api_version: str) -> dict[str, Any]:
    """A resource that exists, as a GET shows it."""
    document = deepcopy(present(surroundings, resource))
    properties = document.pop("properties", None) or {}
    for name in _OF_THE_PROVIDER:
        properties.pop(name, None)
    return _ordered(document | {"apiVersion": api_version} | ({"properties": properties} if properties else {}))


def predicted_resource(
    instance: Instance, body: Mapping[str, Any], existing: Resource | None, before: Mapping[str, Any] | None
) -> dict[str, Any]:
    """A resource as a PUT of `body` would leave it.

    What the provider added to the last PUT stays, since it would add it again; what was asked for then and is not
    asked for now goes.
    """
    document: dict[str, Any] = {
        "apiVersion": instance.api_version,
        "id": str(instance.id),
        "name": instance.id.last_name,
        "type": instance.id.type,
    }
    document |= {key: deepcopy(body[key]) for key in KEPT if body.get(key) is not None}
    properties = deepcopy(dict(body.get("properties") or {}))
    if existing is not None and before is not None:
        _keep_added(properties, before.get("properties") or {}, existing.requested)
        _keep_identity(document, before)
        document = {key: value for key, value in before.items() if key not in (*KEPT, "properties")} | document
        for key in ("kind", "sku"):  # providers keep what a later PUT leaves out
            if key in before:
                document[key] = _with_added(document.get(key, before[key]), before[key], {})
    return _ordered(document | ({"properties": properties} if properties else {}))


def _keep_added(wanted: dict[str, Any], before: Mapping[str, Any], requested: Mapping[str, Any]) -> None:
    asked = {name.lower(): value for name, value in requested.items()}
    named = {name.lower(): name for name in wanted}
    for name, value in before.items():
        if own := named.get(name.lower()):
            wanted[own] = _with_added(wanted[own], value, asked.get(name.lower()))
        elif name.lower() not in asked:
            wanted[name] = deepcopy(value)


def _with_added(wanted: Any, before: Any, requested: Any) -> Any:
    """A wanted value with what the provider had added: to an object, or to an array's objects of the same name."""
    if isinstance(wanted, dict) and isinstance(before, Mapping):
        _keep_added(wanted, before, requested if isinstance(requested, Mapping) else {})
    elif isinstance(wanted, list) and isinstance(before, list):
        there, asked = _by_name(before), _by_name(requested if isinstance(requested, list) else [])
        for name, item in _by_name(wanted).items():
            if name in there:
                _keep_added(item, there[name], asked.get(name, {}))
    return wanted


def _by_name(items: list[Any]) -> dict[str, Any]:
    return {str(item["name"]).lower(): item for item in items if isinstance(item, dict) and "name" in item}


def _keep_identity(document: dict[str, Any], before: Mapping[str, Any]) -> None:
    own, earlier = document.get("identity"), before.get("identity")
    if isinstance(own, dict) and isinstance(earlier, Mapping):
        document["identity"] = {key: earlier[key] for key in _OF_THE_IDENTITY if key in earlier} | own
        assigned = own.get("userAssignedIdentities")
        if isinstance(assigned, Mapping):
            known = earlier.get("userAssignedIdentities") or {}
            document["identity"]["userAssignedIdentities"] = {key: known.get(key, {}) for key in assigned}


def _ordered(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: document[key] for key in sorted(document)}
