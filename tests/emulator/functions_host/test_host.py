"""The host as a process: what it says of itself, its log, its end."""

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.emulator.functions_host.running_host import NO_STORAGE, RunningHost, running, write_app
from tests.waiting import wait_until

APP = """
        @app.route(route="talk", methods=["POST"])
        def talk(req: func.HttpRequest):
            logging.getLogger("shop").warning("an order came in")
            return req.get_body().decode()

        @app.route(route="fail")
        def fail(req: func.HttpRequest):
            raise ValueError("no such order")

        @app.route(route="late", methods=["POST"])
        @app.durable_client_input(client_name="client")
        async def late(req: func.HttpRequest, client):
            import asyncio
            (HERE / "started").touch()
            while not (HERE / "open").exists():
                await asyncio.sleep(0.01)
            return await client.start_new("stumbling", "late")

        @app.activity_trigger(input_name="x")
        def slow(x):
            (HERE / "started").touch()
            time.sleep(600)

        @app.activity_trigger(input_name="x")
        def quick(x):
            return "s3cret-output"

        @app.orchestration_trigger(context_name="context")
        def stumbling(context):
            yield context.call_activity("quick", "s3cret-input")
            raise ValueError("no such step")

        @app.orchestration_trigger(context_name="context")
        def sleeper(context):
            yield context.call_activity("slow", "s3cret-input")
        """


def test_a_host_that_is_ready_says_so(tmp_path: Path) -> None:
    with running(tmp_path / "app", APP) as host:
        answer = host.get("/admin/host/status")

    assert (answer.status_code, answer.json()) == (
        200,
        {"state": "Running", "instanceId": "host-0", "warnings": []},
    )


def test_an_app_that_cannot_be_indexed_leaves_a_host_that_says_so_and_runs_nothing(tmp_path: Path) -> None:
    source = "raise RuntimeError('half an app')"
    with running(tmp_path / "app", source) as host:
        status, call = host.get("/admin/host/status"), host.get("/api/fail")

    assert status.status_code == 503
    assert status.json()["state"] == "Error"
    assert "RuntimeError: half an app" in status.json()["errors"][0]
    assert call.status_code == 404
    assert any("no function is served" in line["message"] for line in host.log_lines())


def test_an_invocation_is_logged_with_its_duration_and_without_what_it_was_given(tmp_path: Path) -> None:
    with running(tmp_path / "app", APP) as host:
        host.post("/api/talk?sig=s3cret-query", data="s3cret-body")

    lines = [line for line in host.log_lines() if line.get("function") == "talk"]
    assert [line["message"] for line in lines] == ["Function started", "an order came in", "Function finished"]
    assert lines[-1]["status"] == "Succeeded"
    assert lines[-1]["milliseconds"] >= 0
    assert len({line["invocationId"] for line in lines}) == 1
    assert "s3cret" not in host.log_text()


def test_a_failure_is_logged_with_its_traceback(tmp_path: Path) -> None:
    with running(tmp_path / "app", APP) as host:
        host.get("/api/fail")

    lines = [line for line in host.log_lines() if line.get("function") == "fail"]
    assert lines[-1]["status"] == "Failed"
    assert "ValueError: no such order" in lines[-2]["traceback"]


def test_a_failed_orchestration_is_logged_without_what_its_activities_were_given(tmp_path: Path) -> None:
    with running(tmp_path / "app", APP) as host:
        host.start_instance("stumbling", "f")
        host.final("f")

    (failure,) = [line for line in host.log_lines() if line["message"] == "Function raised"]
    assert failure["traceback"].endswith("ValueError: no such step")
    assert "s3cret" not in host.log_text()


def test_a_setting_that_a_binding_names_must_exist(tmp_path: Path) -> None:
    source = """
        @app.queue_trigger(arg_name="msg", queue_name="in", connection="NoSuchSetting")
        def listener(msg: func.QueueMessage): ...
        """
    with running(tmp_path / "app", source) as host:
        status = host.get("/admin/host/status")

    assert "'NoSuchSetting'" in status.json()["errors"][0]


def test_a_request_that_runs_when_the_host_stops_can_still_ask_the_host(tmp_path: Path) -> None:
    host = RunningHost(write_app(tmp_path / "app", APP), NO_STORAGE, "--grace-seconds", "30")
    host.start()
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(host.post, "/api/late")
        wait_until((host.app_root / "started").exists)

        host.send_signal(signal.SIGTERM)
        wait_until(lambda: "Host stops" in host.log_text())
        (host.app_root / "open").touch()
        answer = late.result()
    host.stop()

    assert (answer.status_code, answer.text) == (200, "late")


def test_a_request_to_stop_ends_the_host_although_a_function_runs(tmp_path: Path) -> None:
    host = RunningHost(write_app(tmp_path / "app", APP), NO_STORAGE, "--grace-seconds", "0.2")
    host.start()
    host.start_instance("sleeper", "s")
    wait_until((host.app_root / "started").exists)

    code = host.stop()

    assert code == 0
    assert "s3cret" not in host.log_text()
