"""What is deployed into a protected target waits for a person: asked, told, approved, rejected, or given up in time."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from armature.cli.exits import ExitCode
from emulator.foundation import machine_environment
from emulator.stack import Stack
from tests.end_to_end.bundles import graph_bundle
from tests.end_to_end.client import Caller
from tests.end_to_end.receiver import receiver
from tests.end_to_end.snapshots import arm_call
from tests.running import ROOT, services_of
from tests.waiting import wait_until


@pytest.fixture
def caller(stack: Stack) -> Caller:
    return Caller(stack)


def asked(caller: Caller, project: str, **request) -> tuple[str, dict]:
    """A deployment into a protected resource group, once it waits for approval."""
    bundle = graph_bundle(project, {"a": []})
    deployment_id = caller.start(bundle, deploymentId=f"{project}-1", **request)
    wait_until(lambda: caller.state(deployment_id)["status"] == "awaitingApproval")
    return deployment_id, caller.state(deployment_id)["approval"]


def decide(caller: Caller, verdict: str, deployment_id: str, approval_id: str, comment: str = ""):
    body = {"approvalId": approval_id, "comment": comment}
    return caller.session.post(f"{caller.api}/deployments/{deployment_id}/{verdict}", json=body, timeout=30)


def types(stack: Stack, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("armature")), *words]
    environment = machine_environment() | stack.client_settings
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100, check=False)


def codes(caller: Caller, deployment_id: str) -> list[str]:
    return [event["code"] for event in caller.events(deployment_id)]


def has_group(stack: Stack, project: str) -> bool:
    groups = arm_call(stack, "GET", f"/subscriptions/{stack.options.subscriptions[0]}/resourceGroups")["value"]
    return any(group["name"] == f"rg-{project}" for group in groups)


def test_a_protected_target_is_deployed_to_once_somebody_has_approved_by_the_command_line(stack, caller):
    with receiver(stack.foundation.certificates, refusals=1) as told:
        deployment_id, approval = asked(caller, "protected-yes", notificationUrl=told.url)
        shown = types(stack, "status", deployment_id)
        nobody = types(stack, "approve", deployment_id)
        touched_before = has_group(stack, "protected-yes")

        approved = types(stack, "approve", deployment_id, "--yes", "--comment", "reviewed")

        state = caller.ended(deployment_id)
        wait_until(lambda: len(told.notices) == 3)
    assert not touched_before
    assert f"armature approve {deployment_id}" in shown.stdout
    assert "The target is protected, or holds what is: /subscriptions/" in shown.stdout
    assert nobody.returncode == ExitCode.USAGE
    assert approved.returncode == ExitCode.COMPLETED, approved.stderr
    assert state["status"] == "completed"
    assert (state["approval"]["status"], state["approval"]["comment"]) == ("approved", "reviewed")
    assert state["approval"]["reasons"] == ["protected"]
    assert {"ApprovalAsked", "ApprovalGiven"} <= set(codes(caller, deployment_id))
    assert not told.faults
    assert sorted(told.kinds()) == ["approvalAsked", "approvalDecided", "deploymentEnded"]
    notice = next(found for found in told.notices if found["kind"] == "approvalAsked")
    assert notice["approval"]["approvalId"] == approval["approvalId"]
    assert notice["status"] == "awaitingApproval"


def test_what_is_rejected_touches_nothing_and_asks_anew_when_it_is_resumed(stack, caller):
    deployment_id, approval = asked(caller, "protected-no")
    first = approval["approvalId"]

    outdated = decide(caller, "approve", deployment_id, "0" * 16)
    rejected = decide(caller, "reject", deployment_id, first, "not today")
    state = caller.ended(deployment_id)
    too_late = decide(caller, "approve", deployment_id, first)
    resumed = types(stack, "resume", deployment_id, "--no-wait")
    wait_until(lambda: caller.state(deployment_id)["status"] == "awaitingApproval")
    second = caller.state(deployment_id)["approval"]
    replayed = decide(caller, "approve", deployment_id, first)
    approved = decide(caller, "approve", deployment_id, second["approvalId"])
    end = caller.ended(deployment_id)

    assert (outdated.status_code, outdated.json()["type"].rpartition("/")[2]) == (409, "approval-outdated")
    assert rejected.status_code == 202
    assert state["status"] == "cancelled"
    assert state["message"] == 'Rejected: "not today"; nothing was touched.'
    assert state["stop"]["reason"] == "rejected"
    assert (too_late.status_code, too_late.json()["type"].rpartition("/")[2]) == (409, "already-decided")
    assert resumed.returncode == 0
    assert (second["number"], second["status"]) == (2, "waiting")
    assert (replayed.status_code, replayed.json()["type"].rpartition("/")[2]) == (409, "approval-outdated")
    assert approved.status_code == 202
    assert end["status"] == "completed"


def test_what_nobody_decides_on_is_cancelled_when_its_time_is_over(stack, caller):
    deployment_id, _ = asked(caller, "protected-late")
    now = datetime.now(UTC)

    with services_of(stack.app_settings) as app:  # its deadline is moved to now: by itself it is a day away
        app.deployments.update_state(
            deployment_id,
            lambda state: state.model_copy(
                update={"approval": state.approval and state.approval.model_copy(update={"deadline": now})}
            ),
        )
    state = caller.ended(deployment_id)

    assert state["status"] == "cancelled"
    assert state["approval"]["status"] == "expired"
    assert state["stop"]["reason"] == "notApproved"
    assert "ApprovalExpired" in codes(caller, deployment_id)
    assert not has_group(stack, "protected-late")


def test_a_deployment_that_waits_for_approval_can_be_cancelled(caller):
    deployment_id, approval = asked(caller, "protected-stop")

    cancelled = caller.session.post(f"{caller.api}/deployments/{deployment_id}/cancel", json={}, timeout=30)
    state = caller.ended(deployment_id)
    late = decide(caller, "approve", deployment_id, approval["approvalId"])

    assert cancelled.status_code == 202
    assert (state["status"], state["approval"]["status"]) == ("cancelled", "withdrawn")
    assert (late.status_code, late.json()["type"].rpartition("/")[2]) == (409, "not-running")
