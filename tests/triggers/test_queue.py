"""Messages on the requests queue: each acts once, and is rejected with a reason if it can't."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest
from azure.durable_functions import OrchestrationRuntimeStatus as Runtime

from armature.azure.deployments import DeploymentStore
from armature.control import LineageRecord
from armature.state import Status
from tests.armature.deployments import KEY, deployment
from tests.memory import MemoryDocuments
from tests.triggers.calling import settings, user_function
from tests.triggers.durable import Client
from triggers import queue


class Results:
    """The output binding: what was put on the results queue."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def set(self, text: str) -> None:
        self.told.append(json.loads(text))


@pytest.fixture
def store(monkeypatch) -> DeploymentStore:
    found = DeploymentStore(MemoryDocuments())
    monkeypatch.setattr(queue, "services", lambda: SimpleNamespace(deployments=found, settings=settings()))
    return found


def received(content: Any, client: Client | None = None, message_id: str = "M-1") -> list[dict[str, Any]]:
    results = Results()
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    message = SimpleNamespace(id=message_id, get_body=lambda: body)
    asyncio.run(
        user_function(queue, "start_from_queue")(message, results, client or Client({"d-01": Runtime.Completed}))
    )
    return results.told


def test_a_message_cancels_a_deployment_and_its_id_tells_who_asked(store):
    store.create_state(deployment(Status.DEPLOYING))

    told = received({"action": "cancel", "deploymentId": "d-01", "comment": "too late", "rollback": False})

    cancel = store.control("d-01").cancel_of(1)
    assert told == []
    assert cancel is not None
    assert (cancel.by, cancel.comment, cancel.rollback) == ("queue message M-1", "too late", False)


@pytest.mark.parametrize(("action", "status"), [("resume", Status.PENDING), ("rollback", Status.ROLLING_BACK)])
def test_a_message_begins_a_further_run_once_however_often_it_comes(store, action, status):
    store.create_state(deployment(Status.FAILED))
    store.update_lineage(KEY, lambda _: LineageRecord(latest="d-01"))
    client = Client({"d-01": Runtime.Completed})
    message = {"action": action, "deploymentId": "d-01"}

    told = [*received(message, client), *received(message, client)]

    assert told == []
    assert len(client.started) == 1
    state = store.state("d-01")
    assert state is not None
    assert (state.run, state.status) == (2, status)


def test_what_can_not_be_done_is_rejected_with_the_reason(store):
    store.create_state(deployment(Status.COMPLETED))

    (rejection,) = received({"action": "cancel", "deploymentId": "d-01"})

    assert (rejection["kind"], rejection["messageId"], rejection["deploymentId"]) == ("rejection", "M-1", "d-01")
    assert "has ended already" in rejection["errors"][0]


def test_an_action_on_an_unknown_deployment_is_rejected(store):
    (rejection,) = received({"action": "cancel", "deploymentId": "d-99"})

    assert rejection["message"] == "There is no such deployment."


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"action": "explode", "deploymentId": "d-01"}, "/action"),
        ({"action": "cancel"}, "/deploymentId"),
        ({"action": "resume", "deploymentId": "d-01", "rollback": True}, "rollback"),
        ({"action": None}, "/action"),
        (b"{", "not JSON"),
    ],
)
def test_what_is_no_action_is_rejected_with_its_place(store, content, told):
    (rejection,) = received(content)

    assert any(told in error for error in rejection["errors"])
