"""Starting, when the host or storage fails in the middle of it."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import pytest

from armature.audit import AuditEntry
from armature.errors import FailureClass, FailureError, failure
from armature.request import DeploymentRequest
from armature.settings import Settings
from armature.state import DeploymentState
from tests.triggers.calling import user_function
from tests.triggers.durable import Client
from triggers import deployments
from triggers.starting import start

BODY = {"bundle": {"id": "bundle-1"}, "target": {"subscription": "00000000-0000-0000-0000-000000000001"}}
BUSY = failure(FailureClass.THROTTLED, "ServerBusy", "Storage is busy.").model_copy(update={"retry_after_seconds": 9.0})
SETTINGS = Settings.model_validate({"ARMATURE_STORAGE_BLOB_ENDPOINT": "https://a.example/app"})


class Store:
    """A store that can be made to fail."""

    def __init__(self, breaks: str = "") -> None:
        self.breaks = breaks
        self.states: dict[str, DeploymentState] = {}
        self.trail: list[AuditEntry] = []
        self.audit = SimpleNamespace(append=self.trail.append)

    def create_state(self, state: DeploymentState) -> bool:
        is_new = self.states.setdefault(state.deployment_id, state) is state
        if self.breaks == "create_state":
            raise FailureError(BUSY)
        return is_new

    def state(self, deployment_id: str) -> DeploymentState | None:
        return self.states.get(deployment_id)

    def append_events(self, *_: Any) -> None:
        if self.breaks == "append_events":
            raise FailureError(BUSY)


def started(client: Client, store: Store, deployment_id: str = "d-01"):
    services = SimpleNamespace(settings=SETTINGS, deployments=store)
    return asyncio.run(start(client, services, DeploymentRequest.model_validate(BODY), deployment_id, None))


def test_a_deployment_is_started_once_however_often_it_is_asked_for():
    client, store = Client(), Store()

    answers = [started(client, store) for _ in range(3)]

    assert client.names_started() == [("deployment", "d-01")]
    assert {answer.is_conflict for answer in answers} == {False}


@pytest.mark.parametrize(("client", "store"), [(Client(is_away=True), Store()), (Client(), Store("append_events"))])
def test_what_is_claimed_is_accepted_even_if_it_can_not_be_started_yet(client, store):
    answer = started(client, store)

    assert not answer.is_conflict
    assert store.state("d-01") == answer.state


def test_a_claim_that_was_not_answered_tells_the_id_to_ask_again_under(monkeypatch):
    store = Store("create_state")
    monkeypatch.setattr(deployments, "services", lambda: SimpleNamespace(settings=SETTINGS, deployments=store))
    request = func.HttpRequest("POST", "https://app.example/api/deployments", body=json.dumps(BODY).encode())

    answer = asyncio.run(user_function(deployments, "start_deployment")(request, Client()))

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "9"
    (claimed,) = store.states
    assert f'"deploymentId": "{claimed}"' in answer.get_body().decode()
