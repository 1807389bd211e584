"""The database that hosts share: transactions, and what a reader sees meanwhile."""

import sqlite3
from pathlib import Path

import pytest

from emulator.functions_host.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "host.sqlite")


def refuse_at_the_end(database: Database) -> None:
    """Write what the database objects to only when it is committed."""
    with database.transaction() as connection:
        connection.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        connection.execute("CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
    connection.execute("PRAGMA foreign_keys = ON")
    with database.transaction() as connection:
        connection.execute("INSERT INTO child VALUES (1)")


def test_a_transaction_that_cannot_be_committed_is_none_and_the_next_one_goes_on(database: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        refuse_at_the_end(database)

    database.remember("a", "b")

    assert database.fact("a") == "b"
    assert database.read("SELECT * FROM child") == []


def end_by_itself(database: Database) -> None:
    """Fail as SQLite does when the disk is full: it has rolled back already."""
    with database.transaction() as connection:
        connection.execute("ROLLBACK")
        raise sqlite3.OperationalError("database or disk is full")


def test_the_reason_of_a_failure_is_told_when_the_transaction_has_ended_by_itself(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError, match="disk is full"):
        end_by_itself(database)


def test_a_snapshot_stays_as_it_is_whatever_is_written_meanwhile(database: Database) -> None:
    database.remember("a", "before")

    with database.snapshot():
        first = database.fact("a")
        database.remember("a", "after")
        second = database.fact("a")

    assert (first, second, database.fact("a")) == ("before", "before", "after")
