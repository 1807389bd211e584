"""Why a deployment failed, wherever ARM keeps the reasons."""

import json
from typing import Any

from armature.azure.arm import MAX_LINKED_DEPTH
from armature.azure.models import ArmDeployment
from armature.errors import FailureClass
from tests.armature.azure.arm.answers import DEPLOYMENTS, GROUP, IN_GROUP, S, operation
from tests.armature.azure.canned import Answer, CannedArm


class TestDeploymentFailure:
    """The leaves of a failed deployment, wherever ARM keeps them."""

    FAILED = ArmDeployment(
        id=f"{GROUP}{DEPLOYMENTS}/web",
        name="web",
        provisioning_state="Failed",
        correlation_id="c-1",
        error={"code": "DeploymentFailed", "message": "At least one resource deployment operation failed."},
    )

    def test_a_linked_deployments_reason_is_found_in_its_own_operations(self, canned_arm: CannedArm) -> None:
        child = f"{S}/resourceGroups/rg-other{DEPLOYMENTS}/child"
        grandchild = f"{S}{DEPLOYMENTS}/grandchild"
        account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/shop"
        at_least_one = {"status": "Failed", "error": {"code": "DeploymentFailed", "message": "At least one…"}}
        taken = {"status": "Failed", "error": {"code": "StorageAccountAlreadyTaken", "message": "shop is taken."}}

        def page(*operations: dict[str, Any]) -> Answer:
            return Answer(200, {"value": list(operations)})

        arm_gateway, _ = canned_arm(
            {
                ("GET", f"{GROUP}{DEPLOYMENTS}/web/operations"): page(operation("Failed", child, at_least_one)),
                ("GET", f"{child}/operations"): page(operation("Failed", grandchild, at_least_one)),
                ("GET", f"{grandchild}/operations"): page(operation("Failed", account, taken)),
            }
        )

        failure = arm_gateway.deployment_failure(IN_GROUP, "web", self.FAILED)

        assert (failure.code, failure.failure_class) == ("StorageAccountAlreadyTaken", FailureClass.TEMPLATE)
        assert failure.causes[0].target == account
        assert failure.correlation_id == "c-1"
        assert all(cause.code != "DeploymentFailed" for cause in failure.causes)

    def test_a_plain_text_reason_is_kept_with_its_resource(self, canned_arm: CannedArm) -> None:
        vnet = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v"
        operations = {"value": [operation("Failed", vnet, "The subnet is in use.")]}
        arm_gateway, _ = canned_arm({("GET", f"{GROUP}{DEPLOYMENTS}/web/operations"): Answer(200, operations)})

        failure = arm_gateway.deployment_failure(IN_GROUP, "web", self.FAILED)

        assert (failure.message, failure.causes[0].target) == ("The subnet is in use.", vnet)

    def test_a_reason_that_hides_in_a_message_is_told_once_with_its_resource(self, canned_arm: CannedArm) -> None:
        vnet = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v"
        hidden = json.dumps({"status": "Failed", "error": {"code": "SubnetBroken", "message": "No."}})
        conflict = {"code": "Conflict", "message": hidden}
        operations = {"value": [operation("Failed", vnet, {"status": "Failed", "error": conflict})]}
        arm_gateway, _ = canned_arm({("GET", f"{GROUP}{DEPLOYMENTS}/web/operations"): Answer(200, operations)})
        failed = self.FAILED.model_copy(
            update={"error": {**self.FAILED.error, "details": [{**conflict, "target": vnet}]}}
        )

        failure = arm_gateway.deployment_failure(IN_GROUP, "web", failed)

        assert [(cause.code, cause.target) for cause in failure.causes] == [("SubnetBroken", vnet)]

    def test_a_reason_that_a_linked_deployment_repeats_is_told_once_with_the_resource(
        self, canned_arm: CannedArm
    ) -> None:
        child, site = f"{GROUP}{DEPLOYMENTS}/child", f"{GROUP}/providers/Microsoft.Web/sites/s"
        reason = {
            "code": "PropertyChangeNotAllowed",
            "message": "Changing property 'a.b' is not allowed.",
            "target": "a.b",
        }
        envelope = {"code": "DeploymentFailed", "message": "At least one.", "details": [reason]}
        arm_gateway, _ = canned_arm(
            {
                ("GET", f"{GROUP}{DEPLOYMENTS}/web/operations"): Answer(
                    200, {"value": [operation("Failed", child, {"error": envelope})]}
                ),
                ("GET", f"{child}/operations"): Answer(200, {"value": [operation("Failed", site, {"error": reason})]}),
            }
        )

        failure = arm_gateway.deployment_failure(IN_GROUP, "web", self.FAILED)

        assert [(cause.code, cause.target) for cause in failure.causes] == [("PropertyChangeNotAllowed", site)]

    def test_a_deployment_that_links_to_itself_does_not_go_on_for_ever(self, canned_arm: CannedArm) -> None:
        own = f"{GROUP}{DEPLOYMENTS}/web"
        operations = {"value": [operation("Failed", own, {"error": {"code": "Conflict", "message": "Again."}})]}
        arm_gateway, adapter = canned_arm({("GET", f"{own}/operations"): Answer(200, operations)})

        failure = arm_gateway.deployment_failure(IN_GROUP, "web", self.FAILED)

        assert failure.message == "Again."
        assert len(adapter.requests) == MAX_LINKED_DEPTH

    def test_when_nothing_says_more_the_envelope_speaks(self, canned_arm: CannedArm) -> None:
        arm_gateway, _ = canned_arm({})

        failure = arm_gateway.deployment_failure(IN_GROUP, "web", self.FAILED)

        assert failure.code == "DeploymentFailed"
