"""Carries instances on: one episode of an instance at a time, several instances at once, of this host's partitions."""

import logging
import queue
import threading
from collections.abc import Callable, Iterable

from emulator.functions_host.durable.episode import Aftermath, EpisodeRunner
from emulator.functions_host.durable.partitions import Partitions
from emulator.functions_host.durable.redelivery import Later, Redelivery, in_a_thread
from emulator.functions_host.leases import LeaseLostError

_log = logging.getLogger("host.durable")


class OrchestratorWorkers:
    """Threads that run episodes; `after` hears what each has led to."""

    def __init__(
        self,
        runner: EpisodeRunner,
        partitions: Partitions,
        threads: int,
        after: Callable[[Aftermath], None],
        later: Later = in_a_thread,
    ) -> None:
        self._runner = runner
        self._partitions = partitions
        self._after = after
        self._redelivery = Redelivery(self.wake, later)
        self._ready: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._queued: set[str] = set()
        self._running: set[str] = set()
        self._queueing = threading.Lock()
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._work, name=f"orchestrator-{number}", daemon=True) for number in range(threads)
        ]

    def run(self) -> None:
        """Begin to work."""
        for thread in self._threads:
            thread.start()

    def wake(self, instance_ids: Iterable[str]) -> None:
        """Have an episode run for each of these instances that is this host's."""
        with self._queueing:
            for instance_id in instance_ids:
                if instance_id in self._queued or self._partitions.fence(instance_id) is None:
                    continue
                self._queued.add(instance_id)
                if instance_id not in self._running:
                    self._ready.put(instance_id)

    def forget_others(self) -> None:
        """Keep no history in memory of an instance that another host carries on now."""
        self._runner.forget(lambda instance_id: self._partitions.fence(instance_id) is None)

    def stop(self) -> None:
        """Begin no more episodes."""
        self._stopping = True
        self._redelivery.stop()
        for _ in self._threads:
            self._ready.put(None)

    def join(self) -> None:
        """Wait for the episodes that run."""
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (instance_id := self._ready.get()) is not None and not self._stopping:
            with self._queueing:
                self._queued.discard(instance_id)
                self._running.add(instance_id)
            try:
                self._run(instance_id)
            finally:
                self._leave(instance_id)

    def _run(self, instance_id: str) -> None:
        fence = self._partitions.fence(instance_id)
        if fence is None:
            return
        try:
            self._after(self._runner.run(instance_id, fence))
        except LeaseLostError:
            _log.info("Another host carries the instance on", extra={"facts": {"instanceId": instance_id}})
        except Exception as error:
            self._redelivery.failed(instance_id, error)
        else:
            self._redelivery.succeeded(instance_id)

    def _leave(self, instance_id: str) -> None:
        with self._queueing:
            self._running.discard(instance_id)
            if instance_id in self._queued:
                self._ready.put(instance_id)
