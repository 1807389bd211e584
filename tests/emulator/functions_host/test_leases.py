"""A message that is worked on for longer than its lease, and one that nobody ever got to the end of."""

import asyncio
import base64
import secrets
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.queue import QueueClient

from emulator.functions_host import queues as queues_module
from emulator.functions_host.bindings import decode
from emulator.functions_host.host_json import QueuesSection
from emulator.functions_host.indexing import Binding, HostFunction, TriggerKind
from emulator.functions_host.invocation import FunctionInput
from emulator.functions_host.queues import QueueTriggers
from emulator.functions_host.storage_queues import StorageQueues, create
from tests.running import RunningAzurite


class HoldingInvoker:
    """Holds on to each message until it is released; notes what it was given."""

    def __init__(self) -> None:
        self.given: list[str] = []
        self.release = asyncio.Event()

    async def invoke(self, function: HostFunction, given: FunctionInput) -> None:
        message = decode(function.trigger, given.datum, given.metadata)
        self.given.append(f"{message.get_body().decode()} {message.dequeue_count}")
        await self.release.wait()


class CountingQueues(StorageQueues):
    """Counts how often a message has been updated, tells when, and notes when one is deleted."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.updates = 0
        self.failures: list[Exception] = []
        self.after_update: Callable[[], object] = int
        self.deleting = threading.Event()

    def client(self, *arguments, **options):  # type: ignore[no-untyped-def]
        client = super().client(*arguments, **options)
        update, delete = client.update_message, client.delete_message

        def counted(*args, **kwargs):  # type: ignore[no-untyped-def]
            self.updates += 1
            if self.failures:
                raise self.failures.pop()
            updated = update(*args, **kwargs)
            self.after_update()
            return updated

        def noted(*args, **kwargs):  # type: ignore[no-untyped-def]
            self.deleting.set()
            return delete(*args, **kwargs)

        client.update_message = counted  # type: ignore[method-assign]
        client.delete_message = noted  # type: ignore[method-assign]
        return client


@pytest.fixture
def storage(azurite: RunningAzurite, monkeypatch: pytest.MonkeyPatch) -> Iterator[CountingQueues]:
    monkeypatch.setattr(queues_module, "_LEASE", timedelta(seconds=2))
    with azurite.use_environment():
        yield CountingQueues(base64=True, environment=azurite.settings)


@pytest.fixture
def trigger() -> Binding:
    name = f"lease{secrets.token_hex(4)}"
    return Binding("msg", "queueTrigger", is_output=False, properties={"queueName": name})


@pytest.fixture
async def client(storage: CountingQueues, trigger: Binding) -> QueueClient:
    """The queue, with one message in it."""
    client = storage.client(trigger)
    await asyncio.to_thread(create, client)
    await asyncio.to_thread(client.send_message, base64.b64encode(b"hello").decode())
    return client


@pytest.fixture
def triggers(storage: CountingQueues, trigger: Binding, invoker: HoldingInvoker, tmp_path: Path) -> QueueTriggers:
    function = HostFunction(
        "f",
        print,
        TriggerKind.QUEUE,
        trigger,
        (),
        (),
        is_async=False,
        wants_context=False,
        directory=tmp_path,
    )
    settings = QueuesSection(max_polling_interval=timedelta(seconds=0.2), max_dequeue_count=2)
    return QueueTriggers([function], invoker, storage, settings)  # type: ignore[arg-type]


@pytest.fixture
def invoker() -> HoldingInvoker:
    return HoldingInvoker()


async def test_a_message_in_work_stays_invisible_and_is_deleted_at_the_end(
    storage: CountingQueues, client: QueueClient, triggers: QueueTriggers, invoker: HoldingInvoker
) -> None:
    listening = asyncio.create_task(triggers.run())
    await _until(lambda: storage.updates >= 3)
    invoker.release.set()
    await _until(lambda: client.get_queue_properties().approximate_message_count == 0)
    listening.cancel()

    assert invoker.given == ["hello 1"]


async def test_a_message_whose_work_ends_while_its_lease_is_renewed_is_deleted(
    storage: CountingQueues, client: QueueClient, triggers: QueueTriggers, invoker: HoldingInvoker
) -> None:
    loop = asyncio.get_running_loop()

    def end_the_work() -> None:
        """Let the function end while the new pop receipt is still on its way."""
        loop.call_soon_threadsafe(invoker.release.set)
        storage.deleting.wait(0.5)

    storage.after_update = end_the_work

    listening = asyncio.create_task(triggers.run())
    await _until(storage.deleting.is_set)
    await _until(lambda: client.get_queue_properties().approximate_message_count == 0)
    listening.cancel()

    assert invoker.given == ["hello 1"]


async def test_a_lease_that_could_not_be_renewed_is_renewed_soon_after(
    storage: CountingQueues, client: QueueClient, triggers: QueueTriggers, invoker: HoldingInvoker
) -> None:
    storage.failures.append(HttpResponseError("the server is busy"))

    listening = asyncio.create_task(triggers.run())
    await _until(lambda: storage.updates >= 3)
    invoker.release.set()
    await _until(lambda: client.get_queue_properties().approximate_message_count == 0)
    listening.cancel()

    assert invoker.given == ["hello 1"]


async def test_a_message_that_every_host_died_of_goes_to_poison_unseen(
    storage: CountingQueues, trigger: Binding, client: QueueClient, triggers: QueueTriggers, invoker: HoldingInvoker
) -> None:
    for _ in range(2):
        message = await asyncio.to_thread(client.receive_message, visibility_timeout=60)
        assert message is not None
        await asyncio.to_thread(client.update_message, message, visibility_timeout=0)
    poison = storage.client(trigger, suffix="-poison")

    listening = asyncio.create_task(triggers.run())
    await _until(storage.deleting.is_set)
    listening.cancel()

    (moved,) = await asyncio.to_thread(poison.peek_messages)
    assert base64.b64decode(moved.content) == b"hello"
    assert invoker.given == []


async def _until(condition) -> None:  # type: ignore[no-untyped-def]
    async with asyncio.timeout(30):
        while not await asyncio.to_thread(condition):
            await asyncio.sleep(0.05)
