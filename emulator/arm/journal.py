"""The SQLite file behind ARM's state: what changed in one step of the event loop is written in one transaction.

Journal mode WAL with `synchronous=NORMAL`: what was committed survives the death of the process at any instant. The
file holds secrets, so only its owner may read it; only one process may have it open.
"""

import asyncio
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    position INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, document TEXT NOT NULL, UNIQUE (kind, key))
"""
_PUT = (
    "INSERT INTO entries (kind, key, document) VALUES (?, ?, ?) "
    "ON CONFLICT (kind, key) DO UPDATE SET document = excluded.document"
)

Encode = Callable[[], Any]
"""What makes the JSON value of an entry when it is written."""


class Journal:
    """Entries by kind and key, kept in the order in which they were first put.

    `put` and `drop` are gathered and written by `flush`, which the event loop calls at the end of the step; whoever
    tells the world of a change calls it before.
    """

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        self._connection = sqlite3.connect(file, isolation_level=None)
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(_SCHEMA)
        self._changes: dict[tuple[str, str], Encode | None] = {}

    def put(self, kind: str, key: str, encode: Encode) -> None:
        """Add or replace an entry with what `encode` gives when it is written."""
        self._note(kind, key, encode)

    def drop(self, kind: str, key: str) -> None:
        """Remove an entry; an absent one is no error."""
        self._note(kind, key, None)

    def _note(self, kind: str, key: str, encode: Encode | None) -> None:
        if not self._changes:
            with suppress(RuntimeError):  # no loop runs: whoever changes the state now flushes as well
                asyncio.get_running_loop().call_soon(self.flush)
        self._changes[kind, key] = encode

    def flush(self) -> None:
        """Write what was gathered, all of it or nothing; what can't be written stays, and is tried again.

        Raises sqlite3.Error, and TypeError for a document that is no JSON.
        """
        if not self._changes:
            return
        written = [(kind, key, json.dumps(encode())) for (kind, key), encode in self._changes.items() if encode]
        dropped = [place for place, encode in self._changes.items() if encode is None]
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.executemany(_PUT, written)
            self._connection.executemany("DELETE FROM entries WHERE kind = ? AND key = ?", dropped)
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        self._changes = {}

    def read(self) -> Iterator[tuple[str, str, Any]]:
        """Every entry: kind, key and value."""
        for kind, key, document in self._connection.execute(
            "SELECT kind, key, document FROM entries ORDER BY position"
        ):
            yield kind, key, json.loads(document)

    def close(self) -> None:
        """Write what is left and close the file."""
        self.flush()
        self._connection.close()
