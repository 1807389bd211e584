"""Application settings of sites, and how they stand."""

import pytest

from armature.errors import FailureError
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


class TestSiteFacts:
    """How an app stands, told by its resource, its settings, its functions and its host."""

    SETTINGS = ("POST", f"{SITE}/config/appsettings/list")
    STATUS = ("GET", f"{SITE}/hostruntime/admin/host/status")
    FUNCTIONS = ("GET", f"{SITE}/functions")
    RUNNING = Answer(200, {"id": SITE, "kind": "functionapp,linux", "properties": {"state": "Running"}})
    PACKAGE = Answer(200, {"properties": {"WEBSITE_RUN_FROM_PACKAGE": "https://st.blob.example/p/api.zip?sig=s3cret"}})

    def test_a_running_one_is_told_with_package_functions_and_host(self, canned_arm: CannedArm) -> None:
        status = {"state": "Running", "version": "4.1", "functionAppContentEditingState": "NotAllowed"}
        arm_gateway, _ = canned_arm(
            {
                ("GET", SITE): self.RUNNING,
                self.SETTINGS: self.PACKAGE,
                self.STATUS: Answer(200, status),
                self.FUNCTIONS: Answer(200, {"value": [{"name": "app/hello"}, {"name": "app/tick"}]}),
            }
        )

        facts = arm_gateway.site_facts(SITE)

        assert facts is not None
        assert (facts.state, facts.host_state, facts.functions) == ("Running", "Running", ("hello", "tick"))
        assert facts.package == "https://st.blob.example/p/api.zip"
        assert not facts.is_content_writable

    @pytest.mark.parametrize("code", [400, 404, 500, 502, 503, 504])
    def test_a_host_that_does_not_answer_is_asked_once(self, canned_arm: CannedArm, code: int) -> None:
        arm_gateway, adapter = canned_arm(
            {
                ("GET", SITE): self.RUNNING,
                self.SETTINGS: self.PACKAGE,
                self.STATUS: Answer(code, {"error": {"code": "ServiceUnavailable", "message": "Host is not running."}}),
            }
        )

        facts = arm_gateway.site_facts(SITE)

        assert facts is not None
        assert (facts.host_state, facts.host_silence) == (None, "Host is not running.")
        assert sum("/host/status" in str(request.url) for request in adapter.requests) == 1

    def test_a_host_that_may_not_be_asked_is_no_silence(self, canned_arm: CannedArm) -> None:
        refused = Answer(403, {"error": {"code": "AuthorizationFailed", "message": "no"}})
        arm_gateway, _ = canned_arm({("GET", SITE): self.RUNNING, self.SETTINGS: self.PACKAGE, self.STATUS: refused})

        with pytest.raises(FailureError):
            arm_gateway.site_facts(SITE)

    def test_of_what_is_no_function_app_only_the_state_is_told(self, canned_arm: CannedArm) -> None:
        arm_gateway, _ = canned_arm(
            {("GET", SITE): Answer(200, {"id": SITE, "kind": "app", "properties": {"state": "Stopped"}})}
        )

        facts = arm_gateway.site_facts(SITE)

        assert facts is not None
        assert (facts.is_function_app, facts.state) == (False, "Stopped")

    def test_there_may_be_none(self, canned_arm: CannedArm) -> None:
        arm_gateway, _ = canned_arm(
            {("GET", SITE): Answer(404, {"error": {"code": "ResourceNotFound", "message": ""}})}
        )

        assert arm_gateway.site_facts(SITE) is None
