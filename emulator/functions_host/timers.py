"""Timer triggers: run at each occurrence, one run at a time; what the host missed while down is made up once."""

import asyncio
import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from azure.functions import meta

from emulator.functions_host.database import Database
from emulator.functions_host.indexing import HostFunction, TriggerKind
from emulator.functions_host.invocation import FunctionError, FunctionInput, Invoker
from emulator.functions_host.ncrontab import parse_schedule
from emulator.functions_host.settings import resolve_settings

_log = logging.getLogger("host.timer")

_PAST_DUE = timedelta(seconds=1)


class TimerTriggers:
    """The timer functions of an app; when each last ran is remembered in the database."""

    def __init__(self, functions: Sequence[HostFunction], invoker: Invoker, database: Database) -> None:
        self._timers = [
            _Timer(function, invoker, database) for function in functions if function.kind is TriggerKind.TIMER
        ]

    async def run(self) -> None:
        """Run the timers until cancelled."""
        async with asyncio.TaskGroup() as group:
            for timer in self._timers:
                group.create_task(timer.run())


class _Timer:
    def __init__(self, function: HostFunction, invoker: Invoker, database: Database) -> None:
        self._function = function
        self._invoker = invoker
        self._database = database
        self._schedule = parse_schedule(resolve_settings(function.trigger.text("schedule")))
        self._is_monitored = function.trigger.properties.get("useMonitor") is not False
        self._fact = f"timer:{function.name}"

    async def run(self) -> None:
        now = datetime.now(UTC)
        last = self._last_run()
        if self._function.trigger.properties.get("runOnStartup"):
            last = await self._fire(now, last)
        due = self._schedule.next_after(last or now)
        while True:
            await _wait_until(due)
            last = await self._fire(due, last)
            due = self._schedule.next_after(datetime.now(UTC))

    def _last_run(self) -> datetime | None:
        text = self._database.fact(self._fact) if self._is_monitored else None
        if text is None and self._is_monitored:
            self._database.remember(self._fact, datetime.now(UTC).isoformat())
        return datetime.fromisoformat(text) if text else None

    async def _fire(self, due: datetime, last: datetime | None) -> datetime:
        now = datetime.now(UTC)
        next_run = self._schedule.next_after(now)
        request = {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": {
                "Last": last.isoformat() if last else "0001-01-01T00:00:00+00:00",
                "Next": next_run.isoformat(),
                "LastUpdated": last.isoformat() if last else "0001-01-01T00:00:00+00:00",
            },
            "IsPastDue": now - due > _PAST_DUE,
        }
        try:
            await self._invoker.invoke(self._function, FunctionInput(meta.Datum(json.dumps(request), "json")))
        except FunctionError:
            _log.warning("Timer function failed; it runs again at its next time")
        if self._is_monitored:
            self._database.remember(self._fact, now.isoformat())
        return now


async def _wait_until(moment: datetime) -> None:
    while (seconds := (moment - datetime.now(UTC)).total_seconds()) > 0:
        await asyncio.sleep(seconds)
