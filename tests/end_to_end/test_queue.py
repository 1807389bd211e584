"""The queue: one message, one deployment, one result; what is no request is rejected, once."""

import json
import time
from contextlib import suppress
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient, TextBase64DecodePolicy, TextBase64EncodePolicy

from emulator.stack import Stack
from tests.end_to_end.bundles import graph_bundle
from tests.end_to_end.client import SUBSCRIPTION, Caller


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
        return str(self._queue.send_message(content).id)

    def peek(self) -> list[dict[str, Any]]:
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


def collected(queue: Queue, wanted, count: int, seconds: float = 60) -> list[dict[str, Any]]:
    """The first `count` messages that are `wanted`, taken as they come."""
    found: list[dict[str, Any]] = []
    deadline = time.monotonic() + seconds
    while len(found) < count and time.monotonic() < deadline:
        found += [message for message in queue.take_all() if wanted(message)]
        time.sleep(0.1)
    return found


@pytest.fixture(scope="module")
def caller(stack: Stack) -> Caller:
    return Caller(stack)


@pytest.fixture(scope="module")
def requests_queue(stack: Stack) -> Queue:
    return Queue(stack, "deployment-requests")


@pytest.fixture(scope="module")
def results(stack: Stack) -> Queue:
    return Queue(stack, "deployment-results")


def test_a_message_starts_a_deployment_and_its_result_is_put_on_the_results_queue(caller, requests_queue, results):
    bundle_id = caller.upload(graph_bundle("queued", {"a": [], "b": ["a"]}))
    request = {"bundle": {"id": bundle_id}, "target": {"subscription": SUBSCRIPTION}}

    message_id = requests_queue.send(json.dumps(request))
    (result,) = collected(results, lambda message: message.get("deploymentId") == message_id.lower(), 1)

    assert result["kind"] == "deployment"
    assert result["status"] == "completed"
    assert result["resources"] == 2
    state = caller.state(message_id.lower())
    assert state["initiatedBy"] == f"queue message {message_id}"


def test_the_same_message_twice_makes_one_deployment(caller, requests_queue, results):
    bundle_id = caller.upload(graph_bundle("twice", {"a": []}))
    request = {
        "bundle": {"id": bundle_id},
        "target": {"subscription": SUBSCRIPTION},
        "deploymentId": "queued-twice",
    }

    requests_queue.send(json.dumps(request))
    requests_queue.send(json.dumps(request))
    found = collected(results, lambda message: message.get("deploymentId") == "queued-twice", 1)

    assert [result["kind"] for result in found] == ["deployment"]
    assert caller.ended("queued-twice")["status"] == "completed"
    assert len([e for e in caller.events("queued-twice") if e["code"] == "TemplateStarted"]) == 1
    listed = caller.get("deployments?project=twice").json()["value"]
    assert [item["deploymentId"] for item in listed] == ["queued-twice"]


MALFORMED = {
    "this is not JSON": "not JSON",
    '{"bundle": {}}': "/target",
    json.dumps({"bundle": {"id": "b-01"}, "target": {"subscription": "x"}}): "/target/subscription",
    "[1, 2]": "/",
    "x" * 40_000: "not JSON",
}


def test_malformed_messages_are_rejected_once_each_and_never_become_poison(stack, requests_queue, results):
    told = {requests_queue.send(content): reason for content, reason in MALFORMED.items()}

    rejections = collected(results, lambda message: message.get("messageId") in told, len(told))
    late = collected(results, lambda message: message.get("messageId") in told, 1, seconds=5)

    assert {rejection["messageId"] for rejection in rejections} == set(told)
    assert {rejection["kind"] for rejection in rejections} == {"rejection"}
    for rejection in rejections:
        assert any(told[rejection["messageId"]] in error for error in rejection["errors"])
    assert late == []
    assert Queue(stack, "deployment-requests-poison").peek() == []


def test_another_request_under_a_used_id_is_rejected(caller, requests_queue, results):
    bundle_id = caller.upload(graph_bundle("used", {"a": []}))
    request = {"bundle": {"id": bundle_id}, "target": {"subscription": SUBSCRIPTION}, "deploymentId": "queued-used"}
    requests_queue.send(json.dumps(request))
    caller_state = collected(results, lambda message: message.get("deploymentId") == "queued-used", 1)

    message_id = requests_queue.send(json.dumps({**request, "options": {"parallel": False}}))
    (rejection,) = collected(results, lambda message: message.get("messageId") == message_id, 1)

    assert caller_state[0]["status"] == "completed"
    assert rejection["deploymentId"] == "queued-used"
    assert "used for another request" in rejection["message"]
