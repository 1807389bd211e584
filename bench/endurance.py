"""Two hosts and ARM under fire: forty deployments of ten templates, something killed every three seconds.

    python -m bench.endurance [--deployments 40] [--templates 10] [--every 3] [--hosts 2] [--seed 1]

A template has six attempts, since ARM is away for about a third of the time. Prints one JSON line and exits with 1
unless every deployment completed, every template was deployed once, and ARM holds each resource once.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from emulator.stack import Stack, StackOptions
from tests.end_to_end.endurance import deploy_all, evidence_of, under_fire

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deployments", type=int, default=40)
    parser.add_argument("--templates", type=int, default=10)
    parser.add_argument("--every", type=float, default=3, help="seconds between one kill and the next")
    parser.add_argument("--hosts", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    names = [f"endure-{number}" for number in range(given.deployments)]
    with tempfile.TemporaryDirectory() as folder:
        options = StackOptions(
            state=Path(folder),
            app_root=ROOT,
            scale=0.02,
            hosts=given.hosts,
            extra_settings={"ARMATURE_POLL_INTERVAL_SECONDS": "0.5"},
        )
        with Stack(options) as stack:
            began = time.monotonic()
            with under_fire(stack, every_seconds=given.every, seed=given.seed) as kills:
                states = deploy_all(stack, names, given.templates)
            seconds = time.monotonic() - began
            evidence = evidence_of(stack, names)
    statuses = Counter(str(state["status"]) for state in states)
    wanted = given.deployments * given.templates
    is_right = (
        statuses == {"completed": given.deployments}
        and evidence.deployments == {"Succeeded": wanted}
        and evidence.resources == wanted
        and not evidence.taken_twice
    )
    result = {
        "bench": "endurance",
        "deployments": statuses,
        "templates": evidence.deployments,
        "resources": evidence.resources,
        "takenTwice": {" attempt ".join(key): count for key, count in evidence.taken_twice.items()},
        "kills": kills.counts,
        "failures": [str(failure["message"]) for state in states for failure in state["failures"]][:5],
        "seconds": round(seconds, 1),
        "isRight": is_right,
    }
    print(json.dumps(result))
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
