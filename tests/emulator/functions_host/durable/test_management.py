"""Purging and rewinding instances, as transactions on the database."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from emulator.functions_host.database import Database
from emulator.functions_host.durable import history as rows
from emulator.functions_host.durable.history import HistoryEvent, Recorded
from emulator.functions_host.durable.instances import Commit, Instance, Message, RuntimeStatus
from emulator.functions_host.durable.management import Management, NotInStateError
from emulator.functions_host.durable.store import Store

NOW = datetime(2026, 11, 24, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)

FAILED = rows.execution_completed(NOW, 1, "Failed", "no")


class Hub:
    """A database with instances whose histories a test writes."""

    def __init__(self, folder: Path) -> None:
        database = Database(folder / "host.sqlite")
        self.store = Store(database)
        self.management = Management(database)

    def add(
        self, instance_id: str, status: RuntimeStatus, events: Sequence[HistoryEvent] = (), created: datetime = NOW
    ) -> None:
        instance = Instance(instance_id, "e", "o", None, RuntimeStatus.PENDING, None, None, created, created)
        started = rows.execution_started(
            created, instance_id=instance_id, execution_id="e", name="o", input_text=None, generation=0
        )
        self.store.start(instance, Message(instance_id, "e", started))
        ended = Instance(instance_id, "e", "o", None, status, None, "why", created, created)
        history = [Recorded(event, is_played=True) for event in [rows.orchestrator_started(created), started, *events]]
        consumed = [delivery.id for delivery in self.store.inbox(instance_id)]
        self.store.commit(Commit(ended, of_execution="e", fence=None, consumed=consumed, history=history, kept_rows=0))

    def kinds(self, instance_id: str) -> list[tuple[int, int]]:
        """Return kinds and event ids of the rows after the start."""
        return [(int(item.event.type), item.event.event_id) for item in self.store.history(instance_id)][2:]

    def inbox(self, instance_id: str) -> list[HistoryEvent | None]:
        return [delivery.message.event for delivery in self.store.inbox(instance_id)]

    def status(self, instance_id: str) -> RuntimeStatus | None:
        instance = self.store.instance(instance_id)
        return None if instance is None else instance.status


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return Hub(tmp_path)


def test_a_rewind_blanks_the_failed_task_and_the_end_and_wakes_the_instance(hub: Hub) -> None:
    good = [rows.task_scheduled(NOW, 0, "hello"), rows.task_completed(NOW, 0, "1")]
    bad = [rows.task_scheduled(NOW, 1, "boom"), rows.task_failed(NOW, 1, "no", "{}")]
    hub.add("i", RuntimeStatus.FAILED, [*good, *bad, FAILED])

    woken = hub.management.rewind("i", "again", LATER)

    assert woken == ["i"]
    assert hub.kinds("i") == [(4, 0), (5, -1), (17, 1), (17, -1), (17, 1)]
    assert hub.inbox("i") == [rows.generic(LATER, "again")]
    assert all(item.is_played for item in hub.store.history("i"))


def test_a_rewound_instance_is_pending_and_shows_its_old_output(hub: Hub) -> None:
    hub.add("i", RuntimeStatus.FAILED, [FAILED])

    hub.management.rewind("i", None, LATER)

    instance = hub.store.instance("i")
    assert instance is not None
    assert (instance.status, instance.output, instance.updated) == (RuntimeStatus.PENDING, "why", LATER)


def test_a_rewind_reaches_the_deepest_failed_instances_and_wakes_only_them(hub: Hub) -> None:
    def calling(child: str) -> list[HistoryEvent]:
        created = rows.sub_orchestration_created(NOW, 0, "o", child)
        return [created, rows.sub_orchestration_failed(NOW, 0, "no", "")]

    hub.add("grandchild", RuntimeStatus.FAILED, [FAILED])
    hub.add("child", RuntimeStatus.FAILED, [*calling("grandchild"), FAILED])
    hub.add("parent", RuntimeStatus.FAILED, [*calling("child"), FAILED])

    woken = hub.management.rewind("parent", "again", LATER)

    assert woken == ["grandchild"]
    assert hub.kinds("parent") == hub.kinds("child") == [(7, 0), (17, -1), (17, 1)]
    assert hub.inbox("parent") == hub.inbox("child") == []
    assert {hub.status(each) for each in ("parent", "child", "grandchild")} == {RuntimeStatus.PENDING}


@pytest.mark.parametrize("child", [None, RuntimeStatus.TERMINATED, RuntimeStatus.RUNNING])
def test_a_child_that_has_not_failed_is_left_alone(hub: Hub, child: RuntimeStatus | None) -> None:
    if child is not None:
        hub.add("child", child)
    created = rows.sub_orchestration_created(NOW, 0, "o", "child")
    hub.add("parent", RuntimeStatus.FAILED, [created, rows.sub_orchestration_failed(NOW, 0, "no", ""), FAILED])

    woken = hub.management.rewind("parent", "again", LATER)

    assert woken == []
    assert hub.status("child") is child


def test_a_second_rewind_finds_the_second_attempt(hub: Hub) -> None:
    first = [rows.generic(NOW, None, 0), rows.generic(NOW, None), rows.generic(NOW, None, 1)]
    second = [rows.task_scheduled(NOW, 0, "boom"), rows.task_failed(NOW, 0, "no", "{}"), FAILED]
    hub.add("i", RuntimeStatus.FAILED, [*first, *second])

    hub.management.rewind("i", "again", LATER)

    assert hub.kinds("i") == [(17, 0), (17, -1), (17, 1)] * 2


@pytest.mark.parametrize("status", [status for status in RuntimeStatus if status is not RuntimeStatus.FAILED])
def test_only_what_has_failed_is_rewound(hub: Hub, status: RuntimeStatus) -> None:
    hub.add("i", status)

    with pytest.raises(NotInStateError) as refusal:
        hub.management.rewind("i", "again", LATER)

    assert refusal.value.status is status
    assert hub.inbox("i") == []


def test_there_is_nothing_to_rewind_or_to_purge_without_an_instance(hub: Hub) -> None:
    assert hub.management.rewind("i", "again", LATER) is None
    assert not hub.management.purge("i")


def test_a_purged_instance_is_gone_with_all_that_was_its_own(hub: Hub) -> None:
    hub.add("i", RuntimeStatus.COMPLETED, [rows.execution_completed(NOW, 0, "Completed", "1")])
    hub.add("other", RuntimeStatus.COMPLETED)

    was_there = hub.management.purge("i")

    assert was_there
    assert (hub.status("i"), hub.store.history("i")) == (None, [])
    assert hub.status("other") is RuntimeStatus.COMPLETED


@pytest.mark.parametrize("status", [status for status in RuntimeStatus if not status.is_final])
def test_an_instance_that_has_not_ended_is_not_purged_by_its_id(hub: Hub, status: RuntimeStatus) -> None:
    hub.add("i", status)

    with pytest.raises(NotInStateError):
        hub.management.purge("i")

    assert hub.status("i") is status


@pytest.mark.parametrize(
    ("statuses", "left"),
    [
        ({"Failed"}, ["done", "old", "running"]),
        ({"Failed", "Completed", "Running"}, ["old", "running"]),
        ({"Canceled"}, ["done", "failed", "old", "running"]),
        ({"Running"}, ["old"]),
        (set(), ["old"]),
    ],
)
def test_a_bulk_purge_is_by_creation_and_status_and_without_a_final_one_spares_nobody(
    hub: Hub, statuses: set[str], left: list[str]
) -> None:
    hub.add("old", RuntimeStatus.FAILED, created=NOW - timedelta(days=1))
    hub.add("failed", RuntimeStatus.FAILED)
    hub.add("done", RuntimeStatus.COMPLETED)
    hub.add("running", RuntimeStatus.RUNNING)

    purged = hub.management.purge_all(NOW, LATER, statuses)

    remaining = [each for each in ("done", "failed", "old", "running") if hub.status(each) is not None]
    assert remaining == left
    assert purged == 4 - len(left)
