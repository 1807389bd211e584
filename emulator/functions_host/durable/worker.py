"""One host's work in the task hub: the instances of its partitions, its share of the activities, timers."""

import asyncio
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from emulator.functions_host.database import Database
from emulator.functions_host.durable.activities import ActivityWorkers
from emulator.functions_host.durable.episode import Aftermath, EpisodeRunner
from emulator.functions_host.durable.orchestrators import OrchestratorWorkers
from emulator.functions_host.durable.partitions import DEFAULT_COUNT, Partitions, partition_count
from emulator.functions_host.durable.pulse import Pulse
from emulator.functions_host.durable.store import Store
from emulator.functions_host.durable.work_items import WorkItems
from emulator.functions_host.host_json import DurableSection
from emulator.functions_host.indexing import HostFunction
from emulator.functions_host.invocation import Invoker
from emulator.functions_host.leases import Leases


@dataclass(frozen=True)
class HubLimits:
    """How much one host does at once, and into how many partitions a new hub is divided."""

    activities: int = 16
    orchestrators: int = 4
    partitions: int = DEFAULT_COUNT
    activity_timeout: timedelta | None = None

    @classmethod
    def of(cls, section: DurableSection, function_timeout: timedelta | None) -> "HubLimits":
        """The limits that host.json sets."""
        return cls(
            section.max_concurrent_activity_functions,
            section.max_concurrent_orchestrator_functions,
            section.storage_provider.partition_count,
            function_timeout,
        )


class HubWorker:
    """Joins the task hub with `run`, leaves it with `stop`."""

    def __init__(
        self,
        database: Database,
        leases: Leases,
        runner: EpisodeRunner,
        activities: Mapping[str, HostFunction],
        invoker: Invoker,
        limits: HubLimits,
    ) -> None:
        store = Store(database)
        items = WorkItems(database, leases)
        partitions = Partitions(leases, partition_count(database, limits.partitions))
        self._orchestrators = OrchestratorWorkers(runner, partitions, limits.orchestrators, self._after)
        self._activities = ActivityWorkers(
            items, activities, invoker, limits.activities, limits.activity_timeout, lambda i: self.wake([i])
        )
        self._pulse = Pulse(database, store, leases, partitions, items, self._orchestrators, self._activities)

    def run(self) -> None:
        """Begin to work, with whatever an earlier process left undone."""
        self._pulse.run()
        self._orchestrators.run()
        self._activities.run()

    async def stop(self, grace_seconds: float) -> bool:
        """Stop; return whether everything that was running has ended within the time given.

        The leases are given back at the end: what runs until then can still be written down.
        """
        self._orchestrators.stop()
        self._activities.stop()
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()

        def join() -> None:
            self._orchestrators.join()
            self._activities.join()
            loop.call_soon_threadsafe(ended.set)

        threading.Thread(target=join, daemon=True).start()
        try:
            await asyncio.wait_for(ended.wait(), grace_seconds)
        except TimeoutError:
            is_quiet = False
        else:
            is_quiet = True
        self._pulse.stop()
        await asyncio.to_thread(self._pulse.join)
        return is_quiet

    def wake(self, instance_ids: Iterable[str]) -> None:
        """Have an episode run for those of these instances that are this host's; other hosts see for themselves."""
        self._orchestrators.wake(instance_ids)

    def _after(self, aftermath: Aftermath) -> None:
        if aftermath.activities:
            self._activities.offer()
        self.wake(aftermath.instances)
        if aftermath.has_new_timers:
            self._pulse.nudge()
