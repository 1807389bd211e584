"""Cancel, roll back, resume: what becomes of a request, also when it comes twice or its asker dies half-way."""

import asyncio
from types import SimpleNamespace

import pytest
from azure.durable_functions import OrchestrationRuntimeStatus as Runtime

from armature.azure.deployments import DeploymentStore
from armature.control import Action, LineageRecord
from armature.errors import FailureError
from armature.state import DeploymentState, Purpose, Status
from tests.armature.deployments import KEY, deployment
from tests.memory import BUSY, MemoryDocuments
from tests.triggers.calling import settings
from tests.triggers.durable import Client
from triggers import orchestrations
from triggers.asking import Asked, Asking, ask


def refuses(*_: object) -> None:
    raise FailureError(BUSY)


CANCEL = Asking(Action.CANCEL, "ada", "wrong branch", rollback=True)
RESUME = Asking(Action.RESUME, "ada", "quota raised")
ROLL_BACK = Asking(Action.ROLL_BACK, "ada")


class World:
    """A store with one deployment, and a host on which it runs or has ended."""

    def __init__(self, state: DeploymentState, latest: str | None = "d-01", **chosen: object) -> None:
        self.settings = settings(**chosen)
        self.documents = MemoryDocuments()
        self.store = DeploymentStore(self.documents)
        self.store.create_state(state)
        self.store.update_lineage(KEY, lambda _: LineageRecord(latest=latest))
        runtime = Runtime.Completed if state.status.is_final else Runtime.Running
        self.client = Client({"d-01": runtime, "d-01:upload": Runtime.Completed, "d-01:rollout": runtime})

    def ask(self, asking: Asking, deployment_id: str = "d-01") -> Asked | None:
        return asyncio.run(
            ask(self.client, SimpleNamespace(deployments=self.store, settings=self.settings), deployment_id, asking)
        )

    @property
    def state(self) -> DeploymentState:
        found = self.store.state("d-01")
        assert found is not None
        return found

    def told(self) -> list[str]:
        return [event.message for event in self.store.events("d-01")]


def test_a_cancellation_is_written_down_told_and_heard_by_all_that_runs():
    world = World(deployment(Status.DEPLOYING))

    asked = world.ask(CANCEL)

    assert asked is not None
    assert asked.refusal is None
    cancel = world.store.control("d-01").cancel_of(1)
    assert cancel is not None
    assert (cancel.by, cancel.comment, cancel.rollback) == ("ada", "wrong branch", True)
    assert world.state.stop is not None
    assert world.state.stop.by == "ada"
    assert world.client.raised == [("d-01", "control"), ("d-01:rollout", "control")]
    assert world.told() == ['Cancellation asked for by ada: "wrong branch".']


def test_the_first_of_two_cancellations_counts():
    world = World(deployment(Status.DEPLOYING))

    world.ask(CANCEL)
    again = world.ask(Asking(Action.CANCEL, "bob"))
    otherwise = world.ask(Asking(Action.CANCEL, "bob", rollback=False))

    assert again is not None
    assert again.refusal is None
    assert otherwise is not None
    assert otherwise.refusal is not None
    assert otherwise.refusal.kind == "already-cancelled"
    cancel = world.store.control("d-01").cancel_of(1)
    assert cancel is not None
    assert (cancel.by, cancel.rollback) == ("ada", True)
    assert len(world.told()) == 1


def test_a_cancellation_stands_once_it_is_written_down_even_if_nobody_can_be_told():
    world = World(deployment(Status.DEPLOYING))
    world.store.append_events, world.client.is_away = refuses, True

    asked = world.ask(CANCEL)

    assert asked is not None
    assert asked.refusal is None
    assert world.store.control("d-01").cancel_of(1) is not None


def test_a_cancellation_that_could_not_be_written_down_was_not_asked_for():
    world = World(deployment(Status.DEPLOYING))
    world.documents.breaks = {"update"}

    with pytest.raises(FailureError):
        world.ask(CANCEL)

    assert world.client.raised == []


def test_what_is_refused_changes_nothing():
    world = World(deployment(Status.COMPLETED), latest="d-02")

    refusals = [world.ask(asking).refusal.kind for asking in (CANCEL, RESUME, ROLL_BACK)]

    assert refusals == ["not-running", "not-resumable", "not-latest"]
    assert world.state == deployment(Status.COMPLETED)
    assert world.client.started == []
    assert world.told() == []


def test_nothing_can_be_asked_of_a_deployment_that_nobody_started():
    assert World(deployment(Status.DEPLOYING)).ask(CANCEL, "d-99") is None


@pytest.mark.parametrize(
    ("asking", "purpose", "status"),
    [(RESUME, Purpose.DEPLOY, Status.PENDING), (ROLL_BACK, Purpose.ROLL_BACK, Status.ROLLING_BACK)],
)
def test_a_further_run_is_begun_and_started_under_the_same_id(asking, purpose, status):
    world = World(deployment(Status.FAILED))

    asked = world.ask(asking)

    assert asked is not None
    assert asked.refusal is None
    assert (world.state.run, world.state.purpose, world.state.status) == (2, purpose, status)
    assert world.client.names_started() == [("deployment", "d-01")]
    assert (world.client.started[0][2]["run"], world.client.started[0][2]["purpose"]) == (2, purpose)
    assert "The run before had ended as failed" in world.told()[0]


@pytest.mark.parametrize("asking", [RESUME, ROLL_BACK])
def test_asking_for_a_further_run_twice_begins_one(asking):
    world = World(deployment(Status.FAILED))

    answers = [world.ask(asking) for _ in range(3)]

    assert [answer.refusal for answer in answers] == [None] * 3
    assert world.state.run == 2
    assert len(world.client.started) == 1


def test_of_two_further_runs_that_are_asked_for_the_first_is_begun_and_the_other_refused():
    world = World(deployment(Status.FAILED))

    world.ask(RESUME)
    other = world.ask(ROLL_BACK)

    assert other.refusal.kind == "not-final"
    assert (world.state.run, world.state.purpose) == (2, Purpose.DEPLOY)


def test_a_further_run_that_could_not_be_started_is_accepted_and_started_when_it_is_asked_for_again():
    world = World(deployment(Status.FAILED))
    world.client.breaks_at = "d-01"
    orchestrations_away = world.client.breaks_at

    def back_for_the_first_look(instance_id: str) -> None:
        """The host answers while the run before is looked at, and is away when the next is started."""
        if instance_id == orchestrations_away and world.state.run == 2:
            raise RuntimeError("The host does not answer.")

    world.client._answer = back_for_the_first_look
    first = world.ask(RESUME)
    started_by_first = list(world.client.started)
    world.client._answer = lambda _: None
    second = world.ask(RESUME)

    assert (first.refusal, started_by_first) == (None, [])
    assert second.refusal is None
    assert world.client.names_started() == [("deployment", "d-01")]
    assert world.state.run == 2


def test_a_run_whose_orchestration_has_not_quite_ended_is_followed_by_none_yet(monkeypatch):
    monkeypatch.setattr(orchestrations, "BETWEEN_LOOKS", 0)
    world = World(deployment(Status.FAILED))
    world.client.instances["d-01:closing"] = Runtime.Running

    asked = world.ask(RESUME)

    assert asked.refusal.kind == "still-ending"
    assert world.state.run == 1


def test_the_same_queue_message_does_not_resume_what_it_resumed_before():
    world = World(deployment(Status.FAILED))
    message = Asking(Action.RESUME, "queue message m-1", request_id="m-1")
    world.ask(message)
    world.store.update_state("d-01", lambda state: state.model_copy(update={"status": Status.FAILED}))
    world.client.instances["d-01"] = Runtime.Completed

    again = world.ask(message)

    assert again.refusal is None
    assert world.state.run == 2
    assert len(world.client.started) == 1


def test_the_same_queue_message_does_not_cancel_the_run_after_the_one_that_it_cancelled():
    world = World(deployment(Status.DEPLOYING))
    message = Asking(Action.CANCEL, "queue message m-1", request_id="m-1")
    world.ask(message)
    world.store.update_state("d-01", lambda state: state.model_copy(update={"run": 2, "stop": None}))

    again = world.ask(message)

    assert again.refusal is None
    assert world.store.control("d-01").cancel_of(2) is None
