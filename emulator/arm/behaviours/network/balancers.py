"""Load balancers and bastions: their parts have ids of their own, their private frontends addresses of a subnet."""

import uuid
from typing import Any

from emulator.arm.behaviours.generic import Behaviour, Surroundings
from emulator.arm.behaviours.network.addresses import configurations_in, free_address, invalid_reference
from emulator.arm.behaviours.rules import find, is_missing, value_at
from emulator.arm.state import Resource

BALANCER = "Microsoft.Network/loadBalancers"
BASTION = "Microsoft.Network/bastionHosts"
_PARTS = (
    "frontendIPConfigurations",
    "backendAddressPools",
    "loadBalancingRules",
    "probes",
    "inboundNatRules",
    "outboundRules",
    "inboundNatPools",
    "ipConfigurations",
)
_REFERENCES = ("subnet.id", "publicIPAddress.id")


def _check(resource: Resource, surroundings: Surroundings) -> None:
    for kind in ("frontendIPConfigurations", "ipConfigurations"):
        for part in resource.properties.get(kind) or []:
            for path in _REFERENCES:
                named = value_at(part.get("properties") or {}, path)
                if is_missing(named, surroundings):
                    raise invalid_reference(resource, str(named))


def _complete_parts(resource: Resource, surroundings: Surroundings) -> None:
    for kind in _PARTS:
        for part in resource.properties.get(kind) or []:
            part["id"] = str(resource.id.child(kind, str(part.get("name"))))
            part["type"] = f"{resource.id.type}/{kind}"
            part.setdefault("properties", {})["provisioningState"] = "Succeeded"


def _provision_balancer(resource: Resource, surroundings: Surroundings) -> None:
    resource.document["sku"] = {"name": "Basic", "tier": "Regional"} | (resource.document.get("sku") or {})
    resource.properties["resourceGuid"] = resource.secrets.setdefault("resourceGuid", str(uuid.uuid4()))
    for kind in _PARTS[:-1]:
        resource.properties[kind] = resource.properties.get(kind) or []
    _complete_parts(resource, surroundings)
    for frontend in resource.properties["frontendIPConfigurations"]:
        inside: dict[str, Any] = frontend["properties"]
        inside.setdefault("privateIPAllocationMethod", "Dynamic")
        subnet = find(value_at(inside, "subnet.id"), surroundings)
        if subnet and not inside.get("privateIPAddress"):
            inside["privateIPAddress"] = free_address(
                subnet, {address for _, address in configurations_in(surroundings, subnet.id)}
            )


def _provision_bastion(resource: Resource, surroundings: Surroundings) -> None:
    resource.document.setdefault("sku", {"name": "Basic"})
    made = resource.secrets.setdefault("dnsName", f"bst-{uuid.uuid4()}.bastion.azure.com")
    resource.properties.setdefault("dnsName", made)
    resource.properties.setdefault("scaleUnits", 2)
    _complete_parts(resource, surroundings)


BEHAVIOURS = {
    BALANCER: Behaviour(seconds=6, check=_check, provision=_provision_balancer),
    BASTION: Behaviour(seconds=360, check=_check, provision=_provision_bastion),
}
