"""The faults of the host: of activities, of checkpoints, of queue messages, and of its start.

They are wrapped around what they happen to: `FaultyInvoker` around the functions, `FaultyStore` around the checkpoints.
"""

import asyncio
import hashlib
import os
import signal
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from azure.functions import meta

from emulator.faults.operations import COMMIT_EPISODE, HANDLE_MESSAGE, RUN_ACTIVITY, START_HOST
from emulator.faults.parameters import Delay, Order
from emulator.faults.plan import Fault, FaultPlan, Occasion
from emulator.functions_host.database import Database
from emulator.functions_host.durable.instances import Commit, PendingActivity
from emulator.functions_host.durable.store import Store
from emulator.functions_host.indexing import HostFunction, TriggerKind
from emulator.functions_host.invocation import FunctionError, FunctionInput, Invoker, OutputSender


class FaultyInvoker(Invoker):
    """Runs functions, and lets the faults of activities and queue messages happen to them."""

    def __init__(self, plan: FaultPlan, client_binding: Callable[[], str], sender: OutputSender, threads: int) -> None:
        super().__init__(client_binding, sender, threads)
        self._plan = plan
        self._handled: dict[str, int] = defaultdict(int)
        self._handling = asyncio.Condition()

    async def invoke(self, function: HostFunction, given: FunctionInput) -> meta.Datum | None:
        """Run a function; raises `FunctionError` also for a message that is to come again."""
        if function.kind is TriggerKind.QUEUE:
            return await self._handle(function, given)
        if function.kind is not TriggerKind.ACTIVITY or not function.is_async:
            return await super().invoke(function, given)
        faults = self._plan.decide(activity_occasion(function, given))
        await asyncio.sleep(delay_of(faults))
        if _has(faults, "activityTwice"):
            with suppress(FunctionError):  # what became of the first run is never known
                await super().invoke(function, given)
        result = await super().invoke(function, given)
        die_if(faults, "activityResultLost")
        return result

    def invoke_here(self, function: HostFunction, given: FunctionInput) -> meta.Datum | None:
        """Run a function in this thread."""
        if function.kind is not TriggerKind.ACTIVITY:
            return super().invoke_here(function, given)
        faults = self._plan.decide(activity_occasion(function, given))
        time.sleep(delay_of(faults))
        if _has(faults, "activityTwice"):
            with suppress(FunctionError):  # what became of the first run is never known
                super().invoke_here(function, given)
        result = super().invoke_here(function, given)
        die_if(faults, "activityResultLost")
        return result

    async def _handle(self, function: HostFunction, given: FunctionInput) -> meta.Datum | None:
        queue = function.trigger.text("queueName", function.name)
        key = f"{HANDLE_MESSAGE} {queue} {_digest(given.datum.value)}"
        faults = self._plan.decide(Occasion(key, HANDLE_MESSAGE, {"name": queue}))
        await asyncio.sleep(delay_of(faults))
        for fault in faults:
            if isinstance(fault.parameters, Order):
                await self._be_overtaken(queue, fault.parameters)
        try:
            result = await super().invoke(function, given)
        finally:
            async with self._handling:
                self._handled[queue] += 1
                self._handling.notify_all()
        if _has(faults, "messageTwice"):
            raise FunctionError(RuntimeError("a fault lets the message come once more"))
        return result

    async def _be_overtaken(self, queue: str, order: Order) -> None:
        wanted = self._handled[queue] + order.overtaken_by
        with suppress(TimeoutError):
            async with asyncio.timeout(order.at_most_seconds), self._handling:
                await self._handling.wait_for(lambda: self._handled[queue] >= wanted)


class FaultyStore(Store):
    """Writes checkpoints, and kills the host before or after one."""

    def __init__(self, database: Database, plan: FaultPlan) -> None:
        super().__init__(database)
        self._plan = plan

    def commit(self, episode: Commit) -> list[PendingActivity] | None:
        """Write an episode."""
        instance = episode.instance
        attributes = {"name": instance.name, "instance": instance.instance_id}
        key = f"{COMMIT_EPISODE} {instance.name} {instance.instance_id}"
        faults = self._plan.decide(Occasion(key, COMMIT_EPISODE, attributes))
        die_if(faults, "killedBeforeCheckpoint")
        activities = super().commit(episode)
        die_if(faults, "killedAfterCheckpoint")
        return activities


async def before_start(plan: FaultPlan | None) -> None:
    """Wait as long as a fault says before the host begins."""
    if plan is not None:
        await asyncio.sleep(delay_of(plan.decide(Occasion(START_HOST, START_HOST))))


def activity_occasion(function: HostFunction, given: FunctionInput) -> Occasion:
    """The occasion of an activity: the same one when an instance calls it again with the same input."""
    name = function.trigger.text("activity", function.name)
    instance = str(given.metadata["instanceId"].value)
    key = f"{RUN_ACTIVITY} {name} {instance} {_digest(given.datum.value)}"
    return Occasion(key, RUN_ACTIVITY, {"name": name, "instance": instance})


def delay_of(faults: tuple[Fault, ...]) -> float:
    """How many seconds the faults take."""
    return sum(fault.parameters.delay_seconds for fault in faults if isinstance(fault.parameters, Delay))


def die_if(faults: tuple[Fault, ...], name: str) -> None:
    """End this process as a power cut would when that fault is among them."""
    if _has(faults, name):
        os.kill(os.getpid(), signal.SIGKILL)


def _has(faults: tuple[Fault, ...], name: str) -> bool:
    return any(fault.name == name for fault in faults)


def _digest(value: Any) -> str:
    return hashlib.sha256(str(value).encode()).hexdigest()[:12]
