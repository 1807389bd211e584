"""`python -m emulator look`: what there is, from the subscription down to the operations of one deployment."""

from typing import Any

import pytest
import requests

from emulator.running import RunningEmulator
from emulator.stack import SUBSCRIPTION, Stack
from tests.emulator.arm.running import failing, resource, template
from tests.emulator.commands.running import Run
from tests.waiting import wait_until

SCOPE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-look"
DEPLOYMENT = f"{SCOPE}/providers/Microsoft.Resources/deployments/main"
OUTPUTS = {"colour": {"type": "string", "value": "[[red]"}}


@pytest.fixture(scope="module")
def looked_at(small_stack: Stack) -> str:
    """The state folder of a stack with the group rg-look, a deployment in it that failed, and one that did not."""
    emulator = RunningEmulator.find(small_stack.state)

    def ask(method: str, path: str, body: Any = None) -> Any:
        return requests.request(
            method,
            f"{emulator.arm}{path}?api-version=2021-04-01",
            json=body,
            headers={"Authorization": f"Bearer {emulator.token()}"},
            verify=str(emulator.trust),
            timeout=30,
        ).json()

    ask("PUT", SCOPE, {"location": "eastus2"})
    contents = {"main": template(failing("No")), "good": template(resource("a"), outputs=OUTPUTS)}
    for name, content in contents.items():
        path = DEPLOYMENT.replace("main", name)
        ask("PUT", path, {"properties": {"mode": "Incremental", "template": content}})
        wait_until(lambda path=path: ask("GET", path)["properties"]["provisioningState"] in ("Succeeded", "Failed"))
    return str(small_stack.state)


def test_the_subscription_is_told_with_its_groups_and_their_deployments(run: Run, looked_at: str) -> None:
    code, told, _ = run("look", "--state", looked_at)

    assert code == 0
    assert f"subscription {SUBSCRIPTION}" in told
    assert "rg-look  eastus2  Succeeded" in told
    assert "deployment main  Failed" in told


def test_a_group_is_told_with_what_it_holds(run: Run, looked_at: str) -> None:
    code, told, _ = run("look", "rg-look", "--state", looked_at)

    assert code == 0
    assert [line.split()[:2] for line in told.splitlines() if line.startswith(("rg", "good", "main"))] == [
        ["rg-look", "eastus2"],
        ["good", "Succeeded"],
        ["main", "Failed"],
    ]


def test_a_deployment_is_told_with_its_operations_and_why_it_failed(run: Run, looked_at: str) -> None:
    code, told, _ = run("look", "rg-look", "main", "--state", looked_at)

    assert code == 0
    assert "Create" in told
    assert "InvalidRoleAssignmentId:" in told


def test_outputs_are_told_as_they_are(run: Run, looked_at: str) -> None:
    _, told, _ = run("look", "rg-look", "good", "--state", looked_at)

    assert told.splitlines()[-1] == "colour = [red]"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["rg-gone"], "ResourceGroupNotFound"), (["rg-look", "gone"], "DeploymentNotFound"), (["-", "x"], "Deployment")],
)
def test_what_is_not_there_is_told(run: Run, looked_at: str, arguments: list[str], code: str) -> None:
    status, out, told = run("look", *arguments, "--state", looked_at)

    assert (status, out) == (1, "")
    assert told.startswith(code)
