"""The Durable HTTP API: who may ask, what is answered."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.emulator.functions_host.running_host import RunningHost, running
from tests.waiting import wait_until

APP = """
        @app.orchestration_trigger(context_name="context")
        def wait(context):
            return (yield context.wait_for_external_event("Go"))

        @app.orchestration_trigger(context_name="context")
        def echo(context):
            return context.get_input()

        @app.orchestration_trigger(context_name="context")
        def fail(context):
            raise ValueError("no")
        """


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    with running(tmp_path_factory.mktemp("api") / "app", APP) as host:
        for name in ("wait", "echo", "fail"):
            host.start_instance(name, f"one-{name}", {"q": 1})
        wait_until(lambda: host.status("one-wait")["runtimeStatus"] == "Running")
        host.final("one-echo")
        host.final("one-fail")
        yield host


def test_a_request_without_the_key_is_refused(host: RunningHost) -> None:
    answer = host.get("/runtime/webhooks/durabletask/instances/one-wait")

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_another_task_hub_is_not_found(host: RunningHost) -> None:
    assert host.get(host.management("/instances/one-wait?taskHub=Other")).status_code == 404


def test_a_start_answers_where_to_look(host: RunningHost) -> None:
    answer = host.post(host.management("/orchestrators/echo"), json="1")

    assert (answer.status_code, answer.headers["retry-after"]) == (202, "10")
    assert answer.headers["location"] == answer.json()["statusQueryGetUri"]
    assert host.get(answer.headers["location"]).json()["instanceId"] == answer.json()["id"]


def test_a_key_of_bytes_that_are_no_text_is_a_wrong_one(host: RunningHost) -> None:
    answer = host.get("/runtime/webhooks/durabletask/instances", headers={"x-functions-key": b"\xff\xfe"})

    assert answer.status_code == 401


def test_what_is_no_text_in_a_body_is_replaced(host: RunningHost) -> None:
    started = host.post(host.management("/orchestrators/echo/bytes"), data=b'"\\"a\xff\\""')

    assert started.status_code == 202
    assert host.final("bytes")["output"] == "a\ufffd"


@pytest.mark.parametrize("top", ["0", "-1", "x", "99999999999999999999", "\u0663"])
def test_a_page_size_that_is_none_counts_as_not_given(host: RunningHost, top: str) -> None:
    answer = host.get(host.management("/instances"), params={"top": top})

    assert answer.status_code == 200
    assert len(answer.json()) >= 3


def test_a_start_may_wait_with_an_interval_of_zero(host: RunningHost) -> None:
    with ThreadPoolExecutor(1) as pool:
        path = host.management("/orchestrators/wait/polled?timeout=30&pollingInterval=0")
        waiting = pool.submit(requests.post, path, timeout=60)
        wait_until(lambda: host.status("polled").get("runtimeStatus") == "Running")
        host.raise_event("polled", "Go", "done")

    assert (waiting.result().status_code, waiting.result().json()) == (200, "done")


def test_a_start_with_something_else_than_json_is_refused(host: RunningHost) -> None:
    answer = host.post(host.management("/orchestrators/echo"), data="nope")

    assert (answer.status_code, answer.json()["Message"]) == (400, "Invalid JSON content")


@pytest.mark.parametrize("instance", ["@x", "a%5Cb", "a%23b", "a%3Fb", "a%0Ab", "x" * 257])
def test_a_start_with_an_id_that_no_instance_can_have_is_refused(host: RunningHost, instance: str) -> None:
    answer = host.post(host.management(f"/orchestrators/echo/{instance}"))

    assert answer.status_code == 400
    assert answer.json()["Message"] == "One or more of the arguments submitted is incorrect"


def test_a_start_with_an_id_that_is_as_long_as_can_be_is_taken(host: RunningHost) -> None:
    assert host.post(host.management(f"/orchestrators/echo/{'x' * 256}")).status_code == 202


def test_an_active_instance_is_202_and_an_ended_one_200(host: RunningHost) -> None:
    active = host.get(host.management("/instances/one-wait"))
    ended = host.get(host.management("/instances/one-fail"))

    assert (active.status_code, active.headers["retry-after"]) == (202, "5")
    assert active.headers["location"] == host.management("/instances/one-wait")
    assert ended.status_code == 200


def test_a_failure_is_500_on_request(host: RunningHost) -> None:
    query = "?returnInternalServerErrorOnFailure=true"

    assert host.get(host.management(f"/instances/one-fail{query}")).status_code == 500
    assert host.get(host.management(f"/instances/one-echo{query}")).status_code == 200


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_instance_is_not_found(host: RunningHost, method: str) -> None:
    assert host.request(method, host.management("/instances/no-such")).status_code == 404


@pytest.mark.parametrize(("instance", "status"), [("no-such", 404), ("one-echo", 410)])
def test_an_event_or_an_end_for_nobody_is_told(host: RunningHost, instance: str, status: int) -> None:
    raised = host.raise_event(instance, "Go", 1)
    terminated = host.post(host.management(f"/instances/{instance}/terminate?reason=r"))

    assert (raised.status_code, terminated.status_code) == (status, status)


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        ("nope", "application/json", "Invalid JSON content"),
        ("", "application/json", "Invalid JSON content"),
        ("1", "text/plain", "Only application/json request content is supported"),
    ],
)
def test_an_event_that_is_no_json_is_refused(host: RunningHost, body: str, content_type: str, message: str) -> None:
    path = host.management("/instances/one-wait/raiseEvent/Go")

    answer = host.post(path, data=body, headers={"content-type": content_type})

    assert (answer.status_code, answer.json()["Message"]) == (400, message)


def listed(host: RunningHost, query: str, token: str = "") -> tuple[list[str], str]:
    headers = {"x-ms-continuation-token": token} if token else {}
    answer = host.get(host.management(f"/instances?{query}"), headers=headers)
    return [instance["instanceId"] for instance in answer.json()], answer.headers.get("x-ms-continuation-token", "")


def test_instances_are_listed_by_id_a_page_at_a_time(host: RunningHost) -> None:
    first, token = listed(host, "instanceIdPrefix=one-&top=2")
    second, end = listed(host, "instanceIdPrefix=one-&top=2", token)

    assert (first, second, end) == (["one-echo", "one-fail"], ["one-wait"], "")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("runtimeStatus=Failed", ["one-fail"]),
        ("runtimeStatus=Running,Pending", ["one-wait"]),
        ("runtimeStatus=Nope", ["one-echo", "one-fail", "one-wait"]),
        ("RUNTIMESTATUS=Failed&runtimestatus=Running", ["one-fail", "one-wait"]),
        ("taskHub=&Top=2", ["one-echo", "one-fail"]),
        ("createdTimeFrom=2030-01-01T00:00:00Z", []),
        ("createdTimeTo=2020-01-01T00:00:00Z", []),
        ("createdTimeTo=nonsense&top=nonsense", ["one-echo", "one-fail", "one-wait"]),
    ],
)
def test_a_list_is_narrowed(host: RunningHost, query: str, expected: list[str]) -> None:
    assert listed(host, f"instanceIdPrefix=one-&{query}")[0] == expected


def test_a_list_can_leave_inputs_out(host: RunningHost) -> None:
    answer = host.get(host.management("/instances?instanceIdPrefix=one-echo&showInput=false")).json()

    assert [instance["input"] for instance in answer] == [None]
