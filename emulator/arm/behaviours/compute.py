"""Virtual machines and disks as far as templates read them."""

import uuid

from emulator.arm.behaviours.generic import Behaviour, Surroundings
from emulator.arm.behaviours.network.addresses import invalid_reference
from emulator.arm.behaviours.rules import is_missing, value_at
from emulator.arm.clock import timestamp
from emulator.arm.state import Resource

_GIBIBYTE = 1024**3


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
        45, check=_check_machine, provision=_provision_machine, is_preflighted=True
    ),
    "Microsoft.Compute/virtualMachines/extensions": Behaviour(30),
    "Microsoft.Compute/disks": Behaviour(5, provision=_provision_disk),
}
