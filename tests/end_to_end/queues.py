"""The queues of a running stack, read and written as their users do."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient, TextBase64DecodePolicy, TextBase64EncodePolicy

from emulator.stack import Stack


class Queue:
    """A queue of the host's storage account, read as a consumer would, keeping what is another test's."""

    def __init__(self, stack: Stack, name: str) -> None:
        self._queue = QueueClient.from_connection_string(
            stack.app_settings["AzureWebJobsStorage"],
            name,
            message_encode_policy=TextBase64EncodePolicy(),
            message_decode_policy=TextBase64DecodePolicy(),
            connection_verify=stack.app_settings["REQUESTS_CA_BUNDLE"],
        )

    def send(self, content: str) -> str:
        """Put a message; answers its id."""
        return str(self._queue.send_message(content).id)

    def peek(self) -> list[dict[str, Any]]:
        """What is there now, left there."""
        try:
            return [json.loads(message.content) for message in self._queue.peek_messages(32)]
        except ResourceNotFoundError:
            return []

    def take_all(self) -> list[dict[str, Any]]:
        """Everything that is there now, removed."""
        taken = []
        with suppress(ResourceNotFoundError):  # the first message makes the queue
            for message in self._queue.receive_messages(messages_per_page=32, visibility_timeout=300):
                taken.append(json.loads(message.content))
                self._queue.delete_message(message)
        return taken


def collected(
    queue: Queue, wanted: Callable[[dict[str, Any]], bool], count: int, seconds: float = 60
) -> list[dict[str, Any]]:
    """The first `count` messages that are `wanted`, taken as they come."""
    found: list[dict[str, Any]] = []
    deadline = time.monotonic() + seconds
    while len(found) < count and time.monotonic() < deadline:
        found += [message for message in queue.take_all() if wanted(message)]
        time.sleep(0.1)
    return found
