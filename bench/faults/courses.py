"""What deployments do while goal 3 kills their host: each course has checkpoints and activities of its own."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.faults.boundaries import Boundary
from bench.faults.ground import LOOK_SECONDS, PATIENCE_SECONDS, Ground, State, is_final, subscription_path, told
from bench.faults.inventory import Snapshot
from bench.faults.rolling_back import faults_of_rollback, still_running
from bench.faults.worlds import WORKSPACES, Change, first_version, second_version

TIER = "mid"
"""Whose last resource fails, where something is to be rolled back."""

TAGS = {"owner": "bench"}
"""Of what stands before, and of what mode Complete deploys; what fails has none, so that they are put back."""

CHANGES = (Change.CHANGED, Change.ADDED, Change.LINKED)
STRAY_VERSION = "2022-10-01"


@dataclass(frozen=True)
class Course:
    """`carried_out` lets a deployment of that id and project go its way, and tells what speaks against it. It is killed
    at the checkpoints of `instances` (None: of all), and behind the activities that no course before it has."""

    name: str
    carried_out: Callable[[Ground, str, str, Snapshot], list[str]]
    instances: tuple[str, ...] | None = None

    def own(self, found: list[Boundary], known: set[str]) -> list[Boundary]:
        """The boundaries at which it is killed; `known` are the activities behind which others were."""
        return [
            boundary
            for boundary in found
            if (boundary.name not in known if boundary.name else self._is_own(boundary.instance))
        ]

    def _is_own(self, instance: str) -> bool:
        return self.instances is None or instance in self.instances


def rolled_back(field: Ground, name: str, project: str, before: Snapshot) -> list[str]:
    """Let the second version fail and be rolled back: all is as before."""
    field.start(name, second_version(project, CHANGES, (TIER,)))
    return faults_of_rollback(field, name, project, field.ended([name])[name], before)


def rolled_back_in_a_root(field: Ground, name: str, project: str, before: Snapshot) -> list[str]:
    """The same, with ARM scheduling."""
    field.start(name, second_version(project, CHANGES, (TIER,)), strategy="root")
    return faults_of_rollback(field, name, project, field.ended([name])[name], before)


def cleaned_up(field: Ground, name: str, project: str, before: Snapshot) -> list[str]:
    """Deploy the first version again in mode Complete: previewed, approved, checked, and a stray of ours deleted."""
    path = f"resourceGroups/rg-{project}/providers/{WORKSPACES}/log-{name}-stray"
    body = {"location": "eastus2", "properties": {"retentionInDays": 30}}
    stray = subscription_path(path)
    field.arm.ask("PUT", stray, version=STRAY_VERSION, json=body)
    while field.arm.ask("GET", stray, version=STRAY_VERSION).json()["properties"]["provisioningState"] != "Succeeded":
        time.sleep(LOOK_SECONDS)
    field.start(name, first_version(project), mode="Complete", force=False, tags=TAGS)
    state, asked = _approved(field, name)
    held = field.arm.inventory(f"rg-{project}")
    found = [f"{name}: {told(state)}"] if state.get("status") != "completed" else []
    found += [f"{name}: {difference}" for difference in before.differences(held.snapshot())]
    if asked != 1:
        found.append(f"{name}: asked for approval {asked} times")
    return found + still_running(name, state, held.under_way())


def _approved(field: Ground, name: str) -> tuple[State, int]:
    """The last state, once everything that was asked for is approved; and how often it asked."""
    given: set[str] = set()
    deadline = time.monotonic() + PATIENCE_SECONDS
    state: State = {}
    while not is_final(state) and time.monotonic() < deadline:
        state = field.state(name)
        approval = state.get("approval") or {}
        if approval.get("status") == "waiting" and approval["approvalId"] not in given:
            given.add(approval["approvalId"])
            field.ask(name, "approve", {"approvalId": approval["approvalId"]})
        time.sleep(LOOK_SECONDS)
    return state, len(given)


COURSES = (
    Course("undone", rolled_back),
    Course("root", rolled_back_in_a_root, (":rollout",)),
    Course("complete", cleaned_up, ("", ":preview", ":approval-1", ":validation", ":cleanup")),
)
