"""Has an episode that failed in the host itself tried again, later each time, as the real host does.

Its messages stay in the inbox; the waits are those of TaskHubQueue.AbandonMessageAsync in DurableTask.AzureStorage.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Protocol

_log = logging.getLogger("host.durable")

LONGEST_WAIT = 600
"""Seconds; what has failed often enough to wait so long is taken for a poison message."""


class Appointment(Protocol):
    """Something that will happen."""

    def cancel(self) -> None:
        """Have it not happen."""


Later = Callable[[float, Callable[[], None]], Appointment]
"""Does something after so many seconds."""


def in_a_thread(seconds: float, action: Callable[[], None]) -> Appointment:
    """Do something later."""
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()
    return timer


class Redelivery:
    """Counts the failures of each instance in a row."""

    def __init__(self, wake: Callable[[Iterable[str]], None], later: Later = in_a_thread) -> None:
        self._wake = wake
        self._later = later
        self._failures: dict[str, int] = {}
        self._appointments: dict[str, Appointment] = {}
        self._lock = threading.Lock()

    def failed(self, instance_id: str, error: Exception) -> None:
        """Tell of a failed episode and have the instance woken after a while."""
        with self._lock:
            attempt = self._failures[instance_id] = self._failures.get(instance_id, 0) + 1
            seconds = min(2**attempt, LONGEST_WAIT)
            self._appointments[instance_id] = self._later(seconds, lambda: self._wake([instance_id]))
        facts = {"instanceId": instance_id, "attempt": attempt, "nextAttemptInSeconds": seconds}
        text = "Episode failed in the host" + (", its messages are poison" if seconds == LONGEST_WAIT else "")
        _log.error(text, exc_info=error, extra={"facts": facts})

    def succeeded(self, instance_id: str) -> None:
        """Begin to count anew."""
        with self._lock:
            self._failures.pop(instance_id, None)
            self._appointments.pop(instance_id, None)

    def stop(self) -> None:
        """Wake nobody any more."""
        with self._lock:
            for appointment in self._appointments.values():
                appointment.cancel()
            self._appointments.clear()
