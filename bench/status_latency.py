"""How long a start and a status read take while deployments run: p50 and p99 in milliseconds, one JSON line.

    python -m bench.status_latency [--deployments 10] [--templates 10]

Deployments are started one after another and run at once; meanwhile their status is read without a pause by one caller.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from statistics import quantiles

from emulator.stack import Stack, StackOptions
from tests.end_to_end.bundles import graph_bundle, layered_edges
from tests.end_to_end.client import Caller

ROOT = Path(__file__).resolve().parents[1]


def measured(deployments: int, templates: int) -> dict[str, object]:
    """Run the deployments and read their status throughout."""
    with tempfile.TemporaryDirectory() as folder:
        options = StackOptions(state=Path(folder), app_root=ROOT, scale=0.05)
        with Stack(options) as stack:
            return _measured(Caller(stack), deployments, templates)


def _measured(caller: Caller, deployments: int, templates: int) -> dict[str, object]:
    caller.ended(caller.start(graph_bundle("warm", {"a": []})))
    bundles = [caller.upload(graph_bundle(f"bench-{n}", layered_edges(templates))) for n in range(deployments)]
    starts, reads = [], []
    began = time.monotonic()
    ids = []
    for bundle in bundles:
        moment = time.monotonic()
        answer = caller.post(
            {
                "bundle": {"id": bundle},
                "target": {"subscription": "00000000-0000-0000-0000-000000000001"},
                "options": {"force": True},
            }
        )
        starts.append(time.monotonic() - moment)
        ids.append(answer.json()["deploymentId"])
    running = set(ids)
    statuses = {}
    while running:
        for deployment in list(running):
            moment = time.monotonic()
            answer = caller.get(f"deployments/{deployment}")
            reads.append(time.monotonic() - moment)
            if answer.status_code == 200:
                running.discard(deployment)
                statuses[deployment] = answer.json()["status"]
    return {
        "bench": "status_latency",
        "deployments": deployments,
        "templates": templates,
        "completed": sum(status == "completed" for status in statuses.values()),
        "seconds": round(time.monotonic() - began, 1),
        "reads": len(reads),
        "startP50Ms": _percentile(starts, 50),
        "startP99Ms": _percentile(starts, 99),
        "readP50Ms": _percentile(reads, 50),
        "readP99Ms": _percentile(reads, 99),
        "readMaxMs": round(1000 * max(reads)),
    }


def _percentile(seconds: list[float], percent: int) -> int:
    return round(1000 * quantiles(seconds, n=100, method="inclusive")[percent - 1])


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deployments", type=int, default=10)
    parser.add_argument("--templates", type=int, default=10)
    options = parser.parse_args()
    print(json.dumps(measured(options.deployments, options.templates)))


if __name__ == "__main__":
    main()
