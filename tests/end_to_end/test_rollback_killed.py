"""The host is killed in the middle of rollbacks, at seeded moments: everything ends as it was all the same."""

import random
import time
from collections.abc import Iterator

import pytest

from emulator.stack import Stack
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import Caller, zipped
from tests.end_to_end.evidence import accepted_attempts
from tests.end_to_end.hindrances import broken, hindered
from tests.end_to_end.snapshots import arm_snapshot, differences
from tests.waiting import wait_until

pytestmark = pytest.mark.long

MOMENTS = 4
SEED = 20261129
QUICKLY = {"force": True, "retryPolicy": {"maxAttempts": 1, "firstIntervalSeconds": 0.3}}


@pytest.fixture
def caller(stack: Stack) -> Iterator[Caller]:
    """The API, while whatever is called broken-… can't be made."""
    with hindered(stack, broken("broken-*")):
        yield Caller(stack)


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
def test_killed_in_the_middle_of_a_rollback_everything_is_as_it_was_and_nothing_is_put_twice(stack, caller, figures):
    caller.ended(caller.start(bundle("killed-base", "1")))
    begin_rollback(caller, "killed-base")
    began = time.monotonic()
    assert caller.ended("killed-base-2")["status"] == "rolledBack"
    usual = time.monotonic() - began

    for number in range(MOMENTS):
        project = f"killed-{number}"
        assert caller.ended(caller.start(bundle(project, "1")))["status"] == "completed"
        before = arm_snapshot(stack, project)
        begin_rollback(caller, project)
        due = time.monotonic() + (number + random.Random(SEED + number).random()) / MOMENTS * usual
        wait_until(lambda due=due: time.monotonic() >= due)
        stack.kill_host()
        stack.start_host()

        state = caller.ended(f"{project}-2")

        assert state["status"] == "rolledBack", (number, state["message"], state["rollback"])
        assert differences(before, arm_snapshot(stack, project)) == []
        assert len(state["rollback"]["deleted"]) == 2
    again = {
        name: count
        for (name, _), count in accepted_attempts(stack.state).items()
        if name.endswith("-2.r1") and ".killed-" in name
    }
    assert len(again) == 2 * (MOMENTS + 1)
    assert set(again.values()) == {1}
    figures(f"{MOMENTS} kills in rollbacks of {usual:.1f} s, all of which put everything back")
