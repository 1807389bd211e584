"""Cancel, resume, turns and broken locks: on the whole app, with deployments that are held in the middle."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
import requests

from armature.control import CancelRequest
from emulator.stack import Stack
from tests.end_to_end.bundles import graph_bundle
from tests.end_to_end.client import SUBSCRIPTION, Caller
from tests.end_to_end.evidence import accepted_attempts
from tests.end_to_end.hindrances import HELD, broken, hindered
from tests.end_to_end.queues import Queue, collected
from tests.end_to_end.snapshots import arm_call, arm_snapshot
from tests.running import services_of
from tests.waiting import wait_until

KEEPING = {"force": True, "rollbackOnFailure": False, "retryPolicy": {"maxAttempts": 1, "firstIntervalSeconds": 0.2}}


class Held:
    """The app, in which the workspaces that end in `-held` never get made, and those in `-broken` can't be."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.caller = Caller(stack)

    def start(self, project: str, name: str, *templates: str, options: dict[str, Any] | None = None) -> str:
        """Start a deployment of these templates, one after the other, and answer its id."""
        edges = {template: list(templates[:number])[-1:] for number, template in enumerate(templates)}
        bundle = graph_bundle(project, edges)
        return self.caller.start(bundle, deploymentId=name, options={**KEEPING, **(options or {})})

    def hold(self, project: str, name: str, **options: Any) -> str:
        """Start a deployment whose only template is in flight, and stays so."""
        deployment_id = self.start(project, name, "held", options=options)
        wait_until(lambda: self.template(deployment_id, "held").get("status") == "running")
        return deployment_id

    def ask(self, deployment_id: str, action: str, **body: Any) -> requests.Response:
        return self.caller.session.post(
            f"{self.caller.api}/deployments/{deployment_id}/{action}", json=body, timeout=30
        )

    def template(self, deployment_id: str, name: str) -> dict[str, Any]:
        """A template of the state; empty while the state has none."""
        found = self.caller.state(deployment_id).get("templates", [])
        return next((template for template in found if template["name"] == name), {})

    def is_queued_behind(self, deployment_id: str, holder: str) -> bool:
        state = self.caller.state(deployment_id)
        return bool(state["status"] == "queued" and state["lineage"].get("holder") == holder)

    def running_in_arm(self, project: str) -> list[str]:
        """The deployments of a project that ARM works on."""
        path = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-{project}/providers/Microsoft.Resources/deployments"
        told = arm_call(self.stack, "GET", f"{path}/")["value"]
        states = {one["name"]: one["properties"]["provisioningState"] for one in told}
        return [name for name, state in states.items() if state not in ("Succeeded", "Failed", "Canceled")]

    def lock(self, deployment_id: str) -> dict[str, Any]:
        """The lock of a deployment's lineage, as the list shows it."""
        key = self.caller.state(deployment_id)["lineage"]["key"]
        locks = self.caller.get("locks").json()["value"]
        return next((lock for lock in locks if lock["lineageKey"] == key), {})


@pytest.fixture
def held(stack: Stack) -> Iterator[Held]:
    with hindered(stack, HELD, broken("*-broken")):
        yield Held(stack)


def test_a_deployment_that_is_cancelled_leaves_nothing_running_and_starts_nothing_more(held):
    deployment = held.start("cancel-flight", "cancel-flight-1", "first", "held", "never")
    wait_until(lambda: held.template(deployment, "held").get("status") == "running")

    answer = held.ask(deployment, "cancel", comment="wrong branch")
    state = held.caller.ended(deployment)

    assert answer.status_code == 202
    assert answer.headers["Location"].endswith(f"/deployments/{deployment}")
    assert state["status"] == "cancelled"
    assert [template["status"] for template in state["templates"]] == ["succeeded", "cancelled", "skipped"]
    assert (state["stop"]["reason"], state["stop"]["comment"]) == ("cancelled", "wrong branch")
    assert held.running_in_arm("cancel-flight") == []
    assert held.ask(deployment, "cancel").status_code == 202  # it is cancelled: asking again changes nothing
    assert held.lock(deployment) == {}


def test_a_deployment_that_is_cancelled_with_a_rollback_leaves_everything_as_it_was(held):
    held.caller.ended(held.start("cancel-undone", "cancel-undone-1", "kept"))
    before = arm_snapshot(held.stack, "cancel-undone")
    deployment = held.start("cancel-undone", "cancel-undone-2", "kept", "new", "held")
    wait_until(lambda: held.template(deployment, "held").get("status") == "running")

    held.ask(deployment, "cancel", rollback=True)
    state = held.caller.ended(deployment)

    assert state["status"] == "rolledBack", (state["message"], state["rollback"])
    assert arm_snapshot(held.stack, "cancel-undone") == before
    assert state["rollback"]["previousDeploymentId"] == "cancel-undone-1"


def test_a_queued_deployment_that_is_cancelled_ends_without_its_turn(held):
    holder = held.hold("cancel-queued", "cancel-queued-1")
    waiting = held.start("cancel-queued", "cancel-queued-2", "never")
    wait_until(lambda: held.is_queued_behind(waiting, holder))
    shown = held.lock(holder)

    held.ask(waiting, "cancel")
    state = held.caller.ended(waiting)

    assert state["status"] == "cancelled"
    assert [waiter["deploymentId"] for waiter in shown["queue"]] == [waiting]
    assert held.lock(holder)["queue"] == []
    assert held.caller.state(holder)["status"] == "deploying"
    assert held.ask(waiting, "resume").json()["type"].endswith("/nothing-started")
    held.ask(holder, "cancel")
    held.caller.ended(holder)


@pytest.mark.timeout(240)
def test_deployments_of_one_lineage_are_done_one_at_a_time_in_their_order(held):
    holder = held.hold("control-turns", "control-turns-0")
    others = [held.start("control-turns", f"control-turns-{number}", "one") for number in range(1, 5)]
    for deployment in others:
        wait_until(lambda name=deployment: held.is_queued_behind(name, holder))
    wait_until(lambda: positions_of(held, others) == list(range(1, 5)))
    other_lineage = held.caller.ended(held.start("control-other", "control-other-1", "one"))

    held.ask(holder, "cancel")
    states = [held.caller.ended(deployment) for deployment in (holder, *others)]

    assert other_lineage["status"] == "completed"
    assert [state["status"] for state in states] == ["cancelled", *["completed"] * 4]
    spans = [(turn_of(held, state["deploymentId"]), moment(state["finishedAt"])) for state in states]
    assert spans == sorted(spans)
    assert all(ended <= began for (_, ended), (began, _) in pairwise(spans))


def positions_of(held, deployments) -> list[int]:
    """The places in the queue, as each was told it when it last looked."""
    return sorted(held.caller.state(deployment)["lineage"]["position"] for deployment in deployments)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def turn_of(held: Held, deployment_id: str) -> datetime:
    """When the deployment had its turn."""
    events = held.caller.events(deployment_id)
    (turn,) = [event for event in events if event["message"].startswith("preparing: Preparing the target")]
    return moment(turn["time"])


def test_a_deployment_that_failed_is_resumed_and_only_what_had_not_succeeded_is_done(held):
    deployment = held.start("resumed", "resumed-1", "first", "broken", "last")
    failed = held.caller.ended(deployment)
    held.stack.faults.remove("broken")

    answer = held.ask(deployment, "resume", comment="quota raised")
    state = held.caller.ended(deployment)

    assert (failed["status"], failed["failures"][0]["code"]) == ("failed", "WorkspaceRefused")
    assert answer.status_code == 202
    assert (state["status"], state["run"], state.get("failures", [])) == ("completed", 2, [])
    assert [template["status"] for template in state["templates"]] == ["succeeded"] * 3
    puts = {name.split(".")[0]: count for (name, _), count in attempts_of(held, deployment).items()}
    assert puts["first"] == 1
    assert len([key for key in attempts_of(held, deployment) if key[0].startswith("broken.")]) == 2
    told = [event["message"] for event in held.caller.events(deployment)]
    assert any("quota raised" in message and "had ended as failed" in message for message in told)
    assert held.ask(deployment, "resume").json()["type"].endswith("/not-resumable")


def attempts_of(held: Held, deployment_id: str) -> dict[tuple[str, str], int]:
    return {
        key: count for key, count in accepted_attempts(held.stack.state).items() if key[0].endswith(f".{deployment_id}")
    }


def test_a_cancelled_deployment_is_resumed(held):
    deployment = held.start("resumed-cancel", "resumed-cancel-1", "first", "held", "last")
    wait_until(lambda: held.template(deployment, "held").get("status") == "running")
    held.ask(deployment, "cancel")
    held.caller.ended(deployment)
    held.stack.faults.remove("held")

    held.ask(deployment, "resume")
    state = held.caller.ended(deployment)

    assert (state["status"], state["run"]) == ("completed", 2)
    assert "stop" not in state


def test_a_deployment_is_rolled_back_by_hand_while_it_is_the_latest(held):
    first = held.start("by-hand", "by-hand-1", "kept")
    held.caller.ended(first)
    before = arm_snapshot(held.stack, "by-hand")
    second = held.start("by-hand", "by-hand-2", "kept", "new")
    held.caller.ended(second)

    refused = held.ask(first, "rollback")
    accepted = held.ask(second, "rollback")
    again = held.ask(second, "rollback")
    state = held.caller.ended(second)

    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "not-latest")
    assert [accepted.status_code, again.status_code] == [202, 202]
    assert (state["status"], state["run"], state["purpose"]) == ("rolledBack", 2, "rollBack")
    assert arm_snapshot(held.stack, "by-hand") == before
    assert held.ask(second, "rollback").json()["type"].endswith("/already-rolled-back")


def test_a_broken_lock_stops_its_holder_and_lets_the_next_one_go(held):
    holder = held.hold("broken-lock", "broken-lock-1", rollbackOnFailure=True)
    waiting = held.start("broken-lock", "broken-lock-2", "other")
    wait_until(lambda: held.is_queued_behind(waiting, holder))
    key = held.lock(holder)["lineageKey"]

    answer = held.caller.session.post(
        f"{held.caller.api}/locks/{key}/break", json={"reason": "it hangs, and production waits"}, timeout=30
    )
    broken, done = held.caller.ended(holder), held.caller.ended(waiting)

    assert answer.json() == {"lineageKey": key, "holder": holder}
    assert (broken["status"], broken["failures"][0]["code"]) == ("failed", "LineageLockBroken")
    assert done["status"] == "completed"
    assert held.running_in_arm("broken-lock") == [f"held.{holder}"]  # it touched nothing any more
    (entry,) = held.caller.get(f"locks/{key}/audit").json()["value"]
    assert (entry["holder"], entry["reason"]) == (holder, "it hangs, and production waits")
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-broken-lock"
    arm_call(held.stack, "POST", f"{group}/providers/Microsoft.Resources/deployments/held.{holder}/cancel")


def test_a_message_on_the_queue_acts_as_a_request_does_and_is_rejected_with_the_reason(held):
    requests_queue, results = Queue(held.stack, "deployment-requests"), Queue(held.stack, "deployment-results")
    deployment = held.hold("asked-by-queue", "asked-by-queue-1")
    message = {"action": "cancel", "deploymentId": deployment, "comment": "the window is over"}

    first = requests_queue.send(json.dumps(message))
    state = held.caller.ended(deployment)
    (result,) = collected(results, lambda told: told.get("deploymentId") == deployment, 1)
    second = requests_queue.send(json.dumps({"action": "rollback", "deploymentId": "nobody-started-it"}))
    (rejection,) = collected(results, lambda told: told.get("messageId") == second, 1)

    assert (state["status"], state["stop"]["by"]) == ("cancelled", f"queue message {first}")
    assert (result["kind"], result["status"], result["run"]) == ("deployment", "cancelled", 1)
    assert rejection["message"] == "There is no such deployment."


def test_a_request_that_was_written_down_before_the_host_died_is_heard_without_an_event(held):
    deployment = held.hold("unheard", "unheard-1")
    held.stack.kill_host()
    request = CancelRequest(run=1, at=datetime.now(UTC), by="ada")
    with services_of(held.stack.app_settings) as app:
        app.deployments.ask(deployment, lambda control: control.model_copy(update={"cancel": request}))

    held.stack.start_host()
    state = held.caller.ended(deployment)

    assert state["status"] == "cancelled"
    assert state["stop"]["by"] == "ada"
    assert held.running_in_arm("unheard") == []
