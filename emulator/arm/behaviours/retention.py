"""Types whose names outlive them: what a create must ask for to get one back, and what it gets back."""

from emulator.arm import soft_deletion
from emulator.arm.behaviours.generic import Surroundings
from emulator.arm.state import Resource


def check_name_is_not_held(resource: Resource, surroundings: Surroundings) -> None:
    """Raise as emulator.arm.soft_deletion.check does when a deleted resource holds the name."""
    soft_deletion.check(surroundings.state, surroundings.time, resource)


def recover(resource: Resource, surroundings: Surroundings) -> None:
    """A create that asks for what was deleted goes on with its properties and secrets."""
    deleted = soft_deletion.recover(surroundings.state, surroundings.time, resource)
    if deleted:
        resource.document["properties"] = deleted.properties | resource.properties
        resource.secrets.update(deleted.secrets)


def keep(resource: Resource, surroundings: Surroundings) -> None:
    """The resource was deleted; its name is held from now on."""
    soft_deletion.keep(surroundings.state, resource)
