"""Timer triggers: run at each occurrence, on one host at a time; what no host was there for is made up once."""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from azure.functions import meta

from emulator.functions_host.database import Database
from emulator.functions_host.errors import HostError
from emulator.functions_host.indexing import HostFunction, TriggerKind
from emulator.functions_host.invocation import FunctionError, FunctionInput, Invoker
from emulator.functions_host.leases import Fence, Leases
from emulator.functions_host.ncrontab import Schedule, parse_schedule
from emulator.functions_host.schedule_status import ScheduleStatus
from emulator.functions_host.settings import resolve_settings

_log = logging.getLogger("host.timer")

_SHORT = timedelta(minutes=1)


class TimerTriggers:
    """The timer functions of an app; a lease each keeps other hosts from running them too.

    A function whose schedule is none, or never occurs, is left out; `problems` says so.
    """

    def __init__(self, functions: Sequence[HostFunction], invoker: Invoker, database: Database, leases: Leases) -> None:
        self._timers: list[_Timer] = []
        self.problems: list[str] = []
        for function in functions:
            if function.kind is not TriggerKind.TIMER:
                continue
            try:
                self._timers.append(_Timer(function, invoker, database, leases))
            except HostError as error:
                self.problems.append(f"The '{function.name}' function is in error: {error}")

    async def run(self) -> None:
        """Run the timers until cancelled."""
        async with asyncio.TaskGroup() as group:
            for timer in self._timers:
                group.create_task(timer.run())


def is_monitored(schedule: Schedule, wanted: object, now: datetime) -> bool:
    """Whether a timer's status is kept: unless it must not be, or runs more than once a minute.

    Azure Functions documentation, "Timer trigger", useMonitor; TimerSchedule.Create of the extension.
    """
    second = schedule.next_after(schedule.next_after(now))
    return wanted is not False and second > now + _SHORT


class _Timer:
    def __init__(self, function: HostFunction, invoker: Invoker, database: Database, leases: Leases) -> None:
        properties = function.trigger.properties
        self._function = function
        self._invoker = invoker
        self._database = database
        self._leases = leases
        self._schedule = parse_schedule(resolve_settings(function.trigger.text("schedule")))
        self._is_monitored = is_monitored(self._schedule, properties.get("useMonitor"), datetime.now(UTC))
        self._runs_on_startup = bool(properties.get("runOnStartup"))
        self._lease = f"timer {function.name}"
        self._fact = f"timer status:{function.name}"

    async def run(self) -> None:
        while True:
            try:
                if (fence := self._leases.take_alone(self._lease)) is not None:
                    await self._serve(fence)
                    continue
            except sqlite3.OperationalError:  # another host has held the database for too long
                _log.exception("Timer cannot be looked after", extra={"facts": {"timer": self._function.name}})
            await asyncio.sleep(self._leases.times.renewal.total_seconds())

    async def _serve(self, fence: Fence) -> None:
        """Run the timer for as long as the lease is this host's."""
        now = datetime.now(UTC)
        status = self._status(now)
        self._keep(fence, status)
        if now > status.next:
            status = await self._fire(fence, status, is_past_due=True)
        elif self._runs_on_startup:
            status = await self._fire(fence, status, is_scheduled=False)
        while await self._holds_until(fence, status.next):
            status = await self._fire(fence, status)

    async def _holds_until(self, fence: Fence, moment: datetime) -> bool:
        """Wait; return whether the lease is still the same one then, False as soon as it is not."""
        renewal = self._leases.times.renewal.total_seconds()
        while self._leases.take_alone(self._lease) == fence:
            seconds = (moment - datetime.now(UTC)).total_seconds()
            if seconds <= 0:
                return True
            await asyncio.sleep(min(seconds, renewal))
        return False

    def _status(self, now: datetime) -> ScheduleStatus:
        text = self._database.fact(self._fact) if self._is_monitored else None
        if text is None:
            return ScheduleStatus.first(self._schedule, now)
        return ScheduleStatus.loads(text).under(self._schedule, now)

    def _keep(self, fence: Fence, status: ScheduleStatus) -> None:
        if not self._is_monitored:
            return
        with self._database.transaction() as connection:
            if fence.stands(connection):
                connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (self._fact, status.dumps()))

    async def _fire(
        self, fence: Fence, status: ScheduleStatus, *, is_past_due: bool = False, is_scheduled: bool = True
    ) -> ScheduleStatus:
        began = datetime.now(UTC)
        request = {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": status.document(),
            "IsPastDue": is_past_due,
        }
        try:
            await self._invoker.invoke(self._function, FunctionInput(meta.Datum(json.dumps(request), "json")))
        except FunctionError:
            _log.warning("Timer function failed; it runs again at its next time")
        status = status.after_run(self._schedule, began, is_scheduled=is_scheduled and not is_past_due)
        self._keep(fence, status)
        return status
