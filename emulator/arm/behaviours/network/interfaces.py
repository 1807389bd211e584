"""Network interfaces: each IP configuration gets an address of its subnet, and keeps it.

Source: Network Interfaces reference 2024-05-01.
"""

import hashlib
import uuid
from typing import Any

from emulator.arm.behaviours.generic import Behaviour, Surroundings, before
from emulator.arm.behaviours.network.addresses import (
    INTERFACES,
    check_static_address,
    configurations_in,
    free_address,
    invalid_reference,
)
from emulator.arm.behaviours.rules import find, is_missing, parsed, value_at
from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import Resource

_REFERENCES = ("subnet.id", "publicIPAddress.id")


def _check(resource: Resource, surroundings: Surroundings) -> None:
    configurations = resource.properties.get("ipConfigurations")
    if not isinstance(configurations, list) or not configurations:
        message = f"Network interface {resource.id} must have at least one IP configuration."
        raise ArmError(400, "NetworkInterfaceMustHaveAtLeastOneIpConfiguration", message)
    for configuration in configurations:
        inside = configuration.get("properties") or {}
        for path in _REFERENCES:
            if is_missing(value_at(inside, path), surroundings):
                raise invalid_reference(resource, str(value_at(inside, path)))
        subnet = find(value_at(inside, "subnet.id"), surroundings)
        if subnet and inside.get("privateIPAllocationMethod") == "Static" and inside.get("privateIPAddress"):
            taken = dict(configurations_in(surroundings, subnet.id))
            own = str(resource.id.child("ipConfigurations", str(configuration.get("name"))))
            check_static_address(subnet, str(inside["privateIPAddress"]), own, taken)
    group = value_at(resource.properties, "networkSecurityGroup.id")
    if is_missing(group, surroundings):
        raise invalid_reference(resource, str(group))


def _provision(resource: Resource, surroundings: Surroundings) -> None:
    """Checked again: two that are made at once may want the same address."""
    _check(resource, surroundings)
    complete_interface(resource, surroundings)


def complete_interface(resource: Resource, surroundings: Surroundings) -> None:
    """Give every IP configuration its address, and fill in what Azure does. Raises `ArmError` (SubnetIsFull)."""
    earlier = before(resource, surroundings)
    kept = _addresses(earlier) if earlier else {}
    given: set[str] = set()
    for number, configuration in enumerate(resource.properties["ipConfigurations"]):
        configuration["id"] = str(resource.id.child("ipConfigurations", configuration["name"]))
        configuration["type"] = f"{INTERFACES}/ipConfigurations"
        inside = configuration.setdefault("properties", {})
        inside.setdefault("privateIPAllocationMethod", "Dynamic")
        inside.setdefault("privateIPAddressVersion", "IPv4")
        inside |= {"provisioningState": "Succeeded", "primary": inside.get("primary", number == 0)}
        subnet = find(value_at(inside, "subnet.id"), surroundings)
        if subnet:
            taken = {address for _, address in configurations_in(surroundings, subnet.id)} | given
            if not (inside["privateIPAllocationMethod"] == "Static" and inside.get("privateIPAddress")):
                before_now = kept.get((configuration["name"].lower(), subnet.id.key))
                inside["privateIPAddress"] = before_now or free_address(subnet, taken)
            given.add(inside["privateIPAddress"])
    _complete(resource)


def _complete(resource: Resource) -> None:
    properties = resource.properties
    digest = hashlib.sha256(resource.id.key.encode()).hexdigest().upper()
    properties["resourceGuid"] = resource.secrets.setdefault("resourceGuid", str(uuid.uuid4()))
    defaults: dict[str, Any] = {
        "dnsSettings": {"dnsServers": [], "appliedDnsServers": []},
        "macAddress": "-".join(["00", "0D", "3A", digest[0:2], digest[2:4], digest[4:6]]),
        "enableAcceleratedNetworking": False,
        "enableIPForwarding": False,
        "nicType": "Standard",
        "auxiliaryMode": "None",
        "tapConfigurations": [],
        "hostedWorkloads": [],
    }
    for name, value in defaults.items():
        properties.setdefault(name, value)


def _addresses(interface: Resource) -> dict[tuple[str, str], str]:
    found = {}
    for configuration in interface.properties.get("ipConfigurations") or []:
        inside = configuration.get("properties") or {}
        subnet = parsed(value_at(inside, "subnet.id"))
        if subnet and inside.get("privateIPAddress"):
            found[str(configuration.get("name")).lower(), subnet.key] = str(inside["privateIPAddress"])
    return found


def _machine(resource: Resource, surroundings: Surroundings) -> Resource | None:
    """The virtual machine that has the interface."""
    for other in surroundings.state.resources(ResourceId(resource.id.subscription)):
        for named in value_at(other.properties, "networkProfile.networkInterfaces") or []:
            if str(named.get("id")).lower() == resource.id.key:
                return other
    return None


def _present(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    machine = _machine(resource, surroundings)
    if machine is None:
        return resource.document
    return resource.document | {"properties": resource.properties | {"virtualMachine": {"id": str(machine.id)}}}


def _check_removal(resource: Resource, surroundings: Surroundings) -> None:
    endpoint = value_at(resource.properties, "privateEndpoint.id")
    if endpoint and not is_missing(endpoint, surroundings):
        message = (
            f"Network interface {resource.id} cannot be deleted because it is currently in use with a private endpoint "
            f"({endpoint})."
        )
        raise ArmError(400, "NicInUseWithPrivateEndpoint", message)
    if machine := _machine(resource, surroundings):
        message = (
            f"Network Interface {resource.id} is used by existing resource {machine.id}. In order to delete the "
            "network interface, it must be dissociated from the resource. To learn more, see aka.ms/deletenic."
        )
        raise ArmError(400, "NicInUse", message)


BEHAVIOURS = {
    INTERFACES: Behaviour(
        seconds=4, check=_check, provision=_provision, present=_present, check_removal=_check_removal
    ),
}
