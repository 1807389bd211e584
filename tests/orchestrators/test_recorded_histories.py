"""Today's orchestrators, replayed over the histories of deployments that ran under earlier code.

At every episode they must ask for what was scheduled then, in that order, and in the end for nothing else: a deployment
that runs while the app is upgraded goes on where it was. (A host performs what is asked for one after the other, so it
may come to the last of it in a later episode.) Of 0.1.0 that holds for one that waits for its turn (`queued`), not for
its uploads and rollouts.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrators import (
    approving,
    cleanup,
    deployment,
    notifying,
    preview,
    retention,
    rollback,
    rollout,
    root_rollout,
    upload,
    validation,
)
from tests.orchestrators.recording import ENDINGS, HISTORIES, RETENTION
from tests.orchestrators.simulation import orchestrator_of, replayed, scheduled_actions

BLUEPRINTS = {
    "deployment": deployment.blueprint,
    "upload": upload.blueprint,
    "rollout": rollout.blueprint,
    "rollback": rollback.blueprint,
    "closing": deployment.blueprint,
    "retention": retention.blueprint,
    "approval": approving.blueprint,
    "preview": preview.blueprint,
    "validation": validation.blueprint,
    "cleanup": cleanup.blueprint,
    "root_rollout": root_rollout.blueprint,
    "notice": notifying.blueprint,
}
SCHEDULED = {4: "activity", 7: "sub-orchestration", 10: "timer"}
EVENT_WAIT = 6
ASKED = {0: "activity", 2: "sub-orchestration", 5: "timer"}

NEWEST = "0.3.0"

Step = tuple[str, str | None]


def recordings() -> list[Path]:
    return sorted(HISTORIES.glob("*/*/*.json"))


def scheduled(rows: list[dict[str, Any]]) -> list[Step]:
    """What a history says was scheduled, in the order of its event ids."""
    found = sorted((row for row in rows if row["EventType"] in SCHEDULED), key=lambda row: row["EventId"])
    return [(SCHEDULED[row["EventType"]], row.get("Name")) for row in found]


def asked(state: dict[str, Any]) -> list[Step]:
    """What the orchestrator asks for; a wait for an event takes no event id, and leaves no row in a history."""
    actions = [action for action in scheduled_actions(state) if action["actionType"] != EVENT_WAIT]
    return [(ASKED[action["actionType"]], action.get("functionName")) for action in actions]


def episodes(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The history as it was handed over at each episode: all that came before what the episode itself wrote."""
    starts = [number for number, row in enumerate(rows) if row["EventType"] == 12]
    handed = []
    for number in starts:
        end = number + 1
        while end < len(rows) and rows[end]["EventType"] not in (*SCHEDULED, 13, 1):
            end += 1
        handed.append(rows[:end])
    return handed


@pytest.mark.filterwarnings("ignore:Potential duplicate Task completion")  # of an event that nobody waits for
@pytest.mark.parametrize("file", recordings(), ids=lambda file: "-".join(file.with_suffix("").parts[-3:]))
def test_a_recorded_history_replays_to_the_same_steps_and_the_same_end(file: Path):
    rows = json.loads(file.read_text())
    orchestrator = orchestrator_of(BLUEPRINTS[file.stem], file.stem)
    started = next(row for row in rows if row["EventType"] == 0)
    input_text = json.loads(started["Input"]) if started["Input"] else None
    input_text = input_text if isinstance(input_text, str) else started["Input"]
    instance_id = started["OrchestrationInstance"]["InstanceId"]

    states = [replayed(orchestrator, handed, input_text, instance_id) for handed in episodes(rows)]

    for number, state in enumerate(states[:-1]):
        known = scheduled(episodes(rows)[number + 1])
        assert asked(state)[: len(known)] == known, f"episode {number}"
    assert asked(states[-1]) == scheduled(rows)
    ended = next(row for row in rows if row["EventType"] == 1)
    assert states[-1]["isDone"]
    assert states[-1]["output"] == json.loads(ended["Result"])


def test_every_orchestrator_has_recordings_of_every_end():
    found = {(file.parent.name, file.stem) for file in recordings() if file.parts[-3] == NEWEST}

    parts = {(name, end.stem(part)) for name, end in ENDINGS.items() for part in end.parts}
    assert found == parts | {(run, "retention") for run in RETENTION}
    assert {stem for _, stem in found} == set(BLUEPRINTS)
