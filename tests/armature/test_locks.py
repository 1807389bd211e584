"""Whose turn it is: the pure steps of a lineage's lock."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from armature.locks import BreakWish, KeyedLock, LineageLock, Waiter, named
from armature.plan import Lineage
from tests.armature.deployments import NOW

NOBODY: frozenset[str] = frozenset()


def waiter(number: int, since: int = 0) -> Waiter:
    """Deployment d-{number}, the earlier accepted the lower its number."""
    moment = NOW + timedelta(seconds=number)
    return Waiter(deployment_id=f"d-{number}", created_at=moment, since=NOW + timedelta(seconds=since))


def asked(lock: LineageLock, *numbers: int, over: frozenset[str] = NOBODY) -> LineageLock:
    for number in numbers:
        lock = lock.asked_by(waiter(number), over, NOW)
    return lock


def test_a_free_lock_is_taken_and_the_owner_has_it_when_it_asks_again():
    lock = asked(LineageLock(), 1)

    assert (lock.owner, lock.taken_at, lock.queue) == ("d-1", NOW, ())
    assert asked(lock, 1, 1) == lock


def test_the_one_that_was_accepted_first_is_next_whenever_it_came():
    lock = asked(LineageLock(), 1, 3, 4, 2)

    assert lock.owner == "d-1"
    assert [lock.position_of(f"d-{number}") for number in (1, 2, 3, 4)] == [0, 1, 2, 3]
    assert asked(lock, 4, 3, 2) == lock


def test_a_free_lock_waits_for_the_first_in_the_queue():
    lock = asked(LineageLock(), 1, 2, 3).released_by("d-1")

    passed_over = asked(lock, 3)
    taken = asked(passed_over, 2)

    assert passed_over.owner is None
    assert taken.owner == "d-2"
    assert taken.position_of("d-3") == 1


def test_a_holder_that_is_over_is_taken_over_by_the_first_in_the_queue():
    lock = asked(LineageLock(), 1, 2, 3)

    later = asked(lock, 3, over=frozenset({"d-1"}))
    taken = asked(later, 2, over=frozenset({"d-1"}))

    assert (later.owner, later.position_of("d-3")) == (None, 2)
    assert taken.owner == "d-2"


def test_a_waiter_that_is_over_is_dropped():
    lock = asked(LineageLock(), 1, 2, 3).released_by("d-1")

    taken = asked(lock, 3, over=frozenset({"d-2"}))

    assert (taken.owner, taken.queue) == ("d-3", ())


def test_releasing_gives_up_the_turn_or_the_place_and_nothing_of_another():
    lock = asked(LineageLock(), 1, 2, 3)

    assert lock.released_by("d-2").queue == (waiter(3),)
    assert lock.released_by("d-9") == lock
    assert lock.released_by("d-1").released_by("d-1").owner is None
    assert asked(LineageLock(), 1).released_by("d-1").is_idle


def test_what_an_earlier_run_of_the_holder_gives_up_late_is_not_the_turn_of_its_present_run():
    lock = LineageLock().asked_by(waiter(1), NOBODY, NOW, run=1)

    again = lock.asked_by(waiter(1), NOBODY, NOW, run=2)

    assert again.released_by("d-1", run=1).owner == "d-1"
    assert again.asked_by(waiter(1), NOBODY, NOW, run=1) == again
    assert again.released_by("d-1", run=2).owner is None


def test_a_lock_that_is_broken_keeps_its_queue():
    lock = asked(LineageLock(), 1, 2)

    assert (lock.freed().owner, lock.freed().queue) == (None, lock.queue)


def test_a_document_of_an_earlier_version_is_a_lock_without_a_queue():
    old = LineageLock.model_validate_json('{"owner": "d-1", "takenAt": "2026-01-01T00:00:00+00:00"}')

    assert (old.owner, old.taken_at, old.queue) == ("d-1", NOW, ())
    assert asked(old, 2).position_of("d-2") == 1
    assert old.released_by("d-1", run=2).owner is None


@given(st.lists(st.tuples(st.sampled_from(["asks", "ends", "dies"]), st.integers(0, 5)), max_size=60))
def test_whatever_happens_one_holds_the_lock_and_nobody_who_lives_is_forgotten(steps):
    lock, over = LineageLock(), set()
    for what, number in steps:
        name = f"d-{number}"
        if what == "asks" and name not in over:
            held_before = lock.owner
            lock = lock.asked_by(waiter(number), frozenset(over), NOW)
            assert lock.owner == name or lock.position_of(name) > 0
            assert lock.owner == held_before or held_before is None or held_before in over
        else:
            over.add(name)
            if what == "ends":
                lock = lock.released_by(name)
        assert lock.owner not in [w.deployment_id for w in lock.queue]

    alive = [w for w in lock.queue if w.deployment_id not in over]
    if alive and (lock.owner is None or lock.owner in over):
        assert lock.asked_by(alive[0], frozenset(over), NOW).owner == alive[0].deployment_id


@pytest.mark.parametrize("reason", ["", "  \n ", "x" * 1001])
def test_a_lock_is_broken_for_a_reason(reason):
    with pytest.raises(ValidationError):
        BreakWish(reason=reason)


def test_a_lock_is_shown_with_the_region_of_its_lineage() -> None:
    lineage = Lineage(project="shop", environment="prod", key="0" * 16, region="westeurope")

    shown = KeyedLock.of(lineage.key, named(LineageLock(), lineage))

    assert (shown.project, shown.environment, shown.region) == ("shop", "prod", "westeurope")
