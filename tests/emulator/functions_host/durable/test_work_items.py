"""The queue of activities that all hosts share."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from emulator.functions_host.database import Database
from emulator.functions_host.durable import history as rows
from emulator.functions_host.durable.instances import Commit, Instance, Message, RuntimeStatus
from emulator.functions_host.durable.store import Store
from emulator.functions_host.durable.work_items import WorkItems
from emulator.functions_host.leases import Leases, LeaseTimes

NOW = datetime(2026, 11, 24, tzinfo=UTC)
INSTANCE = Instance("i", "e", "o", None, RuntimeStatus.RUNNING, None, None, NOW, NOW)
DONE = rows.task_completed(NOW, 0, "1")


class Surroundings:
    """Two hosts over one store in which three activities wait, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.now = 1000.0
        self.database = Database(folder / "host.sqlite")
        self.store = Store(self.database)
        self.store.start(INSTANCE, Message("i", "e", rows.event_raised(NOW, "Go", "1")))
        self.store.discard([delivery.id for delivery in self.store.inbox("i")])
        activities = [(number, "hello", None) for number in range(3)]
        self.store.commit(
            Commit(INSTANCE, of_execution="e", fence=None, consumed=(), history=(), kept_rows=0, activities=activities)
        )
        self.first, self.second = (self.items(f"host-{number}") for number in range(2))

    def items(self, name: str) -> WorkItems:
        return WorkItems(self.database, Leases(self.database, name, clock=lambda: self.now))


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    return Surroundings(tmp_path)


def test_an_activity_is_handed_to_one_host_the_oldest_first(around: Surroundings) -> None:
    first, second, nothing = around.first.take(2), around.second.take(2), around.first.take(2)

    assert [[a.event_id for a in taken] for taken in (first, second, nothing)] == [[0, 1], [2], []]


@pytest.mark.parametrize(("early", "is_taken"), [(0.1, False), (0, True)])
def test_an_activity_is_handed_out_again_when_its_lease_has_expired(
    around: Surroundings, early: float, is_taken: bool
) -> None:
    (taken, *_) = around.first.take(3)
    around.now += LeaseTimes().duration.total_seconds() - early

    again = around.second.take(1)

    assert again == ([taken] if is_taken else [])


def test_an_activity_from_before_the_clock_was_set_back_is_handed_out_again(around: Surroundings) -> None:
    taken = around.first.take(3)
    around.now -= 3600

    again, nothing = around.second.take(3), around.first.take(3)

    assert (again, nothing) == (taken, [])


def test_an_activity_whose_lease_is_renewed_stays_where_it_is(around: Surroundings) -> None:
    taken = around.first.take(3)
    around.now += LeaseTimes().duration.total_seconds() - 1
    with around.database.transaction() as connection:
        around.first.renew(connection, [taken[0].id])
    around.now += 1

    assert around.second.take(3) == taken[1:]


def test_a_host_does_not_renew_what_another_has_taken_over(around: Surroundings) -> None:
    (taken, *_) = around.first.take(3)
    around.now += LeaseTimes().duration.total_seconds()
    around.second.take(1)

    with around.database.transaction() as connection:
        around.first.renew(connection, [taken.id])

    (lease,) = around.database.read("SELECT owner FROM activity_leases WHERE activity_id = ?", (taken.id,))
    assert lease["owner"] == "host-1"


def test_what_a_host_gives_back_is_there_for_the_others(around: Surroundings) -> None:
    taken = around.first.take(2)
    with around.database.transaction() as connection:
        around.first.release_all(connection)

    assert around.second.take(2) == taken


def test_the_first_report_counts_and_a_late_one_changes_nothing(around: Surroundings) -> None:
    (taken, *_) = around.first.take(3)
    around.now += LeaseTimes().duration.total_seconds()
    around.second.take(1)

    around.second.report(taken, DONE)
    around.first.report(taken, DONE)

    assert [delivery.message.event for delivery in around.store.inbox("i")] == [DONE]
    assert taken not in around.second.take(3)
