"""Address arithmetic: prefixes, which addresses of a subnet are free, which one something gets.

Azure keeps the first four addresses and the last one of a subnet:
https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq, 2025.
"""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from emulator.arm.behaviours.generic import Surroundings
from emulator.arm.behaviours.rules import of_type, parsed
from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import Resource

Prefix = ipaddress.IPv4Network | ipaddress.IPv6Network

INTERFACES = "Microsoft.Network/networkInterfaces"
_RESERVED_AT_START = 4


def read_prefix(text: Any) -> Prefix:
    """The prefix; raises `ArmError` (InvalidCIDRNotation) when it is none or has bits beyond its length."""
    try:
        return ipaddress.ip_network(str(text))
    except ValueError as wrong:
        message = f"The address prefix {text} is not a valid CIDR notation: {wrong}."
        raise ArmError(400, "InvalidCIDRNotation", message) from wrong


def prefixes_of(properties: Mapping[str, Any]) -> list[Prefix]:
    """The prefixes of a subnet's properties."""
    single, several = properties.get("addressPrefix"), properties.get("addressPrefixes") or []
    return [read_prefix(text) for text in dict.fromkeys([*([single] if single else []), *several])]


def overlapping(one: Iterable[Prefix], other: Iterable[Prefix]) -> Prefix | None:
    """The first prefix of `one` that overlaps one of `other`."""
    others = list(other)
    return next((p for p in one if any(p.version == o.version and p.overlaps(o) for o in others)), None)


def contains(space: Iterable[Prefix], prefix: Prefix) -> bool:
    """True when a prefix of the space holds the whole prefix."""
    return any(
        (isinstance(p, ipaddress.IPv4Network) and isinstance(prefix, ipaddress.IPv4Network) and prefix.subnet_of(p))
        or (isinstance(p, ipaddress.IPv6Network) and isinstance(prefix, ipaddress.IPv6Network) and prefix.subnet_of(p))
        for p in space
    )


def configurations_in(surroundings: Surroundings, subnet: ResourceId) -> Iterator[tuple[str, str]]:
    """Every IP configuration in a subnet: its id and its private address."""
    for interface in of_type(INTERFACES, surroundings):
        for configuration in interface.properties.get("ipConfigurations") or []:
            inside = configuration.get("properties") or {}
            named = parsed((inside.get("subnet") or {}).get("id"))
            if named and named.key == subnet.key and inside.get("privateIPAddress"):
                yield str(configuration.get("id")), str(inside["privateIPAddress"])


def free_address(subnet: Resource, taken: set[str]) -> str:
    """The lowest address of the subnet that nothing has. Raises `ArmError` (SubnetIsFull)."""
    for prefix in prefixes_of(subnet.properties):
        for number in range(_RESERVED_AT_START, min(prefix.num_addresses - 1, 1 << 16)):
            if (address := str(prefix[number])) not in taken:
                return address
    message = (
        f"Subnet {subnet.id.last_name} with address prefix {_shown(subnet)} does not have enough capacity for 1 IP "
        "addresses."
    )
    raise ArmError(400, "SubnetIsFull", message)


def check_static_address(subnet: Resource, address: str, own: str, configurations: Mapping[str, str]) -> None:
    """Raise `ArmError` when an address can't be given to the IP configuration `own`."""
    try:
        wanted = ipaddress.ip_address(address)
    except ValueError as wrong:
        message = f"Private static IP address {address} is invalid."
        raise ArmError(400, "InvalidPrivateIPAddressFormat", message) from wrong
    prefixes = prefixes_of(subnet.properties)
    home = next((prefix for prefix in prefixes if wanted in prefix), None)
    if home is None:
        message = f"Private static IP address {address} does not belong to the range of subnet prefix {_shown(subnet)}."
        raise ArmError(400, "PrivateIPAddressNotInSubnet", message)
    place = int(wanted) - int(home.network_address)
    if place < _RESERVED_AT_START or wanted == home.broadcast_address:
        message = f"Private static IP address {address} falls within reserved IP range of subnet prefix {home}."
        raise ArmError(400, "PrivateIPAddressInReservedRange", message)
    for configuration, used in configurations.items():
        if used == address and configuration.lower() != own.lower():
            message = (
                f"IP configuration {own} is using the private IP address {address} which is already allocated to "
                f"resource {configuration}."
            )
            raise ArmError(400, "PrivateIPAddressIsAllocated", message)


def _shown(subnet: Resource) -> str:
    return ",".join(str(prefix) for prefix in prefixes_of(subnet.properties))


def invalid_reference(resource: Resource, missing: str) -> ArmError:
    """A property names a resource that is not there."""
    message = (
        f"Resource {missing} referenced by resource {resource.id} was not found. Please make sure that the referenced "
        "resource exists, and that both resources are in the same region."
    )
    return ArmError(400, "InvalidResourceReference", message)


def etag(resource: Resource) -> str:
    """The entity tag that every network resource shows, another one after each write."""
    return f'W/"{resource.secrets.get("resourceGuid", resource.id.last_name)}"'
