"""Tests that show a fault are marked `shows_fault`, and the journal has to tell that it happened in them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from emulator.faults.folder import FaultFolder
from emulator.faults.model import FaultFile

MARK = "shows_fault"
PARAMETER = "fault"
"""A test that has this parameter shows the fault that it names; any other one is marked with the name."""


@dataclass
class Loaded:
    """The rules that a test has put into place, by service and fault, and where their journals are."""

    faults: set[tuple[str, str]] = field(default_factory=set)
    runs: set[tuple[Path, str]] = field(default_factory=set)

    def happened(self) -> set[tuple[str, str]]:
        """The faults that the journals tell of, in these runs of rules."""
        entries = [(folder, entry) for folder, _ in self.runs for entry in FaultFolder(folder).happened()]
        return {(one["service"], one["fault"]) for folder, one in entries if (folder, one["run"]) in self.runs}


@contextmanager
def watching_loads(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loaded]:
    """Notes every file of faults that is loaded in the block."""
    loaded, load = Loaded(), FaultFolder.load

    def load_and_note(folder: FaultFolder, file: FaultFile) -> None:
        load(folder, file)
        loaded.faults |= {(rule.service, rule.fault) for rule in file.rules}
        loaded.runs.add((folder._state, folder._read()[1]))

    with monkeypatch.context() as patch:
        patch.setattr(FaultFolder, "load", load_and_note)
        yield loaded


def shown_by(test: Callable[..., Any]) -> set[str]:
    """The names of the faults that a marked test shows; none for another one."""
    marks: list[pytest.Mark] = getattr(test, "pytestmark", [])
    own = [mark for mark in marks if mark.name == MARK]
    if not own or own[0].args:
        return {name for mark in own for name in mark.args}
    for parameters, cases in (mark.args for mark in marks if mark.name == "parametrize"):
        if parameters == PARAMETER:
            return set(cases)
        if PARAMETER in parameters:
            return {case[parameters.index(PARAMETER)] for case in cases}
    raise TypeError(f"{test.__name__} is marked and names no fault")
