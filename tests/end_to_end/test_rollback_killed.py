"""The host is killed in the middle of rollbacks, at seeded moments: everything ends as it was all the same."""

import random
import time

import pytest

from emulator.faults.model import FaultFile, read_rule
from emulator.stack import Stack, StackOptions
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import Caller, zipped
from tests.end_to_end.evidence import accepted_attempts
from tests.end_to_end.snapshots import arm_snapshot, differences
from tests.running import ROOT
from tests.waiting import wait_until

MOMENTS = 6
SEED = 20261129
QUICKLY = {"retryPolicy": {"maxAttempts": 1, "firstIntervalSeconds": 0.3}}


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory) -> Stack:
    """A stack of this module's own, whose host dies many times, and where whatever is called broken-… can't be made."""
    refused = {"code": "WorkspaceRefused", "message": "The workspace can't be made.", "status": 400}
    match = {"operation": "CreateResource", "name": "broken-*"}
    rule = {"id": "broken", "service": "arm", "fault": "provisioningFailure", "match": match, "parameters": refused}
    options = StackOptions(
        state=tmp_path_factory.mktemp("killed"),
        app_root=ROOT,
        scale=0.02,
        extra_settings={"ARMATURE_POLL_INTERVAL_SECONDS": "0.2"},
        faults=FaultFile(seed=1, rules=(read_rule(rule),)),
    )
    with Stack(options) as running:
        yield running


def bundle(project: str, version: str) -> bytes:
    """Two templates; the second version changes one resource, adds two, and fails."""
    first = [{**workspace(f"log-{project}-a"), "tags": {"version": version}}]
    second = [{**workspace(f"log-{project}-b"), "tags": {"version": version}}]
    if version != "1":
        first.append(workspace(f"log-{project}-new"))
        second += [workspace(f"log-{project}-more"), workspace(f"broken-{project}")]
    items = [{"name": "a", "path": "a.json"}, {"name": "b", "path": "b.json", "dependsOn": ["a"]}]
    return zipped({"manifest.json": manifest(project, items), "a.json": template(first), "b.json": template(second)})


def begin_rollback(caller: Caller, project: str) -> None:
    """Start the second version, which fails; return when it is being rolled back."""
    deployment = caller.start(bundle(project, "2"), deploymentId=f"{project}-2", options=QUICKLY)
    wait_until(lambda: caller.state(deployment)["status"] == "rollingBack")


@pytest.mark.timeout(300)
def test_killed_in_the_middle_of_a_rollback_everything_is_as_it_was_and_nothing_is_put_twice(own_stack, figures):
    caller = Caller(own_stack)
    caller.ended(caller.start(bundle("killed-base", "1")))
    begin_rollback(caller, "killed-base")
    began = time.monotonic()
    assert caller.ended("killed-base-2")["status"] == "rolledBack"
    usual = time.monotonic() - began

    for number in range(MOMENTS):
        project = f"killed-{number}"
        assert caller.ended(caller.start(bundle(project, "1")))["status"] == "completed"
        before = arm_snapshot(own_stack, project)
        begin_rollback(caller, project)
        due = time.monotonic() + (number + random.Random(SEED + number).random()) / MOMENTS * usual
        while time.monotonic() < due:
            time.sleep(0.01)
        own_stack.kill_host()
        own_stack.start_host()

        state = caller.ended(f"{project}-2")

        assert state["status"] == "rolledBack", (number, state["message"], state["rollback"])
        assert differences(before, arm_snapshot(own_stack, project)) == []
        assert len(state["rollback"]["deleted"]) == 2
    again = {name: count for (name, _), count in accepted_attempts(own_stack.state).items() if name.endswith(".r1")}
    assert len(again) == 2 * (MOMENTS + 1)
    assert set(again.values()) == {1}
    figures(f"{MOMENTS} kills in rollbacks of {usual:.1f} s, all of which put everything back")
