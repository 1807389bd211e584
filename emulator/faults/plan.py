"""Decides for one service whether a fault happens at an occasion: by rules, counts and the seed, never by the clock.

The decision depends on the seed, the rule, the occasion's key and how often that key has come, so that a run in which
things happen in another order meets the same faults at the same places.
"""

import hashlib
import json
import logging
import os
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from emulator.faults.folder import RULES, RUN
from emulator.faults.journal import Entry, Journal
from emulator.faults.model import FaultFileError, FaultRule, glob, read_faults
from emulator.faults.operations import Service
from emulator.faults.parameters import Parameters

VARIABLE = "EMULATOR_FAULTS"
"""The environment variable that tells a service in which folder the rules are."""

_log = logging.getLogger("emulator.faults")
_ROLL_BITS = 48  # what a double of JavaScript holds exactly


@dataclass(frozen=True)
class Occasion:
    """Something that a service is about to do; `key` tells it from others, `attributes` are what rules match on."""

    key: str
    operation: str
    attributes: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def all_attributes(self) -> dict[str, str]:
        """The attributes with the operation among them."""
        return {"operation": self.operation, **self.attributes}


@dataclass(frozen=True)
class Fault:
    """A fault that is to happen now."""

    name: str
    rule: str
    attempt: int
    parameters: Parameters


Could = Callable[[str, Parameters], bool]
"""Whether a fault, by name, with these parameters would change anything."""


@dataclass(frozen=True)
class _Rule:
    """A rule with its patterns ready."""

    rule: FaultRule
    patterns: Mapping[str, tuple[re.Pattern[str], ...]]

    @classmethod
    def of(cls, rule: FaultRule) -> "_Rule":
        given = {"operation": rule.kind.places, **rule.match.given()}
        return cls(rule, {name: tuple(map(glob, patterns)) for name, patterns in given.items()})

    def matches(self, occasion: Occasion) -> bool:
        attributes = occasion.all_attributes
        return occasion.operation in self.rule.kind.operations and all(
            any(pattern.fullmatch(attributes.get(name, "")) for pattern in patterns)
            for name, patterns in self.patterns.items()
        )


class FaultPlan:
    """The rules of one service, read again whenever their file changes. Without a file it costs one `stat` a decision.

    A file that is wrong is logged and changes nothing.
    """

    def __init__(self, folder: Path, service: Service) -> None:
        self._file = folder / RULES
        self._service = service
        self._journal = Journal(folder)
        self._signature: tuple[int, int, int] | None = None
        self._seed = 0
        self._run = ""
        self._rules: list[_Rule] = []
        self._deciding = threading.Lock()

    def has_rules_for(self, fault: str) -> bool:
        """Whether a rule for this fault of the service is there, whatever it matches."""
        with self._deciding:
            self._refresh()
            return any(one.rule.fault == fault for one in self._rules)

    def decide(self, occasion: Occasion, could: Could = lambda fault, parameters: True) -> tuple[Fault, ...]:
        """The faults that happen now, in the order of their rules; each is written down before it is answered.

        `could` tells whether a fault would change anything at this occasion: where not, it is none for its rules.
        """
        with self._deciding:
            self._refresh()
            matching = [one.rule for one in self._rules if one.matches(occasion)]
            looking = [rule for rule in matching if could(rule.fault, rule.typed_parameters)]
            if not looking:
                return ()
            with self._journal.settle():
                decided = [self._decide(rule, occasion) for rule in looking]
            return tuple(fault for fault in decided if fault)

    def _decide(self, rule: FaultRule, occasion: Occasion) -> Fault | None:
        attempt = self._journal.attempts(rule.id, occasion.key) + 1
        is_over = rule.last_attempt is not None and attempt > rule.last_attempt
        if is_over or (rule.times is not None and self._journal.times(rule.id) >= rule.times):
            return None
        happens = rule.includes(attempt) and roll(self._seed, rule.id, occasion.key, attempt) < rule.probability
        self._journal.write(
            Entry(
                self._run,
                self._service,
                rule.id,
                rule.fault,
                occasion.key,
                attempt,
                happens,
                {name: value for name, value in occasion.all_attributes.items() if value},
            )
        )
        return Fault(rule.fault, rule.id, attempt, rule.typed_parameters) if happens else None

    def _refresh(self) -> None:
        try:
            found = os.stat(self._file)
        except FileNotFoundError:
            self._signature, self._rules = None, []
            return
        signature = (found.st_ino, found.st_mtime_ns, found.st_size)
        if signature == self._signature:
            return
        self._signature = signature
        try:
            document = json.loads(self._file.read_bytes())
            run = str(document.pop(RUN, ""))
            file = read_faults(document)
        except (ValueError, FaultFileError) as error:
            _log.error("%s is ignored: %s", self._file, error)
            return
        if run != self._run or not self._rules:
            self._journal.begin(run)
        self._seed, self._run = file.seed, run
        self._rules = [_Rule.of(rule) for rule in file.rules if rule.service == self._service]


def roll(seed: int, rule: str, key: str, attempt: int) -> float:
    """A number from 0 to below 1 that depends on these four and nothing else."""
    digest = hashlib.sha256(f"{seed}\n{rule}\n{key}\n{attempt}".encode()).digest()
    return float(int.from_bytes(digest[: _ROLL_BITS // 8], "big") / 2**_ROLL_BITS)


def fault_folder() -> Path | None:
    """The folder that EMULATOR_FAULTS names, None when it names none."""
    folder = os.environ.get(VARIABLE)
    return Path(folder) if folder else None


def plan_of_environment(service: Service) -> FaultPlan | None:
    """The plan of the folder that EMULATOR_FAULTS names, None when it names none."""
    folder = fault_folder()
    return FaultPlan(folder, service) if folder else None
