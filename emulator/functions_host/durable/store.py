"""Instances, histories and pending work in SQLite; a method is one transaction or one query."""

import logging
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime

from emulator.functions_host.database import Database
from emulator.functions_host.durable.generations import keep_generation, next_generation
from emulator.functions_host.durable.history import EventType, HistoryEvent, Recorded
from emulator.functions_host.durable.instances import (
    Commit,
    Delivery,
    Instance,
    InstanceFilter,
    Message,
    PendingActivity,
    RuntimeStatus,
)
from emulator.functions_host.leases import LeaseLostError

_log = logging.getLogger("host.durable")


class Store:
    """The persistent side of the task hub."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def instance(self, instance_id: str) -> Instance | None:
        """Return an instance, None when there is none."""
        rows = self._database.read("SELECT * FROM instances WHERE instance_id = ?", (instance_id,))
        return _instance(rows[0]) if rows else None

    def instances(self, narrowed: InstanceFilter) -> list[Instance]:
        """Return the instances that match, in the order of their ids."""
        conditions, values = ["instance_id >= ?", "substr(instance_id, 1, ?) = ?"], [narrowed.first_id]
        parameters: list[str | int] = [*values, len(narrowed.prefix), narrowed.prefix]
        if narrowed.statuses:
            conditions.append(f"status IN ({', '.join('?' * len(narrowed.statuses))})")
            parameters += sorted(narrowed.statuses)
        if narrowed.created_from is not None:
            conditions.append("created >= ?")
            parameters.append(moment_text(narrowed.created_from))
        if narrowed.created_to is not None:
            conditions.append("created <= ?")
            parameters.append(moment_text(narrowed.created_to))
        sql = f"SELECT * FROM instances WHERE {' AND '.join(conditions)} ORDER BY instance_id LIMIT ?"  # noqa: S608
        return [_instance(row) for row in self._database.read(sql, [*parameters, narrowed.limit])]

    def history(self, instance_id: str) -> list[Recorded]:
        """Return the history of an instance in order."""
        rows = self._database.read(
            "SELECT event, played FROM history WHERE instance_id = ? ORDER BY position", (instance_id,)
        )
        return [Recorded(HistoryEvent.loads(row["event"]), bool(row["played"])) for row in rows]

    def snapshot(self) -> AbstractContextManager[None]:
        """Have this thread read one state of the task hub, whatever is written meanwhile."""
        return self._database.snapshot()

    def history_length(self, instance_id: str) -> int:
        """Return how many rows the history of an instance has."""
        sql = "SELECT coalesce(max(position) + 1, 0) AS length FROM history WHERE instance_id = ?"
        length: int = self._database.read(sql, (instance_id,))[0]["length"]
        return length

    def start(self, instance: Instance, first: Message) -> RuntimeStatus | None:
        """Create an instance, or replace one that has ended; return the status of one that is in the way."""
        with self._database.transaction() as connection:
            in_the_way = _status_of_running(connection, instance.instance_id)
            if in_the_way is None:
                generation = next_generation(connection, instance.instance_id)
                _begin_anew(connection, instance, _of_generation(first, generation))
                keep_generation(connection, instance.instance_id, generation)
            return in_the_way

    def send(self, messages: Iterable[Message]) -> None:
        """Put messages in the inbox."""
        with self._database.transaction() as connection:
            send_messages(connection, messages)

    def inbox(self, instance_id: str) -> list[Delivery]:
        """Return what waits for an instance, oldest first."""
        rows = self._database.read("SELECT * FROM inbox WHERE instance_id = ? ORDER BY id", (instance_id,))
        return [Delivery(row["id"], Message(instance_id, row["execution_id"], _event(row["event"]))) for row in rows]

    def awaiting_episodes(self) -> list[str]:
        """Return the ids of the instances that have something in their inbox."""
        return [row["instance_id"] for row in self._database.read("SELECT DISTINCT instance_id FROM inbox")]

    def last_message(self) -> int:
        """Return the number of the newest message that waits; numbers rise and are never used again."""
        number: int = self._database.read("SELECT coalesce(max(id), 0) AS number FROM inbox")[0]["number"]
        return number

    def messages_after(self, number: int) -> list[tuple[int, str]]:
        """Return the numbers and receivers of the messages that came after one."""
        rows = self._database.read("SELECT id, instance_id FROM inbox WHERE id > ? ORDER BY id", (number,))
        return [(row["id"], row["instance_id"]) for row in rows]

    def discard(self, deliveries: Iterable[int]) -> None:
        """Drop messages that are for nobody any more."""
        with self._database.transaction() as connection:
            _consume(connection, deliveries)

    def commit(self, episode: Commit) -> list[PendingActivity] | None:
        """Write an episode; return the activities that it scheduled, None when its execution does not run any more.

        Rows of the history before `kept_rows` are in the file already. A sub-orchestration takes the place of whatever
        has its id, even while that runs, as with the Azure Storage provider, which looks for doubles among the starts
        of clients only (OrchestrationSessionManager.DedupeExecutionStartedMessagesAsync).

        Raises `LeaseLostError`.
        """
        instance = episode.instance
        with self._database.transaction() as connection:
            if not _runs(connection, instance.instance_id, episode.of_execution):
                return None
            if episode.fence is not None and not episode.fence.stands(connection):
                raise LeaseLostError(f"{episode.fence.name} is not {episode.fence.owner}'s any more")
            _consume(connection, episode.consumed)
            connection.execute(
                "DELETE FROM history WHERE instance_id = ? AND position >= ?", (instance.instance_id, episode.kept_rows)
            )
            connection.executemany(
                "INSERT INTO history VALUES (?, ?, ?, ?)",
                [
                    (instance.instance_id, position, item.is_played, item.event.dumps())
                    for position, item in enumerate(episode.history)
                    if position >= episode.kept_rows
                ],
            )
            _write_instance(connection, instance)
            pending = [
                _schedule(connection, instance, event_id, name, text) for event_id, name, text in episode.activities
            ]
            connection.executemany(
                "INSERT INTO timers VALUES (?, ?, ?, ?, ?)",
                [
                    (t.instance_id, t.execution_id, t.event_id, t.fire_at.timestamp(), t.event.dumps())
                    for t in episode.timers
                ],
            )
            connection.executemany(
                "DELETE FROM timers WHERE instance_id = ? AND execution_id = ? AND event_id = ?",
                [(instance.instance_id, instance.execution_id, timer) for timer in episode.cancelled_timers],
            )
            for child, first in episode.starts:
                if _status_of_running(connection, child.instance_id) is not None:
                    _log.warning("Sub-orchestration replaces a running instance", extra=_facts(child.instance_id))
                _begin_anew(connection, child, first)
            send_messages(connection, episode.messages)
            _drop_timers(connection, instance)
        return pending

    def next_timer(self, concerns: Callable[[str], bool]) -> float | None:
        """Return when the next timer of an instance that concerns somebody is due (seconds since 1970)."""
        due = self._database.first(
            "SELECT instance_id, fire_at FROM timers ORDER BY fire_at", lambda row: concerns(row["instance_id"])
        )
        return None if due is None else float(due["fire_at"])

    def fire_timers(self, now: datetime, concerns: Callable[[str], bool]) -> list[str]:
        """Turn the timers that are due, of instances that concern somebody, into messages; return whose they were."""
        with self._database.transaction() as connection:
            rows = [
                row
                for row in connection.execute(
                    "SELECT * FROM timers WHERE fire_at <= ? ORDER BY fire_at", (now.timestamp(),)
                )
                if concerns(row["instance_id"])
            ]
            connection.executemany(
                "INSERT INTO inbox (instance_id, execution_id, event) VALUES (?, ?, ?)",
                [(row["instance_id"], row["execution_id"], row["event"]) for row in rows],
            )
            connection.executemany(
                "DELETE FROM timers WHERE instance_id = ? AND execution_id = ? AND event_id = ?",
                [(row["instance_id"], row["execution_id"], row["event_id"]) for row in rows],
            )
        return [row["instance_id"] for row in rows]


def forget(connection: sqlite3.Connection, instance_id: str) -> None:
    """Remove an instance with all that belongs to it; what still runs for it reports to nobody."""
    for table in ("instances", "generations", "history", "inbox", "activities", "timers"):
        connection.execute(f"DELETE FROM {table} WHERE instance_id = ?", (instance_id,))  # noqa: S608


def _of_generation(first: Message, generation: int | None) -> Message:
    if first.event is None or first.event.type is not EventType.EXECUTION_STARTED:
        return first
    return replace(first, event=replace(first.event, fields=first.event.fields | {"Generation": generation}))


def _status_of_running(connection: sqlite3.Connection, instance_id: str) -> RuntimeStatus | None:
    row = connection.execute("SELECT status FROM instances WHERE instance_id = ?", (instance_id,)).fetchone()
    return None if row is None or (status := RuntimeStatus(row["status"])).is_final else status


def _begin_anew(connection: sqlite3.Connection, instance: Instance, first: Message) -> None:
    forget(connection, instance.instance_id)
    _write_instance(connection, instance)
    send_messages(connection, [first])


def _runs(connection: sqlite3.Connection, instance_id: str, execution_id: str) -> bool:
    sql = "SELECT status FROM instances WHERE instance_id = ? AND execution_id = ?"
    row = connection.execute(sql, (instance_id, execution_id)).fetchone()
    return row is not None and not RuntimeStatus(row["status"]).is_final


def _drop_timers(connection: sqlite3.Connection, instance: Instance) -> None:
    """Drop the timers that nothing waits for: those of earlier executions, and all when the instance has ended."""
    running = "" if instance.status.is_final else instance.execution_id
    connection.execute(
        "DELETE FROM timers WHERE instance_id = ? AND execution_id <> ?", (instance.instance_id, running)
    )


def _facts(instance_id: str) -> dict[str, dict[str, str]]:
    return {"facts": {"instanceId": instance_id}}


def send_messages(connection: sqlite3.Connection, messages: Iterable[Message]) -> None:
    """Put messages in the inbox, as part of a transaction."""
    connection.executemany(
        "INSERT INTO inbox (instance_id, execution_id, event) VALUES (?, ?, ?)",
        [(m.instance_id, m.execution_id, m.event and m.event.dumps()) for m in messages],
    )


def _consume(connection: sqlite3.Connection, deliveries: Iterable[int]) -> None:
    connection.executemany("DELETE FROM inbox WHERE id = ?", [(delivery,) for delivery in deliveries])


def _schedule(
    connection: sqlite3.Connection, instance: Instance, event_id: int, name: str, text: str | None
) -> PendingActivity:
    cursor = connection.execute(
        "INSERT INTO activities (instance_id, execution_id, event_id, name, input) VALUES (?, ?, ?, ?, ?)",
        (instance.instance_id, instance.execution_id, event_id, name, text),
    )
    return PendingActivity(cursor.lastrowid or 0, instance.instance_id, instance.execution_id, event_id, name, text)


def _write_instance(connection: sqlite3.Connection, instance: Instance) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO instances VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            instance.instance_id,
            instance.execution_id,
            instance.name,
            instance.input_text,
            instance.status.value,
            instance.custom_status,
            instance.output,
            moment_text(instance.created),
            moment_text(instance.updated),
        ),
    )


def _instance(row: sqlite3.Row) -> Instance:
    return Instance(
        row["instance_id"],
        row["execution_id"],
        row["name"],
        row["input"],
        RuntimeStatus(row["status"]),
        row["custom_status"],
        row["output"],
        datetime.fromisoformat(row["created"]),
        datetime.fromisoformat(row["updated"]),
    )


def _event(text: str | None) -> HistoryEvent | None:
    return None if text is None else HistoryEvent.loads(text)


def moment_text(moment: datetime) -> str:
    """Write a moment so that the order of texts is that of moments."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
