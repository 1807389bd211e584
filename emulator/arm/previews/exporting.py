"""Templates made from what is there: `exportTemplate` of a resource group.

Shape: https://learn.microsoft.com/rest/api/resources/resource-groups/export-template (2021-04-01) and what the portal
exports: names are parameters, called after the type and the name.
"""

import re
from collections.abc import Collection, Mapping
from copy import deepcopy
from typing import Any

from emulator.arm.behaviours import Surroundings
from emulator.arm.behaviours.generic import KEPT
from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId
from emulator.arm.provisioning import present
from emulator.arm.state import CloudState, Resource

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
EVERYTHING = "*"
_NO_PARAMETERS = frozenset({"skipresourcenameparameterization", "skipallparameterization"})
_OF_THE_PLATFORM = frozenset({"principalId", "tenantId"})


def export_group(
    surroundings: Surroundings, group: ResourceId, wanted: Collection[str], options: str
) -> dict[str, Any]:
    """The template of the resources `wanted` (ids, or `*` for all) of a group.

    What was asked for and is never shown, such as a password, is left out. Raises `ArmError` (400 ExportTemplateFailed)
    for an id that is not there.
    """
    resources = _chosen(surroundings.state, group, wanted)
    has_parameters = not _NO_PARAMETERS & {option.strip().lower() for option in options.split(",")}
    parameters: dict[str, Any] = {}
    described = [_described(surroundings, one, parameters if has_parameters else None) for one in resources]
    return {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": parameters,
        "variables": {},
        "resources": described,
    }


def _chosen(state: CloudState, group: ResourceId, wanted: Collection[str]) -> list[Resource]:
    there = {resource.id.key: resource for resource in state.resources(group) if not resource.governs}
    if EVERYTHING in wanted:
        return list(there.values())
    absent = [text for text in wanted if ResourceId.parse(text).key not in there]
    if absent:
        message = f"The resources '{', '.join(absent)}' are not in the resource group '{group.group}'."
        raise ArmError(400, "ExportTemplateFailed", message)
    return [there[ResourceId.parse(text).key] for text in wanted]


def _described(surroundings: Surroundings, resource: Resource, parameters: dict[str, Any] | None) -> dict[str, Any]:
    document = {key: deepcopy(resource.document[key]) for key in KEPT if key in resource.document}
    if isinstance(identity := document.get("identity"), dict):
        document["identity"] = {key: value for key, value in identity.items() if key not in _OF_THE_PLATFORM}
    names = resource.id.name.split("/")
    described: dict[str, Any] = {"type": resource.id.type, "apiVersion": resource.api_version}
    described["name"] = resource.id.name if parameters is None else _parameterised(resource.id, names, parameters)
    if parent := resource.id.parent:
        described["dependsOn"] = [str(parent)]
    described |= document
    properties = _shown(resource.requested, present(surroundings, resource).get("properties") or {})
    return described | ({"properties": properties} if properties else {})


def _shown(requested: Any, told: Any) -> Any:
    """A copy of what was asked for, without the parts of objects that a GET does not tell."""
    if isinstance(requested, Mapping) and isinstance(told, Mapping):
        known = {name.lower(): value for name, value in told.items()}
        return {name: _shown(value, known[name.lower()]) for name, value in requested.items() if name.lower() in known}
    if isinstance(requested, list) and isinstance(told, list) and len(requested) == len(told):
        return [_shown(*pair) for pair in zip(requested, told, strict=True)]
    return deepcopy(requested)


def _parameterised(resource_id: ResourceId, names: list[str], parameters: dict[str, Any]) -> str:
    """The name as an expression; the first segment is a parameter, what follows stays as it is."""
    first_type = resource_id.type.split("/")[1]
    parameter = f"{first_type}_{re.sub('[^A-Za-z0-9]', '_', names[0])}_name"
    parameters[parameter] = {"defaultValue": names[0], "type": "String"}
    if len(names) == 1:
        return f"[parameters('{parameter}')]"
    rest = "/".join(names[1:]).replace("'", "''")
    return f"[concat(parameters('{parameter}'), '/{rest}')]"
