"""The task hub at work: one thread replays orchestrations, a pool runs activities, a task on the loop fires timers."""

import asyncio
import json
import logging
import queue
import threading
import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from enum import Enum, auto

from azure.functions import meta

from emulator.functions_host.durable import history as rows
from emulator.functions_host.durable.episode import EpisodeRunner, utc_now
from emulator.functions_host.durable.failures import activity_failure, unknown_orchestrator
from emulator.functions_host.durable.history import HistoryEvent
from emulator.functions_host.durable.replay import KnownFunctions
from emulator.functions_host.durable.store import Instance, Message, PendingActivity, RuntimeStatus, Store
from emulator.functions_host.indexing import HostFunction, TriggerKind
from emulator.functions_host.invocation import FunctionError, FunctionInput, Invoker

_log = logging.getLogger("host.durable")


class Reception(Enum):
    """What became of a message for an instance."""

    ACCEPTED = auto()
    NO_SUCH_INSTANCE = auto()
    INSTANCE_HAS_ENDED = auto()


class TaskHub:
    """Starts instances, takes messages for them and carries them on."""

    def __init__(
        self, store: Store, functions: Sequence[HostFunction], invoker: Invoker, activity_threads: int
    ) -> None:
        self._store = store
        self._invoker = invoker
        self._activities = _by_name(functions, TriggerKind.ACTIVITY, "activity")
        self._orchestrators = _by_name(functions, TriggerKind.ORCHESTRATION, "orchestration")
        known = KnownFunctions(self._activities.keys(), self._orchestrators.keys())
        self._runner = EpisodeRunner(store, self._orchestrators, known, invoker)
        self._ready: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._queued: set[str] = set()
        self._queueing = threading.Lock()
        self._pool = ThreadPoolExecutor(activity_threads, thread_name_prefix="activity")
        self._async_slots = asyncio.Semaphore(activity_threads)
        self._orchestrating = threading.Thread(target=self._orchestrate, name="orchestrator", daemon=True)
        self._timers_changed = asyncio.Event()
        self._stopping = False
        self._tasks: set[asyncio.Future[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self) -> None:
        """Begin to work, with whatever an earlier process left undone."""
        self._loop = asyncio.get_running_loop()
        self._keep(asyncio.ensure_future(self._fire_timers()))
        self._run_activities(self._store.pending_activities())
        self.wake(self._store.awaiting_episodes())
        self._orchestrating.start()

    async def stop(self, grace_seconds: float) -> bool:
        """Stop; return whether everything that was running has ended within the time given."""
        self._stopping = True
        self._ready.put(None)
        for task in self._tasks:
            task.cancel()
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()

        def join() -> None:
            self._orchestrating.join()
            self._pool.shutdown(wait=True, cancel_futures=True)
            loop.call_soon_threadsafe(ended.set)

        threading.Thread(target=join, daemon=True).start()
        try:
            await asyncio.wait_for(ended.wait(), grace_seconds)
        except TimeoutError:
            return False
        return True

    def objection_to_orchestrator(self, name: str) -> str | None:
        """Say what the extension says of an orchestrator that the app does not have."""
        if name.lower() in self._orchestrators:
            return None
        return unknown_orchestrator(name, [function.name for function in self._orchestrators.values()])

    def start(
        self,
        name: str,
        instance_id: str | None,
        input_text: str | None,
        *,
        version: str | None = None,
        is_restart: bool = False,
    ) -> tuple[str, RuntimeStatus | None]:
        """Start an instance; return its id, and the status of the running one that is in the way.

        A restart's execution id is written without dashes, as recorded.
        """
        now = utc_now()
        instance_id = instance_id or uuid.uuid4().hex
        execution_id = uuid.uuid4().hex if is_restart else str(uuid.uuid4())
        started = rows.execution_started(
            now,
            instance_id=instance_id,
            execution_id=execution_id,
            name=name,
            input_text=input_text,
            version=version,
        )
        instance = Instance(instance_id, execution_id, name, input_text, RuntimeStatus.PENDING, None, None, now, now)
        in_the_way = self._store.start(instance, Message(instance_id, execution_id, started))
        if in_the_way is None:
            self.wake([instance_id])
        return instance_id, in_the_way

    def raise_event(self, instance_id: str, name: str, input_text: str) -> Reception:
        """Send an external event; `input_text` is JSON."""
        return self._receive(instance_id, rows.event_raised(utc_now(), name, input_text))

    def terminate(self, instance_id: str, reason: str | None) -> Reception:
        """Ask an instance to end."""
        return self._receive(instance_id, rows.execution_terminated(utc_now(), reason))

    def suspend(self, instance_id: str, reason: str | None) -> Reception:
        """Ask an instance to do nothing until it is resumed."""
        return self._receive(instance_id, rows.execution_suspended(utc_now(), reason))

    def resume(self, instance_id: str, reason: str | None) -> Reception:
        """Ask a suspended instance to go on."""
        return self._receive(instance_id, rows.execution_resumed(utc_now(), reason))

    def _receive(self, instance_id: str, event: HistoryEvent) -> Reception:
        instance = self._store.instance(instance_id)
        if instance is None:
            return Reception.NO_SUCH_INSTANCE
        if instance.status.is_final:
            return Reception.INSTANCE_HAS_ENDED
        self._store.send([Message(instance_id, None, event)])
        self.wake([instance_id])
        return Reception.ACCEPTED

    def wake(self, instance_ids: Iterable[str]) -> None:
        """Have an episode run for each of these instances."""
        with self._queueing:
            for instance_id in instance_ids:
                if instance_id not in self._queued:
                    self._queued.add(instance_id)
                    self._ready.put(instance_id)

    def _orchestrate(self) -> None:
        while (instance_id := self._ready.get()) is not None and not self._stopping:
            with self._queueing:
                self._queued.discard(instance_id)
            try:
                aftermath = self._runner.run(instance_id)
            except Exception:
                _log.exception("Episode failed in the host", extra={"facts": {"instanceId": instance_id}})
                continue
            self._run_activities(aftermath.activities)
            self.wake(aftermath.instances)
            if aftermath.has_new_timers and self._loop is not None:
                self._loop.call_soon_threadsafe(self._timers_changed.set)

    def _run_activities(self, activities: Iterable[PendingActivity]) -> None:
        for activity in activities:
            if self._stopping:
                return
            function = self._activities.get(activity.name.lower())
            if function is not None and function.is_async and self._loop is not None:
                self._loop.call_soon_threadsafe(self._begin_async, function, activity)
            else:
                self._pool.submit(self._run_in_thread, function, activity)

    def _begin_async(self, function: HostFunction, activity: PendingActivity) -> None:
        self._keep(asyncio.ensure_future(self._run_async(function, activity)))

    def _keep(self, task: "asyncio.Future[None]") -> None:
        self._tasks.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: "asyncio.Future[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("The task hub has lost a task", exc_info=error)

    def _run_in_thread(self, function: HostFunction | None, activity: PendingActivity) -> None:
        try:
            if function is None:
                missing = LookupError(f"The function '{activity.name}' doesn't exist")
                self._report(activity, None, FunctionError(missing))
                return
            try:
                result = self._invoker.invoke_here(function, _activity_input(function, activity))
            except FunctionError as error:
                self._report(activity, None, error)
            else:
                self._report(activity, result, None)
        except Exception:
            _log.exception("Activity could not be reported", extra={"facts": {"instanceId": activity.instance_id}})

    async def _run_async(self, function: HostFunction, activity: PendingActivity) -> None:
        async with self._async_slots:
            try:
                result = await self._invoker.invoke(function, _activity_input(function, activity))
            except FunctionError as error:
                self._report(activity, None, error)
            else:
                self._report(activity, result, None)

    def _report(self, activity: PendingActivity, result: meta.Datum | None, error: FunctionError | None) -> None:
        now = utc_now()
        if error is not None:
            reason, details = activity_failure(activity.name, error)
            event = rows.task_failed(now, activity.event_id, reason, details)
        else:
            event = rows.task_completed(now, activity.event_id, _result_text(result))
        self._store.report(activity, event)
        self.wake([activity.instance_id])

    async def _fire_timers(self) -> None:
        while True:
            self._timers_changed.clear()
            self.wake(self._store.fire_timers(utc_now()))
            due = self._store.next_timer()
            seconds = None if due is None else max(0.0, due - datetime.now(UTC).timestamp())
            try:
                await asyncio.wait_for(self._timers_changed.wait(), seconds)
            except TimeoutError:
                continue


def _by_name(functions: Sequence[HostFunction], kind: TriggerKind, given_name: str) -> dict[str, HostFunction]:
    """Return the functions of a kind by the name they are called by, in lower case."""
    return {
        function.trigger.text(given_name, function.name).lower(): function
        for function in functions
        if function.kind is kind
    }


def _activity_input(function: HostFunction, activity: PendingActivity) -> FunctionInput:
    text = meta.Datum("null" if activity.input_text is None else activity.input_text, "string")
    metadata = {
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
