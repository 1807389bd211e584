"""The heartbeat of a host: what comes to it from others, and what it makes up for after a failure."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from emulator.functions_host.database import Database
from emulator.functions_host.durable import history as rows
from emulator.functions_host.durable.instances import Instance, Message, RuntimeStatus
from emulator.functions_host.durable.partitions import Partitions, partition_of
from emulator.functions_host.durable.pulse import Pulse
from emulator.functions_host.durable.store import Store
from emulator.functions_host.durable.work_items import WorkItems
from emulator.functions_host.leases import Leases, LeaseTimes
from tests.waiting import wait_until

NOW = datetime(2026, 11, 24, tzinfo=UTC)
TIMES = LeaseTimes(timedelta(seconds=0.3), timedelta(seconds=0.05))


class Listener:
    """In the place of a host's workers: notes whom it is to carry on."""

    in_work: tuple[int, ...] = ()

    def __init__(self) -> None:
        self.woken: list[str] = []
        self.forgotten = 0

    def wake(self, instance_ids: Iterable[str]) -> None:
        self.woken += instance_ids

    def forget_others(self) -> None:
        self.forgotten += 1

    def offer(self) -> None: ...

    def end_overdue(self) -> None: ...


class Host:
    """A host with nothing but a pulse."""

    def __init__(self, file: Path, name: str) -> None:
        self.database = Database(file)
        self.store = Store(self.database)
        self.leases = Leases(self.database, name, TIMES)
        self.partitions = Partitions(self.leases, 4)
        self.workers = Listener()
        items = WorkItems(self.database, self.leases)
        self.pulse = Pulse(
            self.database,
            self.store,
            self.leases,
            self.partitions,
            items,
            self.workers,  # type: ignore[arg-type]
            self.workers,  # type: ignore[arg-type]
        )

    def start_instance(self) -> None:
        started = rows.execution_started(NOW, instance_id="i", execution_id="e", name="o", input_text=None)
        instance = Instance("i", "e", "o", None, RuntimeStatus.PENDING, None, None, NOW, NOW)
        self.store.start(instance, Message("i", "e", started))


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    host = Host(tmp_path / "host.sqlite", "host-0")
    yield host
    host.pulse.stop()
    host.pulse.join()


def test_a_host_hears_of_what_another_has_written(host: Host, tmp_path: Path) -> None:
    host.pulse.run()

    Host(tmp_path / "host.sqlite", "host-1").start_instance()

    wait_until(lambda: "i" in host.workers.woken)


def test_what_waits_is_carried_on_although_the_first_look_at_it_has_failed(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.start_instance()
    host.pulse.run()
    host.workers.woken.clear()
    awaiting, failures = host.store.awaiting_episodes, [sqlite3.OperationalError("disk I/O error")]

    def stumble() -> list[str]:
        if failures:
            raise failures.pop()
        return awaiting()

    monkeypatch.setattr(host.store, "awaiting_episodes", stumble)
    other = Leases(Database(tmp_path / "host.sqlite"), "host-1", TIMES)
    with host.database.transaction() as connection:
        other.take(connection, f"partition {partition_of('i', host.partitions.count)}", by_force=True)

    wait_until(lambda: host.workers.woken == ["i"])
    assert failures == []
    assert len(host.partitions.held) == 4


def test_what_fails_again_and_again_is_not_tried_without_a_pause(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.pulse.run()
    waits: list[float | None] = []
    nudged, wait = threading.Event(), threading.Event().wait

    def note(seconds: float | None = None) -> bool:
        waits.append(seconds)
        return wait(0.001)

    def fail() -> int:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(nudged, "wait", note)
    monkeypatch.setattr(host.pulse, "_nudged", nudged)
    monkeypatch.setattr(host.database, "version", fail)
    wait_until(lambda: len(waits) >= 5)

    assert set(waits[2:]) == {0.5}


def test_a_host_that_loses_partitions_forgets_what_is_not_its_own(host: Host, tmp_path: Path) -> None:
    host.pulse.run()
    second = Host(tmp_path / "host.sqlite", "host-1")

    second.pulse.run()
    wait_until(lambda: host.workers.forgotten > 0)
    second.pulse.stop()
    second.pulse.join()

    assert host.workers.forgotten > 0
