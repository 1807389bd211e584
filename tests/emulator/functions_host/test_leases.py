"""A message that is worked on for longer than its lease."""

import asyncio
import base64
import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from emulator.functions_host import queues as queues_module
from emulator.functions_host.bindings import decode
from emulator.functions_host.indexing import Binding, HostFunction, TriggerKind
from emulator.functions_host.invocation import FunctionInput
from emulator.functions_host.queues import QueueTriggers
from emulator.functions_host.settings import QueueSettings
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
    """Counts how often a message has been updated."""

    updates = 0

    def client(self, *arguments, **options):  # type: ignore[no-untyped-def]
        client = super().client(*arguments, **options)
        update = client.update_message

        def counted(*args, **kwargs):  # type: ignore[no-untyped-def]
            self.updates += 1
            return update(*args, **kwargs)

        client.update_message = counted  # type: ignore[method-assign]
        return client


@pytest.fixture
def storage(azurite: RunningAzurite, monkeypatch: pytest.MonkeyPatch) -> Iterator[CountingQueues]:
    monkeypatch.setattr(queues_module, "_LEASE", timedelta(seconds=2))
    with azurite.use_environment():
        yield CountingQueues(base64=True, environment=azurite.settings)


async def test_a_message_in_work_stays_invisible_and_is_deleted_at_the_end(
    storage: CountingQueues, tmp_path: Path
) -> None:
    name = f"lease{secrets.token_hex(4)}"
    trigger = Binding("msg", "queueTrigger", is_output=False, properties={"queueName": name})
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
    client = storage.client(trigger)
    await asyncio.to_thread(create, client)
    await asyncio.to_thread(client.send_message, base64.b64encode(b"hello").decode())
    invoker = HoldingInvoker()
    triggers = QueueTriggers([function], invoker, storage, QueueSettings(max_polling_interval=timedelta(seconds=0.2)))  # type: ignore[arg-type]

    listening = asyncio.create_task(triggers.run())
    await _until(lambda: storage.updates >= 3)
    invoker.release.set()
    await _until(lambda: client.get_queue_properties().approximate_message_count == 0)
    listening.cancel()

    assert invoker.given == ["hello 1"]


async def _until(condition) -> None:  # type: ignore[no-untyped-def]
    async with asyncio.timeout(30):
        while not await asyncio.to_thread(condition):
            await asyncio.sleep(0.05)
