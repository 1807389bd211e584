"""An episode that fails in the host is tried again, later each time."""

import itertools
from collections.abc import Callable

import pytest

from emulator.functions_host.durable.episode import Aftermath
from emulator.functions_host.durable.orchestrators import OrchestratorWorkers
from emulator.functions_host.durable.redelivery import Appointment, Redelivery
from tests.waiting import wait_until


class Calendar:
    """Notes appointments; a test keeps them itself."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.actions: list[Callable[[], None]] = []
        self.cancelled = 0

    def later(self, seconds: float, action: Callable[[], None]) -> Appointment:
        self.waits.append(seconds)
        self.actions.append(action)
        return self

    def cancel(self) -> None:
        self.cancelled += 1


def test_waits_double_up_to_ten_minutes_and_begin_anew_after_a_success() -> None:
    calendar, woken = Calendar(), []
    redelivery = Redelivery(woken.extend, calendar.later)

    for _ in range(11):
        redelivery.failed("i", ValueError())
    redelivery.succeeded("i")
    redelivery.failed("i", ValueError())
    calendar.actions[0]()

    assert calendar.waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 2]
    assert woken == ["i"]


def test_a_failure_is_logged_and_a_message_that_always_fails_is_called_poison(
    caplog: pytest.LogCaptureFixture,
) -> None:
    redelivery = Redelivery(lambda _ids: None, Calendar().later)

    for _ in range(10):
        redelivery.failed("i", ValueError("broken"))

    assert len(caplog.records) == 10
    assert "poison" not in caplog.records[0].message
    assert "poison" in caplog.records[-1].message


def test_a_host_that_stops_tries_nothing_again() -> None:
    calendar = Calendar()
    redelivery = Redelivery(lambda _ids: None, calendar.later)
    redelivery.failed("i", ValueError())

    redelivery.stop()

    assert calendar.cancelled == 1


class Owning:
    """Partitions that are all this host's."""

    def fence(self, _instance_id: str) -> object:
        return self


class FailingOnce:
    """A runner whose first episode fails."""

    def __init__(self) -> None:
        self.numbers = itertools.count()

    def run(self, instance_id: str, _fence: object) -> Aftermath:
        if next(self.numbers) == 0:
            raise OSError("the disk is full")
        return Aftermath(instances=[f"{instance_id}-child"])


def test_workers_try_a_failed_episode_again() -> None:
    calendar, aftermaths = Calendar(), []
    workers = OrchestratorWorkers(
        FailingOnce(),  # type: ignore[arg-type]
        Owning(),  # type: ignore[arg-type]
        1,
        aftermaths.append,
        calendar.later,
    )
    workers.run()

    workers.wake(["i"])
    wait_until(lambda: len(calendar.actions) == 1)
    calendar.actions[0]()
    wait_until(lambda: len(aftermaths) == 1)
    workers.stop()
    workers.join()

    assert aftermaths[0].instances == ["i-child"]
