"""Which episodes a host runs, and how many at once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from emulator.functions_host.database import Database
from emulator.functions_host.durable.episode import Aftermath
from emulator.functions_host.durable.orchestrators import OrchestratorWorkers
from emulator.functions_host.durable.partitions import Partitions
from emulator.functions_host.leases import Fence, LeaseLostError, Leases
from tests.waiting import wait_until


class Runner:
    """Notes whose episodes run; what they do is up to the test."""

    def __init__(self, act: Callable[[str], object] = str) -> None:
        self.ended: list[str] = []
        self.running: set[str] = set()
        self.doubled: set[str] = set()
        self._act = act

    def run(self, instance_id: str, _fence: Fence) -> Aftermath:
        if instance_id in self.running:
            self.doubled.add(instance_id)
        self.running.add(instance_id)
        try:
            self._act(instance_id)
        finally:
            self.running.discard(instance_id)
        self.ended.append(instance_id)
        return Aftermath()


@pytest.fixture
def partitions(tmp_path: Path) -> Partitions:
    """All partitions of a hub, held."""
    database = Database(tmp_path / "host.sqlite")
    held = Partitions(Leases(database, "host-0"), 4)
    with database.transaction() as connection:
        held.keep(connection)
    return held


@contextmanager
def working(runner: Runner, partitions: Partitions, threads: int = 2) -> Iterator[OrchestratorWorkers]:
    workers = OrchestratorWorkers(runner, partitions, threads, lambda _: None)  # type: ignore[arg-type]
    workers.run()
    try:
        yield workers
    finally:
        workers.stop()
        workers.join()


def test_an_instance_has_one_episode_at_a_time_and_one_more_for_what_came_meanwhile(partitions: Partitions) -> None:
    go_on = threading.Event()
    runner = Runner(lambda _: go_on.wait(30))

    with working(runner, partitions, threads=4) as workers:
        workers.wake(["a"])
        wait_until(lambda: runner.running == {"a"})
        workers.wake(["a", "b"])
        workers.wake(["a", "c"])
        wait_until(lambda: runner.running == {"a", "b", "c"})
        go_on.set()
        wait_until(lambda: len(runner.ended) == 4)

    assert sorted(runner.ended) == ["a", "a", "b", "c"]
    assert runner.doubled == set()


def test_instances_of_other_hosts_are_left_to_them(partitions: Partitions) -> None:
    runner = Runner()
    partitions.release()

    with working(runner, partitions) as workers:
        workers.wake(["a"])

    assert runner.ended == []


def test_an_episode_that_another_host_has_taken_over_is_left_to_it(partitions: Partitions) -> None:
    def lose(instance_id: str) -> None:
        if instance_id == "lost":
            raise LeaseLostError("partition 1 is not host-0's any more")

    runner = Runner(lose)
    appointments: list[float] = []
    workers = OrchestratorWorkers(
        runner,  # type: ignore[arg-type]
        partitions,
        1,
        lambda _: None,
        lambda seconds, _: appointments.append(seconds),  # type: ignore[arg-type, return-value]
    )
    workers.run()
    workers.wake(["lost", "own"])
    wait_until(lambda: runner.ended == ["own"])
    workers.stop()
    workers.join()

    assert runner.ended == ["own"]
    assert appointments == []
