"""Resources of any type by id: read whole, listed, deleted, on the emulated ARM."""

import pytest

from armature.azure.arm import ArmGateway
from armature.errors import FailureClass, FailureError
from tests.armature.azure.arm.answers import S
from tests.armature.azure.arm.conftest import Group, identity, network
from tests.armature.azure.canned import Answer, CannedArm
from tests.waiting import wait_until

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
PRINCIPAL = "00000000-0000-0000-0000-00000000000a"


def test_a_resource_is_read_whole_and_so_is_its_child(group: Group) -> None:
    group.deploy("main", network("vnet", subnet="web"))
    vnet = f"{group.id}/providers/Microsoft.Network/virtualNetworks/vnet"

    document, child = group.arm.read_resource(vnet), group.arm.read_resource(f"{vnet}/subnets/web")

    assert document is not None
    assert child is not None
    assert document["properties"]["addressSpace"] == {"addressPrefixes": ["10.0.0.0/16"]}
    assert child["properties"]["addressPrefix"] == "10.0.0.0/24"
    assert "etag" in document


def test_a_resource_group_is_read_by_its_id_and_absent_things_are_none(group: Group) -> None:
    document = group.arm.read_resource(group.id)

    assert document is not None
    assert (document["name"], document["location"]) == (group.name, "eastus2")
    assert group.arm.read_resource(f"{group.id}-other") is None
    assert group.arm.read_resource(f"{group.id}/providers/Microsoft.Network/virtualNetworks/vnet") is None


def test_a_list_tells_top_level_resources_and_when_they_were_made(group: Group) -> None:
    group.deploy("main", network("vnet"), identity("id-a"))

    found = group.arm.list_resources(group.name)

    assert sorted(item.name for item in found) == ["id-a", "vnet"]
    assert all(item.created_at is not None for item in found)
    assert group.arm.list_resources("no-such-group") == ()


def test_a_resource_is_deleted_and_a_second_time_is_harmless(group: Group) -> None:
    group.deploy("main", network("vnet"))
    vnet = f"{group.id}/providers/Microsoft.Network/virtualNetworks/vnet"

    group.deleted(f"{vnet}/subnets/web")
    group.deleted(vnet)

    assert group.arm.delete_resource(vnet)
    assert group.arm.delete_resource(f"{vnet}/subnets/web")
    assert group.arm.read_resource(vnet) is None


def test_what_something_else_needs_yet_is_a_conflict(group: Group) -> None:
    subnet = "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'vnet', 'web')]"
    interface = {
        "type": "Microsoft.Network/networkInterfaces",
        "apiVersion": "2023-09-01",
        "name": "nic",
        "location": "eastus2",
        "dependsOn": ["vnet"],
        "properties": {"ipConfigurations": [{"name": "ip", "properties": {"subnet": {"id": subnet}}}]},
    }
    group.deploy("main", network("vnet"), interface)
    vnet = f"{group.id}/providers/Microsoft.Network/virtualNetworks/vnet"

    with pytest.raises(FailureError) as caught:
        group.arm.delete_resource(vnet)

    assert caught.value.failure.failure_class is FailureClass.RESOURCE_CONFLICT
    group.deleted(f"{group.id}/providers/Microsoft.Network/networkInterfaces/nic")
    group.deleted(vnet)


def test_a_role_assignment_is_deleted_by_its_own_type(group: Group) -> None:
    group.deploy("main", network("vnet"))
    vnet = f"{group.id}/providers/Microsoft.Network/virtualNetworks/vnet"
    group.arm.ensure_role_assignment(vnet, PRINCIPAL, READER)
    list_path = f"{vnet}/providers/Microsoft.Authorization/roleAssignments"
    (assignment,) = [
        str(entry["id"])
        for entry in group.arm._send("GET", list_path, "2022-04-01", **{"$filter": "atScope()"})["value"]
        if entry["properties"]["principalId"] == PRINCIPAL
    ]

    is_gone = group.arm.delete_resource(assignment)

    assert is_gone
    assert group.arm.read_resource(assignment) is None
    assert group.arm.read_resource(vnet) is not None


def test_a_lock_is_a_decision_and_no_conflict_that_passes(group: Group) -> None:
    level = {"level": "CanNotDelete"}
    locking = {"type": "Microsoft.Authorization/locks", "apiVersion": "2020-05-01", "name": "keep", "properties": level}
    group.deploy("main", identity("id-a"), locking)
    resource = f"{group.id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-a"

    with pytest.raises(FailureError) as caught:
        group.arm.delete_resource(resource)

    assert caught.value.failure.code == "ScopeLocked"
    assert not caught.value.failure.is_retried
    assert group.arm.delete_resource(f"{group.id}/providers/Microsoft.Authorization/locks/keep")
    group.deleted(resource)


def test_a_resource_group_is_deleted_with_all_that_it_holds(group: Group) -> None:
    group.deploy("main", identity("id-a"))

    wait_until(lambda: group.arm.delete_resource(group.id))

    assert group.arm.get_resource_group(group.name) is None
    assert group.arm.delete_resource(group.id)


class TestConflict:
    """A 409 to a deletion: is it under way, or refused?"""

    PATH = f"{S}/resourceGroups/rg/providers/Microsoft.Resources/deployments/web"
    CONFLICT = Answer(409, {"error": {"code": "AnotherOperationInProgress", "message": "Another operation runs."}})

    @pytest.mark.parametrize(
        "found",
        [Answer(200, {"properties": {"provisioningState": "Deleting"}}), Answer(404)],
        ids=["being deleted", "not seen"],
    )
    def test_what_is_being_deleted_or_not_seen_is_looked_at_again(self, canned_arm: CannedArm, found: Answer) -> None:
        gateway, _ = canned_arm({("DELETE", self.PATH): self.CONFLICT, ("GET", self.PATH): found})

        assert not gateway.delete_resource(self.PATH)

    def test_what_stands_is_a_conflict(self, canned_arm: CannedArm) -> None:
        stands = Answer(200, {"properties": {"provisioningState": "Succeeded"}})
        gateway, _ = canned_arm({("DELETE", self.PATH): self.CONFLICT, ("GET", self.PATH): stands})

        with pytest.raises(FailureError) as caught:
            gateway.delete_resource(self.PATH)

        assert caught.value.failure.code == "AnotherOperationInProgress"


@pytest.mark.parametrize(
    "wrong",
    [
        "/subscriptions/s",
        "",
        "/subscriptions/s/resourceGroups",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/..",
    ],
)
def test_what_names_no_resource_is_not_deleted(arm: ArmGateway, wrong: str) -> None:
    with pytest.raises(ValueError, match=r"not a resource id|not deleted"):
        arm.delete_resource(wrong)


def test_a_type_that_nobody_serves_is_a_failure_and_not_an_absence(arm: ArmGateway, group: Group) -> None:
    with pytest.raises(FailureError) as caught:
        arm.read_resource(f"{group.id}/providers/Microsoft.Network/nothings/a")

    assert caught.value.failure.code == "InvalidResourceType"
