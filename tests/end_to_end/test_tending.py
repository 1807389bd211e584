"""The timer, on the whole app: what a dead orchestration has left in Azure is undone, and its turn goes to the next.

An operator terminates the orchestrations: nobody tells a terminated one, and nothing of it runs again.
"""

import sqlite3
from collections.abc import Iterator

import pytest
import requests

from emulator.faults.model import FaultFile, read_rule
from emulator.stack import Stack
from tests.end_to_end.bundles import graph_bundle
from tests.end_to_end.client import Caller
from tests.end_to_end.snapshots import arm_snapshot
from tests.waiting import wait_until

TWO_TICKS = 200
"""Seconds within which the timer, which comes every minute and leaves alone what has changed in the last, has come."""


@pytest.fixture
def caller(stack: Stack) -> Iterator[Caller]:
    """The API, while no workspace whose name ends in `-held` ever gets made."""
    match = {"operation": "CreateResource", "name": "*-held"}
    rule = {"id": "held", "service": "arm", "fault": "stuck", "match": match}
    stack.faults.load(FaultFile(seed=1, rules=(read_rule(rule),)))
    yield Caller(stack)
    stack.faults.clear()


def terminate(stack: Stack, instance_id: str) -> None:
    """End an orchestration as an operator does in the portal."""
    with sqlite3.connect(stack.state / "host.sqlite") as connection:
        (key,) = connection.execute("select value from facts where name = 'durable key'").fetchone()
    path = f"{stack.host_url}/runtime/webhooks/durabletask/instances/{instance_id}/terminate"
    answer = requests.post(path, params={"reason": "it hangs", "code": key}, timeout=30)
    assert answer.status_code == 202, answer.text


@pytest.mark.timeout(TWO_TICKS + 120)
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
    wait_until(lambda: caller.get(f"deployments/{dead}").status_code == 200, seconds=TWO_TICKS)
    state, after = caller.state(dead), arm_snapshot(stack, "tended")
    last = caller.ended(waiting)

    assert state["status"] == "rolledBack", (state["message"], state["rollback"])
    assert state["failures"][0]["code"] == "OrchestrationEnded"
    assert after == before
    assert last["status"] == "completed"
    assert last["rollback"]["previousDeploymentId"] == base
