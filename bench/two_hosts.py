"""Hosts on one task hub, one killed (SIGKILL) every few seconds under load: what is lost or doubled, one JSON line.

    python -m bench.two_hosts [--instances 900] [--seconds-between-kills 3] [--seed 1]

Every instance fans out, waits for a timer, has two children that fan out, waits for an event that either host is sent,
and runs a last activity. `wrong` counts outputs that are not right, `unsound` histories with an event twice or one that
nothing asked for, `leftOver` rows of pending work: all have to be 0. More `activityRuns` than `activities`: the cost.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

from tests.emulator.functions_host.host_load import ACTIVITIES_EACH, APP, Load
from tests.emulator.functions_host.running_host import NO_STORAGE, RunningHost, write_app


def measured(hosts: int, instances: int, seconds_between_kills: float, seed: int) -> dict[str, object]:
    """Run the load on a hub of its own."""
    with tempfile.TemporaryDirectory() as folder:
        app = write_app(Path(folder) / "app", APP)
        running = [RunningHost(app, NO_STORAGE) for _ in range(hosts)]
        for host in running:
            host.start()
        try:
            load = Load(running, instances, seed)
            began = time.monotonic()
            load.run(seconds_between_kills, seconds=600)
            runs = load.activity_runs()
            return {
                "bench": "two_hosts",
                "hosts": hosts,
                "instances": 3 * instances,
                "seconds": round(time.monotonic() - began, 1),
                "kills": load.kills,
                "activities": ACTIVITIES_EACH * instances,
                "activityRuns": sum(runs.values()),
                "wrong": len(load.wrong()),
                "unsound": len(load.unsound()),
                "leftOver": sum(count for _, count in load.left_over()),
            }
        finally:
            for host in running:
                host.stop()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=2)
    parser.add_argument("--instances", type=int, default=900)
    parser.add_argument("--seconds-between-kills", type=float, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(json.dumps(measured(options.hosts, options.instances, options.seconds_between_kills, options.seed)))


if __name__ == "__main__":
    main()
