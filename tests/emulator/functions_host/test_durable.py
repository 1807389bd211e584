"""Orchestrations on a running host, where the host must behave as the real one does."""

from collections.abc import Iterator

import pytest

from tests.emulator.functions_host.running_host import RunningHost, running
from tests.waiting import wait_until

APP = """
        @app.route(route="client/{op}/{id}", methods=["POST"])
        @app.durable_client_input(client_name="client")
        async def client_op(req: func.HttpRequest, client):
            op, instance = req.route_params["op"], req.route_params["id"]
            if op == "start":
                return await client.start_new("child", instance, {"by": "client"})
            if op == "raise":
                await client.raise_event(instance, "Go", {"by": "client"})
            if op == "terminate":
                await client.terminate(instance, "enough")
            status = await client.get_status(instance)
            return status.runtime_status.value

        @app.activity_trigger(input_name="name")
        def hello(name: str):
            return f"Hello {name}!"

        @app.activity_trigger(input_name="x")
        async def async_hello(x):
            return [type(x).__name__, x]

        @app.activity_trigger(input_name="x")
        def boom(x):
            raise ValueError(f"bad thing: {x}")

        @app.activity_trigger(input_name="x")
        def unserialisable(x):
            return object()

        attempts = {}

        @app.activity_trigger(input_name="key")
        def flaky(key):
            attempts[key] = attempts.get(key, 0) + 1
            if attempts[key] < 3:
                raise RuntimeError("not yet")
            return attempts[key]

        @app.orchestration_trigger(context_name="context")
        def mixed(context):
            first = yield context.call_activity("async_hello", {"k": None})
            rest = yield context.task_all([context.call_activity("hello", n) for n in "abc"])
            return [first, rest]

        @app.orchestration_trigger(context_name="context")
        def failing(context):
            yield context.call_activity("boom", 1)

        @app.orchestration_trigger(context_name="context")
        def catching(context):
            try:
                yield context.call_activity(context.get_input(), 1)
            except Exception as error:
                return str(error).partition(" \\n ")[0]

        @app.orchestration_trigger(context_name="context")
        def retrying(context):
            options = df.RetryOptions(10, 3)
            return (yield context.call_activity_with_retry("flaky", options, context.instance_id))

        @app.orchestration_trigger(context_name="context")
        def missing(context):
            yield context.call_activity("no_such_activity", 1)

        @app.orchestration_trigger(context_name="context")
        def changing(context):
            yield context.call_activity("hello" if not context.is_replaying else "boom", 1)

        @app.orchestration_trigger(context_name="context")
        def status_of(context):
            context.set_custom_status("x" * context.get_input())
            yield context.call_activity("hello", 1)

        @app.orchestration_trigger(context_name="context")
        def generations(context):
            got = context.get_input() or []
            event = yield context.wait_for_external_event("Ev")
            yield context.wait_for_external_event("Next")
            if len(got) < 1:
                context.continue_as_new(got + [event])
                return
            return got + [event]

        @app.orchestration_trigger(context_name="context")
        def last_wins(context):
            yield context.wait_for_external_event("Begin")
            return [(yield context.wait_for_external_event("A")), (yield context.wait_for_external_event("A"))]

        @app.orchestration_trigger(context_name="context")
        def race(context):
            timer = context.create_timer(context.current_utc_datetime + datetime.timedelta(seconds=context.get_input()))
            event = context.wait_for_external_event("Go")
            winner = yield context.task_any([timer, event])
            if winner == event:
                timer.cancel()
                yield context.wait_for_external_event("End")
                return event.result
            return "timeout"

        @app.orchestration_trigger(context_name="context")
        def child(context):
            if context.get_input() == "fail":
                raise ValueError("child failed")
            yield context.wait_for_external_event("Go")
            return {"parent": context.parent_instance_id, "input": context.get_input()}

        @app.orchestration_trigger(context_name="context")
        def parent(context):
            try:
                yield context.call_sub_orchestrator("child", "fail")
            except Exception as error:
                reason = str(error).partition(" \\n ")[0]
            other = yield context.call_sub_orchestrator("child", 7, context.instance_id + "-child")
            return [reason, other]

        @app.orchestration_trigger(context_name="context")
        def crash(context):
            raise KeyError("first")

        @app.orchestration_trigger(context_name="context")
        def far(context):
            yield context.create_timer(context.current_utc_datetime + datetime.timedelta(days=8))
        """


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    with running(tmp_path_factory.mktemp("durable") / "app", APP) as host:
        yield host


def test_sync_and_async_activities_answer(host: RunningHost) -> None:
    host.start_instance("mixed", "mixed")

    assert host.final("mixed")["output"] == [["dict", {"k": None}], ["Hello a!", "Hello b!", "Hello c!"]]


def test_an_uncaught_failure_fails_the_instance_with_its_reason(host: RunningHost) -> None:
    host.start_instance("failing", "failing")

    status = host.final("failing")

    assert status["runtimeStatus"] == "Failed"
    assert status["output"].startswith(
        "Orchestrator function 'failing' failed: Activity function 'boom' failed:  ValueError: bad thing: 1 \n {"
    )


@pytest.mark.parametrize(
    ("activity", "reason"),
    [
        ("boom", "Activity function 'boom' failed:  ValueError: bad thing: 1"),
        ("unserialisable", "Activity function 'unserialisable' failed:  ValueError: activity trigger output must be"),
    ],
)
def test_the_user_code_can_catch_a_failure(host: RunningHost, activity: str, reason: str) -> None:
    host.start_instance("catching", f"catching-{activity}", activity)

    assert host.final(f"catching-{activity}")["output"].startswith(reason)


def test_a_failed_activity_is_tried_again(host: RunningHost) -> None:
    host.start_instance("retrying", "retrying")

    assert host.final("retrying")["output"] == 3
    kinds = [event["EventType"] for event in host.history("retrying")]
    assert kinds.count("TaskFailed") == 2
    assert kinds.count("TimerFired") == 2


def test_an_activity_that_does_not_exist_leaves_the_instance_running(host: RunningHost) -> None:
    host.start_instance("missing", "missing")
    wait_until(lambda: host.status("missing")["runtimeStatus"] == "Running")

    host.start_instance("mixed", "after missing")
    host.final("after missing")

    assert host.status("missing")["runtimeStatus"] == "Running"
    assert [event["EventType"] for event in host.history("missing")] == ["ExecutionStarted"]


def test_an_orchestrator_that_does_not_exist_fails_the_instance(host: RunningHost) -> None:
    host.start_instance("no_such", "no_such")

    assert "The function 'no_such' doesn't exist" in host.final("no_such")["output"]


def test_an_orchestrator_that_changes_its_mind_is_found_out(host: RunningHost) -> None:
    host.start_instance("changing", "changing")

    status = host.final("changing")

    assert status["runtimeStatus"] == "Failed"
    assert status["output"].startswith("Non-Deterministic workflow detected: ")


@pytest.mark.parametrize(("length", "outcome"), [(8190, "Completed"), (8191, "Failed")])
def test_a_custom_status_has_16_kb_of_utf_16(host: RunningHost, length: int, outcome: str) -> None:
    host.start_instance("status_of", f"status-{length}", length)

    assert host.final(f"status-{length}")["runtimeStatus"] == outcome


def test_what_continue_as_new_finds_undelivered_is_lost(host: RunningHost) -> None:
    host.start_instance("generations", "generations")
    for number, (name, value) in enumerate((("Ev", 0), ("Ev", 1), ("Ev", 2)), 1):
        host.raise_event("generations", name, value)
        host.wait_for_event("generations", "EventRaised", number)
    host.raise_event("generations", "Next", None)
    wait_until(lambda: host.status("generations")["input"] is not None)

    host.raise_event("generations", "Ev", "late")
    host.wait_for_event("generations", "EventRaised")
    host.raise_event("generations", "Next", None)

    assert host.final("generations")["output"] == [0, "late"]


def test_of_the_events_of_a_name_the_last_one_counts(host: RunningHost) -> None:
    host.start_instance("last_wins", "last_wins")
    for number, value in enumerate((1, 2), 1):
        host.raise_event("last_wins", "A", value)
        host.wait_for_event("last_wins", "EventRaised", number)
    host.raise_event("last_wins", "Begin", None)

    assert host.final("last_wins")["output"] == [2, 2]


def test_a_timer_wins_a_race_that_no_event_ends(host: RunningHost) -> None:
    host.start_instance("race", "race-timeout", 0.1)

    assert host.final("race-timeout")["output"] == "timeout"


def test_a_cancelled_timer_never_fires(host: RunningHost) -> None:
    host.start_instance("race", "race-event", 3)
    host.wait_for_event("race-event", "TimerCreated")
    host.raise_event("race-event", "Go", {"ok": True})
    host.wait_for_event("race-event", "EventRaised")

    host.start_instance("race", "race-later", 3.5)  # its timer is due after the cancelled one
    host.final("race-later")
    host.raise_event("race-event", "End", None)

    assert host.final("race-event")["output"] == {"ok": True}
    assert "TimerFired" not in [event["EventType"] for event in host.history("race-event")]


def test_sub_orchestrations_report_to_their_parent(host: RunningHost) -> None:
    host.start_instance("parent", "parent")
    wait_until(lambda: host.status("parent-child").get("runtimeStatus") == "Running")
    host.raise_event("parent-child", "Go", None)

    assert host.final("parent")["output"] == [
        "Orchestrator function 'child' failed: child failed",
        {"parent": "parent", "input": 7},
    ]


def test_an_orchestrator_that_raises_at_once_fails_with_its_traceback(host: RunningHost) -> None:
    host.start_instance("crash", "crash")

    output = host.final("crash")["output"]

    assert output.startswith("Orchestrator function 'crash' failed: One or more errors occurred. (Result: Failure\n")
    assert "Exception: KeyError: 'first'\nStack: " in output


def test_a_long_timer_is_split_into_legs_of_three_days(host: RunningHost) -> None:
    host.start_instance("far", "far")
    host.wait_for_event("far", "TimerCreated")

    created, leg = host.history("far")

    assert leg["FireAt"][:10] > created["Timestamp"][:10]
    assert len(host.history("far")) == 2


def test_an_instance_can_be_terminated(host: RunningHost) -> None:
    host.start_instance("child", "to-terminate")
    wait_until(lambda: host.status("to-terminate")["runtimeStatus"] == "Running")

    host.post(host.management("/instances/to-terminate/terminate?reason=enough"))

    status = host.final("to-terminate")
    assert (status["runtimeStatus"], status["output"]) == ("Terminated", "enough")


def test_an_id_that_runs_is_in_the_way_of_a_start_and_one_that_has_ended_is_not(host: RunningHost) -> None:
    host.start_instance("child", "twice")
    while_running = host.start_instance("child", "twice")
    wait_until(lambda: host.status("twice")["runtimeStatus"] == "Running")
    host.raise_event("twice", "Go", None)
    host.final("twice")

    afterwards = host.start_instance("mixed", "twice")

    assert while_running.status_code == 409
    assert afterwards.status_code == 202
    assert host.final("twice")["name"] == "mixed"


def test_the_sdk_s_client_starts_asks_raises_and_terminates(host: RunningHost) -> None:
    started = host.post("/api/client/start/by-client").text
    wait_until(lambda: host.status("by-client")["runtimeStatus"] == "Running")
    asked = host.post("/api/client/status/by-client").text
    host.post("/api/client/raise/by-client")
    output = host.final("by-client")["output"]

    host.post("/api/client/start/by-client-2")
    host.post("/api/client/terminate/by-client-2")

    assert (started, asked) == ("by-client", "Running")
    assert output == {"parent": None, "input": {"by": "client"}}
    assert host.final("by-client-2")["output"] == "enough"
