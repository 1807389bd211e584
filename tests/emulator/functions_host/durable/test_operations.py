"""Suspend, resume, rewind, restart, terminate and purge over HTTP, on instances of several kinds."""

from collections.abc import Iterator

import pytest
import requests

from tests.emulator.functions_host.running_host import RunningHost, running
from tests.waiting import wait_until

APP = """
        @app.activity_trigger(input_name="x")
        def held(x):
            while not (HERE / f"open-{x}").exists():
                time.sleep(0.01)
            return x

        @app.activity_trigger(input_name="x")
        def fragile(x):
            if not (HERE / f"open-{x}").exists():
                raise ValueError("not yet")
            return x

        @app.orchestration_trigger(context_name="context")
        def echo(context):
            return context.get_input()

        @app.orchestration_trigger(context_name="context")
        def wait(context):
            return (yield context.wait_for_external_event("Go"))

        @app.orchestration_trigger(context_name="context")
        def fan_out(context):
            names = [f"{context.instance_id}-{n}" for n in range(3)]
            first = yield context.task_all([context.call_activity("held", name) for name in names])
            second = yield context.call_activity("held", f"{context.instance_id}-0")
            return [*first, second]

        @app.orchestration_trigger(context_name="context")
        def timer(context):
            yield context.create_timer(context.current_utc_datetime + datetime.timedelta(milliseconds=300))
            return "fired"

        @app.orchestration_trigger(context_name="context")
        def child(context):
            return (yield context.call_activity("fragile", context.get_input()))

        @app.orchestration_trigger(context_name="context")
        def parent(context):
            good = yield context.call_sub_orchestrator("echo", 1)
            bad = yield context.call_sub_orchestrator("child", context.instance_id, context.instance_id + "-child")
            return [good, bad]

        @app.orchestration_trigger(context_name="context")
        def waiting_parent(context):
            return (yield context.call_sub_orchestrator("wait", None, context.instance_id + "-child"))

        @app.route(route="accepting", methods=["POST"])
        def accepting(req: func.HttpRequest):
            return func.HttpResponse(req.get_body(), status_code=202, headers={"Location": "http://x", "X-A": "b"})

        @app.orchestration_trigger(context_name="context")
        def calling(context):
            return (yield context.call_http("POST", context.get_input(), {"n": 1}))
        """


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    with running(tmp_path_factory.mktemp("operations") / "app", APP) as host:
        yield host


def do(host: RunningHost, operation: str, instance: str, query: str = "?reason=why%20not") -> requests.Response:
    return host.post(host.management(f"/instances/{instance}/{operation}{query}"))


def reached(host: RunningHost, instance: str, status: str) -> None:
    wait_until(lambda: host.status(instance).get("runtimeStatus") == status)


def kinds(host: RunningHost, instance: str) -> list[str]:
    return [event["EventType"] for event in host.history(instance)]


def suspended(host: RunningHost, name: str, instance: str) -> None:
    host.start_instance(name, instance)
    reached(host, instance, "Running")
    assert do(host, "suspend", instance).status_code == 202
    reached(host, instance, "Suspended")


def test_a_suspended_fan_out_takes_its_results_and_goes_on_when_it_is_resumed(host: RunningHost) -> None:
    suspended(host, "fan_out", "fan")
    for number in range(3):
        (host.app_root / f"open-fan-{number}").touch()
    host.wait_for_event("fan", "TaskCompleted", 3)
    while_suspended = host.status("fan")

    do(host, "resume", "fan", "?reason=go")

    assert (while_suspended["runtimeStatus"], while_suspended["output"]) == ("Suspended", "why not")
    assert host.final("fan")["output"] == ["fan-0", "fan-1", "fan-2", "fan-0"]
    assert kinds(host, "fan") == [
        "ExecutionStarted",
        "ExecutionSuspended",
        *["TaskCompleted"] * 3,
        "ExecutionResumed",
        "TaskCompleted",
        "ExecutionCompleted",
    ]


def test_a_timer_of_a_suspended_instance_fires_and_is_heard_later(host: RunningHost) -> None:
    suspended(host, "timer", "timer")
    host.wait_for_event("timer", "TimerFired")
    status = host.status("timer")["runtimeStatus"]

    do(host, "resume", "timer")

    assert status == "Suspended"
    assert host.final("timer")["output"] == "fired"


def test_a_resumed_instance_shows_the_reason_until_it_has_an_output(host: RunningHost) -> None:
    suspended(host, "wait", "reasons")
    do(host, "resume", "reasons", "?reason=go%20on")
    reached(host, "reasons", "Running")
    output = host.status("reasons")["output"]

    host.raise_event("reasons", "Go", 7)

    assert output == "go on"
    assert host.final("reasons")["output"] == 7


def test_a_child_of_a_suspended_parent_runs_on(host: RunningHost) -> None:
    suspended(host, "waiting_parent", "sp")
    host.raise_event("sp-child", "Go", "done")
    host.final("sp-child")
    host.wait_for_event("sp", "SubOrchestrationInstanceCompleted")
    status = host.status("sp")["runtimeStatus"]

    do(host, "resume", "sp")

    assert status == "Suspended"
    assert host.final("sp")["output"] == "done"


def test_a_suspended_instance_is_terminated(host: RunningHost) -> None:
    suspended(host, "wait", "st")

    do(host, "terminate", "st", "?reason=enough")

    assert (host.final("st")["runtimeStatus"], host.status("st")["output"]) == ("Terminated", "enough")


def test_a_child_of_a_terminated_parent_is_told_nothing(host: RunningHost) -> None:
    host.start_instance("waiting_parent", "tp")
    reached(host, "tp-child", "Running")

    do(host, "terminate", "tp")
    host.final("tp")
    status = host.status("tp-child")["runtimeStatus"]
    host.raise_event("tp-child", "Go", "late")

    assert status == "Running"
    assert host.final("tp-child")["output"] == "late"
    assert kinds(host, "tp") == [
        "ExecutionStarted",
        "SubOrchestrationInstanceCreated",
        "ExecutionTerminated",
        "ExecutionCompleted",
    ]


def test_a_rewound_parent_has_its_failed_child_run_again_and_only_that(host: RunningHost) -> None:
    host.start_instance("parent", "rp")
    assert host.final("rp")["runtimeStatus"] == "Failed"
    (host.app_root / "open-rp").touch()

    answer = do(host, "rewind", "rp")

    assert answer.status_code == 202
    assert host.final("rp")["output"] == [1, "rp"]
    assert kinds(host, "rp") == [
        "ExecutionStarted",
        "SubOrchestrationInstanceCompleted",
        "GenericEvent",
        "GenericEvent",
        "SubOrchestrationInstanceCompleted",
        "ExecutionCompleted",
    ]
    assert kinds(host, "rp-child") == [
        "ExecutionStarted",
        *["GenericEvent"] * 4,
        "TaskCompleted",
        "ExecutionCompleted",
    ]


def test_an_instance_is_restarted_with_its_input_and_a_running_one_only_under_a_new_id(host: RunningHost) -> None:
    host.start_instance("wait", "restart", {"n": 1})
    reached(host, "restart", "Running")

    new = do(host, "restart", "restart", "")
    own = do(host, "restart", "restart", "?restartWithNewInstanceId=false")

    assert new.status_code == 202
    assert new.headers["location"] == new.json()["statusQueryGetUri"]
    reached(host, new.json()["id"], "Running")
    assert host.status(new.json()["id"])["input"] == '{"n": 1}'
    assert own.status_code == 500
    assert "cannot be restarted while it is in state 'Running'" in own.json()["ExceptionMessage"]


def test_an_instance_whose_orchestrator_is_no_more_is_not_restarted(host: RunningHost) -> None:
    host.start_instance("gone", "gone")
    host.final("gone")

    answer = do(host, "restart", "gone", "")

    assert answer.status_code == 400
    assert "The function 'gone' doesn't exist" in answer.json()["ExceptionMessage"]


def test_a_running_instance_is_not_purged(host: RunningHost) -> None:
    host.start_instance("wait", "purge")
    reached(host, "purge", "Running")

    answer = host.request("DELETE", host.management("/instances/purge"))

    assert answer.status_code == 412
    assert answer.json().endswith("instance ID purge has status Running")
    assert host.status("purge")["runtimeStatus"] == "Running"


def test_a_bulk_purge_needs_a_beginning_and_answers_how_many(host: RunningHost) -> None:
    host.start_instance("echo", "bulk")
    host.final("bulk")
    since = "createdTimeFrom=2020-01-01T00:00:00Z"

    without = host.request("DELETE", host.management("/instances?runtimeStatus=Completed"))
    purged = host.request("DELETE", host.management(f"/instances/?{since}&runtimeStatus=Completed"))
    again = host.request("DELETE", host.management(f"/instances?{since}&runtimeStatus=Completed"))

    assert (without.status_code, without.json()) == (400, "Please provide value for 'createdTimeFrom' parameter.")
    assert purged.json()["instancesDeleted"] >= 1
    assert again.status_code == 404


def test_an_accepted_http_call_is_handed_to_the_orchestrator_as_it_is(host: RunningHost) -> None:
    host.start_instance("calling", "calling", f"{host.url}/api/accepting")

    output = host.final("calling")["output"]

    assert (output["statusCode"], output["headers"]["Location"], output["content"]) == (202, "http://x", '{"n": 1}')
    assert host.history("calling")[1]["FunctionName"] == "BuiltIn::HttpActivity"


def test_a_start_can_wait_for_the_end(host: RunningHost) -> None:
    def begin(name: str, query: str) -> requests.Response:
        return host.post(host.management(f"/orchestrators/{name}?{query}"), json="1")

    ended = begin("echo", "timeout=30&pollingInterval=0.05")
    waiting = begin("wait", "timeout=0.1&pollingInterval=0.05")
    wrong = begin("echo", "timeout=1&pollingInterval=2")

    assert (ended.status_code, ended.json()) == (200, 1)
    assert waiting.status_code == 202
    assert wrong.status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/instances/x/terminate", 404),
        ("POST", "/instances/x/unheard-of", 404),
        ("POST", "/instances/x/Terminate", 404),
        ("PUT", "/instances/x", 404),
        ("GET", "/orchestrators/echo", 404),
        ("GET", "/entities/counter", 200),
        ("GET", "/entities/counter/k", 404),
        ("POST", "/entities/counter/k", 400),
        ("DELETE", "/entities/counter/k", 400),
    ],
)
def test_what_is_not_there_is_not_found_and_entities_are_refused(
    host: RunningHost, method: str, path: str, status: int
) -> None:
    assert host.request(method, host.management(path)).status_code == status


def test_an_operation_may_be_written_in_capitals(host: RunningHost) -> None:
    host.start_instance("wait", "capitals")

    assert do(host, "TERMINATE", "capitals").status_code == 202
