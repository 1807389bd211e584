"""Private endpoints: an interface with private addresses in a subnet, and a connection that the target shows.

Source: Private Endpoints reference 2024-05-01. Whoever may write the target has his connection approved at once; a
manual one waits.
"""

import copy
import uuid
from collections.abc import Iterator
from typing import Any

from emulator.arm.behaviours.generic import Behaviour, Surroundings, new_document
from emulator.arm.behaviours.network.addresses import INTERFACES, invalid_reference
from emulator.arm.behaviours.network.interfaces import complete_interface
from emulator.arm.behaviours.network.link_targets import members_of
from emulator.arm.behaviours.rules import check_unchanged, find, is_missing, parsed, value_at
from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import Resource

ENDPOINT = "Microsoft.Network/privateEndpoints"
_KINDS = {"privateLinkServiceConnections": "Approved", "manualPrivateLinkServiceConnections": "Pending"}


def _connections(resource: Resource) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind in _KINDS:
        for connection in resource.properties.get(kind) or []:
            yield kind, connection


def _check(resource: Resource, surroundings: Surroundings) -> None:
    subnet = value_at(resource.properties, "subnet.id")
    if not subnet:
        message = f"Required property 'subnet' of private endpoint {resource.id} is missing."
        raise ArmError(400, "InvalidRequestFormat", message)
    if is_missing(subnet, surroundings):
        raise invalid_reference(resource, str(subnet))
    connections = list(_connections(resource))
    if len(connections) != 1:
        message = f"Private endpoint {resource.id} must have exactly one private link service connection."
        raise ArmError(400, "PrivateEndpointMustHaveExactlyOnePrivateLinkServiceConnection", message)
    target = value_at(connections[0][1], "properties.privateLinkServiceId")
    if is_missing(target, surroundings):
        raise invalid_reference(resource, str(target))
    check_unchanged(resource, surroundings, "subnet.id")


def _provision(resource: Resource, surroundings: Surroundings) -> None:
    """Make the interface and the target's connection, or keep those that there are."""
    properties = resource.properties
    properties.setdefault("manualPrivateLinkServiceConnections", [])
    properties.setdefault("privateLinkServiceConnections", [])
    properties.setdefault("customNetworkInterfaceName", "")
    made = resource.secrets.setdefault("guid", str(uuid.uuid4()))
    for kind, connection in _connections(resource):
        connection["id"] = str(resource.id.child(kind, str(connection.get("name"))))
        connection["type"] = f"{ENDPOINT}/{kind}"
        inside = connection.setdefault("properties", {})
        approved = {"status": _KINDS[kind], "description": "Auto-Approved", "actionsRequired": "None"}
        pending = {"status": "Pending", "description": "Awaiting Approval", "actionsRequired": "None"}
        inside["provisioningState"] = "Succeeded"
        inside["privateLinkServiceConnectionState"] = approved if _KINDS[kind] == "Approved" else pending
        target = find(inside.get("privateLinkServiceId"), surroundings)
        interface = _make_interface(resource, target, (inside.get("groupIds") or [""])[0], surroundings)
        if target:
            _connect(resource, target, inside, made, surroundings)
        properties["networkInterfaces"] = [{"id": str(interface.id)}]
        properties["customDnsConfigs"] = dns_configs(interface)


def _make_interface(endpoint: Resource, target: Resource | None, group: str, surroundings: Surroundings) -> Resource:
    made = endpoint.secrets["guid"]
    name = endpoint.properties.get("customNetworkInterfaceName") or f"{endpoint.id.last_name}.nic.{made}"
    scope = endpoint.id.scope
    interface_id = scope.resource(INTERFACES, name)
    configurations = []
    for number, member in enumerate(members_of(target, group) if target else [], start=1):
        link = {"groupId": group, "requiredMemberName": member.name, "fqdns": list(member.fqdns)}
        inside = {"subnet": dict(endpoint.properties["subnet"]), "privateLinkConnectionProperties": link}
        suffix = "" if number == 1 else f"-{number}"
        configurations.append({"name": f"privateEndpointIpConfig.{made}{suffix}", "properties": inside})
    body = {
        "location": endpoint.document.get("location"),
        "properties": {"ipConfigurations": configurations, "privateEndpoint": {"id": str(endpoint.id)}},
    }
    interface = Resource(interface_id, endpoint.api_version, new_document(interface_id, body))
    if earlier := surroundings.state.find_resource(interface_id):
        interface.secrets, interface.created = earlier.secrets, earlier.created
    complete_interface(interface, surroundings)
    interface.properties["provisioningState"] = "Succeeded"
    surroundings.state.put_resource(interface)
    return interface


def dns_configs(interface: Resource) -> list[dict[str, Any]]:
    """Each public name of an endpoint's interface with its private addresses."""
    names: dict[str, list[str]] = {}
    for configuration in interface.properties["ipConfigurations"]:
        inside = configuration["properties"]
        for name in value_at(inside, "privateLinkConnectionProperties.fqdns") or []:
            names.setdefault(name, []).append(inside["privateIPAddress"])
    return [{"fqdn": name, "ipAddresses": addresses} for name, addresses in names.items()]


def _connection_id(endpoint: ResourceId, target: Resource, made: str) -> ResourceId:
    return target.id.child("privateEndpointConnections", f"{endpoint.last_name}.{made}")


def _connect(endpoint: Resource, target: Resource, link: dict[str, Any], made: str, surroundings: Surroundings) -> None:
    connection_id = _connection_id(endpoint.id, target, made)
    document = new_document(connection_id, {})
    document["properties"] = {
        "provisioningState": "Succeeded",
        "privateEndpoint": {"id": str(endpoint.id)},
        "privateLinkServiceConnectionState": copy.deepcopy(link["privateLinkServiceConnectionState"]),
        "groupIds": list(link.get("groupIds") or []),
    }
    surroundings.state.put_resource(Resource(connection_id, target.api_version, document))


def _present(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    """Names that a zone group has written into private zones are told there, not here."""
    has_group = bool(surroundings.state.children(resource.id, "privateDnsZoneGroups"))
    if not has_group:
        return resource.document
    return resource.document | {"properties": resource.properties | {"customDnsConfigs": []}}


def _removed(resource: Resource, surroundings: Surroundings) -> None:
    state, made = surroundings.state, resource.secrets.get("guid")
    for named in resource.properties.get("networkInterfaces") or []:
        if interface := parsed(named["id"]):
            state.drop_resource(interface)
    for _, connection in _connections(resource):
        target = find(value_at(connection, "properties.privateLinkServiceId"), surroundings)
        if target and made:
            state.drop_resource(_connection_id(resource.id, target, made))


BEHAVIOURS = {
    ENDPOINT: Behaviour(
        seconds=30,
        check=_check,
        provision=_provision,
        present=_present,
        removed=_removed,
    ),
}
