"""Each fault of the host happens as the catalogue says, to a small app in a process of its own."""

import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from emulator.faults.folder import FaultFolder
from emulator.faults.model import read_faults
from emulator.faults.plan import VARIABLE
from tests.emulator.functions_host.running_host import NO_STORAGE, RunningHost, write_app
from tests.running import RunningAzurite
from tests.waiting import wait_until

APP = """
        def note(word):
            with (HERE / "notes").open("a") as file:
                file.write(word + "\\n")

        @app.activity_trigger(input_name="number")
        def square(number):
            note(f"square {number}")
            return number * number

        @app.activity_trigger(input_name="number")
        async def cube(number):
            note(f"cube {number}")
            return number ** 3

        @app.activity_trigger(input_name="number")
        def fragile(number):
            note(f"fragile {number}")
            if (HERE / "notes").read_text().count("fragile") == 1:
                raise ValueError("the first time")
            return number

        @app.orchestration_trigger(context_name="context")
        def calls(context):
            note("replay")
            name, number = context.get_input()
            return (yield context.call_activity(name, number))
        """

QUEUES = """
        @app.queue_trigger(arg_name="message", queue_name="%QUEUE%", connection="AzureWebJobsStorage")
        def handle(message: func.QueueMessage):
            with (HERE / "notes").open("a") as file:
                file.write(f"{message.get_body().decode()} {message.dequeue_count}\\n")
        """


class FaultyHost:
    """A host whose rules a test writes."""

    def __init__(self, folder: Path, source: str, settings: dict[str, str], **host: Any) -> None:
        self.faults = FaultFolder(folder)
        self.host = RunningHost(write_app(folder / "app", source, host=host), {**settings, VARIABLE: str(folder)})

    def given(self, fault: str, *, parameters: Any = None, **rest: Any) -> None:
        rule = {"id": fault, "service": "functionsHost", "fault": fault, "parameters": parameters or {}, **rest}
        self.faults.load(read_faults({"rules": [rule]}))

    def notes(self) -> list[str]:
        file = self.host.app_root / "notes"
        return file.read_text().splitlines() if file.exists() else []

    def start_to_death(self, name: str, instance_id: str, given: Any) -> None:
        """Start an instance that the host dies of, whether or not it has time to answer."""
        with suppress(requests.ConnectionError):
            self.host.start_instance(name, instance_id, given)

    def restart_when_dead(self) -> None:
        self.host.wait_for_death()
        self.host.start()


@pytest.fixture
def faulty(tmp_path: Path) -> Iterator[FaultyHost]:
    running = FaultyHost(tmp_path, APP, NO_STORAGE)
    with running.host:
        yield running


@pytest.mark.shows_fault("activityTwice")
def test_functions_host_activity_twice(faulty: FaultyHost) -> None:
    faulty.given("activityTwice", match={"name": "square"})

    faulty.host.start_instance("calls", "i", ["square", 3])
    faulty.host.start_instance("calls", "j", ["cube", 3])

    assert (faulty.host.final("i")["output"], faulty.host.final("j")["output"]) == (9, 27)
    assert sorted(note for note in faulty.notes() if note != "replay") == ["cube 3", "square 3", "square 3"]


def test_an_async_activity_runs_twice_too(faulty: FaultyHost) -> None:
    faulty.given("activityTwice", match={"name": "cube", "instance": "i*"})

    faulty.host.start_instance("calls", "i1", ["cube", 2])

    assert faulty.host.final("i1")["output"] == 8
    assert faulty.notes().count("cube 2") == 2


def test_the_second_result_counts(faulty: FaultyHost) -> None:
    faulty.given("activityTwice")

    faulty.host.start_instance("calls", "i", ["fragile", 5])

    assert faulty.host.final("i")["runtimeStatus"] == "Completed"


@pytest.mark.parametrize("name", ["square", "cube"])
@pytest.mark.shows_fault("activityResultLost")
def test_functions_host_activity_result_lost(faulty: FaultyHost, name: str) -> None:
    faulty.given("activityResultLost", times=1)

    faulty.start_to_death("calls", "i", [name, 1])
    faulty.restart_when_dead()

    assert faulty.host.final("i")["output"] == 1
    assert faulty.notes().count(f"{name} 1") == 2


@pytest.mark.shows_fault("slowActivity")
def test_functions_host_slow_activity(faulty: FaultyHost) -> None:
    faulty.given("slowActivity", parameters={"delaySeconds": 0.3})

    began = time.monotonic()
    faulty.host.start_instance("calls", "i", ["square", 1])
    faulty.host.final("i")

    assert time.monotonic() - began >= 0.3


@pytest.mark.shows_fault("killedBeforeCheckpoint")
def test_functions_host_killed_before_checkpoint(faulty: FaultyHost) -> None:
    faulty.given("killedBeforeCheckpoint", match={"name": "calls"}, attempts=[1])

    faulty.start_to_death("calls", "i", ["square", 2])
    faulty.host.wait_for_death()
    before = faulty.notes()
    faulty.host.start()

    assert before == ["replay"]
    assert faulty.host.final("i")["output"] == 4
    assert faulty.notes() == ["replay", "replay", "square 2", "replay"]


@pytest.mark.shows_fault("killedAfterCheckpoint")
def test_functions_host_killed_after_checkpoint(faulty: FaultyHost) -> None:
    faulty.given("killedAfterCheckpoint", match={"instance": "i"}, attempts=[1])

    faulty.start_to_death("calls", "i", ["square", 2])
    faulty.host.wait_for_death()
    before = faulty.notes()
    faulty.host.start()

    assert before == ["replay"]
    assert faulty.host.final("i")["output"] == 4
    assert faulty.notes() == ["replay", "square 2", "replay"]


@pytest.mark.shows_fault("slowStart")
def test_functions_host_slow_start(faulty: FaultyHost) -> None:
    faulty.given("slowStart", parameters={"delaySeconds": 0.4})
    faulty.host.stop()

    began = time.monotonic()
    faulty.host.start()

    assert time.monotonic() - began >= 0.4
    assert [entry["key"] for entry in faulty.faults.happened()] == ["StartHost"]


@pytest.fixture
def listening(azurite: RunningAzurite, tmp_path: Path) -> Iterator[tuple[FaultyHost, QueueClient]]:
    name = f"q{uuid.uuid4().hex}"
    settings = {**azurite.settings, "QUEUE": name}
    running = FaultyHost(tmp_path, QUEUES, settings, queues={"maxPollingInterval": "00:00:00.100"})
    with (
        azurite.use_environment(),
        QueueClient.from_connection_string(
            settings["AzureWebJobsStorage"], name, message_encode_policy=TextBase64EncodePolicy()
        ) as queue,
    ):
        queue.create_queue()
        with running.host:
            yield running, queue


@pytest.mark.shows_fault("messageTwice")
def test_functions_host_message_twice(listening: tuple[FaultyHost, QueueClient]) -> None:
    faulty, queue = listening
    faulty.given("messageTwice", attempts=[1])

    queue.send_message("a")

    wait_until(lambda: faulty.notes() == ["a 1", "a 2"])
    wait_until(lambda: queue.get_queue_properties().approximate_message_count == 0)


@pytest.mark.shows_fault("messageLate")
def test_functions_host_message_late(listening: tuple[FaultyHost, QueueClient]) -> None:
    faulty, queue = listening
    faulty.given("messageLate", parameters={"delaySeconds": 0.5})

    began = time.monotonic()
    queue.send_message("a")
    wait_until(lambda: faulty.notes() == ["a 1"])

    assert time.monotonic() - began >= 0.5


@pytest.mark.shows_fault("messagesOutOfOrder")
def test_functions_host_messages_out_of_order(listening: tuple[FaultyHost, QueueClient]) -> None:
    faulty, queue = listening
    faulty.given("messagesOutOfOrder", times=1, parameters={"overtakenBy": 2, "atMostSeconds": 60})

    queue.send_message("first")
    wait_until(lambda: len(faulty.faults.happened()) == 1)
    for name in ("second", "third"):
        queue.send_message(name)

    wait_until(lambda: len(faulty.notes()) == 3)
    assert faulty.notes()[-1] == "first 1"


def test_a_message_that_nothing_overtakes_is_handled_all_the_same(listening: tuple[FaultyHost, QueueClient]) -> None:
    faulty, queue = listening
    faulty.given("messagesOutOfOrder", parameters={"atMostSeconds": 0.2})

    queue.send_message("only")

    wait_until(lambda: faulty.notes() == ["only 1"])
