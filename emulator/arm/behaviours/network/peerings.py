"""Peerings: two networks whose address spaces don't overlap; connected once both sides exist."""

from typing import Any

from emulator.arm.behaviours.generic import Behaviour, Surroundings, parent_of
from emulator.arm.behaviours.network.addresses import invalid_reference, overlapping
from emulator.arm.behaviours.network.subnets import space_of
from emulator.arm.behaviours.rules import find, is_missing, value_at
from emulator.arm.errors import ArmError
from emulator.arm.state import Resource


def _remote(resource: Resource, surroundings: Surroundings) -> Resource | None:
    return find(value_at(resource.properties, "remoteVirtualNetwork.id"), surroundings)


def _check(resource: Resource, surroundings: Surroundings) -> None:
    named = value_at(resource.properties, "remoteVirtualNetwork.id")
    if not named:
        message = f"Required property 'remoteVirtualNetwork' of peering {resource.id} is missing."
        raise ArmError(400, "InvalidRequestFormat", message)
    if is_missing(named, surroundings):
        raise invalid_reference(resource, str(named))
    local, remote = parent_of(resource, surroundings), _remote(resource, surroundings)
    if local is None or remote is None:
        return
    if clash := overlapping(space_of(local.properties), space_of(remote.properties)):
        message = (
            f"Cannot create or update peering {resource.id}. Virtual networks {local.id} and {remote.id} cannot be "
            f"peered because their address spaces overlap. Overlapping address prefixes: {clash}."
        )
        raise ArmError(400, "VnetAddressSpacesOverlap", message)


def _opposite(resource: Resource, surroundings: Surroundings) -> Resource | None:
    """The peering of the other network with this one."""
    local, remote = parent_of(resource, surroundings), _remote(resource, surroundings)
    if local is None or remote is None:
        return None
    for other in surroundings.state.children(remote.id, "virtualNetworkPeerings"):
        if str(value_at(other.properties, "remoteVirtualNetwork.id")).lower() == local.id.key:
            return other
    return None


def _provision(resource: Resource, surroundings: Surroundings) -> None:
    properties = resource.properties
    defaults = {"allowVirtualNetworkAccess": True, "allowForwardedTraffic": False, "allowGatewayTransit": False}
    for name, value in (defaults | {"useRemoteGateways": False}).items():
        properties.setdefault(name, value)
    if remote := _remote(resource, surroundings):
        properties["remoteAddressSpace"] = remote.properties.get("addressSpace")
        properties["remoteVirtualNetworkAddressSpace"] = remote.properties.get("addressSpace")
    opposite = _opposite(resource, surroundings)
    properties |= {"peeringState": "Connected" if opposite else "Initiated", "peeringSyncLevel": "FullyInSync"}
    if opposite and opposite.provisioning_state == "Succeeded":
        _change(opposite, surroundings, {"peeringState": "Connected", "peeringSyncLevel": "FullyInSync"})


def _change(peering: Resource, surroundings: Surroundings, properties: dict[str, Any]) -> None:
    peering.properties.update(properties)
    surroundings.state.put_resource(peering)


def _removed(resource: Resource, surroundings: Surroundings) -> None:
    if opposite := _opposite(resource, surroundings):
        _change(opposite, surroundings, {"peeringState": "Disconnected"})


BEHAVIOURS = {
    "Microsoft.Network/virtualNetworks/virtualNetworkPeerings": Behaviour(
        seconds=8, check=_check, provision=_provision, removed=_removed
    ),
}
