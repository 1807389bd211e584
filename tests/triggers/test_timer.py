"""What nothing carries on any more is started, or closed; what something carries on is left alone."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from azure.durable_functions import OrchestrationRuntimeStatus as Runtime

from armature.approval import ApprovalState
from armature.azure.deployments import DeploymentStore
from armature.control import CancelRequest, ControlRequest
from armature.errors import FailureClass, failure
from armature.messages import ClosingInput, FinishInput, Outcome
from armature.options import Options
from armature.plan import Lineage
from armature.state import DeploymentState, Purpose, RollbackState, RollbackStatus, Status
from tests.armature.deployments import KEY, NOW, deployment
from tests.memory import MemoryDocuments
from tests.triggers.durable import Client
from triggers.timer import CHILDREN, GRACE, tend

LONG_AGO = NOW - 2 * GRACE
LINEAGE = Lineage(project="shop", environment="test", key=KEY)


def state(status: Status = Status.DEPLOYING, deployment_id: str = "d-01", **parts: Any) -> DeploymentState:
    return deployment(status, deployment_id, created_at=LONG_AGO, **parts)


def stored(*states: DeploymentState, holder: str = "") -> DeploymentStore:
    store = DeploymentStore(MemoryDocuments())
    for one in states:
        store.create_state(one)
    if holder:
        store.locks.take(LINEAGE, holder, LONG_AGO)
    return store


def tended(client: Client, store: DeploymentStore, *, now=NOW) -> list[tuple[str, str]]:
    asyncio.run(tend(client, store, now))
    return client.names_started()


def closed(client: Client, store: DeploymentStore) -> ClosingInput:
    assert tended(client, store) == [("closing", "d-01:closing")]
    return ClosingInput.load(client.started[0][2])


def run(number: int) -> dict[str, dict[str, Any]]:
    return {"d-01": {"deploymentId": "d-01", "run": number}}


def test_what_was_accepted_but_never_started_is_started():
    assert tended(Client(), stored(state())) == [("deployment", "d-01")]


@pytest.mark.parametrize("runtime", [Runtime.Running, Runtime.Pending, Runtime.ContinuedAsNew, Runtime.Suspended])
def test_an_orchestration_that_runs_is_left_alone(runtime):
    assert tended(Client({"d-01": runtime}), stored(state())) == []


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.FAILED, Status.CANCELLED, Status.ROLLED_BACK])
def test_what_is_final_is_left_alone(status):
    assert tended(Client(), stored(state(status))) == []


def test_who_has_died_while_it_waited_for_approval_is_closed_though_the_wait_has_not_noticed_yet():
    client = Client({"d-01": Runtime.Terminated, "d-01:approval-1": Runtime.Running})

    work = closed(client, stored(state(Status.AWAITING_APPROVAL, templates=()), holder="d-01"))

    assert work.rollback is None


@pytest.mark.parametrize(
    ("waits", "run_asking", "is_started"),
    [
        (Runtime.Running, 1, False),
        (Runtime.Running, 0, True),
        (Runtime.Completed, 1, True),
        (None, 1, True),
    ],
)
def test_a_run_of_which_the_host_forgot_is_begun_anew_once_nobody_waits_for_its_approval(waits, run_asking, is_started):
    deadline = NOW + timedelta(hours=1)
    asked = ApprovalState(approval_id="a" * 16, number=2, run=run_asking, asked_at=NOW, deadline=deadline)
    client = Client({"d-01:approval-2": waits} if waits else {})

    started = tended(client, stored(state(Status.AWAITING_APPROVAL, templates=(), approval=asked)))

    assert started == ([("deployment", "d-01")] if is_started else [])


def test_what_has_just_changed_is_left_alone():
    assert tended(Client(), stored(state()), now=LONG_AGO + timedelta(seconds=5)) == []


@pytest.mark.parametrize("runtime", [Runtime.Failed, Runtime.Terminated, Runtime.Canceled])
def test_a_deployment_whose_orchestration_died_is_rolled_back_and_closed_as_it_would_have_done_itself(runtime):
    closing = closed(Client({"d-01": runtime}), stored(state(), holder="d-01"))

    assert closing.end.outcome.failure is not None
    assert closing.end.outcome.failure.code == "OrchestrationEnded"
    assert runtime.name.lower() in closing.end.outcome.message
    assert closing.rollback is not None
    assert closing.rollback.is_undoing


def test_one_that_is_not_to_be_rolled_back_has_what_is_in_flight_settled():
    kept = state(options=Options(rollback_on_failure=False))

    closing = closed(Client({"d-01": Runtime.Failed}), stored(kept, holder="d-01"))

    assert closing.rollback is not None
    assert not closing.rollback.is_undoing
    assert not closing.end.is_undone


@pytest.mark.parametrize("status", [Status.PENDING, Status.QUEUED])
def test_one_that_died_before_its_turn_is_closed_and_nothing_is_touched(status):
    client = Client({"d-01": Runtime.Terminated, "d-02": Runtime.Running})

    closing = closed(client, stored(state(status), state(deployment_id="d-02"), holder="d-02"))

    assert closing.rollback is None


def test_one_that_had_lost_its_lock_is_closed_and_nothing_is_touched():
    store = stored(state(), holder="d-01")
    store.ask("d-01", lambda c: c.model_copy(update={"lock_broken": ControlRequest(run=1, at=NOW)}))

    closing = closed(Client({"d-01": Runtime.Failed}), store)

    assert closing.rollback is None
    assert closing.end.outcome.is_lock_broken


def test_what_the_cancellation_of_a_dead_run_said_of_rolling_back_is_heeded():
    store = stored(state(), holder="d-01")
    store.ask("d-01", lambda c: c.model_copy(update={"cancel": CancelRequest(run=1, at=NOW, rollback=False)}))

    closing = closed(Client({"d-01": Runtime.Failed}), store)

    assert closing.rollback is not None
    assert not closing.rollback.is_undoing


def test_a_rollback_that_died_is_carried_on_under_its_number():
    rollback = RollbackState(number=2, status=RollbackStatus.RUNNING)
    store = stored(state(Status.ROLLING_BACK, rollback=rollback), holder="d-01")

    closing = closed(Client({"d-01": Runtime.Failed, "d-01:rollback": Runtime.Failed}), store)

    assert closing.rollback is not None
    assert closing.rollback.rollback == 2


@pytest.mark.parametrize("child", CHILDREN)
def test_nothing_is_closed_while_a_child_of_it_goes_on(child):
    client = Client({"d-01": Runtime.Terminated, f"d-01:{child}": Runtime.Running})

    assert tended(client, stored(state(), holder="d-01")) == []


def test_an_end_that_could_not_be_recorded_is_recorded_as_the_orchestration_tells_it():
    why = failure(FailureClass.QUOTA, "QuotaExceeded", "No.")
    end = FinishInput(deployment_id="d-01", sequence=9, outcome=Outcome(message="a failed.", failure=why))
    client = Client({"d-01": Runtime.Completed}, outputs={"d-01": {"message": "a failed.", "end": end.dump()}})

    closing = closed(client, stored(state(), holder="d-01"))

    assert closing == ClosingInput(end=end)


def test_an_orchestration_of_an_earlier_version_that_tells_no_end_is_run_anew():
    client = Client({"d-01": Runtime.Completed, "d-01:rollout": Runtime.Completed})

    assert tended(client, stored(state())) == [("deployment", "d-01")]
    assert client.started[0][2]["sequence"] == 4


@pytest.mark.parametrize("runtime", [Runtime.Completed, Runtime.Terminated, Runtime.Failed])
def test_a_further_run_that_was_accepted_but_not_started_is_started_however_the_one_before_ended(runtime):
    reopened = state(Status.ROLLING_BACK, run=2, purpose=Purpose.ROLL_BACK)
    client = Client({"d-01": runtime}, inputs=run(1))

    assert tended(client, stored(reopened)) == [("deployment", "d-01")]
    assert (client.started[0][2]["run"], client.started[0][2]["purpose"]) == (2, "rollBack")


@pytest.mark.parametrize("run_", [1, 2])
def test_a_rollback_of_which_the_host_knows_nothing_any_more_is_carried_on_and_nothing_is_deployed_again(run_):
    back = RollbackState(number=1, status=RollbackStatus.RUNNING)
    rolling = state(Status.ROLLING_BACK, run=run_, purpose=Purpose.DEPLOY, rollback=back)

    closing = closed(Client(), stored(rolling, holder="d-01"))

    assert (closing.rollback.rollback, closing.rollback.is_undoing) == (1, True)


def test_a_further_run_whose_own_orchestration_died_is_closed():
    client = Client({"d-01": Runtime.Terminated}, inputs=run(2))

    assert closed(client, stored(state(run=2), holder="d-01")).end.run == 2


def test_one_that_can_not_be_tended_does_not_keep_the_others_from_it():
    store = stored(state(), state(deployment_id="d-02"))

    assert tended(Client(breaks_at="d-01"), store) == [("deployment", "d-02")]


def test_the_state_is_read_only_of_what_nothing_carries_on():
    store, read = stored(state(), state(deployment_id="d-02"), state(Status.COMPLETED, "d-03")), []
    found = store.state
    store.state = lambda deployment_id: (read.append(deployment_id), found(deployment_id))[1]

    tended(Client({"d-01": Runtime.Running}), store)

    assert read == ["d-02"]
