"""The SQLite file that holds everything the hosts of one task hub must not lose; several processes share it.

Journal mode WAL with ``synchronous=NORMAL``: a commit is in the operating system's hands before the host goes on, so
the death of the process (SIGKILL at any instant) loses nothing; only the loss of power of the machine could, which a
development host need not survive, and FULL would wait for the disk once a commit.
"""

import fcntl
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS instances (
    instance_id TEXT PRIMARY KEY, execution_id TEXT NOT NULL, name TEXT NOT NULL, input TEXT,
    status TEXT NOT NULL, custom_status TEXT, output TEXT, created TEXT NOT NULL, updated TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS instances_by_status ON instances (status);
CREATE TABLE IF NOT EXISTS generations (instance_id TEXT PRIMARY KEY, generation INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS history (
    instance_id TEXT NOT NULL, position INTEGER NOT NULL, played INTEGER NOT NULL, event TEXT NOT NULL,
    PRIMARY KEY (instance_id, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, instance_id TEXT NOT NULL, execution_id TEXT, event TEXT);
CREATE INDEX IF NOT EXISTS inbox_by_instance ON inbox (instance_id, id);
CREATE TABLE IF NOT EXISTS activities (
    id INTEGER PRIMARY KEY AUTOINCREMENT, instance_id TEXT NOT NULL, execution_id TEXT NOT NULL,
    event_id INTEGER NOT NULL, name TEXT NOT NULL, input TEXT);
CREATE TABLE IF NOT EXISTS timers (
    instance_id TEXT NOT NULL, execution_id TEXT NOT NULL, event_id INTEGER NOT NULL,
    fire_at REAL NOT NULL, event TEXT NOT NULL, PRIMARY KEY (instance_id, execution_id, event_id));
CREATE INDEX IF NOT EXISTS timers_by_time ON timers (fire_at);
CREATE TABLE IF NOT EXISTS leases (name TEXT PRIMARY KEY, owner TEXT, epoch INTEGER NOT NULL, expires REAL NOT NULL);
CREATE TABLE IF NOT EXISTS activity_leases (
    activity_id INTEGER PRIMARY KEY, owner TEXT NOT NULL, expires REAL NOT NULL);
"""


class Database:
    """One writer and one reader connection; each is used by one thread at a time."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        with _alone(file):  # SQLite does not wait for another process that sets the journal mode too
            self._writer = _connect(file)
            self._writer.executescript(_SCHEMA)
            self._reader = _connect(file)
        self._writing = threading.Lock()
        self._reading = threading.RLock()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the write lock; all is committed at the end, or nothing."""
        with self._writing:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:  # SQLite has rolled back by itself when the disk is full
                    self._writer.execute("ROLLBACK")
                raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Have this thread read one state of the database, whatever is written meanwhile."""
        with self._reading:
            self._reader.execute("BEGIN")
            try:
                yield
            finally:
                self._reader.execute("COMMIT")

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Return the rows of a query on what has been committed."""
        with self._reading:
            return self._reader.execute(sql, parameters).fetchall()

    def first(self, sql: str, fits: Callable[[sqlite3.Row], bool]) -> sqlite3.Row | None:
        """Return the first row of a query that fits; the rest is not read."""
        with self._reading:
            cursor = self._reader.execute(sql)
            try:
                return next((row for row in cursor if fits(row)), None)
            finally:
                cursor.close()

    def version(self) -> int:
        """Return a number that is another one whenever somebody, this process included, has written."""
        number: int = self.read("PRAGMA data_version")[0][0]
        return number

    def fact(self, name: str) -> str | None:
        """Return a single remembered value."""
        rows = self.read("SELECT value FROM facts WHERE name = ?", (name,))
        return rows[0]["value"] if rows else None

    def remember(self, name: str, value: str) -> None:
        """Store a single value."""
        with self.transaction() as connection:
            connection.execute(
                "INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
            )

    def remember_first(self, name: str, value: str) -> str:
        """Store a single value unless there is one; return what is stored."""
        if (known := self.fact(name)) is not None:
            return known
        with self.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO facts VALUES (?, ?)", (name, value))
        return self.fact(name) or value

    def close(self) -> None:
        """Close both connections once nobody uses them."""
        with self._writing:
            self._writer.close()
        with self._reading:
            self._reader.close()


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    with file.with_name(f"{file.name}-opening").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=30)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection
