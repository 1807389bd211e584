"""The SDK's own client, in a function of an app, asks the host for everything that it can ask for."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.emulator.functions_host.running_host import RunningHost, running
from tests.waiting import wait_until

APP = """
        async def status_by(client, ask):
            found = await client.get_status_by(
                created_time_from=datetime.datetime(2020, 1, 1),
                created_time_to=datetime.datetime(2100, 1, 1),
                runtime_status=[df.OrchestrationRuntimeStatus(name) for name in ask["statuses"]],
                instance_id_prefix=ask["prefix"],
            )
            return [status.instance_id for status in found]

        async def purge_by(client, ask):
            result = await client.purge_instance_history_by(
                datetime.datetime(2020, 1, 1), None, [df.OrchestrationRuntimeStatus(name) for name in ask["statuses"]]
            )
            return result.instances_deleted

        @app.route(route="client/{op}/{id}", methods=["POST"])
        @app.durable_client_input(client_name="client")
        async def client_op(req: func.HttpRequest, client):
            op, instance = req.route_params["op"], req.route_params["id"]
            ask = req.get_json()
            try:
                match op:
                    case "start_new":
                        done = await client.start_new(ask["name"], instance, ask.get("input"), ask.get("version"))
                    case "get_status":
                        done = (await client.get_status(instance, True, True, True)).to_json()
                    case "get_status_all":
                        done = [status.instance_id for status in await client.get_status_all()]
                    case "get_status_by":
                        done = await status_by(client, ask)
                    case "raise_event":
                        done = await client.raise_event(instance, "Go", ask["value"])
                    case "raise_event_elsewhere":
                        done = await client.raise_event(instance, "Go", 1, "OtherHub")
                    case "purge_instance_history":
                        done = (await client.purge_instance_history(instance)).instances_deleted
                    case "purge_instance_history_by":
                        done = await purge_by(client, ask)
                    case "restart":
                        done = await client.restart(instance, ask["new"])
                    case "wait":
                        return await client.wait_for_completion_or_create_check_status_response(req, instance, 1000, 50)
                    case "signal_entity":
                        done = await client.signal_entity(df.EntityId("counter", instance), "add", 1)
                    case "read_entity_state":
                        done = (await client.read_entity_state(df.EntityId("counter", instance))).entity_exists
                    case _:
                        done = await getattr(client, op)(instance, "a reason & more")
            except Exception as error:
                return func.HttpResponse(json.dumps({"error": str(error)}))
            return func.HttpResponse(json.dumps({"done": done}))

        @app.orchestration_trigger(context_name="context")
        def wait(context):
            return [context.version, context.get_input(), (yield context.wait_for_external_event("Go"))]

        @app.orchestration_trigger(context_name="context")
        def fail(context):
            raise ValueError("no")

        @app.orchestration_trigger(context_name="context")
        def echo(context):
            return context.get_input()
        """


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    with running(tmp_path_factory.mktemp("client") / "app", APP) as host:
        yield host


def ask(host: RunningHost, operation: str, instance: str, **body: Any) -> Any:
    """Return what a method of the client returned, or the words of what it raised."""
    answer = host.post(f"/api/client/{operation}/{instance}", json=body).json()
    return answer.get("done", answer.get("error"))


def status_of(host: RunningHost, instance: str) -> str:
    return str(host.status(instance).get("runtimeStatus"))


def start(host: RunningHost, name: str, instance: str, reached: str, **body: Any) -> None:
    assert ask(host, "start_new", instance, name=name, **body) == instance
    wait_until(lambda: status_of(host, instance) == reached)


def test_an_instance_is_started_with_an_input_and_a_version_and_takes_an_event(host: RunningHost) -> None:
    start(host, "wait", "event", "Running", input={"n": 1}, version="2.0")

    raised = ask(host, "raise_event", "event", value=["x"])

    assert raised is None
    assert host.final("event")["output"] == ["2.0", {"n": 1}, '["x"]']  # the client encodes events twice
    assert "gone" in ask(host, "raise_event", "event", value=1)
    assert "No instance" in ask(host, "raise_event", "nobody", value=1)


def test_an_input_may_be_larger_than_a_web_server_takes_by_itself(host: RunningHost) -> None:
    start(host, "echo", "large", "Completed", input="x" * 2_000_000)

    assert len(host.status("large")["output"]) == 2_000_000


def test_an_instance_of_another_task_hub_is_not_known(host: RunningHost) -> None:
    start(host, "wait", "hub", "Running")

    assert ask(host, "raise_event_elsewhere", "hub") == "No instance with ID hub found."


def test_a_running_id_cannot_be_started_again(host: RunningHost) -> None:
    start(host, "wait", "twice", "Running")

    assert "already exists" in str(ask(host, "start_new", "twice", name="wait"))


def test_a_status_is_told_with_its_history(host: RunningHost) -> None:
    start(host, "echo", "status", "Completed", input=5)

    status = ask(host, "get_status", "status")

    assert (status["runtimeStatus"], status["input"], status["output"]) == ("Completed", "5", 5)
    assert [event["EventType"] for event in host.history("status")] == ["ExecutionStarted", "ExecutionCompleted"]


def test_instances_are_found_by_status_and_prefix(host: RunningHost) -> None:
    start(host, "wait", "list-a", "Running")
    start(host, "fail", "list-b", "Failed")
    start(host, "echo", "list-c", "Completed")

    found = ask(host, "get_status_by", "-", statuses=["Failed", "Running"], prefix="list-")

    assert found == ["list-a", "list-b"]
    assert {"list-a", "list-b", "list-c"} <= set(ask(host, "get_status_all", "-"))


def test_an_instance_is_suspended_and_resumed(host: RunningHost) -> None:
    start(host, "wait", "suspended", "Running")

    suspended = ask(host, "suspend", "suspended")
    wait_until(lambda: status_of(host, "suspended") == "Suspended")
    output = host.status("suspended")["output"]
    again = ask(host, "suspend", "suspended")
    resumed = ask(host, "resume", "suspended")
    wait_until(lambda: status_of(host, "suspended") == "Running")
    not_suspended = ask(host, "resume", "suspended")

    assert (suspended, resumed, output) == (None, None, "a reason & more")
    assert again == not_suspended == "The operation failed with an unexpected status code 500"


def test_an_instance_is_terminated(host: RunningHost) -> None:
    start(host, "wait", "terminated", "Running")

    assert ask(host, "terminate", "terminated") is None
    assert host.final("terminated")["output"] == "a reason & more"


@pytest.mark.parametrize("operation", ["suspend", "resume", "terminate"])
def test_what_has_ended_is_let_be_and_what_is_not_there_is_told(host: RunningHost, operation: str) -> None:
    start(host, "echo", f"ended-{operation}", "Completed")

    assert ask(host, operation, f"ended-{operation}") is None
    assert ask(host, operation, "nobody") == "No instance with ID 'nobody' found."


def test_a_failed_instance_is_rewound_and_another_is_not(host: RunningHost) -> None:
    start(host, "fail", "rewound", "Failed")
    start(host, "echo", "not-rewound", "Completed")

    assert ask(host, "rewind", "rewound") is None
    wait_until(lambda: "GenericEvent" in [event["EventType"] for event in host.history("rewound")])
    assert host.final("rewound")["runtimeStatus"] == "Failed"
    assert "only orchestrations in the" in ask(host, "rewind", "not-rewound")
    assert ask(host, "rewind", "nobody") == "No instance with ID nobody found."


def test_an_ended_instance_is_purged(host: RunningHost) -> None:
    start(host, "echo", "purged", "Completed")
    start(host, "wait", "not-purged", "Running")

    purged = ask(host, "purge_instance_history", "purged"), ask(host, "purge_instance_history", "purged")

    assert purged == (1, 0)
    assert host.status("purged") == {}
    assert "412" in ask(host, "purge_instance_history", "not-purged")


def test_instances_are_purged_by_status(host: RunningHost) -> None:
    start(host, "fail", "bulk-a", "Failed")
    start(host, "echo", "bulk-b", "Completed")

    assert ask(host, "purge_instance_history_by", "-", statuses=["Failed"]) >= 1
    assert ask(host, "purge_instance_history_by", "-", statuses=["Failed"]) == 0
    assert (host.status("bulk-a"), host.status("bulk-b")["runtimeStatus"]) == ({}, "Completed")


def test_an_instance_is_restarted_under_a_new_id_or_its_own(host: RunningHost) -> None:
    start(host, "echo", "restarted", "Completed", input={"n": 1})

    new = ask(host, "restart", "restarted", new=True)
    own = ask(host, "restart", "restarted", new=False)

    assert host.final(new["id"])["output"] == {"n": 1}
    assert own["id"] == "restarted"
    wait_until(lambda: host.status("restarted").get("runtimeStatus") == "Completed")
    assert host.history("restarted")[0]["Generation"] == 1
    assert "400" in ask(host, "restart", "nobody", new=True)


def test_waiting_answers_the_output_the_failure_or_where_to_look(host: RunningHost) -> None:
    start(host, "echo", "wait-done", "Completed", input="out")
    start(host, "fail", "wait-failed", "Failed")
    start(host, "wait", "wait-running", "Running")

    done, failed, running_ = (
        host.post(f"/api/client/wait/wait-{each}", json={}) for each in ("done", "failed", "running")
    )

    assert (done.status_code, done.text) == (200, "out")
    assert (failed.status_code, failed.json()["runtimeStatus"]) == (500, "Failed")
    assert (running_.status_code, json.loads(running_.text)["id"]) == (202, "wait-running")


def test_there_are_no_entities(host: RunningHost) -> None:
    assert ask(host, "read_entity_state", "k") is False
    assert "400" in ask(host, "signal_entity", "k")
