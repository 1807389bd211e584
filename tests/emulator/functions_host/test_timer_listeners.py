"""A timer's listener: what it makes of a lost lease, and of a database that another host holds for too long."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from emulator.functions_host.database import Database
from emulator.functions_host.indexing import Binding, HostFunction, TriggerKind
from emulator.functions_host.invocation import FunctionInput
from emulator.functions_host.leases import Fence, Leases, LeaseTimes
from emulator.functions_host.timers import TimerTriggers

STATUS = "timer status:f"


class StumblingLeases(Leases):
    """Fails as often as it is told to, and tells how often it has been asked for a lease."""

    def __init__(self, database: Database, failures: int = 0) -> None:
        super().__init__(database, "host-0", LeaseTimes(timedelta(seconds=1), timedelta(seconds=0.01)))
        self.failures = failures
        self.asked = asyncio.Semaphore(0)

    def take_alone(self, name: str) -> Fence | None:
        self.asked.release()
        if self.failures:
            self.failures -= 1
            raise sqlite3.OperationalError("database is locked")
        return super().take_alone(name)


class Invoker:
    """Does something in the place of a function, and tells that it has been run."""

    def __init__(self, act: Callable[[], object] = int) -> None:
        self._act = act
        self.has_run = asyncio.Event()

    async def invoke(self, function: HostFunction, given: FunctionInput) -> None:
        self._act()
        self.has_run.set()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "host.sqlite")


@asynccontextmanager
async def listening(database: Database, leases: Leases, invoker: Invoker) -> AsyncIterator[None]:
    """Have a timer that runs at the start and once a year."""
    properties = {"schedule": "0 0 0 1 1 *", "runOnStartup": True}
    trigger = Binding("timer", "timerTrigger", is_output=False, properties=properties)
    function = HostFunction(
        "f", print, TriggerKind.TIMER, trigger, (), (), is_async=False, wants_context=False, directory=Path()
    )
    task = asyncio.create_task(TimerTriggers([function], invoker, database, leases).run())  # type: ignore[arg-type]
    try:
        async with asyncio.timeout(30):
            yield
    finally:
        task.cancel()


async def test_a_timer_runs_once_the_database_is_there_again(database: Database) -> None:
    leases, invoker = StumblingLeases(database, failures=2), Invoker()

    async with listening(database, leases, invoker):
        await invoker.has_run.wait()

    assert leases.failures == 0


async def test_a_run_that_ends_when_its_lease_is_lost_does_not_say_when_the_next_one_is(database: Database) -> None:
    other = Leases(database, "host-1")

    def lose_the_lease() -> None:
        with database.transaction() as connection:
            other.take(connection, "timer f", by_force=True)
        database.remember(STATUS, "the other's")

    leases, invoker = StumblingLeases(database), Invoker(lose_the_lease)
    async with listening(database, leases, invoker):
        await invoker.has_run.wait()
        for _ in range(3):  # at the beginning, after the run, and again by and by
            await leases.asked.acquire()

    assert database.fact(STATUS) == "the other's"
