"""Runs activities: takes as many as there are free places, sync ones in threads, async ones on the app's loop."""

import asyncio
import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

from azure.functions import meta

from emulator.functions_host.bindings import binding_data
from emulator.functions_host.durable import history as rows
from emulator.functions_host.durable.episode import utc_now
from emulator.functions_host.durable.failures import activity_failure
from emulator.functions_host.durable.instances import PendingActivity
from emulator.functions_host.durable.work_items import WorkItems
from emulator.functions_host.indexing import HostFunction
from emulator.functions_host.invocation import MOST_STUCK, FunctionError, FunctionInput, Invoker, timed_out

_log = logging.getLogger("host.durable")


class ActivityWorkers:
    """The places of one host for activities: `limit` of them, each for `timeout`. `on_report` hears whose is done."""

    def __init__(
        self,
        items: WorkItems,
        functions: Mapping[str, HostFunction],
        invoker: Invoker,
        limit: int,
        timeout: timedelta | None,
        on_report: Callable[[str], None],
    ) -> None:
        self._items = items
        self._functions = functions
        self._invoker = invoker
        self._limit = limit
        self._timeout = timeout
        self._on_report = on_report
        self._pool = ThreadPoolExecutor(limit + MOST_STUCK, thread_name_prefix="activity")
        self._taking = threading.Lock()
        self._in_work: dict[int, tuple[PendingActivity, float]] = {}
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def in_work(self) -> Collection[int]:
        """The ids of the activities that run, whose leases have to be renewed."""
        with self._taking:
            return list(self._in_work)

    def run(self) -> None:
        """Begin to take activities; called on the host's event loop."""
        self._loop = asyncio.get_running_loop()
        self.offer()

    def offer(self) -> None:
        """Take what waits, up to the free places."""
        with self._taking:
            free = self._limit - len(self._in_work)
            if free <= 0 or self._stopping or self._loop is None:
                return
            taken = self._items.take(free)
            self._in_work |= {activity.id: (activity, time.monotonic()) for activity in taken}
            for activity in taken:
                self._begin(activity)

    def end_overdue(self) -> None:
        """Report those that have run for too long as failed; what they still do changes nothing any more."""
        if self._timeout is None:
            return
        latest = time.monotonic() - self._timeout.total_seconds()
        with self._taking:
            overdue = [activity for activity, began in self._in_work.values() if began < latest]
        for activity in overdue:
            with self._place_of(activity):
                self._report(activity, None, FunctionError(timed_out(activity.name, self._timeout)))

    def stop(self) -> None:
        """Take nothing any more, and drop what runs on the app's loop."""
        with self._taking:
            self._stopping = True
        for task in self._tasks:
            task.cancel()

    def join(self) -> None:
        """Wait for the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _begin(self, activity: PendingActivity) -> None:
        function = self._functions.get(activity.name.lower())
        if function is not None and function.is_async and self._loop is not None:
            self._loop.call_soon_threadsafe(self._begin_async, function, activity)
        else:
            self._pool.submit(self._run_in_thread, function, activity)

    def _begin_async(self, function: HostFunction, activity: PendingActivity) -> None:
        task = asyncio.ensure_future(self._run_async(function, activity))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _run_in_thread(self, function: HostFunction | None, activity: PendingActivity) -> None:
        with self._place_of(activity):
            try:
                if function is None:
                    raise FunctionError(LookupError(f"The function '{activity.name}' doesn't exist"))
                result = self._invoker.invoke_here(function, activity_input(function, activity))
            except FunctionError as error:
                self._report(activity, None, error)
            else:
                self._report(activity, result, None)

    async def _run_async(self, function: HostFunction, activity: PendingActivity) -> None:
        with self._place_of(activity):
            try:
                result = await self._invoker.invoke(function, activity_input(function, activity))
            except FunctionError as error:
                self._report(activity, None, error)
            else:
                self._report(activity, result, None)

    @contextmanager
    def _place_of(self, activity: PendingActivity) -> Iterator[None]:
        """Hold a place; what can't be reported runs again when its lease, which nobody renews then, has expired."""
        try:
            yield
        except Exception:
            _log.exception("Activity could not be reported", extra={"facts": {"instanceId": activity.instance_id}})
        finally:
            with self._taking:
                self._in_work.pop(activity.id, None)
        try:
            self.offer()
        except sqlite3.OperationalError:
            _log.exception("No activity could be taken; the pulse tries again")

    def _report(self, activity: PendingActivity, result: meta.Datum | None, error: FunctionError | None) -> None:
        now = utc_now()
        if error is not None:
            reason, details = activity_failure(activity.name, error)
            event = rows.task_failed(now, activity.event_id, reason, details)
        else:
            event = rows.task_completed(now, activity.event_id, _result_text(result))
        self._items.report(activity, event)
        self._on_report(activity.instance_id)


def activity_input(function: HostFunction, activity: PendingActivity) -> FunctionInput:
    """Return what an activity function is handed."""
    text = meta.Datum("null" if activity.input_text is None else activity.input_text, "string")
    metadata = binding_data(text.value) | {
        function.trigger.name: text,
        "data": meta.Datum(rows.compact(text.value), "json"),
        "instanceId": meta.Datum(activity.instance_id, "string"),
    }
    return FunctionInput(text, metadata)


def _result_text(result: meta.Datum | None) -> str | None:
    """Return the result as the history holds it: compact, and none for null."""
    if result is None:
        return None
    value = json.loads(result.value)
    return None if value is None else rows.compact(value)
