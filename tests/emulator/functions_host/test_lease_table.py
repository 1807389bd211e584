"""Leases over the shared database, with a clock of the test's own."""

from datetime import timedelta
from pathlib import Path

import pytest

from emulator.functions_host.database import Database
from emulator.functions_host.leases import Leases, LeaseTimes

DURATION = LeaseTimes().duration.total_seconds()


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "host.sqlite")


@pytest.fixture
def first(database: Database, clock: Clock) -> Leases:
    return Leases(database, "host-0", clock=clock)


@pytest.fixture
def second(database: Database, clock: Clock) -> Leases:
    return Leases(database, "host-1", clock=clock)


@pytest.mark.parametrize(("age", "is_taken"), [(DURATION - 0.1, False), (DURATION, True)])
def test_a_lease_is_taken_over_when_it_has_expired(
    clock: Clock, first: Leases, second: Leases, age: float, is_taken: bool
) -> None:
    first.take_alone("timer")
    clock.now += age

    fence = second.take_alone("timer")

    assert (fence is not None) == is_taken


def test_a_lease_that_is_renewed_stays(database: Database, clock: Clock, first: Leases, second: Leases) -> None:
    first.take_alone("timer")
    clock.now += DURATION - 1
    with database.transaction() as connection:
        first.renew_all(connection)
    clock.now += DURATION - 1

    assert second.take_alone("timer") is None


def test_a_lease_from_before_the_clock_was_set_back_is_taken_over(
    database: Database, clock: Clock, first: Leases, second: Leases
) -> None:
    first.take_alone("timer")
    with database.transaction() as connection:
        first.renew_all(connection)
    clock.now -= 3600

    fence = second.take_alone("timer")
    with database.transaction() as connection:
        second.renew_all(connection)
        alive = second.live_hosts(connection)

    assert fence is not None
    assert alive == 1


@pytest.mark.parametrize(("duration", "renewal"), [(61, 1), (1, 1), (1, 0)])
def test_times_under_which_leases_are_lost_or_kept_for_too_long_are_refused(duration: float, renewal: float) -> None:
    with pytest.raises(ValueError, match="a lease is renewed"):
        LeaseTimes(timedelta(seconds=duration), timedelta(seconds=renewal))


def test_a_lease_that_is_given_back_is_free_at_once(database: Database, first: Leases, second: Leases) -> None:
    first.take_alone("timer")
    with database.transaction() as connection:
        first.release_all(connection)

    assert second.take_alone("timer") is not None


def test_an_earlier_life_s_leases_are_free_and_what_it_began_under_them_counts_no_more(
    database: Database, first: Leases
) -> None:
    before = first.take_alone("timer")
    assert before is not None

    first.forget_earlier_life()
    after = first.take_alone("timer")

    assert after is not None
    with database.transaction() as connection:
        assert (before.stands(connection), after.stands(connection)) == (False, True)


def test_a_lease_that_its_owner_asks_for_again_is_the_same(first: Leases) -> None:
    assert first.take_alone("timer") == first.take_alone("timer")


def test_a_host_counts_as_alive_until_it_has_not_renewed(
    database: Database, clock: Clock, first: Leases, second: Leases
) -> None:
    with database.transaction() as connection:
        first.renew_all(connection)
        second.renew_all(connection)
        both = first.live_hosts(connection)
    clock.now += DURATION
    with database.transaction() as connection:
        first.renew_all(connection)
        one = first.live_hosts(connection)

    assert (both, one) == (2, 1)
