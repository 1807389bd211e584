"""The file behind the state: what is put is there after the next start, whole steps at a time."""

import sqlite3
import stat
from pathlib import Path

import pytest

from emulator.arm.journal import Journal


def entries_of(file: Path) -> list[tuple[str, str, object]]:
    journal = Journal(file)
    found = list(journal.read())
    journal.close()
    return found


def test_what_was_put_is_read_in_the_order_in_which_it_was_first_put(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state.sqlite")
    for kind, key, document in [("a", "1", {"n": 1}), ("b", "1", [2]), ("a", "2", "\ud800"), ("a", "1", {"n": 4})]:
        journal.put(kind, key, lambda document=document: document)
        journal.flush()
    journal.drop("b", "1")
    journal.close()

    assert entries_of(tmp_path / "state.sqlite") == [("a", "1", {"n": 4}), ("a", "2", "\ud800")]


def test_what_is_written_is_what_the_object_is_when_the_step_ends(tmp_path: Path) -> None:
    journal, document = Journal(tmp_path / "state.sqlite"), {"state": "Creating"}

    journal.put("resource", "r", lambda: document)
    document["state"] = "Succeeded"
    journal.close()

    assert entries_of(tmp_path / "state.sqlite") == [("resource", "r", {"state": "Succeeded"})]


def test_a_step_is_written_whole_or_not_at_all_and_is_not_forgotten(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state.sqlite")
    journal.put("resource", "good", dict)
    journal.put("resource", "bad", lambda: {"no": object()})

    with pytest.raises(TypeError):
        journal.flush()
    journal.put("resource", "bad", lambda: {"no": 1})
    journal.close()

    assert [key for _, key, _ in entries_of(tmp_path / "state.sqlite")] == ["good", "bad"]


async def test_the_event_loop_writes_what_nobody_waits_for(tmp_path: Path) -> None:
    import asyncio

    journal = Journal(tmp_path / "state.sqlite")
    written: list[str] = []

    journal.put("resource", "r", lambda: written.append("r"))
    await asyncio.sleep(0)

    assert written == ["r"]
    journal.close()


def test_only_the_owner_may_read_it_and_only_one_process_has_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state.sqlite")
    journal.put("resource", "r", lambda: {"secret": "x"})
    journal.flush()

    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}
    assert "state.sqlite-wal" in modes
    other = sqlite3.connect(tmp_path / "state.sqlite", timeout=0)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("SELECT * FROM entries")
    other.close()
    journal.close()
