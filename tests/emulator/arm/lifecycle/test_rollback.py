"""onErrorDeployment: an earlier deployment is run again, in Complete mode, when this one fails."""

from typing import Any

import pytest

from emulator.arm.identifiers import DEPLOYMENT_TYPE, ResourceId
from emulator.arm.lifecycle.rollback import catch_up
from emulator.arm.models import Deployment
from emulator.arm.state import CloudState
from tests.emulator.arm.governance.asking import as_stranger, assign
from tests.emulator.arm.running import GROUP_PATH, SUBSCRIPTION_SCHEMA, Arm, failing, resource, template

DEPLOYMENTS = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments"
BAD = template(failing("Not_Valid"), resource("half-done"))
LAST, SPECIFIC = {"type": "LastSuccessful"}, {"type": "SpecificDeployment", "deploymentName": "first"}


async def rolled_back(arm: Arm, deployment: dict[str, Any]) -> dict[str, Any]:
    """The failed deployment once its rollback has ended."""
    while deployment["properties"]["onErrorDeployment"].get("provisioningState") in (None, "Running"):
        _, deployment = await arm.request("GET", deployment["id"])
    return deployment


@pytest.mark.parametrize(("on_error", "kept"), [(LAST, "two"), (SPECIFIC, "one")])
async def test_the_named_deployment_is_run_again(arm: Arm, on_error: dict[str, str], kept: str) -> None:
    secret = {"secret": {"type": "securestring"}}
    await arm.deploy(template(resource("one", tags={"from": "[parameters('secret')]"}), parameters=secret),
                     name="first", parameters={"secret": "s1"})  # fmt: skip
    await arm.deploy(template(resource("two")), name="second")

    failed = await rolled_back(arm, await arm.deploy(BAD, onErrorDeployment=on_error))

    name = "second" if on_error is LAST else "first"
    assert failed["properties"]["provisioningState"] == "Failed"
    assert failed["properties"]["onErrorDeployment"] == {
        "type": on_error["type"],
        "deploymentName": name,
        "provisioningState": "Succeeded",
    }
    _, again = await arm.request("GET", f"{DEPLOYMENTS}/{name}")
    assert again["properties"]["mode"] == "Complete"
    assert again["properties"]["correlationId"] == failed["properties"]["correlationId"]
    _, answer = await arm.request("GET", f"{GROUP_PATH}/resources")
    assert [entry["name"] for entry in answer["value"]] == [kept]


async def test_nothing_is_rolled_back_after_a_success(arm: Arm) -> None:
    await arm.deploy(template(resource("one")), name="first")

    deployment = await arm.deploy(template(resource("two")), onErrorDeployment=LAST)

    assert deployment["properties"]["onErrorDeployment"] == {"type": "LastSuccessful", "deploymentName": "first"}
    _, answer = await arm.request("GET", f"{GROUP_PATH}/resources")
    assert [entry["name"] for entry in answer["value"]] == ["one", "two"]


@pytest.mark.parametrize(
    ("on_error", "status", "code"),
    [
        (LAST, 404, "DeploymentNotFound"),
        ({"type": "SpecificDeployment", "deploymentName": "absent"}, 404, "DeploymentNotFound"),
        ({"type": "SpecificDeployment", "deploymentName": "failed"}, 400, "InvalidDeployment"),
        ({"type": "SpecificDeployment"}, 400, "InvalidRequestContent"),
        ({"type": "Something"}, 400, "InvalidRequestContent"),
        ([], 400, "InvalidRequestContent"),
    ],
)
async def test_what_cannot_be_run_again_is_refused(arm: Arm, on_error: object, status: int, code: str) -> None:
    await arm.deploy(BAD, name="failed")

    body = {"properties": {"mode": "Incremental", "template": template(), "onErrorDeployment": on_error}}
    found, answer = await arm.request("PUT", f"{DEPLOYMENTS}/main", body)

    assert (found, answer["error"]["code"]) == (status, code)


async def test_only_a_group_knows_it(arm: Arm) -> None:
    path = "/".join(DEPLOYMENTS.split("/")[:3]) + "/providers/Microsoft.Resources/deployments/main"
    content = template() | {"$schema": SUBSCRIPTION_SCHEMA}

    properties = {"mode": "Incremental", "template": content, "onErrorDeployment": LAST}
    status, answer = await arm.request("PUT", path, {"location": "eastus2", "properties": properties})

    assert (status, answer["error"]["code"]) == (400, "InvalidDeployment")


async def test_a_rollback_does_what_the_one_may_do_whose_deployment_failed(arm: Arm) -> None:
    await arm.deploy(template(resource("one")), name="first")
    assert (await arm.request("DELETE", f"{GROUP_PATH}/providers/Microsoft.Contoso/things/one"))[0] == 200
    await assign(arm, "Website Contributor", GROUP_PATH)
    broken = template(resource("site", "Microsoft.Web/sites", properties={"serverFarmId": "/nowhere"}))
    body = {"properties": {"mode": "Incremental", "template": broken, "onErrorDeployment": LAST}}

    status, answer = await arm.request("PUT", f"{DEPLOYMENTS}/main", body, **as_stranger(arm))
    assert status == 201, answer
    await rolled_back(arm, await arm.ended(f"{DEPLOYMENTS}/main"))

    again = await arm.ended(f"{DEPLOYMENTS}/first")
    assert [detail["code"] for detail in again["properties"]["error"]["details"]] == ["AuthorizationFailed"]


def test_a_rollback_that_was_cancelled_before_arm_died_is_told_after_the_start() -> None:
    state, group = CloudState("t", ("s",)), ResourceId("s", "rg")
    failed = Deployment(group.resource(DEPLOYMENT_TYPE, "bad"), "Incremental", "c", provisioning_state="Failed")
    failed.on_error = {"type": "LastSuccessful", "deploymentName": "good", "provisioningState": "Running"}
    rollback = Deployment(group.resource(DEPLOYMENT_TYPE, "good"), "Complete", "c", rolls_back=failed.status_id)
    rollback.enter("Canceled")
    for deployment in (failed, rollback):
        state.put_deployment(deployment)

    catch_up(state)

    assert failed.on_error["provisioningState"] == "Canceled"
