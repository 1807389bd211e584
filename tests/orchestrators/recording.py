"""Records the histories of whole deployments, for the replay tests: `python -m tests.orchestrators.recording`.

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

from emulator.stack import Stack, StackOptions
from tests.end_to_end.bundles import graph_bundle, manifest, template, workspace
from tests.end_to_end.client import Caller, zipped
from tests.running import ROOT
from tests.waiting import wait_until

HISTORIES = Path(__file__).with_name("histories")


def failing_bundle() -> bytes:
    """One template that succeeds, one that fails for good, one that is skipped."""
    bad = {**workspace("x"), "type": "Microsoft.Storage/storageAccounts", "name": "[concat('No', '-good')]"}
    items = [
        {"name": "good", "path": "good.json"},
        {"name": "bad", "path": "bad.json"},
        {"name": "after", "path": "good.json", "dependsOn": ["bad"]},
    ]
    files = {"good.json": template([workspace("log-recorded")]), "bad.json": template([bad])}
    return zipped({"manifest.json": manifest("recorded-failing", items), **files})


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


def record(name: str) -> None:
    """Deploy a bundle that completes and one that fails, and keep what their orchestrations went through."""
    bundles = {"completed": graph_bundle("recorded", {"a": [], "b": ["a"], "c": ["a"]}), "failed": failing_bundle()}
    with tempfile.TemporaryDirectory() as folder:
        options = StackOptions(
            state=Path(folder),
            app_root=ROOT,
            scale=0.01,
            extra_settings={"ARMATURE_POLL_INTERVAL_SECONDS": "0.3"},
        )
        with Stack(options) as stack:
            caller = Caller(stack)
            for ending, bundle in bundles.items():
                caller.ended(caller.start(bundle, deploymentId=f"recorded-{ending}"))
                wait_until(partial(ended, Path(folder) / "host.sqlite", f"recorded-{ending}"))
        for ending in bundles:
            target = HISTORIES / name / ending
            target.mkdir(parents=True, exist_ok=True)
            for part in ("", ":upload", ":rollout"):
                rows = rows_of(Path(folder) / "host.sqlite", f"recorded-{ending}{part}")
                file = target / f"{part.removeprefix(':') or 'deployment'}.json"
                file.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    record(sys.argv[1] if len(sys.argv) > 1 else "0.1.0")
