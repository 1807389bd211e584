"""What the platform tells a template's functions: zones and built-in roles."""

from typing import Any

import pytest

from armature.templates.errors import ExpressionError
from emulator.arm.engine.platform import role_definition, zones

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"


def picked(count: int, offset: int) -> Any:
    return zones("pickZones", ["Microsoft.Compute", "virtualMachines", "eastus2", count, offset])


def test_as_many_zones_are_picked_as_there_are() -> None:
    assert picked(1, 0) == ["1"]
    assert picked(2, 1) == ["2", "3"]
    with pytest.raises(ExpressionError, match="only 3 are available"):
        picked(3, 1)


def test_logical_and_physical_zones_are_translated_both_ways() -> None:
    physical = zones("toPhysicalZones", [SUBSCRIPTION, "eastus2", ["3", "1"]])

    assert physical == ["eastus2-az3", "eastus2-az1"]
    assert zones("toLogicalZone", [SUBSCRIPTION, "eastus2", "eastus2-az3"]) == "3"
    with pytest.raises(ExpressionError, match="there is no zone '4'"):
        zones("toPhysicalZone", [SUBSCRIPTION, "eastus2", "4"])


def test_a_built_in_role_is_found_by_name_without_regard_to_case() -> None:
    identifier = "acdd72a7-3385-48ef-bd42-f606fba81ae7"

    assert role_definition("READER", SUBSCRIPTION) == {
        "id": f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{identifier}",
        "roleDefinitionId": identifier,
    }
    with pytest.raises(ExpressionError, match="no built-in role 'King'"):
        role_definition("King", SUBSCRIPTION)
