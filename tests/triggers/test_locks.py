"""The HTTP API of lineage locks: told, and broken in an emergency."""

import pytest
from azure.durable_functions import OrchestrationRuntimeStatus as Runtime

from armature.azure.deployments import DeploymentStore
from armature.plan import Lineage
from armature.state import Status
from tests.armature.deployments import KEY, NOW, deployment
from tests.memory import MemoryDocuments
from tests.triggers.calling import answer_of, request, with_store
from tests.triggers.durable import Client
from triggers import locks

LINEAGE = Lineage(project="shop", environment="test", key=KEY)


@pytest.fixture
def store(monkeypatch) -> DeploymentStore:
    """A lineage in which d-01 deploys, and d-02 waits."""
    found = DeploymentStore(MemoryDocuments())
    found.create_state(deployment(Status.DEPLOYING, "d-01"))
    found.create_state(deployment(Status.QUEUED, "d-02"))
    for name in ("d-01", "d-02"):
        found.locks.take(LINEAGE, name, NOW)
    with_store(monkeypatch, locks, found)
    return found


def broken(body, client: Client | None = None, key: str = KEY):
    headers = {"x-ms-client-principal-name": "ada"}
    asked = request("POST", f"locks/{key}/break", body, headers, lineageKey=key)
    return answer_of(locks, "break_lock", asked, client or Client())


def test_the_locks_tell_who_holds_them_since_when_and_who_waits(store):
    _, body, _ = answer_of(locks, "list_locks", request("GET", "locks"))

    (lock,) = body["value"]
    assert (lock["lineageKey"], lock["project"], lock["environment"]) == (KEY, "shop", "test")
    assert lock["holder"] == "d-01"
    assert lock["since"]
    assert [waiter["deploymentId"] for waiter in lock["queue"]] == ["d-02"]


def test_a_broken_lock_is_free_and_its_holder_is_told_to_touch_nothing_any_more(store):
    client = Client({"d-01": Runtime.Running, "d-01:rollout": Runtime.Running})

    status, body, _ = broken({"reason": "its host is gone"}, client)

    assert (status, body) == (200, {"lineageKey": KEY, "holder": "d-01"})
    assert store.control("d-01").is_lock_broken(1)
    assert store.locks.get(KEY).owner is None
    assert client.raised == [("d-01", "control"), ("d-01:rollout", "control")]
    (event,) = store.events("d-01")
    assert (event.code, event.message) == ("LockBroken", "The lineage lock was taken away by ada: its host is gone")


def test_the_next_in_the_queue_takes_a_lock_that_was_broken(store):
    broken({"reason": "its host is gone"})

    assert store.locks.take(LINEAGE, "d-02", NOW).owner == "d-02"


def test_who_broke_a_lock_and_why_is_kept(store):
    broken({"reason": "its host is gone"})

    _, body, _ = answer_of(locks, "get_audit", request("GET", f"locks/{KEY}/audit", lineageKey=KEY))

    (entry,) = body["value"]
    assert (entry["by"], entry["reason"], entry["holder"], entry["run"]) == ("ada", "its host is gone", "d-01", 1)
    assert entry["at"]


def test_a_turn_that_a_further_run_of_the_holder_has_taken_on_meanwhile_is_not_broken_unheard(store, monkeypatch):
    told = store.append_events

    def overtaken(*event):
        told(*event)
        store.locks.take(LINEAGE, "d-01", NOW, run=2)

    monkeypatch.setattr(store, "append_events", overtaken)

    status, body, _ = broken({"reason": "its host is gone"})

    assert (status, body["type"].rpartition("/")[2]) == (409, "not-locked")
    assert store.locks.get(KEY).owner == "d-01"


def test_a_lock_that_nobody_holds_can_not_be_broken(store):
    store.locks.release(KEY, "d-01")

    status, body, _ = broken({"reason": "its host is gone"})

    assert (status, body["type"].rpartition("/")[2]) == (409, "not-locked")
    assert store.locks.audit(KEY) == []


@pytest.mark.parametrize("body", [None, {}, {"reason": " "}, {"reason": "x", "force": True}])
def test_a_lock_is_broken_only_for_a_reason(store, body):
    status, _, _ = broken(body)

    assert status == 400
    assert store.locks.get(KEY).owner == "d-01"


@pytest.mark.parametrize("key", ["x", "0123456789abcdeF", "0" * 17])
def test_what_can_not_be_a_lineage_is_not_found(store, key):
    assert broken({"reason": "x"}, key=key)[0] == 404
