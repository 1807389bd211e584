"""What each resource type does when it is put, read, asked and deleted: one module a family, one registry here."""

from emulator.arm.behaviours import data, identity, keyvault, network, storage, web
from emulator.arm.behaviours.generic import Behaviour, Surroundings

_FAMILIES = (storage, network, web, identity, keyvault, data)
_REGISTRY: dict[str, Behaviour] = {
    kind.lower(): behaviour for family in _FAMILIES for kind, behaviour in family.BEHAVIOURS.items()
}
_GENERIC = Behaviour()


def behaviour_of(resource_type: str) -> Behaviour:
    """The behaviour of a type; the generic one for a type nobody described."""
    return _REGISTRY.get(resource_type.lower(), _GENERIC)


__all__ = ["Behaviour", "Surroundings", "behaviour_of"]
