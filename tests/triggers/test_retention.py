"""Retention is started by night or by hand, one run at a time, and its runs are told."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import pytest
from azure.durable_functions import OrchestrationRuntimeStatus as Runtime

from armature.azure.deployments import DeploymentStore
from armature.azure.retention import RetentionStore
from armature.retention_run import RETENTION_INSTANCE, RetentionRun, RunStatus
from tests.armature.deployments import NOW
from tests.memory import MemoryDocuments, memory_store
from tests.triggers.durable import Client
from triggers import retention
from triggers.retention import begin


def app(*, dry_run_setting: bool = False) -> Any:
    documents: Any = MemoryDocuments()
    store = RetentionStore(documents, DeploymentStore(documents))
    return SimpleNamespace(
        retention=store, deployments=memory_store(), settings=SimpleNamespace(retention_dry_run=dry_run_setting)
    )


def begun(client: Client, services: Any, *, dry_run: bool | None = None) -> RetentionRun | None:
    return asyncio.run(begin(client, services, dry_run=dry_run, requested_by="somebody"))  # type: ignore[arg-type]


def test_a_run_has_its_document_before_its_orchestration():
    client, services = Client(), app()

    run = begun(client, services)

    assert run is not None
    assert client.started == [("retention", RETENTION_INSTANCE, {"run": run.run, **client.started[0][2]})]
    assert services.retention.last_run() == run
    assert (run.status, run.requested_by) == (RunStatus.RUNNING, "somebody")


@pytest.mark.parametrize("runtime", [Runtime.Running, Runtime.Pending, Runtime.ContinuedAsNew, Runtime.Suspended])
def test_none_is_started_while_one_goes_on(runtime):
    client, services = Client({RETENTION_INSTANCE: runtime}), app()

    assert begun(client, services) is None
    assert client.started == []
    assert services.retention.last_run() is None


@pytest.mark.parametrize("runtime", [Runtime.Completed, Runtime.Failed, Runtime.Terminated])
def test_the_next_is_started_when_the_last_is_over_however_it_ended(runtime):
    assert begun(Client({RETENTION_INSTANCE: runtime}), app()) is not None


class Raced(Client):
    """Another start is faster than ours."""

    async def start_new(self, name: str, instance_id: str, work: dict[str, Any]) -> str:
        self.instances[instance_id] = Runtime.Running
        return await super().start_new(name, instance_id, work)


def test_of_two_that_start_at_once_one_gives_way_and_leaves_no_document():
    services = app()

    assert begun(Raced(), services) is None
    assert services.retention.last_run() is None


def test_a_host_that_does_not_start_it_is_told_and_leaves_no_document():
    class Broken(Client):
        async def start_new(self, name: str, instance_id: str, work: dict[str, Any]) -> str:
            raise RuntimeError("The host does not answer.")

    services = app()

    with pytest.raises(RuntimeError):
        begun(Broken(), services)
    assert services.retention.last_run() is None


@pytest.mark.parametrize(
    ("asked", "setting", "is_dry"),
    [(None, False, False), (None, True, True), (True, False, True), (False, True, False)],
)
def test_a_request_decides_whether_it_is_dry_else_the_settings_do(asked, setting, is_dry):
    run = begun(Client(), app(dry_run_setting=setting), dry_run=asked)

    assert run is not None
    assert run.dry_run is is_dry


def called(monkeypatch: pytest.MonkeyPatch, services: Any, name: str, body: bytes = b"", **parts: Any) -> Any:
    monkeypatch.setattr(retention, "services", lambda: services)
    request = func.HttpRequest("POST", "https://app.example/api/retention", body=body, **parts)
    function = next(
        builder._function.get_user_function()
        for builder in retention.blueprint._function_builders
        if builder._function.get_user_function().__name__ == name
    )
    handle = getattr(function, "client_function", function)
    given = {"client": Client()} if "start" in name else {}
    return asyncio.run(handle(req=request, **given))


def test_a_start_answers_where_the_run_is_told(monkeypatch):
    services = app()

    answer = called(monkeypatch, services, "start_retention", b'{"dryRun": true}')

    run = services.retention.last_run()
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"https://app.example/api/retention/{run.run}"
    assert json.loads(answer.get_body()) == {
        "run": run.run,
        "dryRun": True,
        "status": "running",
        "statusUrl": answer.headers["Location"],
    }


@pytest.mark.parametrize("body", [b"nonsense", b'{"dryrun": true}', b"[]", b'{"dryRun": 3}'])
def test_a_body_that_is_no_wish_is_refused(monkeypatch, body):
    services = app()

    answer = called(monkeypatch, services, "start_retention", body)

    assert answer.status_code == 400
    assert services.retention.last_run() is None


def test_a_run_is_202_while_it_goes_on_and_200_when_it_has_ended(monkeypatch):
    services = app()
    name = "20260101-000000-000000-000a"
    services.retention.create_run(RetentionRun(run=name, dry_run=False, started_at=NOW))

    running = called(monkeypatch, services, "get_retention", route_params={"run": name})
    services.retention.update_run(name, lambda run: run.model_copy(update={"status": RunStatus.COMPLETED}))
    ended = called(monkeypatch, services, "get_retention", route_params={"run": name})
    last = called(monkeypatch, services, "get_last_retention")

    assert (running.status_code, ended.status_code, last.status_code) == (202, 200, 200)
    assert json.loads(last.get_body())["run"] == name


@pytest.mark.parametrize("name", ["20260101-000000-000000-000b", "..%2Fstate%2Fd-01", "latest"])
def test_a_run_that_is_not_there_is_a_404(monkeypatch, name):
    assert called(monkeypatch, app(), "get_retention", route_params={"run": name}).status_code == 404


def test_there_is_no_last_run_before_the_first(monkeypatch):
    assert called(monkeypatch, app(), "get_last_retention").status_code == 404
