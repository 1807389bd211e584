"""Subnets: their ranges inside the network's and apart from each other, and what keeps them from being deleted.

Source: codes and wordings as Microsoft.Network answers them; Subnets reference 2024-05-01.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from emulator.arm.behaviours.generic import Behaviour, Surroundings, parent_of
from emulator.arm.behaviours.network.addresses import (
    Prefix,
    configurations_in,
    contains,
    invalid_reference,
    overlapping,
    prefixes_of,
    read_prefix,
)
from emulator.arm.behaviours.rules import is_missing, of_type, parsed, value_at
from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import Resource

SUBNET = "Microsoft.Network/virtualNetworks/subnets"
_REFERENCES = ("networkSecurityGroup.id", "routeTable.id", "natGateway.id")
_DEFAULTS = {"privateEndpointNetworkPolicies": "Disabled", "privateLinkServiceNetworkPolicies": "Enabled"}


def check_subnet(
    resource: Resource,
    surroundings: Surroundings,
    *,
    space: list[Prefix],
    siblings: Mapping[str, Iterable[Prefix]],
) -> None:
    """Raise `ArmError` for a subnet that can't be in a network with this address space and these other subnets."""
    name, network = resource.id.last_name, resource.id.parts[-1].names[0]
    if resource.properties.get("ipamPoolPrefixAllocations"):
        return
    prefixes = prefixes_of(resource.properties)
    if not prefixes:
        message = f"Subnet {name} does not have an address prefix."
        raise ArmError(400, "NoAddressPrefixOrPoolProvided", message)
    for prefix in prefixes:
        if space and not contains(space, prefix):
            raise outside_network(name, network)
    for sibling, ranges in siblings.items():
        if sibling.lower() != name.lower() and overlapping(prefixes, ranges):
            message = (
                f"Subnet '{name}' is not valid because its IP address range overlaps with that of an existing subnet "
                f"in virtual network '{network}'."
            )
            raise ArmError(400, "NetcfgSubnetRangesOverlap", message)
    _check_references(resource, surroundings)
    _check_addresses_in_use(resource, surroundings, prefixes)


def outside_network(subnet: str, network: str) -> ArmError:
    """The range of a subnet is not in its network's address space."""
    message = (
        f"Subnet '{subnet}' is not valid because its IP address range is outside the IP address range of virtual "
        f"network '{network}'."
    )
    return ArmError(400, "NetcfgSubnetRangeOutsideVnet", message)


def _check_references(resource: Resource, surroundings: Surroundings) -> None:
    for path in _REFERENCES:
        named = value_at(resource.properties, path)
        if is_missing(named, surroundings):
            raise invalid_reference(resource, str(named))


def _check_addresses_in_use(resource: Resource, surroundings: Surroundings, prefixes: list[Prefix]) -> None:
    """A subnet keeps the range of what lives in it."""
    found = surroundings.state.find_resource(resource.id)
    if found is None or {str(p) for p in _ranges(found)} == {str(p) for p in prefixes}:
        return
    if next(configurations_in(surroundings, resource.id), None):
        message = (
            f"IpPrefix {_ranges(found)[0]} on Subnet {resource.id.last_name} has active allocations and cannot be "
            "deleted."
        )
        raise ArmError(400, "InUsePrefixCannotBeDeleted", message)


def _ranges(resource: Resource) -> list[Prefix]:
    return prefixes_of(resource.properties)


def space_of(properties: Mapping[str, Any]) -> list[Prefix]:
    """The address space of a virtual network's properties."""
    return [read_prefix(text) for text in value_at(properties, "addressSpace.addressPrefixes") or []]


def siblings_of(network: ResourceId, surroundings: Surroundings) -> dict[str, list[Prefix]]:
    """The ranges of the subnets of a network, by name."""
    children = surroundings.state.children(network, "subnets")
    return {child.id.last_name: _ranges(child) for child in children if child.provisioning_state != "Creating"}


def check_unused(subnet: Resource, surroundings: Surroundings) -> None:
    """Raise `ArmError` (InUseSubnetCannotBeDeleted) while something lives in the subnet."""
    uses = [configuration for configuration, _ in configurations_in(surroundings, subnet.id)]
    uses += [str(site) for site in _integrated_sites(subnet, surroundings)]
    if uses:
        message = (
            f"Subnet {subnet.id.last_name} is in use by {uses[0]} and cannot be deleted. In order to delete the "
            "subnet, delete all the resources within the subnet. See aka.ms/deletesubnet."
        )
        raise ArmError(400, "InUseSubnetCannotBeDeleted", message)


def _integrated_sites(subnet: Resource, surroundings: Surroundings) -> list[ResourceId]:
    """The service association of sites that go out through the subnet."""
    sites = of_type("Microsoft.Web/sites", surroundings)
    named = [parsed(site.properties.get("virtualNetworkSubnetId")) for site in sites]
    link = subnet.id.child("serviceAssociationLinks", "AppServiceLink")
    return [link for integrated in named if integrated and integrated.key == subnet.id.key]


def complete_subnet(resource: Resource) -> None:
    """What Azure fills in."""
    for name, value in _DEFAULTS.items():
        if resource.properties.get(name) is None:
            resource.properties[name] = value
    for delegation in resource.properties.get("delegations") or []:
        delegation["id"] = str(resource.id.child("delegations", delegation["name"]))
        delegation["type"] = f"{SUBNET}/delegations"
        inside = delegation.setdefault("properties", {})
        inside |= {"provisioningState": "Succeeded", "actions": ["Microsoft.Network/virtualNetworks/subnets/action"]}
    resource.properties.setdefault("delegations", [])
    for name in [name for name, value in resource.properties.items() if value is None]:
        del resource.properties[name]


def present_subnet(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    """The subnet with what lives in it."""
    uses = [{"id": configuration} for configuration, _ in configurations_in(surroundings, resource.id)]
    shown = {key: value for key, value in resource.document.items() if key != "location"}
    endpoints = [
        {"id": str(endpoint.id)}
        for endpoint in surroundings.state.resources(ResourceId(resource.id.subscription))
        if endpoint.id.type.lower() == "microsoft.network/privateendpoints"
        and str(value_at(endpoint.properties, "subnet.id")).lower() == resource.id.key
    ]
    extra = ({"ipConfigurations": uses} if uses else {}) | ({"privateEndpoints": endpoints} if endpoints else {})
    return shown | {"properties": resource.properties | extra}


def _check(resource: Resource, surroundings: Surroundings) -> None:
    network = parent_of(resource, surroundings)
    space = space_of(network.properties) if network else []
    siblings = siblings_of(network.id, surroundings) if network else {}
    check_subnet(resource, surroundings, space=space, siblings=siblings)


def _provision(resource: Resource, surroundings: Surroundings) -> None:
    """Checked again: subnets that are made at once may overlap each other."""
    _check(resource, surroundings)
    complete_subnet(resource)


BEHAVIOURS = {
    SUBNET: Behaviour(
        seconds=5, check=_check, provision=_provision, present=present_subnet, check_removal=check_unused
    ),
}
