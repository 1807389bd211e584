"""Resource groups that are there, absent, or leaving."""

import pytest

from armature.errors import FailureError
from tests.armature.azure.arm.answers import S
from tests.armature.azure.canned import Answer, CannedArm


class TestResourceGroup:
    """Ensuring a resource group."""

    PATH = f"{S}/resourcegroups/rg-shop"

    def answer(self, state: str = "Succeeded") -> Answer:
        body = {"name": "rg-shop", "location": "westus", "tags": {"a": "b"}, "properties": {"provisioningState": state}}
        return Answer(200, body)

    def test_one_that_is_there_is_left_as_it_is(self, canned_arm: CannedArm) -> None:
        arm_gateway, adapter = canned_arm({("GET", self.PATH): self.answer()})

        group = arm_gateway.ensure_resource_group("rg-shop", "eastus2", {"c": "d"})

        assert (group.location, group.tags) == ("westus", {"a": "b"})
        assert adapter.sent("PUT") == []

    def test_one_that_is_absent_is_made(self, canned_arm: CannedArm) -> None:
        arm_gateway, adapter = canned_arm({("PUT", self.PATH): self.answer()})

        arm_gateway.ensure_resource_group("rg-shop", "westus", {"a": "b"})

        assert adapter.sent("PUT") == [{"location": "westus", "tags": {"a": "b"}}]

    @pytest.mark.parametrize(("status", "kept"), [(201, []), (200, [{"tags": {"a": "b"}}])])
    def test_one_that_a_read_had_missed_bears_no_mark_of_ours(self, canned_arm: CannedArm, status, kept) -> None:
        made = Answer(status, self.answer().body)
        arm_gateway, adapter = canned_arm({("PUT", self.PATH): made, ("PATCH", self.PATH): self.answer()})

        arm_gateway.ensure_resource_group("rg-shop", "westus", {"a": "b"}, mark={"ours": "d-1"})

        assert adapter.sent("PUT") == [{"location": "westus", "tags": {"a": "b", "ours": "d-1"}}]
        assert adapter.sent("PATCH") == kept

    def test_one_that_is_being_deleted_is_a_conflict(self, canned_arm: CannedArm) -> None:
        error = {"error": {"code": "ResourceGroupBeingDeleted", "message": "Wait."}}
        arm_gateway, _ = canned_arm(
            {("GET", self.PATH): self.answer("Deleting"), ("PUT", self.PATH): Answer(409, error)}
        )

        with pytest.raises(FailureError) as caught:
            arm_gateway.ensure_resource_group("rg-shop", "westus", {})

        assert caught.value.failure.is_retried

    ELSEWHERE = Answer(409, {"error": {"code": "InvalidResourceGroupLocation", "message": "It is in westus."}})

    def test_one_that_was_made_elsewhere_meanwhile_is_taken_as_it_is(self, canned_arm: CannedArm) -> None:
        absent = Answer(404, {"error": {"code": "ResourceGroupNotFound", "message": "It is not there."}})
        arm_gateway, adapter = canned_arm(
            {("GET", self.PATH): [absent, self.answer()], ("PUT", self.PATH): self.ELSEWHERE}
        )

        group = arm_gateway.ensure_resource_group("rg-shop", "eastus2", {}, mark={"ours": "d-1"})

        assert (group.location, group.tags) == ("westus", {"a": "b"})
        assert adapter.sent("PATCH") == []

    def test_one_that_was_made_elsewhere_and_is_not_seen_yet_is_waited_for(self, canned_arm: CannedArm) -> None:
        arm_gateway, _ = canned_arm({("PUT", self.PATH): self.ELSEWHERE})

        with pytest.raises(FailureError) as caught:
            arm_gateway.ensure_resource_group("rg-shop", "eastus2", {})

        assert caught.value.failure.is_retried
