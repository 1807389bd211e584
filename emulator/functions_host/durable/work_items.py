"""The queue of scheduled activities that all hosts share; one that is taken is invisible while its host renews it."""

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

from emulator.functions_host.database import Database
from emulator.functions_host.durable.history import HistoryEvent
from emulator.functions_host.durable.instances import Message, PendingActivity
from emulator.functions_host.durable.store import send_messages
from emulator.functions_host.leases import LONGEST_DURATION, Leases


@dataclass(frozen=True)
class Report:
    """How an activity has ended."""

    activity: PendingActivity
    event: HistoryEvent


class WorkItems:
    """The activities that wait for a host, seen by one host."""

    def __init__(self, database: Database, leases: Leases) -> None:
        self._database = database
        self._leases = leases

    def take(self, limit: int) -> list[PendingActivity]:
        """Take the activities that nobody has, the oldest first; it costs no transaction when there are none."""
        if not self._rows(None, 1):
            return []
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM activity_leases WHERE expires <= ? OR expires > ?", self._not_good())
            rows = self._rows(connection, limit)
            connection.executemany(
                "INSERT INTO activity_leases VALUES (?, ?, ?)",
                [(row["id"], self._leases.owner, self._leases.expiry()) for row in rows],
            )
        return [
            PendingActivity(
                row["id"], row["instance_id"], row["execution_id"], row["event_id"], row["name"], row["input"]
            )
            for row in rows
        ]

    def _rows(self, connection: sqlite3.Connection | None, limit: int) -> list[sqlite3.Row]:
        sql = (
            "SELECT a.* FROM activities a LEFT JOIN activity_leases l ON l.activity_id = a.id"
            " WHERE l.activity_id IS NULL OR l.expires <= ? OR l.expires > ? ORDER BY a.id LIMIT ?"
        )
        parameters = (*self._not_good(), limit)
        if connection is None:
            return self._database.read(sql, parameters)
        return connection.execute(sql, parameters).fetchall()

    def _not_good(self) -> tuple[float, float]:
        """Return the times up to which, and after which, a lease that expires then is not good (`Leases.is_good`)."""
        now = self._leases.clock()
        return now, now + LONGEST_DURATION.total_seconds()

    def renew(self, connection: sqlite3.Connection, activities: Collection[int]) -> None:
        """Keep activities that this host runs invisible to the others, if they are still its own."""
        connection.executemany(
            "UPDATE activity_leases SET expires = ? WHERE activity_id = ? AND owner = ?",
            [(self._leases.expiry(), activity, self._leases.owner) for activity in activities],
        )

    def release_all(self, connection: sqlite3.Connection) -> None:
        """Let the other hosts have what this host has taken and not reported."""
        connection.execute("DELETE FROM activity_leases WHERE owner = ?", (self._leases.owner,))

    def report(self, activity: PendingActivity, event: HistoryEvent) -> None:
        """Take an activity off the queue and tell its instance how it ended.

        The first report counts, whoever has the lease by then; a second one changes nothing.
        """
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM activity_leases WHERE activity_id = ?", (activity.id,))
            if connection.execute("DELETE FROM activities WHERE id = ?", (activity.id,)).rowcount:
                send_messages(connection, [Message(activity.instance_id, activity.execution_id, event)])
