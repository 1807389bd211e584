"""Goal 3: the host is killed at every checkpoint of deployments that are rolled back, in a root too, and of one in mode
Complete that is approved; every activity runs twice."""

import itertools
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from bench.faults.boundaries import Boundary, beyond_count, boundaries_of, counters, gaps, rounds
from bench.faults.courses import COURSES, TAGS, TIER, Course
from bench.faults.goal import Goal, Run, Verdict
from bench.faults.ground import SETTINGS, Ground, ground
from bench.faults.inventory import Snapshot
from bench.faults.rolling_back import failing, stand
from emulator.faults.model import read_rule
from tests.end_to_end.evidence import accepted_attempts

STACKS = 2
LINEAGES = 5
"""On each stack, one deployment of each at a time: what kills one kills the host under all."""

QUICKER = {"ARMATURE_POLL_INTERVAL_SECONDS": "0.3"}
"""Most of a run that meets a kill is waiting."""

TRIES = 2
"""Runs in which a checkpoint is looked for that the counted run had: some take a poll less."""

TWICE = 4


@dataclass
class Findings:
    """What the deployments of one course showed on all stacks; added to by several threads."""

    course: Course
    counted: threading.Event = field(default_factory=threading.Event)

    left: list[Boundary] = field(default_factory=list)
    hit: list[Boundary] = field(default_factory=list)
    beyond: set[Boundary] = field(default_factory=set)
    tries: Counter[Boundary] = field(default_factory=Counter)
    deployments: int = 0
    right: int = 0
    twice: set[str] = field(default_factory=set)
    put_twice: int = 0
    kills: int = 0
    lost: int = 0
    doubled: int = 0
    misses: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next_round(self) -> tuple[Boundary, ...]:
        """The boundaries for one deployment more; none when all are met, or were looked for often enough."""
        with self.lock:
            first, *others = rounds(self.left) or [()]
            self.left = [boundary for each in others for boundary in each]
            return first

    def met(self, tried: tuple[Boundary, ...], hit: list[Boundary]) -> None:
        """Take in at which of the boundaries the host died; what is to be tried because of that is left."""
        with self.lock:
            self.hit += hit
            self.tries.update(tried)
            further = [boundary.next for boundary in hit if boundary in self.beyond]
            self.beyond.update(further)
            absent = [each for each in tried if each not in hit and each not in self.beyond]
            self.left += further + [boundary for boundary in absent if self.tries[boundary] < TRIES]

    def add(self, found: list[str]) -> None:
        """Take in what speaks against one deployment."""
        with self.lock:
            self.deployments += 1
            self.right += not found
            self.lost += sum(": lost: " in each for each in found)
            self.doubled += sum(": added: " in each for each in found)
            self.misses += found


def measure(run: Run) -> Verdict:
    """Count the boundaries in a run of each course that meets none; kill at each, on several stacks side by side."""
    every = [Findings(course) for course in COURSES]
    with ThreadPoolExecutor(STACKS) as pool:
        works = [pool.submit(_on_a_stack, number, run, every) for number in range(STACKS)]
        for work in as_completed(works):  # one that can't be carried out is told at once, and nothing more is begun
            if error := work.exception():
                for findings in every:
                    findings.left.clear()
                raise error
    misses = [miss for findings in every for miss in (*findings.misses, *_passed_over(run, findings))]
    hit = {(findings.course.name, boundary) for findings in every for boundary in findings.hit}
    activities = sum(bool(boundary.name) for _, boundary in hit)
    twice = set().union(*(findings.twice for findings in every))
    put_twice = every[0].put_twice
    return Verdict(
        done=f"kill -9 at {len(hit)} boundaries ({len(hit) - activities} before and after "
        f"checkpoints of the deployments and their children, {activities} behind activities), {every[0].kills} kills "
        f"in all; {len(twice)} activities run twice",
        measured=f"{_right(every[:-1])} rolled back with all as before, {_right(every[-1:])} approved in mode Complete "
        f"and only the list deleted; {sum(findings.doubled for findings in every)} resources doubled, "
        f"{sum(findings.lost for findings in every)} lost, {put_twice} attempts taken twice by ARM",
        wanted="all, 0 doubled, 0 lost",
        is_met=all(findings.hit for findings in every) and bool(twice) and not misses and not put_twice,
        misses=tuple(misses),
    )


def _passed_over(run: Run, findings: Findings) -> list[str]:
    if run.share != 1:
        return []
    untried = [gap for gap in gaps(findings.hit) if findings.tries[gap] < TRIES]
    return [f"{findings.course.name}: {gap} was passed over" for gap in untried]


def _right(every: Sequence[Findings]) -> str:
    return f"{sum(findings.right for findings in every)} of {sum(findings.deployments for findings in every)}"


def _on_a_stack(number: int, run: Run, every: Sequence[Findings]) -> None:
    with ground(revive=True, settings=SETTINGS | QUICKER) as field_:
        projects = [f"kill-{number}{index}" for index in range(run.of(LINEAGES, 2))]
        try:
            before = stand(field_, projects, tags=TAGS)
            field_.load(run.seed, [failing(project, TIER) for project in projects])
            known: set[str] = set()
            for findings in every:
                _on_a_course(field_, number, run, findings, before, known)
        finally:
            for findings in every:
                findings.counted.set()
        twice = sum(count > 1 for count in accepted_attempts(field_.stack.state).values())
        with every[0].lock:
            every[0].kills += len(field_.stack.revived)
            every[0].put_twice += twice


def _on_a_course(
    field_: Ground, number: int, run: Run, findings: Findings, before: dict[str, Snapshot], known: set[str]
) -> None:
    """All that is to be met on one course; `known` are the activities of the courses before it."""
    projects = list(before)
    if number == 0:
        _count(field_, projects[0], before[projects[0]], run, findings, known)
        findings.counted.set()
    findings.counted.wait()
    with ThreadPoolExecutor(len(projects)) as pool:
        lines = [pool.submit(_killed, field_, each, before[each], findings) for each in projects]
        for line in lines:
            line.result()
    if number == STACKS - 1:
        _everything_twice(field_, projects[: run.of(TWICE)], before, findings)


def _count(field_: Ground, project: str, before: Snapshot, run: Run, findings: Findings, known: set[str]) -> None:
    """The boundaries of a deployment that nothing kills."""
    name = f"{project}-{findings.course.name}-count"
    for rule in counters(name):
        field_.stack.faults.add(read_rule(rule))
    findings.add(findings.course.carried_out(field_, name, project, before))
    for rule in counters(name):
        field_.stack.faults.remove(rule["id"])
    found = boundaries_of(field_.stack.state, name)
    findings.beyond |= beyond_count(found)
    own = findings.course.own(found, known)
    known |= {boundary.name for boundary in found if boundary.name}
    every = max(1, round(1 / run.share))
    findings.left = own[::every]


def _killed(field_: Ground, project: str, before: Snapshot, findings: Findings) -> None:
    """One lineage: a deployment for each round of boundaries that is still to be met, one after the other."""
    for number in itertools.count(1):
        boundaries = findings.next_round()
        if not boundaries:
            return
        name = f"{project}-{findings.course.name}-{number}"
        rules = [read_rule(boundary.rule(name, place)) for place, boundary in enumerate(boundaries)]
        field_.stack.faults.add(*rules)
        found = findings.course.carried_out(field_, name, project, before)
        for rule in rules:
            field_.stack.faults.remove(rule.id)
        met = {entry["rule"] for entry in field_.stack.faults.happened()}
        hit = [boundary for rule, boundary in zip(rules, boundaries, strict=True) if rule.id in met]
        findings.met(boundaries, hit)
        where = ", ".join(map(str, hit)) or "not killed"
        findings.add([f"{where}: {each}" for each in found])


def _everything_twice(field_: Ground, projects: list[str], before: dict[str, Snapshot], findings: Findings) -> None:
    """Deployments whose activities all run twice."""
    twice = {"id": "twice", "service": "functionsHost", "fault": "activityTwice", "attempts": [1]}
    field_.stack.faults.add(read_rule(twice))
    with ThreadPoolExecutor(len(projects)) as pool:
        lines = [
            pool.submit(
                findings.course.carried_out, field_, f"{project}-{findings.course.name}-twice", project, before[project]
            )
            for project in projects
        ]
        for line in lines:
            findings.add(line.result())
    field_.stack.faults.remove("twice")
    happened = field_.stack.faults.happened()
    findings.twice |= {entry["occasion"]["name"] for entry in happened if entry["rule"] == "twice"}


GOAL = Goal(3, "killed at every checkpoint", measure)
