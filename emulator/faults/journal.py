"""What happened and what was let pass, written down so that counts outlive the process that counted."""

import fcntl
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

JOURNAL = "fault-journal.jsonl"
_COUNTED = ("run", "service", "rule", "key", "attempt", "happened")


@dataclass(frozen=True)
class Entry:
    """One occasion that a rule looked at: whether the fault happened, and which attempt of its key it was."""

    run: str
    service: str
    rule: str
    fault: str
    key: str
    attempt: int
    happened: bool
    occasion: Mapping[str, str]
    time: str = ""

    def dumps(self) -> str:
        """One line of JSON, without its end; of what did not happen only what counts."""
        if not self.happened:
            return json.dumps({name: getattr(self, name) for name in _COUNTED})
        time = self.time or datetime.now(UTC).isoformat(timespec="milliseconds")
        return json.dumps({"time": time, **{key: value for key, value in vars(self).items() if key != "time"}})


class Journal:
    """The counts of one run of rules, kept in a file that several processes append to.

    Use `settle` around counting and writing: it excludes other processes and reads first what they wrote.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / JOURNAL
        self._offset = 0
        self._run = ""
        self._attempts: dict[tuple[str, str], int] = defaultdict(int)
        self._times: dict[str, int] = defaultdict(int)

    def begin(self, run: str) -> None:
        """Count what belongs to another run of rules from now on."""
        self._run, self._offset = run, 0
        self._attempts.clear()
        self._times.clear()

    def attempts(self, rule: str, key: str) -> int:
        """How many occasions of this key the rule has seen."""
        return self._attempts[rule, key]

    def times(self, rule: str) -> int:
        """How often the rule's fault has happened."""
        return self._times[rule]

    @contextmanager
    def settle(self) -> Iterator["Journal"]:
        """Exclusive use of the file, with what others wrote already counted."""
        with self._path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self._catch_up(file)
            self._file = file
            yield self

    def write(self, entry: Entry) -> None:
        """Append and count an entry; only within `settle`."""
        self._file.write(entry.dumps().encode() + b"\n")
        self._file.flush()
        self._offset = self._file.tell()  # storage appends without asking, and what it counts is its own
        self._count(vars(entry))

    def _catch_up(self, file: IO[bytes]) -> None:
        file.seek(self._offset)
        for line in file:
            self._offset += len(line)
            self._count(json.loads(line))

    def _count(self, entry: Mapping[str, Any]) -> None:
        if entry["run"] == self._run:
            self._attempts[entry["rule"], entry["key"]] = entry["attempt"]
            self._times[entry["rule"]] += entry["happened"]


def happened(folder: Path) -> list[dict[str, Any]]:
    """Every fault that happened, oldest first, in all runs of rules that the folder has seen."""
    path = folder / JOURNAL
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    return [{key: value for key, value in entry.items() if key != "happened"} for entry in entries if entry["happened"]]
