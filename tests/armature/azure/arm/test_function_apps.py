"""Application settings of sites."""

from tests.armature.azure.arm.answers import SITE
from tests.armature.azure.canned import Answer, CannedArm


class TestAppSettings:
    """Setting some application settings among others."""

    LIST = f"{SITE}/config/appsettings/list"
    PUT = f"{SITE}/config/appsettings"

    def test_the_others_are_kept(self, canned_arm: CannedArm) -> None:
        arm_gateway, adapter = canned_arm(
            {("POST", self.LIST): Answer(200, {"properties": {"A": "1", "B": "2"}}), ("PUT", self.PUT): Answer(200, {})}
        )

        changed = arm_gateway.set_app_settings(SITE, {"B": "3", "C": "4"})

        assert changed
        assert adapter.sent("PUT") == [{"properties": {"A": "1", "B": "3", "C": "4"}}]

    def test_when_all_are_so_already_nothing_is_written(self, canned_arm: CannedArm) -> None:
        arm_gateway, adapter = canned_arm({("POST", self.LIST): Answer(200, {"properties": {"A": "1", "B": "2"}})})

        changed = arm_gateway.set_app_settings(SITE, {"B": "2"})

        assert not changed
        assert adapter.sent("PUT") == []
