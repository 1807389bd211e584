"""Goal 7: cancelled at any moment, or timed out: the status is right, and nothing runs in ARM afterwards.

What is stopped and not undone is rolled back by hand, so that every deployment of a lineage begins with a version that
has completed, and nothing else.
"""

import random
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bench.faults.goal import Goal, Run, Verdict
from bench.faults.ground import Ground, State, ground, status_of, told
from bench.faults.inventory import Snapshot
from bench.faults.rolling_back import faults_of_rollback, stand, still_running
from bench.faults.worlds import TIERS, Change, second_version

CANCELS = 30
TIMEOUTS = 10
LINEAGES = 8
SCALE = 0.05
"""Resources take a quarter of a second and more, so that many moments fall into the work of ARM."""

NOTHING_TO_UNDO = 409
"""The answer for a deployment that was stopped before it had started anything."""

CHANGES = (Change.CHANGED, Change.ADDED, Change.LINKED)


@dataclass(frozen=True)
class Stop:
    """One deployment that is stopped: after how many seconds, by whom, and with which wish for a rollback."""

    kind: str
    after: float
    rolls_back: bool | None

    @property
    def is_undone(self) -> bool:
        """Whether it is rolled back; the app does it when nothing else is said."""
        return self.rolls_back is not False

    @property
    def wanted(self) -> str:
        """The status when it was not too late."""
        if self.is_undone:
            return "rolledBack"
        return "cancelled" if self.kind == "cancel" else "failed"


def stops(run: Run, usual: float) -> list[Stop]:
    """The moments, over the time that a deployment usually takes and a little more."""
    dice = random.Random(run.seed)
    wishes: list[bool | None] = [True, False, None]
    found = [Stop("cancel", dice.uniform(0, 1.1) * usual, wishes[number % 3]) for number in range(run.of(CANCELS, 3))]
    return found + [
        Stop("timeout", dice.uniform(0.1, 0.9) * usual, wishes[number % 2]) for number in range(run.of(TIMEOUTS, 2))
    ]


def measure(run: Run) -> Verdict:
    """Some lineages side by side, each with one stopped deployment after the other."""
    with ground(scale=SCALE) as field:
        projects = [f"stop-{number}" for number in range(LINEAGES)]
        before = stand(field, projects)
        usual = _usual(field)
        every = stops(run, usual)
        with ThreadPoolExecutor(LINEAGES) as pool:
            lines = [
                pool.submit(_line, field, project, every[number::LINEAGES], before[project])
                for number, project in enumerate(projects)
            ]
            results = [result for line in lines for result in line.result()]
    misses = [miss for _, _, found in results for miss in found]
    right = Counter(stop.kind for stop, _, found in results if not found)
    ends = Counter(status for _, status, _ in results)
    counts = Counter(stop.kind for stop in every)
    return Verdict(
        done=f"cancelled at {counts['cancel']} moments, timed out at {counts['timeout']}, over the {usual:.1f} s that "
        "a deployment takes; with and without rollback, what is kept being rolled back by hand",
        measured=f"right: {right['cancel']} of {counts['cancel']} and {right['timeout']} of {counts['timeout']} "
        f"({', '.join(f'{count} {status}' for status, count in ends.most_common())}); nothing under way in ARM, linked "
        f"deployments too: {'no' if any('under way' in miss for miss in misses) else 'yes'}",
        wanted="all",
        is_met=not misses and len(results) == len(every),
        misses=tuple(misses),
    )


def _usual(field: Ground) -> float:
    """Seconds that deployments take when as many run side by side, without being stopped."""
    names = [f"usual-{number}" for number in range(LINEAGES)]
    began = time.monotonic()
    field.deployed({name: second_version(name, CHANGES) for name in names}, LINEAGES)
    return time.monotonic() - began


def _line(field: Ground, project: str, every: list[Stop], before: Snapshot) -> list[tuple[Stop, str, list[str]]]:
    """The stopped deployments of one lineage; a version that got through becomes what the next one goes back to."""
    results = []
    for number, stop in enumerate(every):
        name = f"{project}-{stop.kind}-{number}"
        found, state = _stopped(field, name, project, stop, before)
        if status_of(state) == "completed":
            before = field.snapshot(f"rg-{project}")
        elif not stop.is_undone:
            found = found + _undone_by_hand(field, name, project, before)
        results.append((stop, status_of(state), found))
    return results


def _undone_by_hand(field: Ground, name: str, project: str, before: Snapshot) -> list[str]:
    """What speaks against a stopped deployment, which was not to be undone, having been put back when asked later."""
    where = f"{name}, rolled back by hand"
    answer = field.ask(name, "rollback", {})
    if answer == NOTHING_TO_UNDO:
        return [f"{where}: {difference}" for difference in before.differences(field.snapshot(f"rg-{project}"))]
    return faults_of_rollback(field, where, project, field.ended([name])[name], before)


def _stopped(field: Ground, name: str, project: str, stop: Stop, before: Snapshot) -> tuple[list[str], State]:
    options: dict[str, object] = {} if stop.rolls_back is None else {"rollbackOnFailure": stop.rolls_back}
    if stop.kind == "timeout":
        field.start(name, second_version(project, CHANGES), timeout=stop.after / 60, **options)
        answer = 202
    else:
        field.start(name, second_version(project, CHANGES))
        time.sleep(stop.after)
        wish: Mapping[str, object] = {} if stop.rolls_back is None else {"rollback": stop.rolls_back}
        answer = field.ask(name, "cancel", wish)
    state = field.ended([name])[name]
    return faults_of_stop(field, name, project, stop, answer, state, before), state


def faults_of_stop(
    field: Ground, name: str, project: str, stop: Stop, answer: int, state: State, before: Snapshot
) -> list[str]:
    """What speaks against a deployment having been stopped as it was asked to."""
    where = f"{name} ({stop.kind} after {stop.after:.1f} s, rollback {stop.rolls_back})"
    if answer not in (202, 409):
        return [f"{where}: the cancellation was answered {answer}"]
    held = field.arm.inventory(f"rg-{project}")
    if state.get("status") == "completed":
        ended = [each["provisioningState"] for each in held.owned_by(name)]
        is_whole = ended == ["Succeeded"] * len(TIERS)
        return still_running(where, state, held.under_way()) + (
            [] if is_whole else [f"{where}: completed, and in ARM it is {ended}"]
        )
    if answer == 409:
        return [f"{where}: refused (409) as if it had ended, then {told(state)}"]
    if stop.is_undone and state.get("status") == "rolledBack":
        return faults_of_rollback(field, where, project, state, before)
    found = still_running(where, state, held.under_way())
    return found if state.get("status") == stop.wanted else [f"{where}: {told(state)}, not {stop.wanted}", *found]


GOAL = Goal(7, "cancel and timeout", measure)
