"""Stopping what ARM works on, with all that it links to: on the whole app, with resources that are never made."""

from collections.abc import Iterator
from typing import Any

import pytest

from emulator.stack import Stack
from tests.end_to_end.bundles import SCHEMA, manifest, template, workspace
from tests.end_to_end.client import SUBSCRIPTION, Caller, zipped
from tests.end_to_end.hindrances import HELD, hindered
from tests.end_to_end.snapshots import arm_call
from tests.waiting import wait_until

KEEPING = {"force": True, "rollbackOnFailure": False, "retryPolicy": {"maxAttempts": 1, "firstIntervalSeconds": 0.2}}


@pytest.fixture
def caller(stack: Stack) -> Iterator[Caller]:
    """A caller of an app in whose ARM the workspaces that end in `-held` never get made."""
    with hindered(stack, HELD):
        yield Caller(stack)


def nested(name: str, *resources: dict[str, Any]) -> dict[str, Any]:
    """A deployment inside of a template."""
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": name,
        "properties": {
            "mode": "Incremental",
            "template": {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": list(resources)},
        },
    }


def linked_bundle(project: str) -> bytes:
    """One quick template, and one whose deployment has two under it, one below the other; then one after that."""
    inner = nested(f"inner-{project}", workspace(f"log-{project}-held"))
    items = [
        {"name": "quick", "path": "quick.json"},
        {"name": "linked", "path": "linked.json"},
        {"name": "after", "path": "quick.json", "dependsOn": ["linked"]},
    ]
    files = {
        "quick.json": template([workspace(f"log-{project}")]),
        "linked.json": template([nested(f"outer-{project}", inner)]),
    }
    return zipped({"manifest.json": manifest(project, items), **files})


def in_arm(stack: Stack, project: str) -> dict[str, str]:
    """The provisioning states of all deployments in the project's resource group, by name."""
    path = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-{project}/providers/Microsoft.Resources/deployments/"
    return {one["name"]: one["properties"]["provisioningState"] for one in arm_call(stack, "GET", path)["value"]}


def is_held(stack: Stack, project: str) -> bool:
    return in_arm(stack, project).get(f"inner-{project}") in ("Accepted", "Running")


def test_a_cancellation_reaches_every_linked_deployment(stack, caller):
    deployment = caller.start(linked_bundle("cancel-linked"), deploymentId="cancel-linked-1", options=KEEPING)
    wait_until(lambda: statuses(caller, deployment).get("quick") == "succeeded")
    wait_until(lambda: is_held(stack, "cancel-linked"))

    answer = caller.session.post(f"{caller.api}/deployments/{deployment}/cancel", json={}, timeout=30)
    state = caller.ended(deployment)

    states = in_arm(stack, "cancel-linked")
    assert answer.status_code == 202
    assert state["status"] == "cancelled"
    assert ": 1 of 3 templates deployed, 1 cancelled, 1 not started." in state["message"]
    assert statuses(caller, deployment) == {"quick": "succeeded", "linked": "cancelled", "after": "skipped"}
    assert set(states.values()) == {"Succeeded", "Canceled"}
    assert {name for name, told in states.items() if told == "Canceled"} >= {
        "outer-cancel-linked",
        "inner-cancel-linked",
    }


def statuses(caller: Caller, deployment: str) -> dict[str, str]:
    return {found["name"]: found["status"] for found in caller.state(deployment).get("templates", [])}


def test_a_deployment_whose_time_is_over_is_stopped_and_has_failed(stack, caller):
    deployment = caller.start(linked_bundle("over-time"), options={**KEEPING, "timeout": 0.1})
    state = caller.ended(deployment)

    assert state["status"] == "failed"
    assert state["failures"][0]["code"] == "DeploymentTimedOut"
    assert state["stop"]["reason"] == "timedOut"
    assert state["stop"]["at"] >= state["deadline"]
    assert statuses(caller, deployment) == {"quick": "succeeded", "linked": "cancelled", "after": "skipped"}
    assert set(in_arm(stack, "over-time").values()) == {"Succeeded", "Canceled"}


def test_a_failure_cancels_the_rest_when_that_is_asked_for(stack, caller):
    bad = {**workspace("x"), "type": "Microsoft.Storage/storageAccounts", "name": "[concat('No', '-good')]"}
    items = [{"name": "held", "path": "held.json"}, {"name": "bad", "path": "bad.json"}]
    files = {"held.json": template([workspace("log-rest-held")]), "bad.json": template([bad])}
    bundle = zipped({"manifest.json": manifest("rest", items), **files})

    deployment = caller.start(bundle, options={**KEEPING, "cancelOnFailure": True})
    state = caller.ended(deployment)

    assert state["status"] == "failed"
    assert statuses(caller, deployment) == {"held": "cancelled", "bad": "failed"}
    assert set(in_arm(stack, "rest").values()) <= {"Failed", "Canceled"}
