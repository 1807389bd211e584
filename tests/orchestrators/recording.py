"""Records the histories of whole deployments, for the replay tests: `python -m tests.orchestrators.recording 0.3.0`.

Run it when an orchestrator gains a step, into a folder of a new name: the old recordings stay, since a deployment that
began under the old code goes on under the new. With names of endings after the folder's it records only those.
"""

import json
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import requests

from armature.retention_run import RETENTION_INSTANCE
from emulator.faults.model import FaultFile, read_rule
from emulator.stack import Stack, StackOptions
from tests.end_to_end.bundles import graph_bundle, manifest, template, workspace
from tests.end_to_end.client import Caller, zipped
from tests.running import NOTIFICATION_KEY, ROOT
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


@dataclass(frozen=True)
class Ending:
    """How a recorded deployment ends, what brings it to that, and which of its orchestrations are kept, each with the
    name of its orchestrator when the part does not tell it."""

    status: str
    options: dict[str, Any] = field(default_factory=dict)
    parts: tuple[str, ...] = ("", ":upload", ":rollout", ":rollback")
    names: dict[str, str] = field(default_factory=dict)

    def stem(self, part: str) -> str:
        """The name of the orchestrator of a part, and of the file of its history."""
        return self.names.get(part, part.removeprefix(":") or "deployment")


FORCED = {"force": True}
KEPT = {**FORCED, "rollbackOnFailure": False}
GATED = ("", ":preview", ":approval-1")
NAMES = {":approval-1": "approval", ":notice-ended-1-app": "notice"}

ENDINGS = {
    "completed": Ending("completed", FORCED, ("", ":upload", ":rollout", ":validation")),
    "failed": Ending("failed", KEPT),
    "rolledBack": Ending("rolledBack", FORCED),
    "cancelled": Ending("cancelled", KEPT),
    "unprepared": Ending("rolledBack", FORCED, ("", ":rollback")),
    "byHand": Ending("rolledBack", FORCED, ("", ":rollback")),
    "terminated": Ending("rolledBack", FORCED, (":closing", ":rollback")),
    "approved": Ending("completed", parts=(*GATED, ":notice-ended-1-app"), names=NAMES),
    "rejected": Ending("cancelled", parts=GATED, names=NAMES),
    "expired": Ending("cancelled", parts=GATED, names=NAMES),
    "previewed": Ending("completed", {"mode": "WhatIf"}, ("", ":preview")),
    "foretold": Ending("completed", {"mode": "Complete", "dryRun": True}, ("", ":preview")),
    "cleanedUp": Ending("completed", {"mode": "Complete"}, (*GATED, ":validation", ":cleanup"), NAMES),
    "unhealthy": Ending("rolledBack", FORCED, ("", ":validation", ":rollback")),
    "inARoot": Ending(
        "completed",
        {**FORCED, "strategy": "root", "tags": {"owner": "ada"}},
        ("", ":rollout"),
        {":rollout": "root_rollout"},
    ),
}
"""Those before `approved` begin as before there was a gate. `cleanedUp` deploys one template less than was there."""

SETTINGS = {
    "ARMATURE_POLL_INTERVAL_SECONDS": "0.3",
    "ARMATURE_RETENTION_DAYS": "0",
    "ARMATURE_PROTECTED_TARGETS": ",".join(
        f"/subscriptions/*/resourceGroups/rg-recorded-{ending}" for ending in ("approved", "rejected", "expired")
    ),
    "ARMATURE_APPROVAL_TIMEOUT_MINUTES": "0.5",
    "ARMATURE_NOTIFICATION_URL": "https://127.0.0.1/told",  # on no network that is allowed: it is given up at once
    "ARMATURE_NOTIFICATION_KEY": NOTIFICATION_KEY,
}

RETENTION = {"dryRun": True, "removed": False}
"""Runs of retention, and whether they only tell: recorded last, since what is recorded goes with them."""

TWO_TICKS = 200
"""Seconds within which the timer has found what nothing carries on any more."""


def id_of(ending: str) -> str:
    """The id of the deployment that ends so; it stands for its project, too."""
    return f"recorded-{ending.lower()}"


def two_groups_bundle(project: str) -> bytes:
    """A template for each of two resource groups, of which Azure refuses the second."""
    groups = (f"rg-{project}", f"rg-{project}-refused")
    items = [{"name": name, "path": "a.json", "scope": {"resourceGroup": name}} for name in groups]
    return zipped({"manifest.json": manifest(project, items), "a.json": template([workspace(f"log-{project}")])})


def unhealthy_bundle(project: str) -> bytes:
    """A workspace that is not as the manifest says that it must be."""
    wanted = {
        "template": "a",
        "type": "Microsoft.OperationalInsights/workspaces",
        "name": f"log-{project}",
        "property": "properties.retentionInDays",
        "equals": 1,
    }
    parts = {"validation": {"resources": [wanted], "warmUpSeconds": 1}}
    declared = manifest(project, [{"name": "a", "path": "a.json"}], **parts)
    return zipped({"manifest.json": declared, "a.json": template([workspace(f"log-{project}")])})


def bundle_of(ending: str) -> bytes:
    """The bundle that is deployed to that end; into a target of its own, so that none waits for another."""
    if ending in ("completed", "byHand", "approved", "rejected", "expired", "previewed", "inARoot"):
        return graph_bundle(id_of(ending), {"a": [], "b": ["a"], "c": ["a"]})
    if ending in ("cancelled", "terminated"):
        return graph_bundle(id_of(ending), {"a": [], "held": ["a"], "after": ["held"]})
    if ending in ("foretold", "cleanedUp"):
        return graph_bundle(id_of(ending), {"a": []})
    if ending == "unhealthy":
        return unhealthy_bundle(id_of(ending))
    if ending == "unprepared":
        return two_groups_bundle(id_of(ending))
    return failing_bundle(id_of(ending))


def carried_to_its_end(stack: Stack, ending: str) -> None:
    """Deploy to an end; what is cancelled, or terminated, is so while a resource is being made that never is."""
    caller, wanted = Caller(stack), ENDINGS[ending]
    if ending in ("foretold", "cleanedUp"):
        before = graph_bundle(id_of(ending), {"a": [], "b": []})
        assert caller.ended(caller.start(before, options=FORCED))["status"] == "completed"
    deployment_id = caller.start(bundle_of(ending), deploymentId=id_of(ending), options=wanted.options)
    if ending in ("approved", "rejected", "cleanedUp"):
        wait_until(lambda: caller.state(deployment_id)["status"] == "awaitingApproval")
        approval_id = caller.state(deployment_id)["approval"]["approvalId"]
        asked(caller, deployment_id, "reject" if ending == "rejected" else "approve", approvalId=approval_id)
    if ending in ("cancelled", "terminated"):
        wait_until(lambda: is_held(caller.state(deployment_id)))
    if ending == "cancelled":
        asked(caller, deployment_id, "cancel")
    elif ending == "terminated":
        for part in ("", ":rollout"):
            terminate(stack, f"{deployment_id}{part}")
        wait_until(lambda: caller.get(f"deployments/{deployment_id}").status_code == 200, seconds=TWO_TICKS)
    elif ending == "byHand":
        assert caller.ended(deployment_id)["status"] == "completed"
        asked(caller, deployment_id, "rollback")
    state = caller.ended(deployment_id)
    assert state["status"] == wanted.status, state["message"]


def asked(caller: Caller, deployment_id: str, action: str, **body: str) -> None:
    """Ask it of a deployment."""
    answer = caller.session.post(f"{caller.api}/deployments/{deployment_id}/{action}", json=body, timeout=30)
    assert answer.status_code == 202, answer.text


def terminate(stack: Stack, instance_id: str) -> None:
    """End an orchestration as an operator does in the portal."""
    with sqlite3.connect(stack.state / "host.sqlite") as connection:
        (key,) = connection.execute("select value from facts where name = 'durable key'").fetchone()
    path = f"{stack.host_url}/runtime/webhooks/durabletask/instances/{instance_id}/terminate"
    answer = requests.post(path, params={"reason": "recorded", "code": key}, timeout=30)
    assert answer.status_code == 202, answer.text


def retained(stack: Stack, is_dry: bool) -> None:
    """Have retention run to its end."""
    caller = Caller(stack)
    answer = caller.session.post(f"{caller.api}/retention", json={"dryRun": is_dry}, timeout=30)
    assert answer.status_code == 202, answer.text
    run = answer.json()["run"]
    wait_until(lambda: caller.get(f"retention/{run}").status_code == 200)


def is_held(state: dict[str, Any]) -> bool:
    """Whether the template that never ends is in flight."""
    return any(found["name"] == "held" and found["status"] == "running" for found in state.get("templates", []))


def record(name: str, chosen: Sequence[str]) -> None:
    """Carry deployments to the chosen ends, then retention, and keep what their orchestrations went through."""
    held = {"service": "arm", "fault": "stuck", "match": {"operation": "CreateResource", "name": "*-held"}}
    refused = {"service": "arm", "fault": "forbidden", "match": {"operation": "PutGroup", "name": "*-refused"}}
    rules = (read_rule({"id": "held", **held}), read_rule({"id": "refused", **refused}))
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "host.sqlite"
        options = StackOptions(
            state=Path(folder),
            app_root=ROOT,
            scale=0.01,
            extra_settings=SETTINGS,
        )
        with Stack(options) as stack:
            stack.faults.load(FaultFile(seed=1, rules=rules))
            for ending in [ending for ending in ENDINGS if ending in chosen]:
                carried_to_its_end(stack, ending)
                for part in ENDINGS[ending].parts:
                    file = HISTORIES / name / ending / f"{ENDINGS[ending].stem(part)}.json"
                    keep(database, f"{id_of(ending)}{part}", file)
            for run, is_dry in RETENTION.items():
                if "retention" in chosen:
                    retained(stack, is_dry)
                    keep(database, RETENTION_INSTANCE, HISTORIES / name / run / "retention.json")


def keep(database: Path, instance_id: str, file: Path) -> None:
    """Keep the history of an orchestration, once it has recorded its end."""
    is_over: Callable[[], bool] = partial(ended, database, instance_id)
    wait_until(is_over)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(rows_of(database, instance_id), indent=1) + "\n")


if __name__ == "__main__":
    record(sys.argv[1], sys.argv[2:] or [*ENDINGS, "retention"])
