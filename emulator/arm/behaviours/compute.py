"""Virtual machines and disks as far as templates read them, and the quota that a machine takes.

Source: https://learn.microsoft.com/azure/virtual-machines/vm-naming-conventions (sizes) and the family names of
`az vm list-usage`.
"""

import re
import uuid
from typing import Any

from emulator.arm.behaviours.generic import Behaviour, Surroundings, shown_without
from emulator.arm.behaviours.network.addresses import invalid_reference
from emulator.arm.behaviours.rules import is_missing, value_at
from emulator.arm.clock import timestamp
from emulator.arm.state import Resource

_SIZE = re.compile(
    r"(?:Standard|Basic)_([A-Z]+?)(\d+)(?:-(\d+))?([a-z]*)(?:_(?!v\d)[A-Z]+\d+)?((?:_v\d+)?)", re.IGNORECASE
)
_GIBIBYTE = 1024**3


def cores_and_family(size: str) -> tuple[int, str]:
    """How many cores a machine takes of which family's quota: `Standard_D2s_v5` is (2, standardDSv5Family)."""
    match = _SIZE.fullmatch(size)
    if match is None:
        return 1, "standardUnknownFamily"
    series, number, constrained, features, version = match.groups()
    family = f"standard{series.upper()}{features.upper()}{version.replace('_', '')}Family"
    return int(constrained or number), family


def _check_machine(resource: Resource, surroundings: Surroundings) -> None:
    for named in value_at(resource.properties, "networkProfile.networkInterfaces") or []:
        if is_missing(named.get("id"), surroundings):
            raise invalid_reference(resource, str(named["id"]))


def _provision_machine(resource: Resource, surroundings: Surroundings) -> None:
    """The password is taken and never shown again."""
    if profile := resource.properties.get("osProfile"):
        resource.properties["osProfile"] = {key: v for key, v in profile.items() if key != "adminPassword"}
    facts = {"vmId": resource.secrets.setdefault("vmId", str(uuid.uuid4())), "timeCreated": timestamp(resource.created)}
    resource.properties.update(facts)


def _present_machine(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    return shown_without(resource, "adminPassword")


def _provision_disk(resource: Resource, surroundings: Surroundings) -> None:
    size = int(resource.properties.get("diskSizeGB") or 32)
    sku = str((resource.document.get("sku") or {}).get("name") or "Standard_LRS")
    resource.document["sku"] = {"name": sku, "tier": sku.partition("_")[0]}
    facts = {
        "diskSizeGB": size,
        "diskSizeBytes": size * _GIBIBYTE,
        "diskState": "Unattached",
        "timeCreated": timestamp(resource.created),
        "uniqueId": resource.secrets.setdefault("uniqueId", str(uuid.uuid4())),
    }
    resource.properties.update(facts)


BEHAVIOURS = {
    "Microsoft.Compute/virtualMachines": Behaviour(
        45, check=_check_machine, provision=_provision_machine, present=_present_machine, is_preflighted=True
    ),
    "Microsoft.Compute/virtualMachines/extensions": Behaviour(30),
    "Microsoft.Compute/disks": Behaviour(5, provision=_provision_disk),
}
