"""What host.json says of queues: how many messages at once, how they are encoded, when a failed one comes again."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path

import pytest
from azure.storage.queue import QueueClient

from emulator.functions_host.bindings import decode
from emulator.functions_host.host_json import QueuesSection
from emulator.functions_host.indexing import Binding, HostFunction, TriggerKind
from emulator.functions_host.invocation import FunctionError, FunctionInput
from emulator.functions_host.queues import QueueTriggers, back_off
from emulator.functions_host.storage_queues import StorageQueues, create
from tests.running import RunningAzurite


class Invoker:
    """Holds on to messages until so many may end, and tells how many there were at once; `bad` ones fail."""

    def __init__(self) -> None:
        self.given: list[str] = []
        self.running = 0
        self.most = 0
        self.may_end = asyncio.Semaphore(0)

    async def invoke(self, function: HostFunction, given: FunctionInput) -> None:
        text = decode(function.trigger, given.datum, given.metadata).get_body().decode()
        self.given.append(text)
        self.running += 1
        self.most = max(self.most, self.running)
        await self.may_end.acquire()
        self.running -= 1
        if text == "bad":
            raise FunctionError(ValueError("not now"))

    def end(self, number: int) -> None:
        """Let so many messages end."""
        for _ in range(number):
            self.may_end.release()


@pytest.fixture
def storage(azurite: RunningAzurite) -> Iterator[StorageQueues]:
    with azurite.use_environment():
        yield StorageQueues(base64=True, environment=azurite.settings)


@pytest.fixture
def function(tmp_path: Path) -> HostFunction:
    properties = {"queueName": f"settings{secrets.token_hex(4)}"}
    trigger = Binding("msg", "queueTrigger", is_output=False, properties=properties)
    return HostFunction(
        "f", print, TriggerKind.QUEUE, trigger, (), (), is_async=False, wants_context=False, directory=tmp_path
    )


@pytest.fixture
async def queue(storage: StorageQueues, function: HostFunction) -> QueueClient:
    client = storage.client(function.trigger)
    await asyncio.to_thread(create, client)
    return client


@asynccontextmanager
async def listening(storage: StorageQueues, function: HostFunction, **settings: object) -> AsyncIterator[Invoker]:
    invoker = Invoker()
    section = QueuesSection(max_polling_interval=timedelta(seconds=0.1), **settings)  # type: ignore[arg-type]
    task = asyncio.create_task(QueueTriggers([function], invoker, storage, section).run())  # type: ignore[arg-type]
    yield invoker
    task.cancel()


async def until(condition) -> None:  # type: ignore[no-untyped-def]
    async with asyncio.timeout(30):
        while not await asyncio.to_thread(condition):
            await asyncio.sleep(0.02)


async def put(queue: QueueClient, *texts: str, encoded: bool = True) -> None:
    for text in texts:
        await asyncio.to_thread(queue.send_message, base64.b64encode(text.encode()).decode() if encoded else text)


async def test_a_batch_is_fetched_when_those_in_work_are_down_to_the_threshold(
    storage: StorageQueues, function: HostFunction, queue: QueueClient
) -> None:
    await put(queue, *(str(number) for number in range(12)))

    async with listening(storage, function, batch_size=4, new_batch_threshold=1) as invoker:
        await until(lambda: invoker.running == 4)
        invoker.end(3)
        await until(lambda: invoker.running == 5)
        begun = len(invoker.given)
        invoker.end(9)
        await until(lambda: len(invoker.given) == 12 and invoker.running == 0)

    assert (begun, invoker.most) == (8, 5)


async def test_with_a_batch_of_one_and_no_threshold_messages_come_one_by_one(
    storage: StorageQueues, function: HostFunction, queue: QueueClient
) -> None:
    await put(queue, "a", "b", "c")

    async with listening(storage, function, batch_size=1, new_batch_threshold=0) as invoker:
        invoker.end(3)
        await until(lambda: queue.get_queue_properties().approximate_message_count == 0)

    assert (sorted(invoker.given), invoker.most) == (["a", "b", "c"], 1)


async def test_without_encoding_a_message_is_taken_as_it_is(
    storage: StorageQueues, function: HostFunction, queue: QueueClient
) -> None:
    await put(queue, "not base64!", encoded=False)

    async with listening(storage, function, message_encoding="none") as invoker:
        invoker.end(1)
        await until(lambda: queue.get_queue_properties().approximate_message_count == 0)

    assert invoker.given == ["not base64!"]


@pytest.mark.parametrize(("visibility", "times"), [(timedelta(hours=1), 1), (timedelta(0), 2)])
async def test_a_failed_message_comes_again_after_the_visibility_timeout(
    storage: StorageQueues, function: HostFunction, queue: QueueClient, visibility: timedelta, times: int
) -> None:
    await put(queue, "bad", "good")

    async with listening(storage, function, visibility_timeout=visibility, max_dequeue_count=2) as invoker:
        invoker.end(9)
        await until(lambda: queue.get_queue_properties().approximate_message_count == (1 if times == 1 else 0))
        await put(queue, "last")
        await until(lambda: "last" in invoker.given)

    assert invoker.given.count("bad") == times


def test_an_empty_queue_is_looked_at_less_and_less_often_down_to_the_longest_interval() -> None:
    pauses = [pause.total_seconds() for pause in islice(back_off(timedelta(seconds=1)), 6)]

    assert pauses == [0.1, 0.2, 0.4, 0.8, 1, 1]
