"""What each resource type does when it is put, read, asked and deleted: one package a family, one registry here."""

from collections.abc import Callable
from typing import Any

from emulator.arm.behaviours import (
    compute,
    databases,
    hosting,
    identity,
    keyvault,
    management,
    messaging,
    monitoring,
    network,
    services,
    storage,
    web,
)
from emulator.arm.behaviours.generic import Behaviour, Surroundings
from emulator.arm.behaviours.outside import Outside
from emulator.arm.behaviours.rules import check_common
from emulator.arm.behaviours.shapes import check_shape
from emulator.arm.models import Resource

_FAMILIES = (
    storage,
    network,
    web,
    identity,
    keyvault,
    databases,
    monitoring,
    messaging,
    services,
    hosting,
    compute,
    management,
)
_REGISTRY: dict[str, Behaviour] = {
    kind.lower(): behaviour for family in _FAMILIES for kind, behaviour in family.BEHAVIOURS.items()
}
_GENERIC = Behaviour()
_NAMES: dict[str, Callable[[str, Surroundings], dict[str, Any]]] = {
    "microsoft.storage": storage.name_availability,
    "microsoft.web": web.name_availability,
    "microsoft.keyvault": keyvault.name_availability,
    "microsoft.sql": databases.name_availability,
}


def behaviour_of(resource_type: str) -> Behaviour:
    """The behaviour of a type; the generic one for a type nobody described."""
    return _REGISTRY.get(resource_type.lower(), _GENERIC)


def check(resource: Resource, surroundings: Surroundings) -> None:
    """Raise `ArmError` for what ARM or the provider refuses before a write begins; changes nothing.

    Preflight asks it for the types whose behaviour `is_preflighted`.
    """
    behaviour = behaviour_of(resource.id.type)
    if behaviour is not _GENERIC:
        check_shape(resource)
    behaviour.check(resource, surroundings)
    check_common(resource, surroundings, has_global_name=behaviour.has_global_name)


def name_availability(namespace: str, name: str, surroundings: Surroundings) -> dict[str, Any] | None:
    """What a provider's `checkNameAvailability` answers; None when it has none."""
    check_name = _NAMES.get(namespace.lower())
    return check_name(name, surroundings) if check_name else None


def resume(surroundings: Surroundings) -> None:
    """Go on with what providers had not ended beyond ARM when the process did."""
    storage.resume(surroundings)


__all__ = ["Behaviour", "Outside", "Surroundings", "behaviour_of", "check", "name_availability", "resume"]
