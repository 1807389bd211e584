"""The timer, on the whole app: what a dead orchestration has left in Azure is undone, and its turn goes to the next.

An operator terminates the orchestrations: nobody tells a terminated one, and nothing of it runs again.
"""

import sqlite3
from collections.abc import Iterator

import pytest
import requests

from armature.state import DeploymentState
from emulator.stack import Stack
from tests.end_to_end.bundles import graph_bundle
from tests.end_to_end.client import Caller
from tests.end_to_end.hindrances import HELD, hindered
from tests.end_to_end.snapshots import arm_snapshot
from tests.running import services_of
from tests.waiting import wait_until
from triggers.timer import GRACE

pytestmark = pytest.mark.long

A_TICK = 100
"""Seconds within which the timer, which comes every minute, has come and done its work."""


@pytest.fixture
def caller(stack: Stack) -> Iterator[Caller]:
    """The API, while no workspace whose name ends in `-held` ever gets made."""
    with hindered(stack, HELD):
        yield Caller(stack)


def terminate(stack: Stack, instance_id: str) -> None:
    """End an orchestration as an operator does in the portal."""
    with sqlite3.connect(stack.state / "host.sqlite") as connection:
        (key,) = connection.execute("select value from facts where name = 'durable key'").fetchone()
    path = f"{stack.host_url}/runtime/webhooks/durabletask/instances/{instance_id}/terminate"
    answer = requests.post(path, params={"reason": "it hangs", "code": key}, timeout=30)
    assert answer.status_code == 202, answer.text


def let_age(stack: Stack, deployment_id: str) -> None:
    """Make the last change of a state so old that the timer does not take its deployment for one that goes on."""

    def aged(state: DeploymentState) -> DeploymentState:
        return state.model_copy(update={"updated_at": state.updated_at - GRACE})

    with services_of(stack.app_settings) as app:
        app.deployments.update_state(deployment_id, aged)


@pytest.mark.timeout(A_TICK + 120)
def test_what_a_terminated_deployment_has_begun_is_undone_and_the_next_one_gets_its_turn(stack, caller):
    base = caller.start(graph_bundle("tended", {"kept": []}), deploymentId="tended-1")
    assert caller.ended(base)["status"] == "completed"
    before = arm_snapshot(stack, "tended")
    dead = caller.start(graph_bundle("tended", {"kept": [], "new": ["kept"], "held": ["new"]}), deploymentId="tended-2")
    wait_until(lambda: [t["status"] for t in caller.state(dead).get("templates", [])][2:] == ["running"])
    waiting = caller.start(graph_bundle("tended", {"kept": []}), deploymentId="tended-3")
    wait_until(lambda: caller.state(waiting)["status"] == "queued")

    for part in ("", ":rollout"):
        terminate(stack, f"{dead}{part}")
    let_age(stack, dead)
    wait_until(lambda: caller.get(f"deployments/{dead}").status_code == 200, seconds=A_TICK)
    state, after = caller.state(dead), arm_snapshot(stack, "tended")
    last = caller.ended(waiting)

    assert state["status"] == "rolledBack", (state["message"], state["rollback"])
    assert state["failures"][0]["code"] == "OrchestrationEnded"
    assert after == before
    assert last["status"] == "completed"
    assert last["rollback"]["previousDeploymentId"] == base
