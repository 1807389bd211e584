"""What the platform tells the functions of a template: availability zones and built-in roles.

Zones are simplified: every location has three, physical zone `{location}-az{n}` being logical zone `{n}` in every
subscription; Azure's have none to three, in an order of the subscription's own. The names have the shape that the
reference of `PhysicalToLogicalZoneMapping` (Microsoft Learn, read 2025-11) shows: `westus2-az1` and `1`. The refusals
are in our own words: Microsoft's engine leaves these functions to ARM.
"""

from typing import Any

from armature.templates.errors import ExpressionError
from emulator.arm.governance.built_in_roles import BUILT_IN_ROLES

_ZONES = ("1", "2", "3")


def zones(function: str, arguments: list[Any]) -> Any:
    """What pickZones, toLogicalZone(s) or toPhysicalZone(s) answers."""
    if function == "pickZones":
        return _picked(arguments[3], arguments[4])
    _, location, given = arguments
    table = {zone: f"{location}-az{zone}" for zone in _ZONES}
    if function.startswith("toLogical"):
        table = {physical: logical for logical, physical in table.items()}
    if isinstance(given, list):
        return [_translated(function, table, zone) for zone in given]
    return _translated(function, table, given)


def _picked(count: int, offset: int) -> list[str]:
    if count + offset > len(_ZONES):
        raise ExpressionError(
            "InvalidTemplate",
            f"Unable to evaluate template language function 'pickZones': {count} zone(s) from offset {offset} were "
            f"requested, but only {len(_ZONES)} are available. "
            "Please see https://aka.ms/arm-template-expressions/#pickzones for usage details.",
        )
    return list(_ZONES[offset : offset + count])


def _translated(function: str, table: dict[str, str], zone: Any) -> str:
    if zone not in table:
        raise ExpressionError(
            "InvalidTemplate",
            f"Unable to evaluate template language function '{function}': there is no zone '{zone}'. "
            "Please see https://aka.ms/arm-functions for usage details.",
        )
    return table[zone]


def role_definition(name: str, prefix: str) -> dict[str, Any]:
    """The built-in role of that name, as seen from a subscription (`prefix` is its id) or from the tenant."""
    role = next((role for role in BUILT_IN_ROLES if role.name.lower() == name.lower()), None)
    if role is None:
        raise ExpressionError(
            "InvalidTemplate",
            f"Unable to evaluate template language function 'roleDefinitions': there is no built-in role '{name}'. "
            "Please see https://aka.ms/arm-functions#roleDefinitions for usage details.",
        )
    return {"id": f"{prefix}/providers/Microsoft.Authorization/roleDefinitions/{role.id}", "roleDefinitionId": role.id}
