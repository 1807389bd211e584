"""The host is killed in the middle of deployments, at twenty seeded moments: nothing is lost, nothing is done twice.

ARM and storage stay up, as they would; what they wrote down is the evidence.
"""

import random
import time
from collections.abc import Callable

import pytest

from emulator.stack import Stack, StackOptions
from tests.clouds import CLOUD
from tests.end_to_end.bundles import graph_bundle, manifest, template, workspace
from tests.end_to_end.client import Caller, zipped
from tests.end_to_end.evidence import accepted_attempts, blobs_written
from tests.running import APPROVALS, ROOT
from tests.waiting import wait_until

pytestmark = pytest.mark.long

MOMENTS = 20
KILLS = 5
SEED = 20251124
FORCES = (True, False, True, False)
"""Each kill meets four deployments, each at another moment of its; those without force look ahead first."""


def bundle(project: str) -> bytes:
    """Three tiers and a package, with an output that a later template needs."""
    package = random.Random(project).randbytes(300_000)
    first = template([workspace(f"log-{project}-0")], {"name": {"type": "string", "value": f"log-{project}-2"}})
    last = template([workspace("[parameters('name')]")], parameters={"name": {"type": "string"}})
    items = [
        {"name": "first", "path": "first.json"},
        {"name": "middle", "path": "middle.json", "dependsOn": ["first"]},
        {
            "name": "last",
            "path": "last.json",
            "parameters": {"name": {"output": "first.name"}},
            "dependsOn": ["middle"],
        },
    ]
    packages = [{"name": "data", "path": "packages/data.zip"}]
    return zipped(
        {
            "manifest.json": manifest(project, items, packages=packages),
            "first.json": first,
            "middle.json": template([workspace(f"log-{project}-1")]),
            "last.json": last,
            "packages/data.zip": package,
        }
    )


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory) -> Stack:
    """A stack of this module's own: its host dies many times."""
    options = StackOptions(
        state=tmp_path_factory.mktemp("crash"),
        app_root=ROOT,
        cloud=CLOUD.name,
        scale=0.02,
        extra_settings={
            "ARMATURE_POLL_INTERVAL_SECONDS": "0.2",
            "ARMATURE_RETRY_FIRST_INTERVAL_SECONDS": "0.2",
            **APPROVALS,
        },
    )
    with Stack(options) as running:
        yield running


def struck(caller: Caller, name: str, moments: list[float], strike: Callable[[], None]) -> None:
    """Strike when four deployments are so many seconds old, and see that all of them complete."""
    began = time.monotonic()
    ages = {f"crash-{name}-{number}": moment for number, moment in enumerate(moments)}
    for project, moment in sorted(ages.items(), key=lambda each: -each[1]):
        time.sleep(max(began + max(moments) - moment - time.monotonic(), 0))
        caller.start(bundle(project), deploymentId=project, options={"force": FORCES[int(project[-1])]})
    time.sleep(max(began + max(moments) - time.monotonic(), 0))
    strike()
    for project, moment in ages.items():
        state = caller.ended(project)
        assert state["status"] == "completed", (moment, state)
        assert [item["status"] for item in state["templates"]] == ["succeeded"] * 3
        codes = [event["code"] for event in caller.events(project)]
        assert codes.count("TemplateSucceeded") == 3
        assert codes[-1] == "DeploymentCompleted"


@pytest.mark.timeout(300)
def test_killed_at_twenty_moments_every_deployment_completes_and_nothing_is_done_twice(own_stack, figures):
    caller = Caller(own_stack)
    began = time.monotonic()
    struck(caller, "base", [0.0] * len(FORCES), lambda: None)
    usual = time.monotonic() - began
    moments = [(number + random.Random(SEED + number).random()) / MOMENTS * usual for number in range(MOMENTS)]

    def killed() -> None:
        own_stack.kill_host()
        own_stack.start_host()

    for number in range(KILLS):
        struck(caller, str(number), moments[number::KILLS], killed)

    attempts = accepted_attempts(own_stack.state)
    written = blobs_written(own_stack.state)
    figures(
        f"{KILLS} kills at {MOMENTS} moments of deployments of {usual:.1f} s: {len(attempts)} ARM deployments put, "
        f"{sum(count > 1 for count in attempts.values())} twice; {len(written)} blobs written, "
        f"{sum(count > 1 for count in written.values())} twice"
    )
    assert len(attempts) >= 3 * (MOMENTS + len(FORCES))
    assert {key: count for key, count in attempts.items() if count > 1} == {}
    assert {attempt for _, attempt in attempts} == {"1"}
    assert len(written) >= 3 * (MOMENTS + len(FORCES))  # storage logs no status for an answer that the kill cut off
    assert {blob: count for blob, count in written.items() if count > 1} == {}


def test_killed_while_it_waits_for_approval_and_again_once_it_is_approved_a_deployment_asks_once_and_completes(
    own_stack,
):
    caller = Caller(own_stack)
    deployment = caller.start(graph_bundle("protected-crash", {"a": []}), deploymentId="protected-crash")
    wait_until(lambda: caller.state(deployment)["status"] == "awaitingApproval")
    asked = caller.state(deployment)["approval"]

    own_stack.kill_host()
    own_stack.start_host()
    body = {"approvalId": asked["approvalId"]}
    answer = caller.session.post(f"{caller.api}/deployments/{deployment}/approve", json=body, timeout=30)
    own_stack.kill_host()
    own_stack.start_host()
    state = caller.ended(deployment)

    codes = [event["code"] for event in caller.events(deployment)]
    assert answer.status_code == 202
    assert state["status"] == "completed"
    assert (state["approval"]["number"], state["approval"]["deadline"]) == (1, asked["deadline"])
    assert (codes.count("ApprovalAsked"), codes.count("ApprovalGiven")) == (1, 1)
