"""The heartbeat of a host in its task hub: renews what it holds, sees what others have written, fires what is due."""

import logging
import threading
import time

from emulator.functions_host.database import Database
from emulator.functions_host.durable.activities import ActivityWorkers
from emulator.functions_host.durable.episode import utc_now
from emulator.functions_host.durable.orchestrators import OrchestratorWorkers
from emulator.functions_host.durable.partitions import Partitions, Turnover
from emulator.functions_host.durable.store import Store
from emulator.functions_host.durable.work_items import WorkItems
from emulator.functions_host.leases import Leases

_log = logging.getLogger("host.durable")

SHORTEST_PAUSE, LONGEST_PAUSE = 0.01, 0.1
"""Seconds between two looks at the database: the pause doubles while nothing happens."""

PAUSE_AFTER_FAILURE = 0.5
"""Seconds; what has failed is due at once, and must not be tried without a pause."""


class Pulse:
    """One thread that looks at the database; asking whether anything has been written costs microseconds."""

    def __init__(
        self,
        database: Database,
        store: Store,
        leases: Leases,
        partitions: Partitions,
        items: WorkItems,
        orchestrators: OrchestratorWorkers,
        activities: ActivityWorkers,
    ) -> None:
        self._database = database
        self._store = store
        self._leases = leases
        self._partitions = partitions
        self._items = items
        self._orchestrators = orchestrators
        self._activities = activities
        self._nudged = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)
        self._seen_version = -1
        self._seen_message = 0
        self._next_timer: float | None = None
        self._renewal_due = 0.0

    def run(self) -> None:
        """Join the task hub and begin to look."""
        self._seen_message = self._store.last_message()
        self._renew()
        self._thread.start()

    def nudge(self) -> None:
        """Have it look at once."""
        self._nudged.set()

    def stop(self) -> None:
        """Look no more."""
        self._stopping = True
        self._nudged.set()

    def join(self) -> None:
        """Wait for the thread, then give back all that this host has held."""
        self._thread.join()
        self._partitions.release()
        with self._database.transaction() as connection:
            self._items.release_all(connection)
            self._leases.release_all(connection)

    def _beat(self) -> None:
        pause = SHORTEST_PAUSE
        while not self._stopping:
            try:
                pause = SHORTEST_PAUSE if self._look() else min(pause * 2, LONGEST_PAUSE)
                self._nudged.wait(min(pause, *self._seconds_to_what_is_due()))
            except Exception:  # whatever it is: a host whose pulse has stopped would look alive and carry nothing on
                _log.exception("The host could not look after its part of the task hub")
                self._nudged.wait(PAUSE_AFTER_FAILURE)
            self._nudged.clear()

    def _seconds_to_what_is_due(self) -> list[float]:
        due = [self._renewal_due - time.monotonic()]
        if self._next_timer is not None:
            due.append(self._next_timer - utc_now().timestamp())
        return [max(0.0, seconds) for seconds in due]

    def _look(self) -> bool:
        """Do what there is to do; return whether anything has been written since the last look."""
        if time.monotonic() >= self._renewal_due:
            self._renew()
        version = self._database.version()
        is_changed = version != self._seen_version
        if is_changed:
            self._seen_version = version
            self._wake_receivers()
            self._activities.offer()
            self._next_timer = self._store.next_timer(self._is_own)
        if self._next_timer is not None and self._next_timer <= utc_now().timestamp():
            self._orchestrators.wake(self._store.fire_timers(utc_now(), self._is_own))
            self._next_timer = self._store.next_timer(self._is_own)
        return is_changed

    def _is_own(self, instance_id: str) -> bool:
        return self._partitions.fence(instance_id) is not None

    def _wake_receivers(self) -> None:
        news = self._store.messages_after(self._seen_message)
        if news:
            self._seen_message = news[-1][0]
            self._orchestrators.wake(dict.fromkeys(instance_id for _, instance_id in news))

    def _renew(self) -> None:
        in_work = self._activities.in_work  # asked before the transaction: who takes activities waits for one, locked
        try:
            with self._database.transaction() as connection:
                self._leases.renew_all(connection)
                self._items.renew(connection, in_work)
                turnover = self._partitions.keep(connection)
            self._attend_to(turnover)
        except Exception:
            self._partitions.release()  # the next renewal finds what is held, and attends to all of it
            raise
        self._renewal_due = time.monotonic() + self._leases.times.renewal.total_seconds()
        self._activities.end_overdue()
        self._activities.offer()  # what a host that has died had in work becomes visible without a write

    def _attend_to(self, turnover: Turnover) -> None:
        if turnover.gained or turnover.lost:
            facts = {"gained": sorted(turnover.gained), "lost": sorted(turnover.lost), "host": self._leases.owner}
            _log.info("Partitions have changed hands", extra={"facts": facts})
        if turnover.lost:
            self._orchestrators.forget_others()
        if turnover.gained:
            self._orchestrators.wake(self._store.awaiting_episodes())
            self._next_timer = self._store.next_timer(self._is_own)
