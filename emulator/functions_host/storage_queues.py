"""Queue clients by connection and name, and queue outputs; a queue is created when it is missing."""

import os
import threading
from collections.abc import Mapping

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.functions import meta
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from emulator.functions_host.bindings import queue_texts
from emulator.functions_host.errors import HostError
from emulator.functions_host.indexing import Binding
from emulator.functions_host.settings import resolve_settings


class StorageQueues:
    """Clients for the queues that bindings name, over the connection strings in the app settings."""

    def __init__(self, *, base64: bool, environment: Mapping[str, str] = os.environ) -> None:
        self._encoding = TextBase64EncodePolicy() if base64 else None
        self._environment = environment
        self._outputs: dict[tuple[str, str], QueueClient] = {}
        self._making = threading.Lock()

    def client(
        self, binding: Binding, *, suffix: str = "", encoding: TextBase64EncodePolicy | None = None
    ) -> QueueClient:
        """Return a new client of the queue that a binding names; without `encoding` contents go as they are.

        Raises `HostError` when the app setting that holds the connection string is missing or wrong.
        """
        connection = self._connection_string(_connection(binding))
        name = resolve_settings(binding.text("queueName"), self._environment) + suffix
        try:
            return QueueClient.from_connection_string(connection, name, message_encode_policy=encoding)
        except ValueError as error:
            raise HostError(f"the app setting '{_connection(binding)}' is no connection string: {error}") from error

    def send(self, binding: Binding, datum: meta.Datum) -> None:
        """Put the messages of a queue output."""
        client = self._output(binding)
        for text in queue_texts(datum):
            put(client, text)

    def _output(self, binding: Binding) -> QueueClient:
        key = (_connection(binding), binding.text("queueName"))
        with self._making:
            if key not in self._outputs:
                self._outputs[key] = self.client(binding, encoding=self._encoding)
            return self._outputs[key]

    def _connection_string(self, connection: str) -> str:
        for name in (connection, f"AzureWebJobs{connection}"):
            if name in self._environment:
                return self._environment[name]
        raise HostError(f"the app setting '{connection}' that a queue binding names does not exist")


def _connection(binding: Binding) -> str:
    return binding.text("connection", "AzureWebJobsStorage")


def put(client: QueueClient, text: str) -> None:
    """Put a message; create the queue if it is missing."""
    try:
        client.send_message(text)
    except ResourceNotFoundError:
        create(client)
        client.send_message(text)


def create(client: QueueClient) -> None:
    """Create a queue unless it exists."""
    try:
        client.create_queue()
    except ResourceExistsError:
        return
