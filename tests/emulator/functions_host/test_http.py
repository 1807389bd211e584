"""HTTP functions: routes, methods, and what they may return; as recorded from a real host."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.emulator.functions_host.running_host import RunningHost, running
from tests.waiting import wait_until

APP = """
        @app.route(route="h/{kind}", methods=["POST", "GET"])
        def plain(req: func.HttpRequest):
            kind = req.route_params["kind"]
            if kind == "str":
                return "just a string"
            if kind == "json":
                return func.HttpResponse('{"a": 1}', mimetype="application/json", status_code=201, headers={"X-A": "b"})
            if kind == "bytes":
                return func.HttpResponse(bytes([0, 255]), mimetype="application/octet-stream")
            if kind == "raise":
                raise ValueError("boom")
            if kind == "none":
                return None
            if kind == "empty":
                return func.HttpResponse(status_code=204)
            if kind == "cookie":
                return func.HttpResponse("c", headers={"Set-Cookie": "a=b; Path=/"})
            return func.HttpResponse(json.dumps({
                "method": req.method, "url": req.url, "params": dict(req.params), "route": dict(req.route_params),
                "headers": dict(req.headers), "body": req.get_body().decode()}))

        @app.route(route="h/literal")
        async def literal(req: func.HttpRequest, context: func.Context):
            return context.function_name + " " + str(len(context.invocation_id))

        @app.route(route="blocking")
        async def blocking(req: func.HttpRequest):
            (HERE / "blocked").touch()
            while not (HERE / "go on").exists():
                time.sleep(0.01)
            return "at last"

        @app.route(route="rest/{*path}")
        def rest(req: func.HttpRequest):
            return req.route_params.get("path", "nothing")

        @app.route(route="number/{id:int}", methods=["PUT"])
        def number(req: func.HttpRequest):
            return req.route_params["id"]
        """


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    with running(tmp_path_factory.mktemp("http") / "app", APP) as host:
        yield host


def test_a_string_is_plain_text(host: RunningHost) -> None:
    answer = host.get("/api/h/str")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert answer.text == "just a string"


def test_a_response_keeps_status_type_and_headers(host: RunningHost) -> None:
    answer = host.get("/api/h/json")

    assert (answer.status_code, answer.headers["content-type"], answer.headers["x-a"]) == (201, "application/json", "b")


def test_bytes_stay_bytes(host: RunningHost) -> None:
    assert host.get("/api/h/bytes").content == b"\x00\xff"


def test_a_cookie_is_set(host: RunningHost) -> None:
    assert host.get("/api/h/cookie").headers["set-cookie"] == "a=b; Path=/"


@pytest.mark.parametrize("kind", ["raise", "none"])
def test_an_exception_or_nothing_is_an_error_without_a_body(host: RunningHost, kind: str) -> None:
    answer = host.get(f"/api/h/{kind}")

    assert (answer.status_code, answer.content) == (500, b"")


def test_no_content_stays_without_content(host: RunningHost) -> None:
    answer = host.get("/api/h/empty")

    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/api/h/str"),
        ("GET", "/api/nope"),
        ("GET", "/nope"),
        ("PUT", "/api/number/x"),
        ("GET", "/api/number/1"),
    ],
)
def test_a_wrong_method_or_route_is_not_found(host: RunningHost, method: str, path: str) -> None:
    answer = host.request(method, path)

    assert (answer.status_code, answer.content) == (404, b"")


def test_a_request_arrives_whole(host: RunningHost) -> None:
    body = json.dumps({"z": "é"})

    answer = host.post("/api/h/echo?a=1&b=x%20y", data=body, headers={"content-type": "application/json"}).json()

    assert (answer["method"], answer["body"], answer["route"]) == ("POST", body, {"kind": "echo"})
    assert answer["params"] == {"a": "1", "b": "x y"}
    assert answer["url"] == f"{host.url}/api/h/echo?a=1&b=x%20y"
    assert answer["headers"]["content-type"] == "application/json"


def test_a_literal_route_wins_and_an_async_function_gets_its_context(host: RunningHost) -> None:
    assert host.get("/api/h/literal").text == "literal 36"


def test_the_rest_of_a_path_is_one_value(host: RunningHost) -> None:
    assert host.get("/api/rest/a/b.css").text == "a/b.css"
    assert host.get("/api/rest").text == "nothing"


def test_a_constrained_value_is_given(host: RunningHost) -> None:
    assert host.request("PUT", "/api/number/7").text == "7"


def test_an_async_function_that_blocks_its_loop_does_not_hold_up_the_host(host: RunningHost) -> None:
    with ThreadPoolExecutor(1) as pool:
        blocked = pool.submit(requests.get, f"{host.url}/api/blocking", timeout=60)
        wait_until((host.app_root / "blocked").exists)

        meanwhile = host.get("/admin/host/status").status_code, host.get("/api/h/str").status_code

        (host.app_root / "go on").touch()
        assert meanwhile == (200, 200)
        assert blocked.result().text == "at last"
