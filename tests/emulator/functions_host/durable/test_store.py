"""Instances, messages and pending work in SQLite."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from emulator.functions_host.database import Database
from emulator.functions_host.durable import history as rows
from emulator.functions_host.durable.history import Recorded
from emulator.functions_host.durable.instances import (
    Commit,
    Instance,
    InstanceFilter,
    Message,
    PendingTimer,
    RuntimeStatus,
)
from emulator.functions_host.durable.store import Store
from emulator.functions_host.durable.work_items import WorkItems
from emulator.functions_host.leases import LeaseLostError, Leases

NOW = datetime(2026, 11, 24, tzinfo=UTC)

INSTANCE = Instance("i", "e", "o", None, RuntimeStatus.PENDING, None, None, NOW, NOW)

EVENT = rows.event_raised(NOW, "Go", "1")


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "host.sqlite")


@pytest.fixture
def empty(database: Database) -> Store:
    return Store(database)


@pytest.fixture
def store(empty: Store) -> Store:
    """A store with one instance, whose first message has been taken."""
    empty.start(INSTANCE, Message("i", "e", EVENT))
    empty.discard([delivery.id for delivery in empty.inbox("i")])
    return empty


def anybody(_: str) -> bool:
    return True


def nobody(_: str) -> bool:
    return False


def commit(instance: Instance = INSTANCE, **changes: object) -> Commit:
    given = {"of_execution": "e", "fence": None, "consumed": (), "history": (), "kept_rows": 0, **changes}
    return Commit(instance, **given)  # type: ignore[arg-type]


def test_a_started_instance_has_its_first_message(empty: Store) -> None:
    in_the_way = empty.start(INSTANCE, Message("i", "e", EVENT))

    assert in_the_way is None
    assert empty.instance("i") == INSTANCE
    assert [delivery.message.event for delivery in empty.inbox("i")] == [EVENT]
    assert empty.awaiting_episodes() == ["i"]


@pytest.mark.parametrize("status", [RuntimeStatus.PENDING, RuntimeStatus.RUNNING, RuntimeStatus.SUSPENDED])
def test_an_active_instance_is_in_the_way(store: Store, status: RuntimeStatus) -> None:
    store.commit(commit(replace(INSTANCE, status=status)))

    assert store.start(replace(INSTANCE, execution_id="e2"), Message("i", "e2", EVENT)) is status
    assert store.inbox("i") == []


def test_an_ended_instance_is_replaced_with_all_that_it_left(database: Database, store: Store) -> None:
    activities = store.commit(
        commit(
            replace(INSTANCE, status=RuntimeStatus.COMPLETED),
            history=[Recorded(EVENT, is_played=False)],
            activities=[(0, "late", None)],
        )
    )

    assert activities is not None

    store.start(replace(INSTANCE, execution_id="e2"), Message("i", "e2", EVENT))
    WorkItems(database, Leases(database, "host-0")).report(activities[0], rows.task_completed(NOW, 0, None))

    assert store.history("i") == []
    assert [delivery.message.execution_id for delivery in store.inbox("i")] == ["e2"]


def started(generation: int | None) -> Message:
    event = rows.execution_started(
        NOW, instance_id="i", execution_id="e", name="o", input_text=None, generation=generation
    )
    return Message("i", "e", event)


def test_a_client_s_start_under_an_id_that_was_there_is_of_the_next_generation(empty: Store) -> None:
    generations = []
    for _ in range(3):
        empty.start(replace(INSTANCE, status=RuntimeStatus.COMPLETED), started(None))
        (delivery,) = empty.inbox("i")
        assert delivery.message.event is not None
        generations.append(delivery.message.event.fields["Generation"])

    assert generations == [0, 1, 2]


@pytest.mark.parametrize(
    "now", [None, replace(INSTANCE, execution_id="e2"), replace(INSTANCE, status=RuntimeStatus.TERMINATED)]
)
def test_an_episode_of_an_execution_that_is_no_more_is_not_written(
    database: Database, empty: Store, now: Instance | None
) -> None:
    if now is not None:
        empty.start(now, Message("i", now.execution_id, EVENT))

    written = empty.commit(commit(history=[Recorded(EVENT, is_played=False)], activities=[(0, "hello", "1")]))

    assert written is None
    assert (empty.instance("i"), empty.history("i")) == (now, [])
    assert database.read("SELECT * FROM activities") == []


def test_a_sub_orchestration_takes_the_place_of_a_running_instance_of_its_id(
    empty: Store, caplog: pytest.LogCaptureFixture
) -> None:
    child, again = (replace(INSTANCE, instance_id="c", execution_id=each) for each in ("c1", "c2"))
    empty.start(INSTANCE, Message("i", "e", EVENT))
    empty.start(child, Message("c", "c1", EVENT))

    empty.commit(commit(starts=[(again, Message("c", "c2", EVENT))]))

    assert empty.instance("c") == again
    assert [delivery.message.execution_id for delivery in empty.inbox("c")] == ["c2"]
    assert empty.commit(commit(child, of_execution="c1")) is None
    assert "replaces a running instance" in caplog.text


def test_an_episode_under_a_lease_that_has_changed_hands_is_not_written(database: Database, store: Store) -> None:
    first, second = Leases(database, "host-0"), Leases(database, "host-1")
    fence = first.take_alone("partition 1")
    with database.transaction() as connection:
        second.take(connection, "partition 1", by_force=True)

    with pytest.raises(LeaseLostError):
        store.commit(commit(fence=fence, activities=[(0, "hello", "1")], messages=[Message("i", "e", EVENT)]))

    assert store.inbox("i") == []
    assert database.read("SELECT * FROM activities") == []


def test_an_episode_under_a_lease_that_stands_is_written(database: Database, store: Store) -> None:
    fence = Leases(database, "host-0").take_alone("partition 1")

    written = store.commit(commit(fence=fence, messages=[Message("i", "e", EVENT)]))

    assert written == []
    assert len(store.inbox("i")) == 1


def test_rows_of_a_history_are_rewritten_from_where_it_is_said(store: Store) -> None:
    first = [Recorded(rows.orchestrator_started(NOW), False), Recorded(EVENT, False)]
    store.commit(commit(history=first))

    changed = [first[0], Recorded(EVENT, True), Recorded(rows.orchestrator_completed(NOW), False)]
    store.commit(commit(history=changed, kept_rows=1))

    assert store.history("i") == changed


def timer(event_id: int, seconds: float, execution_id: str = "e") -> PendingTimer:
    fire_at = NOW + timedelta(seconds=seconds)
    return PendingTimer("i", execution_id, event_id, fire_at, rows.timer_fired(NOW, event_id, fire_at))


def test_timers_fire_when_they_are_due_and_once(store: Store) -> None:
    store.commit(commit(timers=[timer(0, 1), timer(1, 60)]))

    early, due, again = (store.fire_timers(NOW + timedelta(seconds=s), anybody) for s in (0, 1, 1))

    assert (early, due, again) == ([], ["i"], [])
    assert store.next_timer(anybody) == (NOW + timedelta(seconds=60)).timestamp()


def test_timers_fire_for_those_whom_they_concern_only(store: Store) -> None:
    store.commit(commit(timers=[timer(0, 1)]))

    fired = store.fire_timers(NOW + timedelta(seconds=2), nobody)

    assert (fired, store.next_timer(nobody)) == ([], None)
    assert store.next_timer(anybody) is not None


def test_a_cancelled_timer_is_dropped(store: Store) -> None:
    store.commit(commit(timers=[timer(0, 1)]))

    store.commit(commit(cancelled_timers=[0]))

    assert store.next_timer(anybody) is None


@pytest.mark.parametrize(
    "afterwards",
    [
        replace(INSTANCE, execution_id="e2", status=RuntimeStatus.RUNNING),
        replace(INSTANCE, status=RuntimeStatus.FAILED),
    ],
)
def test_timers_of_an_execution_end_with_it(store: Store, afterwards: Instance) -> None:
    store.commit(commit(timers=[timer(0, 1)]))

    store.commit(commit(afterwards))

    assert store.next_timer(anybody) is None


def test_instances_are_found_by_time_whatever_the_offset_it_is_told_in(store: Store) -> None:
    store.commit(commit())
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-5)))

    found = store.instances(InstanceFilter(created_from=elsewhere, created_to=elsewhere))

    assert found == [INSTANCE]


def test_nothing_of_a_failed_transaction_is_kept(database: Database) -> None:
    def fail() -> None:
        with database.transaction() as connection:
            connection.execute("INSERT INTO facts VALUES ('a', 'b')")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert database.fact("a") is None
