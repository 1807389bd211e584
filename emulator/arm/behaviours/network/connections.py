"""Private endpoint connections as the resource that is connected to shows them."""

from typing import Any

from emulator.arm.behaviours.generic import Surroundings
from emulator.arm.state import Resource


def connections_of(resource: Resource, surroundings: Surroundings) -> list[dict[str, Any]]:
    """The `privateEndpointConnections` of a resource."""
    shown = ("id", "name", "type", "properties")
    return [
        {key: child.document[key] for key in shown if key in child.document}
        for child in surroundings.state.children(resource.id, "privateEndpointConnections")
    ]


def present_with_connections(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    """The document, with its private endpoint connections when there are any."""
    connections = connections_of(resource, surroundings)
    if not connections:
        return resource.document
    return resource.document | {"properties": resource.properties | {"privateEndpointConnections": connections}}
