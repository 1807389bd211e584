"""A graph of templates deployed as fast as its longest path lets it: makespan over critical path, one JSON line.

    python -m bench.makespan [--templates 50] [--scale 0.2] [--goal 1.10]

Each template makes a database server with two rules in a resource group that is there already, so that before it starts
everything it will write is looked at. The concurrency is as many as there are templates. The critical path is the
longest sum of the durations that ARM tells of the deployments; exit code 1 when the goal is missed.
"""

import argparse
import json
import random
import sys
import tempfile
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from emulator.stack import Stack, StackOptions
from tests.end_to_end.bundles import manifest, template
from tests.end_to_end.client import SUBSCRIPTION, Caller, zipped
from tests.end_to_end.snapshots import arm_call

ROOT = Path(__file__).resolve().parents[1]
ROW = 10
"""Templates that nothing but those of the row before holds up."""

PROJECT = "makespan"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-{PROJECT}"

_SPAN = TypeAdapter(timedelta)


def edges_of(count: int) -> dict[str, list[str]]:
    """`count` templates in rows, each depending on one to three of the row before; the same for every run."""
    chance = random.Random(7)
    rows = [[f"t{n}" for n in range(start, min(start + ROW, count))] for start in range(0, count, ROW)]
    edges: dict[str, list[str]] = {name: [] for name in rows[0]}
    for before, row in pairwise(rows):
        for name in row:
            edges[name] = sorted(chance.sample(before, chance.randint(1, 3)))
    return edges


def servers(name: str) -> list[dict[str, Any]]:
    """What a template makes: a server of a minute, and two rules of it."""
    server = {
        "type": "Microsoft.Sql/servers",
        "apiVersion": "2021-11-01",
        "name": f"sql-{PROJECT}-{name}",
        "location": "eastus2",
        "properties": {"administratorLogin": "someone", "administratorLoginPassword": "Only-4-a-bench"},
    }
    rules = [
        {
            "type": "Microsoft.Sql/servers/firewallRules",
            "apiVersion": "2021-11-01",
            "name": f"{server['name']}/rule{number}",
            "dependsOn": [f"[resourceId('Microsoft.Sql/servers', '{server['name']}')]"],
            "properties": {"startIpAddress": f"10.0.0.{number}", "endIpAddress": f"10.0.0.{number}"},
        }
        for number in (1, 2)
    ]
    return [server, *rules]


def graph_of_servers(edges: dict[str, list[str]]) -> bytes:
    """The bundle."""
    files: dict[str, Any] = {f"{name}.json": template(servers(name)) for name in edges}
    items = [{"name": name, "path": f"{name}.json", "dependsOn": needs} for name, needs in edges.items()]
    return zipped({"manifest.json": manifest(PROJECT, items), **files})


def critical_path(edges: dict[str, list[str]], seconds: dict[str, float]) -> float:
    """The longest sum of seconds along the edges; `edges` tell of each name those before it, which come first."""
    until: dict[str, float] = {}
    for name, before in edges.items():
        until[name] = seconds[name] + max((until[other] for other in before), default=0.0)
    return max(until.values())


def seconds_in_arm(stack: Stack, shown: dict[str, Any]) -> float:
    """How long ARM worked on a template, by its own account."""
    path = f"{shown['scope']}/providers/Microsoft.Resources/deployments/{shown['deploymentName']}"
    duration = arm_call(stack, "GET", path)["properties"]["duration"]
    return _SPAN.validate_python(duration).total_seconds()


def measured(stack: Stack, count: int) -> dict[str, Any]:
    """Deploy the graph once, and tell how long it took and could have taken."""
    arm_call(stack, "PUT", GROUP, body={"location": "eastus2"})
    caller, edges = Caller(stack), edges_of(count)
    state = caller.ended(caller.start(graph_of_servers(edges), options={"maxConcurrency": count, "force": True}))
    assert state["status"] == "completed", state
    seconds = {shown["name"]: seconds_in_arm(stack, shown) for shown in state["templates"]}
    begun = datetime.fromisoformat(state["phases"]["deploying"])
    ended = max(datetime.fromisoformat(shown["finishedAt"]) for shown in state["templates"])
    makespan, path = (ended - begun).total_seconds(), critical_path(edges, seconds)
    return {
        "templates": count,
        "criticalPathSeconds": round(path, 2),
        "makespanSeconds": round(makespan, 2),
        "makespanOverCriticalPath": round(makespan / path, 3),
    }


def main() -> int:
    """Print the figures; 1 when the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--templates", type=int, default=50)
    parser.add_argument("--scale", type=float, default=0.2)
    parser.add_argument("--goal", type=float, default=1.10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = {"ARMATURE_POLL_INTERVAL_SECONDS": str(5 * options.scale)}
        stack_options = StackOptions(state=Path(folder), app_root=ROOT, scale=options.scale, extra_settings=settings)
        with Stack(stack_options) as stack:
            figures = measured(stack, options.templates)
    print(json.dumps({"bench": "makespan", **figures, "goal": options.goal}))
    return int(figures["makespanOverCriticalPath"] > options.goal)


if __name__ == "__main__":
    sys.exit(main())
