"""The HTTP API that acts on deployments: addresses, bodies, problems."""

import pytest
from azure.durable_functions import OrchestrationRuntimeStatus as Runtime

from armature.azure.deployments import DeploymentStore
from armature.control import LineageRecord
from armature.state import Status
from tests.armature.deployments import KEY, deployment
from tests.memory import MemoryDocuments
from tests.triggers.calling import answer_of, request, with_store
from tests.triggers.durable import Client
from triggers import control
from triggers.bodies import MAX_BODY_BYTES

FUNCTIONS = {"cancel": "cancel_deployment", "rollback": "roll_back_deployment", "resume": "resume_deployment"}


@pytest.fixture
def store(monkeypatch) -> DeploymentStore:
    found = DeploymentStore(MemoryDocuments())
    with_store(monkeypatch, control, found)
    return found


def called(action: str, body=None, deployment_id: str = "d-01", client: Client | None = None, **headers: str):
    asked = request("POST", f"deployments/{deployment_id}/{action}?code=x", body, headers, deploymentId=deployment_id)
    return answer_of(control, FUNCTIONS[action], asked, client or Client({"d-01": Runtime.Completed}))


def test_an_empty_body_is_enough_and_the_answer_tells_where_the_status_is(store):
    store.create_state(deployment(Status.DEPLOYING))

    status, body, headers = called("cancel")

    address = "https://app.example/api/deployments/d-01"
    assert status == 202
    assert body == {"deploymentId": "d-01", "status": "deploying", "statusUrl": address}
    assert headers["Location"] == address
    assert headers["Retry-After"]


def test_who_asks_and_why_is_written_down(store):
    store.create_state(deployment(Status.DEPLOYING))

    called(
        "cancel", {"comment": "wrong branch", "rollback": False}, **{"x-ms-client-principal-name": "ada@contoso.com"}
    )

    cancel = store.control("d-01").cancel_of(1)
    assert cancel is not None
    assert (cancel.by, cancel.comment, cancel.rollback) == ("ada@contoso.com", "wrong branch", False)


@pytest.mark.parametrize(("action", "status_after"), [("resume", "pending"), ("rollback", "rollingBack")])
def test_a_further_run_is_accepted_with_the_status_that_it_begins_in(store, action, status_after):
    store.create_state(deployment(Status.FAILED))
    store.update_lineage(KEY, lambda _: LineageRecord(latest="d-01"))

    status, body, _ = called(action, {"comment": "again"})

    assert (status, body["status"]) == (202, status_after)


def test_what_can_not_be_done_is_a_conflict_with_the_reason_and_the_next_step(store):
    store.create_state(deployment(Status.COMPLETED))

    status, body, _ = called("cancel")

    assert status == 409
    assert body["type"].endswith("/not-running")
    assert body["status"] == 409
    assert "has ended already: it is completed." in body["detail"]
    assert "Roll it back" in body["detail"]
    assert body["deploymentStatus"] == "completed"


@pytest.mark.parametrize("action", FUNCTIONS)
@pytest.mark.parametrize("deployment_id", ["d-99", "..%2fx", "D"])
def test_an_unknown_deployment_is_not_found(store, action, deployment_id):
    status, body, _ = called(action, deployment_id=deployment_id)

    assert status == 404
    assert body["type"].endswith("/not-found")


@pytest.mark.parametrize(
    ("action", "body", "told"),
    [
        ("cancel", b"{", "not JSON"),
        ("cancel", {"reason": "x"}, "/reason"),
        ("cancel", {"rollback": "maybe"}, "/rollback"),
        ("cancel", [], "/: must be an object"),
        ("cancel", {"rollback": "yes"}, "/rollback: must be true or false"),
        ("cancel", {"comment": 5}, "/comment: must be a string"),
        ("resume", {"rollback": True}, "/rollback"),
        ("rollback", {"comment": "x" * 1001}, "/comment"),
        ("resume", b" " * (MAX_BODY_BYTES + 1), "at most"),
    ],
)
def test_a_body_that_says_what_is_not_known_is_refused(store, action, body, told):
    store.create_state(deployment(Status.DEPLOYING))

    status, problem, _ = called(action, body)

    assert status == 400
    assert told in problem["detail"]
    assert store.control("d-01").cancel is None
