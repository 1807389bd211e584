"""Role assignments."""

from collections.abc import Callable
from typing import Any

import pytest

from armature.azure.arm import ArmGateway, access
from armature.clouds import CLOUDS
from armature.errors import FailureError
from tests.armature.azure.arm.answers import GROUP, SUBSCRIPTION
from tests.armature.azure.canned import Answer, AnyToken, CannedAdapter


class TestRoleAssignment:
    """Giving a role, twice."""

    @pytest.fixture
    def answering(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[Answer], tuple[ArmGateway, CannedAdapter]]:
        class ToEveryPut(CannedAdapter):
            def __init__(self, answer: Answer) -> None:
                super().__init__({})
                self.answer = answer

            def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
                self.answers[("PUT", str(request.path_url).partition("?")[0].lower())] = self.answer
                return super().send(request, *args, **kwargs)

        def make(answer: Answer) -> tuple[ArmGateway, CannedAdapter]:
            adapter = ToEveryPut(answer)
            monkeypatch.setattr(access, "shared_transport", adapter.transport)
            return ArmGateway(CLOUDS["AzureCloud"], AnyToken(), SUBSCRIPTION), adapter

        return make

    def test_the_same_role_has_the_same_name(
        self, answering: Callable[[Answer], tuple[ArmGateway, CannedAdapter]]
    ) -> None:
        arm_gateway, adapter = answering(Answer(201, {}))

        arm_gateway.ensure_role_assignment(GROUP, "p-1", "role")
        arm_gateway.ensure_role_assignment(GROUP.upper(), "P-1", "role")
        arm_gateway.ensure_role_assignment(GROUP, "p-2", "role")

        names = [str(request.path_url).partition("?")[0].rpartition("/")[2] for request in adapter.requests]
        assert names[0] == names[1] != names[2]
        assert adapter.sent("PUT")[0]["properties"]["principalType"] == "ServicePrincipal"

    def test_one_that_exists_is_success(self, answering: Callable[[Answer], tuple[ArmGateway, CannedAdapter]]) -> None:
        arm_gateway, _ = answering(Answer(409, {"error": {"code": "RoleAssignmentExists", "message": "It exists."}}))

        arm_gateway.ensure_role_assignment(GROUP, "p-1", "role")

    def test_one_that_is_refused_is_a_failure(
        self, answering: Callable[[Answer], tuple[ArmGateway, CannedAdapter]]
    ) -> None:
        arm_gateway, _ = answering(Answer(403, {"error": {"code": "AuthorizationFailed", "message": "No."}}))

        with pytest.raises(FailureError):
            arm_gateway.ensure_role_assignment(GROUP, "p-1", "role")
