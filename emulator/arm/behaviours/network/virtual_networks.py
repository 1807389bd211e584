"""Virtual networks: an address space, and subnets that are both children and part of their network.

Source: Virtual Networks reference 2024-05-01. A PUT that lists subnets removes those that it does not list; since
2024-05-01 a PUT without `subnets` leaves them as they are.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from emulator.arm.behaviours.generic import Behaviour, Surroundings, new_document
from emulator.arm.behaviours.network.addresses import Prefix, contains, etag, overlapping, prefixes_of
from emulator.arm.behaviours.network.subnets import (
    check_subnet,
    check_unused,
    complete_subnet,
    outside_network,
    present_subnet,
    siblings_of,
    space_of,
)
from emulator.arm.errors import ArmError
from emulator.arm.state import Resource

NETWORK = "Microsoft.Network/virtualNetworks"


def _inline(resource: Resource) -> list[Resource] | None:
    """The subnets that a write lists, as resources; None when it lists none."""
    listed = resource.properties.get("subnets")
    if not isinstance(listed, list):
        return None
    found = []
    for subnet in listed:
        if not isinstance(subnet, Mapping) or not subnet.get("name"):
            message = f"The name of a subnet of virtual network '{resource.id.last_name}' is missing."
            raise ArmError(400, "InvalidRequestFormat", message)
        subnet_id = resource.id.child("subnets", str(subnet["name"]))
        found.append(Resource(subnet_id, resource.api_version, new_document(subnet_id, subnet)))
    return found


def _check(resource: Resource, surroundings: Surroundings) -> None:
    space = space_of(resource.properties)
    for number, prefix in enumerate(space):
        if overlapping([prefix], space[:number]):
            message = f"Address prefix {prefix} of virtual network {resource.id.last_name} overlaps another of its own."
            raise ArmError(400, "VnetAddressSpaceOverlapsWithItself", message)
    inline = _inline(resource)
    if inline is None:
        _check_kept_subnets(resource, surroundings, space)
        return
    names = [subnet.id.last_name.lower() for subnet in inline]
    if len(set(names)) != len(names):
        message = f"Subnet names of virtual network '{resource.id.last_name}' are not unique."
        raise ArmError(400, "InvalidRequestFormat", message)
    siblings: dict[str, list[Prefix]] = {}
    for subnet in inline:
        check_subnet(subnet, surroundings, space=space, siblings=siblings)
        siblings[subnet.id.last_name] = prefixes_of(subnet.properties)
    for child in surroundings.state.children(resource.id, "subnets"):
        if child.id.last_name.lower() not in names:
            check_unused(child, surroundings)


def _check_kept_subnets(resource: Resource, surroundings: Surroundings, space: list[Prefix]) -> None:
    for name, ranges in siblings_of(resource.id, surroundings).items():
        for prefix in ranges:
            if space and not contains(space, prefix):
                raise outside_network(name, resource.id.last_name)


def _provision(resource: Resource, surroundings: Surroundings) -> None:
    inline, state = _inline(resource), surroundings.state
    resource.properties.pop("subnets", None)
    resource.properties["resourceGuid"] = resource.secrets.setdefault("resourceGuid", str(uuid.uuid4()))
    resource.properties.setdefault("enableDdosProtection", False)
    if inline is None:
        return
    listed = set()
    for subnet in inline:
        complete_subnet(subnet)
        subnet.properties["provisioningState"] = "Succeeded"
        if earlier := state.find_resource(subnet.id):
            subnet.secrets, subnet.created = earlier.secrets, earlier.created
        state.put_resource(subnet)
        listed.add(subnet.id.key)
    for child in state.children(resource.id, "subnets"):
        if child.id.key not in listed:
            state.drop_resource(child.id)


def _present(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    state = surroundings.state
    subnets = [present_subnet(child, surroundings) for child in state.children(resource.id, "subnets")]
    peerings = [child.document for child in state.children(resource.id, "virtualNetworkPeerings")]
    extra = {"subnets": subnets, "virtualNetworkPeerings": peerings}
    return resource.document | {"etag": etag(resource), "properties": resource.properties | extra}


def _check_removal(resource: Resource, surroundings: Surroundings) -> None:
    for subnet in surroundings.state.children(resource.id, "subnets"):
        check_unused(subnet, surroundings)


BEHAVIOURS = {
    NETWORK: Behaviour(
        seconds=8,
        check=_check,
        provision=_provision,
        present=_present,
        check_removal=_check_removal,
        is_preflighted=True,
    ),
}
