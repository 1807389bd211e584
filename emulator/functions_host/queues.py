"""Queue triggers: polls with back-off, hands messages over, retries a failed one, moves a hopeless one to poison."""

import asyncio
import base64
import binascii
import json
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.functions import meta
from azure.storage.queue import QueueClient, QueueMessage

from emulator.functions_host.bindings import binding_data
from emulator.functions_host.host_json import QueuesSection
from emulator.functions_host.indexing import HostFunction, TriggerKind
from emulator.functions_host.invocation import FunctionError, FunctionInput, Invoker
from emulator.functions_host.settings import new_batch_threshold
from emulator.functions_host.storage_queues import StorageQueues, create, put

_log = logging.getLogger("host.queue")

_LEASE = timedelta(seconds=30)
"""How long a message in work is invisible, renewed at half time. The real host takes ten minutes; with less, what a
killed host had in work comes back soon."""

_NOT_OURS = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND)
"""PopReceiptMismatch and MessageNotFound: another host has the message by now, or it is gone."""

_FIRST_PAUSE = timedelta(milliseconds=100)


class QueueTriggers:
    """The queue functions of an app."""

    def __init__(
        self, functions: Sequence[HostFunction], invoker: Invoker, queues: StorageQueues, settings: QueuesSection
    ) -> None:
        self._listeners = [
            _Listener(function, invoker, queues, settings)
            for function in functions
            if function.kind is TriggerKind.QUEUE
        ]

    async def run(self) -> None:
        """Listen until cancelled; what has been taken is still worked on then."""
        async with asyncio.TaskGroup() as group:
            for listener in self._listeners:
                group.create_task(listener.run())

    async def finish(self, seconds: float) -> bool:
        """Wait for the messages in work, once nothing listens any more; return whether all have ended in time."""
        in_work = [task for listener in self._listeners for task in listener.in_work]
        if not in_work:
            return True
        _, unfinished = await asyncio.wait(in_work, timeout=seconds)
        return not unfinished


class _Listener:
    def __init__(
        self, function: HostFunction, invoker: Invoker, queues: StorageQueues, settings: QueuesSection
    ) -> None:
        self._function = function
        self._invoker = invoker
        self._settings = settings
        self._queue = queues.client(function.trigger)
        self._poison = queues.client(function.trigger, suffix="-poison")
        self.in_work: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        pauses = back_off(self._settings.max_polling_interval)
        while True:
            messages = await self._receive()
            for message in messages:
                task = asyncio.create_task(self._handle(message))
                self.in_work.add(task)
                task.add_done_callback(self.in_work.discard)
            if messages:
                pauses = back_off(self._settings.max_polling_interval)
                while len(self.in_work) > new_batch_threshold(self._settings):
                    await asyncio.wait(self.in_work, return_when=asyncio.FIRST_COMPLETED)
            else:
                await asyncio.sleep(next(pauses).total_seconds())

    async def _receive(self) -> list[QueueMessage]:
        try:
            return await asyncio.to_thread(_receive_batch, self._queue, self._settings.batch_size)
        except AzureError:
            _log.exception("Queue cannot be read", extra={"facts": {"queue": self._queue.queue_name}})
            return []

    async def _handle(self, message: QueueMessage) -> None:
        lease = _Lease(self._queue, message)
        renewal = asyncio.create_task(lease.keep())
        try:
            is_done = await self._invoke(message)
        finally:
            lease.end()
            await renewal
        try:
            await asyncio.to_thread(self._settle, lease.message, is_done=is_done)
        except AzureError:
            _log.exception("Queue message cannot be settled", extra={"facts": {"messageId": message.id}})

    async def _invoke(self, message: QueueMessage) -> bool:
        if (message.dequeue_count or 0) > self._settings.max_dequeue_count:  # every host before died of it
            return False
        try:
            text = decode_message(message.content, is_base64=self._settings.message_encoding == "base64")
        except ValueError:
            _log.warning("Queue message is not Base64 of UTF-8", extra={"facts": {"messageId": message.id}})
            return False
        try:
            await self._invoker.invoke(self._function, message_input(message, text))
        except FunctionError:
            return False
        return True

    def _settle(self, message: QueueMessage, *, is_done: bool) -> None:
        if not is_done:
            if (message.dequeue_count or 0) < self._settings.max_dequeue_count:
                self._queue.update_message(
                    message, visibility_timeout=int(self._settings.visibility_timeout.total_seconds())
                )
                return
            _log.error("Queue message moved to poison", extra={"facts": {"messageId": message.id}})
            put(self._poison, message.content)
        try:
            self._queue.delete_message(message)
        except ResourceNotFoundError:
            _log.warning("Queue message was gone before it was deleted", extra={"facts": {"messageId": message.id}})


class _Lease:
    """Keeps a message invisible until the end; `message` then has the latest pop receipt, which deleting it takes."""

    def __init__(self, queue: QueueClient, message: QueueMessage) -> None:
        self._queue = queue
        self._is_over = asyncio.Event()
        self.message = message

    def end(self) -> None:
        self._is_over.set()

    async def keep(self) -> None:
        pause = _LEASE / 2
        while not await self._is_over_within(pause):
            try:
                renewed = await asyncio.to_thread(
                    self._queue.update_message, self.message, visibility_timeout=int(_LEASE.total_seconds())
                )
            except AzureError as error:
                _log.exception("Queue message may be handed out again", extra={"facts": {"messageId": self.message.id}})
                if getattr(error, "status_code", None) in _NOT_OURS:
                    return
                pause = _LEASE / 10
            else:
                self.message.pop_receipt = renewed.pop_receipt
                pause = _LEASE / 2

    async def _is_over_within(self, period: timedelta) -> bool:
        try:
            await asyncio.wait_for(self._is_over.wait(), period.total_seconds())
        except TimeoutError:
            return False
        return True


def back_off(longest: timedelta) -> Iterator[timedelta]:
    """Yield the pauses between looks at a queue that stays empty."""
    pause = _FIRST_PAUSE
    while True:
        yield pause
        pause = min(pause * 2, longest)


def decode_message(content: str, *, is_base64: bool) -> str:
    """Return the text of a message.

    Raises `ValueError` when it is not Base64 of UTF-8.
    """
    if not is_base64:
        return content
    try:
        return base64.b64decode(content, validate=True).decode("utf-8")
    except binascii.Error as error:
        raise ValueError(str(error)) from error


def message_input(message: QueueMessage, text: str) -> FunctionInput:
    """Return what the host hands over for a message."""

    def moment(value: datetime | None) -> meta.Datum:
        return meta.Datum(json.dumps(value.isoformat(timespec="seconds") if value else None), "json")

    body = meta.Datum(text, "string")
    metadata = binding_data(text) | {
        "QueueTrigger": body,
        "Id": meta.Datum(message.id, "string"),
        "DequeueCount": meta.Datum(json.dumps(message.dequeue_count), "json"),
        "InsertionTime": moment(message.inserted_on),
        "ExpirationTime": moment(message.expires_on),
        "NextVisibleTime": moment(message.next_visible_on),
        "PopReceipt": meta.Datum(message.pop_receipt, "string"),
    }
    return FunctionInput(body, metadata)


def _receive_batch(client: QueueClient, size: int) -> list[QueueMessage]:
    try:
        pages = client.receive_messages(
            messages_per_page=size, max_messages=size, visibility_timeout=int(_LEASE.total_seconds())
        )
        return list(pages)
    except ResourceNotFoundError:
        create(client)
        return []
