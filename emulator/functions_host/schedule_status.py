"""When a timer last ran and is next due: kept so that a run which no host was there for is made up.

Follows ScheduleMonitor.CheckPastDueAsync and TimerListener of the WebJobs timers extension.
"""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from emulator.functions_host.ncrontab import Schedule

NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ScheduleStatus:
    """`last` is `NEVER` before the first run; `next` is counted from `updated`."""

    last: datetime
    next: datetime
    updated: datetime

    @classmethod
    def first(cls, schedule: Schedule, now: datetime) -> "ScheduleStatus":
        """The status of a timer that is seen for the first time."""
        return cls(NEVER, schedule.next_after(now), now)

    @classmethod
    def loads(cls, text: str) -> "ScheduleStatus":
        """Read what `dumps` wrote."""
        stored = json.loads(text)
        return cls(*(datetime.fromisoformat(stored[name]) for name in ("Last", "Next", "LastUpdated")))

    def document(self) -> dict[str, Any]:
        """The status as a timer function is handed it."""
        return {
            "Last": self.last.isoformat(),
            "Next": self.next.isoformat(),
            "LastUpdated": self.updated.isoformat(),
        }

    def dumps(self) -> str:
        """The status as it is stored."""
        return json.dumps(self.document())

    def under(self, schedule: Schedule, now: datetime) -> "ScheduleStatus":
        """The status under the schedule of today: one that has been changed is not overdue because of it."""
        counted_from = self.updated if self.last == NEVER else self.last
        expected = schedule.next_after(counted_from)
        if expected == self.next:
            return self
        if now > expected:
            return ScheduleStatus.first(schedule, now)
        return replace(self, last=NEVER, next=expected, updated=counted_from)

    def after_run(self, schedule: Schedule, began: datetime, *, is_scheduled: bool) -> "ScheduleStatus":
        """The status after a run; one that began a little early counts as begun in time."""
        counted_from = max(began, self.next) if is_scheduled else began
        return ScheduleStatus(counted_from, schedule.next_after(counted_from), counted_from)
