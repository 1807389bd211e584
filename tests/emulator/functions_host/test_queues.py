"""Queue functions and queue outputs, on a real Azurite."""

import base64
import json
import secrets
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueServiceClient

from tests.emulator.functions_host.running_host import RunningHost, write_app
from tests.running import RunningAzurite
from tests.waiting import wait_until

QUEUE_SETTINGS = {
    "queues": {
        "visibilityTimeout": "00:00:00",
        "maxPollingInterval": "00:00:00.2",
        "maxDequeueCount": 2,
        "batchSize": 4,
    }
}

APP = """
        @app.queue_trigger(arg_name="msg", queue_name="%PREFIX%-in", connection="AzureWebJobsStorage")
        @app.queue_output(arg_name="out", queue_name="%PREFIX%-out", connection="AzureWebJobsStorage")
        def copy(msg: func.QueueMessage, out: func.Out[str]):
            text = msg.get_body().decode()
            with (HERE / "seen").open("a") as file:
                file.write(f"{text} {msg.dequeue_count}\\n")
            if text == "never" or text == "once" and msg.dequeue_count == 1:
                raise ValueError("not now")
            out.set(text)

        @app.route(route="put", methods=["POST"])
        @app.queue_output(arg_name="out", queue_name="%PREFIX%-out", connection="AzureWebJobsStorage")
        def put(req: func.HttpRequest, out: func.Out[str]):
            out.set(req.get_body().decode())
            return "put"

        @app.activity_trigger(input_name="text")
        @app.queue_output(arg_name="out", queue_name="%PREFIX%-out", connection="AzureWebJobsStorage")
        def put_from_activity(text: str, out: func.Out[str]):
            out.set(text)
            return len(text)

        @app.orchestration_trigger(context_name="context")
        def flow(context):
            return (yield context.call_activity("put_from_activity", "from an activity"))

        @app.timer_trigger(arg_name="timer", schedule="* * * * * *", use_monitor=False)
        @app.queue_output(arg_name="out", queue_name="%PREFIX%-ticks", connection="AzureWebJobsStorage")
        def tick(timer: func.TimerRequest, out: func.Out[str]):
            out.set("tick")
        """


@dataclass
class Queues:
    """The queues of one app."""

    service: QueueServiceClient
    prefix: str

    def send(self, text: str, *, encoded: bool = True) -> None:
        content = base64.b64encode(text.encode()).decode() if encoded else text
        self.service.get_queue_client(f"{self.prefix}-in").send_message(content)

    def texts(self, name: str) -> list[str]:
        """Return the texts of the messages in a queue; what is not Base64 as it is."""
        try:
            messages = self.service.get_queue_client(f"{self.prefix}-{name}").peek_messages(max_messages=32)
            contents = [message.content for message in messages]
        except ResourceNotFoundError:
            return []
        return [content if "!" in content else base64.b64decode(content).decode() for content in contents]


@pytest.fixture(scope="module")
def queues(azurite: RunningAzurite) -> Iterator[Queues]:
    with azurite.use_environment():
        service = QueueServiceClient.from_connection_string(azurite.settings["AzureWebJobsStorage"])
        yield Queues(service, f"t{secrets.token_hex(4)}")
        service.close()


@pytest.fixture(scope="module")
def host(azurite: RunningAzurite, queues: Queues, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    app = write_app(tmp_path_factory.mktemp("queues") / "app", APP, host=QUEUE_SETTINGS)
    with RunningHost(app, {**azurite.settings, "PREFIX": queues.prefix}) as host:
        wait_until(lambda: f"{queues.prefix}-in" in [queue.name for queue in queues.service.list_queues()])
        yield host


def seen(host: RunningHost) -> list[str]:
    file: Path = host.app_root / "seen"
    return file.read_text().splitlines() if file.exists() else []


def test_a_message_goes_through(host: RunningHost, queues: Queues) -> None:
    queues.send("hello é")

    wait_until(lambda: "hello é" in queues.texts("out"))
    assert "hello é 1" in seen(host)


def test_a_failed_message_is_tried_again_as_it_was(host: RunningHost, queues: Queues) -> None:
    queues.send("once")

    wait_until(lambda: "once" in queues.texts("out"))
    assert [line for line in seen(host) if line.startswith("once")] == ["once 1", "once 2"]


def test_a_message_that_always_fails_goes_to_poison_as_it_was(host: RunningHost, queues: Queues) -> None:
    queues.send("never")

    wait_until(lambda: "never" in queues.texts("in-poison"))
    assert [line for line in seen(host) if line.startswith("never")] == ["never 1", "never 2"]
    assert "never" not in queues.texts("in")


def test_a_message_that_is_not_base64_goes_to_poison_unseen(host: RunningHost, queues: Queues) -> None:
    queues.send("not base64!", encoded=False)

    wait_until(lambda: "not base64!" in queues.texts("in-poison"))
    assert [line for line in seen(host) if line.startswith("not")] == []


def test_an_http_function_puts_a_message(host: RunningHost, queues: Queues) -> None:
    host.post("/api/put", data="from http")

    assert "from http" in queues.texts("out")


def test_an_object_is_put_indented(host: RunningHost, queues: Queues) -> None:
    host.post("/api/put", data=json.dumps({"a": 1}))

    assert '{\n  "a": 1\n}' in queues.texts("out")


def test_an_activity_puts_a_message(host: RunningHost, queues: Queues) -> None:
    host.start_instance("flow", "flow")

    assert host.final("flow")["output"] == len("from an activity")
    assert "from an activity" in queues.texts("out")


def test_a_host_that_stops_ends_what_it_has_begun(azurite: RunningAzurite, queues: Queues, tmp_path: Path) -> None:
    source = """
        @app.queue_trigger(arg_name="msg", queue_name="%PREFIX%-last", connection="AzureWebJobsStorage")
        @app.queue_output(arg_name="out", queue_name="%PREFIX%-done", connection="AzureWebJobsStorage")
        def slow(msg: func.QueueMessage, out: func.Out[str]):
            (HERE / "begun").touch()
            while not (HERE / "open").exists():
                time.sleep(0.01)
            time.sleep(0.3)
            out.set("done")
        """
    app = write_app(tmp_path / "app", source, host=QUEUE_SETTINGS)
    last = queues.service.get_queue_client(f"{queues.prefix}-last")
    last.create_queue()
    last.send_message(base64.b64encode(b"x").decode())
    host = RunningHost(app, {**azurite.settings, "PREFIX": queues.prefix}, "--grace-seconds", "30")
    host.start()
    wait_until((app / "begun").exists)

    host.send_signal(signal.SIGTERM)
    wait_until(lambda: "Host stops" in host.log_text())
    (app / "open").touch()
    code = host.stop()

    assert code == 0
    assert queues.texts("done") == ["done"]
    assert last.get_queue_properties().approximate_message_count == 0


@pytest.mark.usefixtures("host")
def test_a_timer_function_puts_a_message(queues: Queues) -> None:
    wait_until(lambda: len(queues.texts("ticks")) >= 2)
