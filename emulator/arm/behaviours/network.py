"""Networks: subnets are both children and part of their network; public addresses get an address and a name."""

import hashlib
from typing import Any

from emulator.arm.behaviours.generic import Behaviour, Surroundings, new_document
from emulator.arm.errors import ArmError
from emulator.arm.state import Resource


def _provision_network(resource: Resource, surroundings: Surroundings) -> None:
    """Inline subnets become children; a network that lists its subnets loses those that it does not list."""
    inline = resource.properties.pop("subnets", None)
    if inline is None:
        return
    state, listed = surroundings.state, set()
    for subnet in inline:
        subnet_id = resource.id.child("subnets", subnet["name"])
        document = new_document(subnet_id, subnet)
        document["properties"]["provisioningState"] = "Succeeded"
        state.put_resource(Resource(subnet_id, resource.api_version, document))
        listed.add(subnet_id.key)
    for child in state.children(resource.id, "subnets"):
        if child.id.key not in listed:
            state.drop_resource(child.id)


def _present_network(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    subnets = [child.document for child in surroundings.state.children(resource.id, "subnets")]
    return resource.document | {"properties": resource.properties | {"subnets": subnets}}


def _check_subnet(resource: Resource, surroundings: Surroundings) -> None:
    properties = resource.properties
    if not (
        properties.get("addressPrefix")
        or properties.get("addressPrefixes")
        or properties.get("ipamPoolPrefixAllocations")
    ):
        message = f"Subnet {resource.id.last_name} does not have an address prefix."
        raise ArmError(400, "NoAddressPrefixOrPoolProvided", message)


def _provision_public_address(resource: Resource, surroundings: Surroundings) -> None:
    """A static address exists at once (one of TEST-NET-3, told by the id); a dynamic one only when it is used."""
    properties = resource.properties
    properties.setdefault("publicIPAllocationMethod", "Dynamic")
    properties.setdefault("publicIPAddressVersion", "IPv4")
    properties.setdefault("idleTimeoutInMinutes", 4)
    if properties["publicIPAllocationMethod"] == "Static":
        digest = hashlib.sha256(resource.id.key.encode()).digest()
        properties["ipAddress"] = f"203.0.113.{digest[0]}"
    if label := (properties.get("dnsSettings") or {}).get("domainNameLabel"):
        location = resource.document.get("location")
        properties["dnsSettings"] = properties["dnsSettings"] | {
            "fqdn": f"{label}.{location}.cloudapp.azure.com".lower()
        }


BEHAVIOURS = {
    "Microsoft.Network/virtualNetworks": Behaviour(seconds=8, provision=_provision_network, present=_present_network),
    "Microsoft.Network/virtualNetworks/subnets": Behaviour(seconds=5, check=_check_subnet),
    "Microsoft.Network/networkSecurityGroups": Behaviour(seconds=5),
    "Microsoft.Network/publicIPAddresses": Behaviour(seconds=5, provision=_provision_public_address),
    "Microsoft.Network/privateEndpoints": Behaviour(seconds=30),
    "Microsoft.Network/privateDnsZones": Behaviour(seconds=30),
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": Behaviour(seconds=30),
}
