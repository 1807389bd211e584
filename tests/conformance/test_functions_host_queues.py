"""The recorded app's queue functions on our host: the same messages lead to the same invocations and poison queue."""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueServiceClient

from tests.conformance.host_recordings import as_text, comparable, read_handed
from tests.conformance.recorded_app import write_recorded_app
from tests.emulator.functions_host.running_host import RunningHost
from tests.running import RunningAzurite
from tests.waiting import wait_until

QUEUES = ("in-ok", "in-fail", "out-ok", "in-fail-poison")

MADE_UP = ("id", "pr", "ins", "exp", "nv")


@pytest.fixture
def queues(azurite: RunningAzurite) -> QueueServiceClient:
    with azurite.use_environment():
        service = QueueServiceClient.from_connection_string(azurite.settings["AzureWebJobsStorage"])
        for name in QUEUES:
            try:
                service.delete_queue(name)
            except ResourceNotFoundError:
                continue
        yield service
        service.close()


def test_messages_end_where_they_ended_on_the_real_host(
    shared: Path, azurite: RunningAzurite, queues: QueueServiceClient, tmp_path: Path
) -> None:
    recordings = shared / "recordings" / "functions-host"
    recorded = json.loads((recordings / "queue.json").read_text())
    app = write_recorded_app(recordings, tmp_path / "app")
    handed = tmp_path / "handed.jsonl"
    settings = {**azurite.settings, "RECORDED_QUEUES": str(handed)}

    with RunningHost(app, settings):
        for name, text in (("in-ok", _encoded("hello é")), ("in-fail", _encoded('{"poison":1}'))):
            wait_until(lambda name=name: _exists(queues, name))
            queues.get_queue_client(name).send_message(text)
        queues.get_queue_client("in-fail").send_message("not-base64!")
        wait_until(lambda: len(_texts(queues, "in-fail-poison")) == 2 and len(_texts(queues, "out-ok")) == 1)
        left = _texts(queues, "in-fail")

    assert sorted(_texts(queues, "in-fail-poison")) == sorted(_recorded_texts(recorded, "peek poison"))
    assert left == []
    ours = [json.loads(line) for line in handed.read_text().splitlines()]
    assert _without_ids(ours) == _without_ids(read_handed(recordings / "queue_invocations.json"))
    (recorded_output,) = _recorded_texts(recorded, "peek out-ok")
    (our_output,) = _texts(queues, "out-ok")
    assert _without_made_up(our_output) == _without_made_up(recorded_output)


def _exists(queues: QueueServiceClient, name: str) -> bool:
    return name in [queue.name for queue in queues.list_queues()]


def _texts(queues: QueueServiceClient, name: str) -> list[str]:
    try:
        return [message.content for message in queues.get_queue_client(name).peek_messages(max_messages=32)]
    except ResourceNotFoundError:
        return []


def _without_ids(handed: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what functions were handed, in no order, without ids and receipts."""
    made_up = {"Id": None, "PopReceipt": None}
    return sorted(as_text({**each, "trigger_metadata": {**each["trigger_metadata"], **made_up}}) for each in handed)


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _recorded_texts(recorded: list[dict[str, Any]], label: str) -> list[str]:
    """Return the messages of the last recorded look at a queue."""
    body = [look["body"] for look in recorded if look["label"] == label][-1]
    return re.findall("<MessageText>(.*?)</MessageText>", body)


def _without_made_up(encoded: str) -> str:
    """Return the text of an output message, indented as it is, without ids and times."""
    text = base64.b64decode(encoded).decode()
    for name in MADE_UP:
        text = re.sub(rf'("{name}": )"[^"]*"', r'\1"<made up>"', text)
    return str(comparable(text))
