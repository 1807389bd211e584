"""The places of one host for activities."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import pytest

from emulator.functions_host.durable.activities import ActivityWorkers
from emulator.functions_host.durable.history import EventType, HistoryEvent
from emulator.functions_host.durable.instances import PendingActivity
from emulator.functions_host.indexing import Binding, HostFunction, TriggerKind
from emulator.functions_host.invocation import Invoker

TRIGGER = Binding("x", "activityTrigger", is_output=False, properties={})


class Items:
    """A queue of activities by name; notes what is reported."""

    def __init__(self, *names: str) -> None:
        self._waiting = [PendingActivity(number, "i", "e", number, name, None) for number, name in enumerate(names)]
        self.reported: list[tuple[str, EventType]] = []
        self.taken = 0

    def take(self, limit: int) -> list[PendingActivity]:
        taken, self._waiting = self._waiting[:limit], self._waiting[limit:]
        self.taken += len(taken)
        return taken

    def report(self, activity: PendingActivity, event: HistoryEvent) -> None:
        self.reported.append((activity.name, event.type))


class Held:
    """Functions that run until they may end; tells how many run at once."""

    def __init__(self) -> None:
        self.running = self.most = 0
        self.may_end = threading.Event()
        self._counting = threading.Lock()

    def __enter__(self) -> None:
        with self._counting:
            self.running += 1
            self.most = max(self.most, self.running)

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        with self._counting:
            self.running -= 1

    def sync(self, x: object) -> object:
        with self:
            assert self.may_end.wait(30)
        return x

    async def not_sync(self, x: object) -> object:
        with self:
            assert await asyncio.to_thread(self.may_end.wait, 30)
        return x


def function(name: str, call: Callable[[object], object]) -> HostFunction:
    is_async = asyncio.iscoroutinefunction(call)
    return HostFunction(
        name, call, TriggerKind.ACTIVITY, TRIGGER, (), (), is_async=is_async, wants_context=False, directory=Path()
    )


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


async def test_as_many_run_at_once_as_there_are_places_sync_and_async_ones_alike() -> None:
    held, items = Held(), Items(*["sync", "async"] * 4)
    functions = {"sync": function("sync", held.sync), "async": function("async", held.not_sync)}
    heard: list[str] = []
    workers = ActivityWorkers(items, functions, Invoker(str, None, 1), 3, None, heard.append)  # type: ignore[arg-type]

    workers.run()
    workers.offer()
    await until(lambda: held.running == 3)
    taken_at_first = items.taken
    held.may_end.set()
    await until(lambda: len(heard) == 8)
    workers.stop()
    workers.join()

    assert (taken_at_first, held.most) == (3, 3)
    assert {kind for _, kind in items.reported} == {EventType.TASK_COMPLETED}
    assert list(workers.in_work) == []


async def test_what_cannot_be_reported_leaves_its_place_to_others(caplog: pytest.LogCaptureFixture) -> None:
    held, items = Held(), Items("sync", "sync")
    held.may_end.set()
    failures = [OSError("the disk is full")]
    report = items.report

    def stumble(activity: PendingActivity, event: HistoryEvent) -> None:
        if failures:
            raise failures.pop()
        report(activity, event)

    items.report = stumble  # type: ignore[method-assign]
    functions = {"sync": function("sync", held.sync)}
    workers = ActivityWorkers(items, functions, Invoker(str, None, 1), 1, None, lambda _: None)  # type: ignore[arg-type]

    workers.run()
    await until(lambda: len(items.reported) == 1)
    workers.stop()
    workers.join()

    assert "could not be reported" in caplog.text
