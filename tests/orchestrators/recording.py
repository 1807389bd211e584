"""Records the histories of whole deployments, for the replay tests: `python -m tests.orchestrators.recording 0.2.0`.

Run it when an orchestrator gains a step, into a folder of a new name: the old recordings stay, since a deployment that
began under the old code goes on under the new.
"""

import json
import sqlite3
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from emulator.faults.model import FaultFile, read_rule
from emulator.stack import Stack, StackOptions
from tests.end_to_end.bundles import graph_bundle, manifest, template, workspace
from tests.end_to_end.client import Caller, zipped
from tests.running import ROOT
from tests.waiting import wait_until

HISTORIES = Path(__file__).with_name("histories")


def failing_bundle(project: str) -> bytes:
    """One template that succeeds, one that fails for good, one that is skipped."""
    bad = {**workspace("x"), "type": "Microsoft.Storage/storageAccounts", "name": "[concat('No', '-good')]"}
    items = [
        {"name": "good", "path": "good.json"},
        {"name": "bad", "path": "bad.json"},
        {"name": "after", "path": "good.json", "dependsOn": ["bad"]},
    ]
    files = {"good.json": template([workspace(f"log-{project}")]), "bad.json": template([bad])}
    return zipped({"manifest.json": manifest(project, items), **files})


def rows_of(database: Path, instance_id: str) -> list[dict[str, Any]]:
    """The history rows of an instance, as a host hands them to the SDK."""
    with sqlite3.connect(database) as connection:
        found = connection.execute(
            "select event from history where instance_id = ? order by position", (instance_id,)
        ).fetchall()
    rows = []
    for (text,) in found:
        kind, moment, event_id, fields = json.loads(text)
        rows.append({"EventType": kind, "EventId": event_id, "IsPlayed": True, "Timestamp": moment, **fields})
    return rows


def ended(database: Path, instance_id: str) -> bool:
    """Whether the orchestration has recorded its end."""
    return any(row["EventType"] == 1 for row in rows_of(database, instance_id))


ENDINGS: dict[str, dict[str, Any]] = {
    "completed": {},
    "failed": {"rollbackOnFailure": False},
    "rolledBack": {},
    "cancelled": {"rollbackOnFailure": False},
}
"""How the recorded deployments end, and the options that make them."""

PARTS = ("", ":upload", ":rollout", ":rollback")
"""What is appended to a deployment's id to name each of its orchestrations."""


def id_of(ending: str) -> str:
    """The id of the deployment that ends so; it stands for its project, too."""
    return f"recorded-{ending.lower()}"


def bundle_of(ending: str) -> bytes:
    """The bundle that is deployed to that end; into a target of its own, so that none waits for another."""
    if ending == "completed":
        return graph_bundle(id_of(ending), {"a": [], "b": ["a"], "c": ["a"]})
    if ending == "cancelled":
        return graph_bundle(id_of(ending), {"a": [], "held": ["a"], "after": ["held"]})
    return failing_bundle(id_of(ending))


def carried_to_its_end(caller: Caller, ending: str) -> None:
    """Deploy to an end; the one that is cancelled is so while a resource is being made that never is."""
    deployment_id = caller.start(bundle_of(ending), deploymentId=id_of(ending), options=ENDINGS[ending])
    if ending == "cancelled":
        wait_until(lambda: is_held(caller.state(deployment_id)))
        caller.session.post(f"{caller.api}/deployments/{deployment_id}/cancel", json={}, timeout=30)
    state = caller.ended(deployment_id)
    assert state["status"] == ending, state["message"]


def is_held(state: dict[str, Any]) -> bool:
    """Whether the template that never ends is in flight."""
    return any(found["name"] == "held" and found["status"] == "running" for found in state.get("templates", []))


def record(name: str) -> None:
    """Carry deployments to every end, and keep what their orchestrations went through."""
    match = {"operation": "CreateResource", "name": "*-held"}
    held = read_rule({"id": "held", "service": "arm", "match": match, "fault": "stuck"})
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "host.sqlite"
        options = StackOptions(
            state=Path(folder),
            app_root=ROOT,
            scale=0.01,
            extra_settings={"ARMATURE_POLL_INTERVAL_SECONDS": "0.3"},
        )
        with Stack(options) as stack:
            stack.faults.load(FaultFile(seed=1, rules=(held,)))
            for ending in ENDINGS:
                carried_to_its_end(Caller(stack), ending)
                wait_until(partial(ended, database, id_of(ending)))
        for ending in ENDINGS:
            target = HISTORIES / name / ending
            target.mkdir(parents=True, exist_ok=True)
            for part in PARTS:
                rows = rows_of(database, f"{id_of(ending)}{part}")
                if rows:
                    file = target / f"{part.removeprefix(':') or 'deployment'}.json"
                    file.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    record(sys.argv[1])
