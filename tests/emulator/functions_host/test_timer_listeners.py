"""A timer's listener: what it makes of a database that another host holds for too long."""

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from emulator.functions_host.database import Database
from emulator.functions_host.indexing import Binding, HostFunction, TriggerKind
from emulator.functions_host.invocation import FunctionInput
from emulator.functions_host.leases import Fence, Leases, LeaseTimes
from emulator.functions_host.timers import TimerTriggers


class NotingInvoker:
    """Tells that a function has been run."""

    def __init__(self) -> None:
        self.has_run = asyncio.Event()

    async def invoke(self, function: HostFunction, given: FunctionInput) -> None:
        self.has_run.set()


async def test_a_timer_runs_once_the_database_is_there_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trigger = Binding(
        "timer", "timerTrigger", is_output=False, properties={"schedule": "0 0 0 1 1 *", "runOnStartup": True}
    )
    function = HostFunction(
        "f",
        print,
        TriggerKind.TIMER,
        trigger,
        (),
        (),
        is_async=False,
        wants_context=False,
        directory=tmp_path,
    )
    database, invoker = Database(tmp_path / "host.sqlite"), NotingInvoker()
    leases = Leases(database, "host-0", LeaseTimes(timedelta(seconds=1), timedelta(seconds=0.01)))
    take, failures = leases.take_alone, [sqlite3.OperationalError("database is locked")]

    def stumble(name: str) -> Fence | None:
        if failures:
            raise failures.pop()
        return take(name)

    monkeypatch.setattr(leases, "take_alone", stumble)
    listening = asyncio.create_task(TimerTriggers([function], invoker, database, leases).run())  # type: ignore[arg-type]

    async with asyncio.timeout(30):
        await invoker.has_run.wait()
    listening.cancel()

    assert failures == []
