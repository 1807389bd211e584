"""The rules of a running emulator, in its state folder: read, replaced, added to, cleared."""

import fcntl
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from emulator.faults import journal
from emulator.faults.model import FaultFile, FaultFileError, FaultProblem, FaultRule, read_faults
from emulator.private_files import write_for_owner

RULES = "faults.json"
RUN = "run"
"""In the file, beside the seed: names one loading of rules; counts begin again with each."""

_LOCK = "faults.lock"


class FaultFolder:
    """The faults of the emulator whose state folder this is; services see each change at their next occasion."""

    def __init__(self, state: Path) -> None:
        self._state = state

    def read(self) -> FaultFile:
        """The rules; an empty file when there is none. Raises FaultFileError when somebody wrote nonsense there."""
        return self._read()[0]

    def load(self, file: FaultFile) -> None:
        """Put these rules in place of all others; counts begin at nothing."""
        with self._changing():
            self._write(file, uuid.uuid4().hex)

    def add(self, *rules: FaultRule) -> None:
        """Add rules; the counts of the others go on. Raises FaultFileError when an id is used already."""
        with self._changing():
            file, run = self._read()
            taken = {rule.id for rule in file.rules}
            problems = [
                FaultProblem("id", f"'{rule.id}' is the id of a rule that is there.", "Take another, or remove it.")
                for rule in rules
                if rule.id in taken
            ]
            if problems:
                raise FaultFileError(problems)
            self._write(FaultFile(seed=file.seed, rules=(*file.rules, *rules)), run or uuid.uuid4().hex)

    def remove(self, rule_id: str) -> bool:
        """Take one rule out; False when there is none of that id."""
        with self._changing():
            file, run = self._read()
            left = tuple(rule for rule in file.rules if rule.id != rule_id)
            if len(left) == len(file.rules):
                return False
            self._write(FaultFile(seed=file.seed, rules=left), run)
            return True

    def clear(self) -> None:
        """Take all rules out; what happened stays written."""
        with self._changing():
            self._path.unlink(missing_ok=True)

    def happened(self) -> list[dict[str, Any]]:
        """Every fault that happened, oldest first: time, service, rule, fault, key, attempt, occasion."""
        return journal.happened(self._state)

    @property
    def _path(self) -> Path:
        return self._state / RULES

    def _read(self) -> tuple[FaultFile, str]:
        try:
            document = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return FaultFile(), ""
        except ValueError as error:
            raise FaultFileError(
                [FaultProblem(str(self._path), f"It is not JSON: {error}.", "Load a file.")]
            ) from error
        run = str(document.pop(RUN, "")) if isinstance(document, dict) else ""
        return read_faults(document), run

    def _write(self, file: FaultFile, run: str) -> None:
        write_for_owner(self._path, json.dumps({RUN: run, **file.document()}, indent=1))

    @contextmanager
    def _changing(self) -> Iterator[None]:
        self._state.mkdir(parents=True, exist_ok=True)
        with (self._state / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def read_fault_file(path: Path) -> FaultFile:
    """Read a file of faults; raises FaultFileError with all its problems, also when it can't be read."""
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise FaultFileError([FaultProblem(str(path), f"{error.strerror}.", "Name a file of faults.")]) from error
    except ValueError as error:
        raise FaultFileError([FaultProblem(str(path), f"It is not JSON: {error}.", "Correct it.")]) from error
    return read_faults(document)
