"""Management groups that a template makes: in the tree below the group that they name, or below the root."""

from emulator.arm import management_groups
from emulator.arm.behaviours.generic import Behaviour, Surroundings
from emulator.arm.errors import invalid_request_content
from emulator.arm.identifiers import MANAGEMENT_GROUP_TYPE
from emulator.arm.models import Resource


def _check(resource: Resource, surroundings: Surroundings) -> None:
    properties, parent = resource.properties, management_groups.wanted_parent(resource.properties)
    if parent is not None and not isinstance(parent, str):
        raise invalid_request_content("the id of the parent is no text")
    name = resource.id.management_group or ""
    management_groups.planned(surroundings.state, name, properties.get("displayName"), parent)


def _provision(resource: Resource, surroundings: Surroundings) -> None:
    state, properties, name = surroundings.state, resource.properties, resource.id.management_group or ""
    parent = management_groups.wanted_parent(properties)
    described = management_groups.planned(state, name, properties.get("displayName"), parent)
    resource.document["properties"] = described.properties


BEHAVIOURS = {MANAGEMENT_GROUP_TYPE: Behaviour(seconds=3.0, check=_check, provision=_provision)}
