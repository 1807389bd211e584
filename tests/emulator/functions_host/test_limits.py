"""What host.json limits: how long a function may run, how many requests wait, how much is logged."""

import json
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

import pytest
import requests

from emulator.functions_host.host import HostOptions
from tests.emulator.functions_host.running_host import NO_STORAGE, RunningHost, write_app
from tests.waiting import wait_until

APP = """
        def hold(name):
            (HERE / name).touch()
            while not (HERE / "open").exists():
                time.sleep(0.01)
            return name

        @app.route(route="hold/{name}")
        def holding(req: func.HttpRequest):
            return hold(req.route_params["name"])

        @app.route(route="async")
        async def holding_async(req: func.HttpRequest):
            import asyncio
            await asyncio.sleep(600)

        @app.route(route="quick")
        def quick(req: func.HttpRequest):
            logging.getLogger("shop").info("an order came in")
            return "quick"

        @app.activity_trigger(input_name="x")
        def held(x):
            return hold(x)

        @app.orchestration_trigger(context_name="context")
        def flow(context):
            return (yield context.call_activity("held", "activity"))

        @app.activity_trigger(input_name="x")
        def swift(x):
            return x

        @app.orchestration_trigger(context_name="context")
        def other(context):
            return (yield context.call_activity("swift", 1))
        """


def host_with(folder: Path, **settings: object) -> RunningHost:
    app = write_app(folder / "app", APP)
    (app / "host.json").write_text(json.dumps({"version": "2.0", **settings}))
    return RunningHost(app, NO_STORAGE, "--renewal-seconds", "0.2", "--grace-seconds", "0.2")


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    durable = {"durableTask": {"maxConcurrentActivityFunctions": 1}}
    with host_with(tmp_path_factory.mktemp("limits"), functionTimeout="00:00:00.5", extensions=durable) as host:
        yield host
        (host.app_root / "open").touch()


def test_functions_that_never_end_hold_up_no_others(impatient: RunningHost) -> None:
    places = HostOptions(Path(), Path()).trigger_threads
    with ThreadPoolExecutor(places) as pool:
        stuck = [pool.submit(requests.get, f"{impatient.url}/api/hold/{number}") for number in range(places)]

    assert {answer.result().status_code for answer in stuck} == {500}
    assert impatient.get("/api/quick").text == "quick"


@pytest.mark.parametrize("path", ["hold/http", "async"])
def test_a_function_that_runs_for_too_long_has_failed(impatient: RunningHost, path: str) -> None:
    assert impatient.get(f"/api/{path}").status_code == 500
    assert impatient.get("/api/quick").text == "quick"


def test_an_activity_that_runs_for_too_long_has_failed(impatient: RunningHost) -> None:
    impatient.start_instance("flow", "f")

    status = impatient.final("f")

    assert status["runtimeStatus"] == "Failed"
    assert "Timeout value of 00:00:00.5000000 was exceeded by function: Functions.held" in status["output"]


def test_activities_that_never_end_hold_up_no_others(impatient: RunningHost) -> None:
    impatient.start_instance("flow", "stuck")
    impatient.final("stuck")

    impatient.start_instance("other", "o")

    assert impatient.final("o")["output"] == 1


def test_more_requests_than_may_be_outstanding_are_refused_and_those_that_may_wait_wait(tmp_path: Path) -> None:
    http = {"maxOutstandingRequests": 2, "maxConcurrentRequests": 1}
    with host_with(tmp_path, extensions={"http": http}) as host, ThreadPoolExecutor(3) as pool:
        first = pool.submit(host.get, "/api/hold/first")
        wait_until((host.app_root / "first").exists)

        (refused,), (waiting,) = wait([pool.submit(host.get, "/api/quick") for _ in range(2)], None, FIRST_COMPLETED)
        (host.app_root / "open").touch()

        assert refused.result().status_code == 429
        assert [answer.result().status_code for answer in (first, waiting)] == [200, 200]
        assert host.get("/api/quick").status_code == 200


@pytest.mark.parametrize(("level", "is_logged"), [("Information", True), ("Warning", False)])
def test_the_default_level_says_what_is_logged(tmp_path: Path, level: str, is_logged: bool) -> None:
    with host_with(tmp_path, logging={"logLevel": {"default": level}}) as host:
        host.get("/api/quick")

    assert ("an order came in" in host.log_text()) == is_logged


def test_what_is_not_followed_is_told_by_the_host_and_in_its_log(tmp_path: Path) -> None:
    with host_with(tmp_path, extensions={"queues": {"batchSizes": 3}}) as host:
        status = host.get("/admin/host/status").json()

    assert status["warnings"] == ["host.json: extensions.queues.batchSizes is not a setting that is known"]
    assert status["warnings"][0] in host.log_text()


def test_a_value_out_of_range_is_an_error_of_the_host(tmp_path: Path) -> None:
    with host_with(tmp_path, extensions={"queues": {"batchSize": 33}}) as host:
        status = host.get("/admin/host/status")

    assert (status.status_code, status.json()["state"]) == (503, "Error")
    assert "extensions.queues.batchSize" in status.json()["errors"][0]
