"""The locks of lineages on real storage: changed by many at once, taken over, gone when nobody needs them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from armature.azure.documents import DocumentStore
from armature.azure.locks import LineageLocks
from armature.locks import LineageLock, LockBreak
from armature.plan import Lineage

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LINEAGE = Lineage(project="shop", environment="test", key="0123456789abcdef")
PATH = f"locks/{LINEAGE.key}.json"


@pytest.fixture
def documents(settings, credential, fresh_name: Callable[[], str]) -> DocumentStore:
    return DocumentStore(settings.storage_blob_endpoint, fresh_name(), credential)


@pytest.fixture
def over() -> set[str]:
    """The deployments that have ended or are gone."""
    return set()


@pytest.fixture
def locks(documents: DocumentStore, over: set[str]) -> LineageLocks:
    return LineageLocks(documents, over.__contains__)


def taken(locks: LineageLocks, number: int) -> LineageLock:
    return locks.take(LINEAGE, f"d-{number}", NOW + timedelta(seconds=number))


def test_of_many_that_ask_at_once_one_holds_the_lock_and_all_others_wait_in_their_order(locks):
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda number: taken(locks, number), range(12)))

    lock = locks.get(LINEAGE.key)
    waiting = [waiter.deployment_id for waiter in lock.queue]
    assert lock.owner is not None
    assert sorted([lock.owner, *waiting]) == sorted(f"d-{number}" for number in range(12))
    assert waiting == sorted(waiting, key=lambda name: int(name[2:]))


def test_each_in_turn_until_nobody_is_left_and_nothing_is_kept(locks, documents):
    for number in range(3):
        taken(locks, number)

    holders = []
    for number in range(3):
        lock = taken(locks, number)
        holders.append(lock.owner)
        locks.release(LINEAGE.key, f"d-{number}")
        locks.release(LINEAGE.key, f"d-{number}")

    assert holders == ["d-0", "d-1", "d-2"]
    assert documents.read(PATH) is None
    assert locks.all() == []


def test_a_holder_that_is_over_is_taken_over_once(locks, over):
    for number in range(4):
        taken(locks, number)
    over |= {"d-0", "d-1"}

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda number: taken(locks, number), (3, 2)))

    lock = taken(locks, 2)
    assert lock.owner == "d-2"
    assert [waiter.deployment_id for waiter in lock.queue] == ["d-3"]


def test_a_lock_of_an_earlier_version_is_waited_for_and_taken_over(locks, documents, over):
    documents.create(PATH, b'{"owner": "d-old", "takenAt": "2026-01-01T00:00:00+00:00"}', {})

    waiting = taken(locks, 1)
    over.add("d-old")
    after = taken(locks, 1)

    assert (waiting.owner, waiting.position_of("d-1")) == ("d-old", 1)
    assert after.owner == "d-1"


def test_a_lock_is_broken_once_and_only_while_that_one_holds_it(locks):
    taken(locks, 1)
    taken(locks, 2)

    assert not locks.break_open(LINEAGE.key, "d-2")
    assert locks.break_open(LINEAGE.key, "d-1")
    assert not locks.break_open(LINEAGE.key, "d-1")
    assert taken(locks, 2).owner == "d-2"


def test_the_list_tells_each_lock_by_the_words_of_its_lineage(locks):
    taken(locks, 1)
    taken(locks, 2)

    (lock,) = locks.all()

    assert (lock.lineage_key, lock.project, lock.environment, lock.holder) == (LINEAGE.key, "shop", "test", "d-1")
    assert [waiter.deployment_id for waiter in lock.queue] == ["d-2"]


def test_the_audit_is_kept_in_order_and_not_with_the_lock(locks):
    entries = [LockBreak(at=NOW, by="ada", reason=reason, holder="d-1", run=1) for reason in ("gone", "gone again")]

    for entry in entries:
        locks.append_audit(LINEAGE.key, entry)

    assert locks.audit(LINEAGE.key) == entries
    assert locks.all() == []
    assert locks.audit("f" * 16) == []
