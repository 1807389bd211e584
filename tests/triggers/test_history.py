"""The HTTP API of what was: the audit trail, and what is different between two deployments."""

import asyncio
from types import SimpleNamespace

import azure.functions as func
import pytest
from azure.durable_functions import OrchestrationRuntimeStatus as Runtime

from activities.finish import finish_deployment
from armature.azure.deployments import DeploymentStore
from armature.messages import FinishInput, Outcome
from armature.plan import Lineage
from armature.request import DeploymentRequest
from armature.settings import Settings
from armature.state import RollbackState, Status
from tests.armature.deployments import KEY, NOW, REQUEST, deployment
from tests.armature.test_comparing import plan, template, value
from tests.memory import MemoryDocuments, memory_store
from tests.triggers.calling import answer_of, request, with_store
from tests.triggers.durable import Client
from triggers import history, locks
from triggers.starting import start

SETTINGS = Settings.model_validate({"ARMATURE_STORAGE_BLOB_ENDPOINT": "https://a.example/app"})


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> DeploymentStore:
    found = memory_store()
    with_store(monkeypatch, history, found)
    with_store(monkeypatch, locks, found)
    return found


def asked(path: str, name: str, route: dict[str, str] | None = None, **params: str):
    req = func.HttpRequest(
        "GET", f"https://app.example/api/{path}", params=params, route_params=route or {}, headers={}, body=b""
    )
    return answer_of(history, name, req)


def trail(**params: str):
    return asked("audit", "get_audit_trail", **params)


def begun(store: DeploymentStore, deployment_id: str, by: str | None = "ada", request: DeploymentRequest = REQUEST):
    services = SimpleNamespace(settings=SETTINGS, deployments=store)
    return asyncio.run(start(Client(), services, request, deployment_id, by))


def test_the_trail_tells_who_started_what(store: DeploymentStore) -> None:
    for _ in range(2):
        begun(store, "d-01")

    status, body, _ = trail()

    (entry,) = body["value"]
    assert status == 200
    assert (entry["action"], entry["outcome"], entry["by"], entry["deploymentId"]) == ("start", "asked", "ada", "d-01")


def test_the_trail_tells_what_was_refused_too(store: DeploymentStore) -> None:
    begun(store, "d-01")
    other = REQUEST.model_copy(update={"project": "another"})

    assert begun(store, "d-01", "eve", other).is_conflict

    found = [(entry["by"], entry["outcome"]) for entry in trail()[1]["value"]]
    assert found == [("eve", "refused"), ("eve", "asked"), ("ada", "asked")]


def test_nothing_is_started_that_the_trail_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = MemoryDocuments()
    store = memory_store(documents)
    documents.breaks.add("append")

    with pytest.raises(Exception, match="Storage is busy"):
        begun(store, "d-01")

    assert store.state("d-01") is None


def test_the_trail_tells_how_a_run_ended(store: DeploymentStore) -> None:
    store.create_state(deployment(Status.DEPLOYING, "d-01"))
    end = FinishInput(deployment_id="d-01", sequence=9, outcome=Outcome(message="All is there."))

    for _ in range(2):
        finish_deployment(SimpleNamespace(deployments=store), end)

    (entry,) = trail(action="end")[1]["value"]
    assert (entry["outcome"], entry["run"], entry["lineageKey"]) == ("completed", 1, KEY)
    assert "by" not in entry


def test_the_trail_tells_whose_lock_was_broken_by_whom_and_why(store: DeploymentStore) -> None:
    store.create_state(deployment(Status.DEPLOYING, "d-01"))
    store.locks.take(Lineage(project="shop", environment="test", key=KEY), "d-01", NOW)
    headers = {"x-ms-client-principal-name": "ada"}
    req = request("POST", f"locks/{KEY}/break", {"reason": "gone"}, headers, lineageKey=KEY)

    answer_of(locks, "break_lock", req, Client({"d-01": Runtime.Running}))

    (entry,) = trail(lineageKey=KEY)[1]["value"]
    assert (entry["action"], entry["deploymentId"], entry["comment"]) == ("breakLock", "d-01", "gone")


def test_the_trail_is_read_page_by_page(store: DeploymentStore) -> None:
    for number in range(3):
        begun(store, f"d-0{number}")

    first = trail(limit="2")[1]
    rest = trail(limit="2", continuationToken=first["continuationToken"])[1]

    assert [entry["deploymentId"] for entry in [*first["value"], *rest["value"]]] == ["d-02", "d-01", "d-00"]
    assert "continuationToken" not in rest


@pytest.mark.parametrize(
    "params",
    [
        {"limit": "0"},
        {"limit": "1001"},
        {"action": "delete"},
        {"since": "yesterday"},
        {"until": "2026-01-01T00:00:00"},
        {"continuationToken": "../state/d-01"},
    ],
)
def test_a_parameter_that_is_wrong_is_refused_by_name(store: DeploymentStore, params: dict[str, str]) -> None:
    status, body, _ = trail(**params)

    assert (status, body["type"].rpartition("/")[2]) == (400, "invalid-request")
    assert next(iter(params)) in body["detail"]


def compared(store: DeploymentStore, deployment_id: str, **params: str):
    path, route = f"deployments/{deployment_id}/compare", {"deploymentId": deployment_id}
    return asked(path, "compare_deployments", route, **params)


@pytest.fixture
def two(store: DeploymentStore) -> DeploymentStore:
    """d-02 came after d-01, and gives the one parameter that changed a secret value."""
    store.create_state(deployment(Status.COMPLETED, "d-01"))
    previous = RollbackState(previous_deployment_id="d-01")
    store.create_state(deployment(Status.COMPLETED, "d-02", rollback=previous))
    store.save_plan(plan(template(parameters={"sku": value("s3cret-1")}), id_="d-01"))
    store.save_plan(plan(template(parameters={"sku": value("s3cret-2")}), id_="d-02"))
    return store


@pytest.mark.parametrize("params", [{}, {"with": "d-01"}])
def test_a_deployment_is_compared_with_the_one_before_it_or_with_another(two: DeploymentStore, params) -> None:
    status, body, _ = compared(two, "d-02", **params)

    assert status == 200
    assert (body["before"], body["after"], body["isSame"]) == ("d-01", "d-02", False)
    (changed,) = body["templates"]
    assert changed["parameters"] == [{"name": "sku", "difference": "changed"}]
    assert "s3cret" not in str(body)


@pytest.mark.parametrize(
    ("deployment_id", "params", "problem"),
    [
        ("d-01", {}, (409, "nothing-to-compare")),
        ("d-99", {}, (404, "not-found")),
        ("d-02", {"with": "d-99"}, (404, "not-found")),
        ("d-02", {"with": "../x"}, (400, "invalid-request")),
        ("D!", {}, (404, "not-found")),
    ],
)
def test_what_can_not_be_compared_is_told(two: DeploymentStore, deployment_id, params, problem) -> None:
    status, body, _ = compared(two, deployment_id, **params)

    assert (status, body["type"].rpartition("/")[2]) == problem


def test_a_deployment_whose_bundle_was_refused_has_nothing_to_compare(two: DeploymentStore) -> None:
    two.create_state(deployment(Status.FAILED, "d-03"))

    status, body, _ = compared(two, "d-03", **{"with": "d-01"})

    assert (status, body["type"].rpartition("/")[2]) == (409, "not-planned")
