"""The queue: one message, one deployment, one result; what is no request is rejected, once."""

import json

import pytest

from emulator.stack import Stack
from tests.end_to_end.bundles import graph_bundle
from tests.end_to_end.client import SUBSCRIPTION, Caller
from tests.end_to_end.queues import Queue, collected


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
