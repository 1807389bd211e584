"""What-if over a lineage of many templates: seconds, requests of ARM, and whether it tells exactly what changed.

    python -m bench.preview [--templates 50] [--scale 0.02]

A fresh target is previewed first; then the lineage is deployed, and previewed twice: as it is, and in a second version
of which some templates keep a log for longer and some have one more. Exit code 1 when a preview tells anything else
than what changes, or when ARM is not as it was. Minutes are Azure's: seconds divided by the scale.
"""

import io
import json
import zipfile
from datetime import datetime
from typing import Any

from bench.lineages import GROUPS, group_of, lineage_bundle, resources_of, run
from emulator.stack import Stack
from tests.end_to_end.bundles import workspace
from tests.end_to_end.client import Caller
from tests.end_to_end.evidence import arm_requests
from tests.end_to_end.snapshots import arm_snapshot

PROJECT = "foreseen"
CHANGED_EACH = 7
ADDED_EACH = 11
"""Every so many templates of the second version are changed, or have one more resource."""

CONCURRENCY = 10

Changes = dict[str, str]
"""What becomes of a resource, by its name."""


def second_version(templates: int) -> tuple[bytes, Changes]:
    """The bundle of the second version, and what it changes."""
    changes: Changes = {}
    buffer = io.BytesIO()
    first = zipfile.ZipFile(io.BytesIO(lineage_bundle(PROJECT, templates)))
    with first, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as second:
        for name in first.namelist():
            content = json.loads(first.read(name))
            if name != "manifest.json":
                changes |= _changed(content["resources"], int(name.removeprefix("t").removesuffix(".json")))
            second.writestr(name, json.dumps(content))
    return buffer.getvalue(), changes


def _changed(resources: list[dict[str, Any]], number: int) -> Changes:
    changes: Changes = {}
    if number % CHANGED_EACH == 0:
        kept = next(each for each in resources if each["name"].startswith("log-"))
        kept["properties"]["retentionInDays"] = 60
        changes[kept["name"]] = "modify"
    if number % ADDED_EACH == 0:
        resources.append(workspace(f"log-{PROJECT}-more-{number}"))
        changes[f"log-{PROJECT}-more-{number}"] = "create"
    return changes


def previewed(
    caller: Caller, stack: Stack, bundle: bytes, expected: Changes, templates: int, scale: float
) -> dict[str, Any]:
    """The figures of one preview."""
    requests = len(arm_requests(stack.state))
    name = caller.start(bundle, options={"mode": "WhatIf", "maxConcurrency": CONCURRENCY})
    state = caller.ended(name)
    asked = len(arm_requests(stack.state)) - requests
    told = {each["name"]: each["kind"] for each in caller.get(f"deployments/{name}/preview").json()["resources"]}
    begun, ended = (datetime.fromisoformat(moment) for moment in (state["phases"]["previewing"], state["finishedAt"]))
    seconds = (ended - begun).total_seconds()
    return {
        "status": state["status"],
        "seconds": round(seconds, 1),
        "minutesOfAzure": round(seconds / scale / 60, 1),
        "armCallsPerTemplate": round(asked / templates, 1),
        "told": len(told),
        "expected": len(expected),
        "isExact": state["status"] == "completed" and told == expected,
    }


def measured(stack: Stack, templates: int, scale: float) -> dict[str, Any]:
    """The figures of the three previews."""
    caller, first = Caller(stack), lineage_bundle(PROJECT, templates)
    second, changes = second_version(templates)
    groups = {group_of(PROJECT, number) for number in range(templates)}
    fresh: Changes = dict.fromkeys([*resources_of(PROJECT, templates), *groups], "create")
    empty = arm_snapshot(stack)
    found = {"fresh": previewed(caller, stack, first, fresh, templates, scale)}
    is_untouched = arm_snapshot(stack) == empty

    state = caller.ended(caller.start(first, options={"force": True, "maxConcurrency": CONCURRENCY}))
    assert state["status"] == "completed", state
    deployed = arm_snapshot(stack)
    found["unchanged"] = previewed(caller, stack, first, {}, templates, scale)
    found["changed"] = previewed(caller, stack, second, changes, templates, scale)
    is_untouched = is_untouched and arm_snapshot(stack) == deployed
    is_exact = all(each["isExact"] for each in found.values())
    return {
        "bench": "preview",
        "templates": templates,
        "groups": GROUPS,
        "concurrency": CONCURRENCY,
        **found,
        "isUntouched": is_untouched,
        "isExact": is_exact and is_untouched,
    }


if __name__ == "__main__":
    run(__doc__, measured)
