"""What a person does to instances from outside: purge them, rewind them; each is one transaction on the database.

Whoever runs the instance need not be asked: an episode is written only if its instance still runs, and a rewound
instance is woken by a message in its inbox.
"""

import sqlite3
from collections.abc import Collection, Iterator
from datetime import datetime

from emulator.functions_host.database import Database
from emulator.functions_host.durable import history as rows
from emulator.functions_host.durable.history import EventType, HistoryEvent
from emulator.functions_host.durable.instances import Message, RuntimeStatus
from emulator.functions_host.durable.store import forget, moment_text, send_messages

_FAILURES = {
    EventType.TASK_FAILED: EventType.TASK_SCHEDULED,
    EventType.SUB_ORCHESTRATION_FAILED: EventType.SUB_ORCHESTRATION_CREATED,
}
"""Rows that tell a failure, and the row that each answers."""

_ENDED = frozenset({"Completed", "Terminated", "Canceled", "Failed"})


class NotInStateError(Exception):
    """The instance is in a status in which this cannot be done to it."""

    def __init__(self, status: RuntimeStatus) -> None:
        super().__init__(status.value)
        self.status = status


class Management:
    """Changes instances as a whole."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def purge(self, instance_id: str) -> bool:
        """Remove an instance that has ended; return whether there was one.

        Raises `NotInStateError` for one that has not ended.
        """
        with self._database.transaction() as connection:
            status = _status(connection, instance_id)
            if status is None:
                return False
            if not status.is_final:
                raise NotInStateError(status)
            forget(connection, instance_id)
            return True

    def purge_all(self, created_from: datetime, created_to: datetime, statuses: Collection[str]) -> int:
        """Remove the instances created in a span of time; return how many.

        `statuses` are narrowed to those of ended instances. When none is left instances of *every* status are removed,
        running ones too, as AzureTableTrackingStore.PurgeInstanceHistoryAsync does.
        """
        wanted = _ENDED.intersection(statuses)
        with self._database.transaction() as connection:
            found = connection.execute(
                "SELECT instance_id, status FROM instances WHERE created >= ? AND created <= ?",
                (moment_text(created_from), moment_text(created_to)),
            ).fetchall()
            purged = [row["instance_id"] for row in found if not wanted or row["status"] in wanted]
            for instance_id in purged:
                forget(connection, instance_id)
        return len(purged)

    def rewind(self, instance_id: str, reason: str | None, now: datetime) -> list[str] | None:
        """Take back the failures of a failed instance and have it go on; return whom to wake, None without instance.

        The rows of failed activities, with those that scheduled them, and the row of the end become rows that mean
        nothing. A failed sub-orchestration is rewound in its turn, and then only it is woken: it will report to its
        parent. As AzureTableTrackingStore.RewindHistoryAsync.

        Raises `NotInStateError` for an instance that has not failed.
        """
        with self._database.transaction() as connection:
            status = _status(connection, instance_id)
            if status is None:
                return None
            if status is not RuntimeStatus.FAILED:
                raise NotInStateError(status)
            woken = list(_rewind(connection, instance_id, now))
            send_messages(connection, [Message(each, None, rows.generic(now, reason)) for each in woken])
        return woken


def _rewind(connection: sqlite3.Connection, instance_id: str, now: datetime) -> Iterator[str]:
    """Rewind a failed instance and its failed children; yield the deepest, which have to be woken."""
    history = [
        (row["position"], HistoryEvent.loads(row["event"]))
        for row in connection.execute(
            "SELECT position, event FROM history WHERE instance_id = ? ORDER BY position", (instance_id,)
        ).fetchall()
    ]
    children = []
    for position, event in history:
        if event.type in _FAILURES:
            origin, scheduled = _origin(history, event)
            if scheduled.type is EventType.TASK_SCHEDULED:
                _blank(connection, instance_id, origin, scheduled)
            else:
                children.append(scheduled.fields["InstanceId"])
        elif event.fields.get("OrchestrationStatus") != RuntimeStatus.FAILED.value:
            continue
        _blank(connection, instance_id, position, event)
    connection.execute(
        "UPDATE instances SET status = ?, updated = ? WHERE instance_id = ?",
        (RuntimeStatus.PENDING.value, moment_text(now), instance_id),
    )
    if not children:
        yield instance_id
    for child in children:
        if _status(connection, child) is RuntimeStatus.FAILED:
            yield from _rewind(connection, child, now)


def _origin(history: list[tuple[int, HistoryEvent]], failure: HistoryEvent) -> tuple[int, HistoryEvent]:
    """Return the row that a failure answers: the first that no rewind has blanked."""
    return next(
        (position, event)
        for position, event in history
        if event.type is _FAILURES[failure.type] and event.event_id == failure.fields["TaskScheduledId"]
    )


def _blank(connection: sqlite3.Connection, instance_id: str, position: int, event: HistoryEvent) -> None:
    text = rows.generic(event.timestamp, None, event.event_id).dumps()
    connection.execute(
        "UPDATE history SET event = ? WHERE instance_id = ? AND position = ?", (text, instance_id, position)
    )


def _status(connection: sqlite3.Connection, instance_id: str) -> RuntimeStatus | None:
    row = connection.execute("SELECT status FROM instances WHERE instance_id = ?", (instance_id,)).fetchone()
    return None if row is None else RuntimeStatus(row["status"])
