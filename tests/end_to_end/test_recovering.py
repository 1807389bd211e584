"""What stands in the way of a template is cleared, or visibly waited for: on the whole app."""

from collections.abc import Iterator
from typing import Any

import pytest

from emulator.stack import Stack
from tests.clouds import LOCATION
from tests.end_to_end.bundles import SCHEMA, graph_bundle, manifest, template, workspace
from tests.end_to_end.client import SUBSCRIPTION, Caller, zipped
from tests.end_to_end.hindrances import HELD, hindered
from tests.end_to_end.snapshots import arm_call
from tests.waiting import wait_until

QUICKLY = {"force": True, "rollbackOnFailure": False, "retryPolicy": {"maxAttempts": 1, "firstIntervalSeconds": 0.2}}


@pytest.fixture
def caller(stack: Stack) -> Iterator[Caller]:
    """A caller of an app in whose ARM the workspaces that end in `-held` never get made."""
    with hindered(stack, HELD):
        yield Caller(stack)


def group(project: str) -> str:
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-{project}"


def started_by_somebody(stack: Stack, project: str, name: str) -> str:
    """A deployment that is not Armature's and does not end; answers its path."""
    arm_call(stack, "PUT", group(project), body={"location": LOCATION})
    path = f"{group(project)}/providers/Microsoft.Resources/deployments/{name}"
    held = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": [workspace(f"log-{project}-held")]}
    arm_call(stack, "PUT", path, body={"properties": {"mode": "Incremental", "template": held}})
    return path


def shown(caller: Caller, deployment: str) -> dict[str, Any]:
    """The first template of the state; empty while the state has none."""
    return next(iter(caller.state(deployment).get("templates", [])), {})


def codes(caller: Caller, deployment: str) -> list[str]:
    return [event["code"] for event in caller.events(deployment)]


def test_a_provider_that_is_not_registered_is_registered_without_using_up_an_attempt(stack, caller):
    namespace = "Microsoft.Cdn"
    record = f"/emulator/records/unregistered/{SUBSCRIPTION}/{namespace}"
    arm_call(stack, "PUT", record, body={})
    profile = {
        "type": f"{namespace}/profiles",
        "apiVersion": "2024-02-01",
        "name": "cdn-recovering",
        "location": "global",
        "sku": {"name": "Standard_AzureFrontDoor"},
        "properties": {},
    }
    files = {"a.json": template([profile])}
    bundle = zipped({"manifest.json": manifest("recovering-provider", [{"name": "a", "path": "a.json"}]), **files})

    deployment = caller.start(bundle, options=QUICKLY)
    state = caller.ended(deployment)

    assert state["status"] == "completed", state["failures"]
    assert state["templates"][0]["attempt"] == 1
    assert state["templates"][0]["starts"] > 1
    assert "ProviderRegistered" in codes(caller, deployment)


def test_a_deployment_of_the_same_name_is_waited_for_visibly_and_then_the_template_is_deployed(stack, caller):
    deployment_id = "recovering-active-1"
    theirs = started_by_somebody(stack, "recovering-active", f"a.{deployment_id}")

    caller.start(graph_bundle("recovering-active", {"a": []}), deploymentId=deployment_id, options=QUICKLY)
    seen: list[dict[str, Any]] = []  # each look again is a start for a moment, so what is looked at is one reading
    wait_until(lambda: seen.append(shown(caller, deployment_id)) or seen[-1].get("status") == "retrying")
    waiting = seen[-1]
    arm_call(stack, "POST", f"{theirs}/cancel")
    state = caller.ended(deployment_id)

    assert (waiting["waitingFor"], waiting["failure"]["code"]) == ("what somebody else is doing", "DeploymentActive")
    assert "which somebody else has started" in waiting["failure"]["message"]
    assert waiting["nextAttemptAt"]
    assert state["status"] == "completed", state["failures"]
    assert state["templates"][0]["attempt"] == 1


def test_a_deployment_of_somebody_else_is_told_and_stops_nothing(stack, caller):
    theirs = started_by_somebody(stack, "recovering-foreign", "somebody-elses")

    deployment = caller.start(graph_bundle("recovering-foreign", {"a": []}), options=QUICKLY)
    state = caller.ended(deployment)
    told = arm_call(stack, "GET", theirs)["properties"]["provisioningState"]

    assert state["status"] == "completed"
    assert [warning["code"] for warning in state["warnings"]] == ["ForeignDeployment"]
    assert "somebody-elses" in state["warnings"][0]["message"]
    assert codes(caller, deployment).count("ForeignDeployment") == 1
    assert told in ("Accepted", "Running")
    arm_call(stack, "POST", f"{theirs}/cancel")


def test_what_is_waited_for_can_be_cancelled(stack, caller):
    deployment_id = "recovering-cancel-1"
    theirs = started_by_somebody(stack, "recovering-cancel", f"a.{deployment_id}")
    caller.start(graph_bundle("recovering-cancel", {"a": []}), deploymentId=deployment_id, options=QUICKLY)
    wait_until(lambda: shown(caller, deployment_id).get("status") == "retrying")

    caller.session.post(f"{caller.api}/deployments/{deployment_id}/cancel", json={}, timeout=30)
    state = caller.ended(deployment_id)

    assert (state["status"], state["templates"][0]["status"]) == ("cancelled", "cancelled")
    assert arm_call(stack, "GET", theirs)["properties"]["provisioningState"] in ("Accepted", "Running")
    arm_call(stack, "POST", f"{theirs}/cancel")
