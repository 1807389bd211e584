"""Where a host can be killed within a deployment: between the steps of its orchestrations, and behind its activities.

They are counted by rules that never happen; the journal of faults keeps count of every occasion they look at.
"""

import dataclasses
import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.faults.journal import JOURNAL
from emulator.faults.operations import COMMIT_EPISODE, RUN_ACTIVITY

NEVER = 1e-12  # a probability that no seed meets
BEFORE, AFTER, RESULT = "killedBeforeCheckpoint", "killedAfterCheckpoint", "activityResultLost"


@dataclass(frozen=True)
class Boundary:
    """One moment to kill the host at.

    `instance` is the orchestration's id without the deployment's (`:rollout`); `name` is the activity whose result gets
    lost, and empty for a checkpoint; `nth` counts the orchestration's checkpoints.
    """

    fault: str
    instance: str
    nth: int
    name: str = ""

    def rule(self, deployment_id: str, number: int = 0) -> dict[str, Any]:
        """The rule by which the host dies there, once; `number` tells it from others of the same deployment."""
        match = {"instance": f"{deployment_id}{self.instance}"} | ({"name": self.name} if self.name else {})
        return {
            "id": f"kill-{deployment_id}-{number}",
            "service": "functionsHost",
            "fault": self.fault,
            "match": match,
            "attempts": [self.nth],
            "times": 1,
        }

    @property
    def next(self) -> "Boundary":
        """The same at the checkpoint after this one."""
        return dataclasses.replace(self, nth=self.nth + 1)

    def __str__(self) -> str:
        where = self.instance or "deployment"
        return f"{self.fault} {where} {self.name or f'#{self.nth}'}"


def counters(deployment_id: str) -> list[dict[str, Any]]:
    """Rules that count the checkpoints and activities of one deployment, and do nothing."""
    instances = [deployment_id, f"{deployment_id}:*"]
    rule = {"service": "functionsHost", "match": {"instance": instances}}
    return [
        {"id": "count-steps", **rule, "fault": AFTER, "probability": NEVER},
        {"id": "note-activities", **rule, "fault": "slowActivity", "parameters": {"delaySeconds": 0}},
    ]


def boundaries_of(folder: Path, deployment_id: str) -> list[Boundary]:
    """All boundaries of a deployment that the counters have looked at.

    Of each orchestration one checkpoint more: whoever meets that one, since a poll more made a step more, has to look
    for the next, and so on until a run has none.
    """
    lines = (folder / JOURNAL).read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    steps: dict[str, int] = {}
    activities: dict[tuple[str, str], None] = {}
    for entry in entries:
        if entry["rule"] == "count-steps" and entry["key"].startswith(COMMIT_EPISODE):
            instance = _suffix(entry["key"].rpartition(" ")[2], deployment_id)
            steps[instance] = max(steps.get(instance, 0), entry["attempt"])
        if entry["rule"] == "note-activities" and entry["occasion"]["operation"] == RUN_ACTIVITY:
            instance = _suffix(entry["occasion"]["instance"], deployment_id)
            activities[instance, entry["occasion"]["name"]] = None
    checkpoints = [
        Boundary(fault, instance, nth)
        for instance, count in steps.items()
        for nth in range(1, count + 2)
        for fault in (BEFORE, AFTER)
    ]
    return checkpoints + [Boundary(RESULT, instance, 1, name) for instance, name in activities]


def rounds(found: Iterable[Boundary]) -> list[tuple[Boundary, ...]]:
    """The boundaries in rounds for one deployment each, of every orchestration at most one: a kill of one does not move
    the others'."""
    by_instance: dict[str, list[Boundary]] = {}
    for boundary in found:
        by_instance.setdefault(boundary.instance, []).append(boundary)
    together = itertools.zip_longest(*by_instance.values())
    return [tuple(boundary for boundary in each if boundary is not None) for each in together]


def beyond_count(found: Iterable[Boundary]) -> set[Boundary]:
    """Of each orchestration the checkpoint that the counted run did not have."""
    last: dict[tuple[str, str], Boundary] = {}
    for boundary in found:
        if not boundary.name and boundary.nth >= last.get((boundary.fault, boundary.instance), boundary).nth:
            last[boundary.fault, boundary.instance] = boundary
    return set(last.values())


def gaps(hit: Iterable[Boundary]) -> list[Boundary]:
    """Checkpoints that were not met, although a later one was."""
    met: dict[tuple[str, str], set[int]] = {}
    for boundary in hit:
        if not boundary.name:
            met.setdefault((boundary.fault, boundary.instance), set()).add(boundary.nth)
    return [
        Boundary(fault, instance, nth)
        for (fault, instance), numbers in met.items()
        for nth in range(1, max(numbers) + 1)
        if nth not in numbers
    ]


def _suffix(instance: str, deployment_id: str) -> str:
    return instance.removeprefix(deployment_id)
