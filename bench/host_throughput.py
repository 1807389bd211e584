"""What the Functions host carries, with one host and with two: one JSON line for each number of hosts.

    python -m bench.host_throughput [--hosts 1 2] [--fan-outs 20] [--width 100] [--pending 1000]

- `completionsPerSecond`: activities of fan-outs that end in a second, from the first start to the last instance's end.
- `pending…`: so many instances wait for an event: how quickly they start, how long a host takes to start with them,
  how long a status read takes then, and how long until all have ended once their events are sent.
- `step…Ms`: a step of a chain of activities at its beginning and after a hundred: what a history costs.
- `idlePercent`: of one processor, for one host that has nothing to do.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median

from emulator.functions_host.durable.history import EventType
from tests.emulator.functions_host.host_load import APP, Load, ended
from tests.emulator.functions_host.running_host import NO_STORAGE, RunningHost, write_app
from tests.waiting import wait_until

CHAIN = 110
IDLE_SECONDS = 5
SECONDS = 120


def measured(hosts: int, fan_outs: int, width: int, pending: int) -> dict[str, object]:
    """Run everything on a hub of its own."""
    with tempfile.TemporaryDirectory() as folder:
        app = write_app(Path(folder) / "app", APP)
        running = [RunningHost(app, NO_STORAGE) for _ in range(hosts)]
        for host in running:
            host.start()
        try:
            return {
                "bench": "host_throughput",
                "hosts": hosts,
                "idlePercent": _idle_percent(running[0]),
                "completionsPerSecond": _completions(running, fan_outs, width),
                **_steps(running),
                **_pending(running[0], pending),
            }
        finally:
            for host in running:
                host.stop()


def _idle_percent(host: RunningHost) -> float:
    before = _processor_seconds(host)
    time.sleep(IDLE_SECONDS)
    return round(100 * (_processor_seconds(host) - before) / IDLE_SECONDS, 2)


def _processor_seconds(host: RunningHost) -> float:
    fields = Path(f"/proc/{host.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _completions(hosts: list[RunningHost], fan_outs: int, width: int) -> int:
    began = time.monotonic()
    for number in range(fan_outs):
        hosts[number % len(hosts)].start_instance("squares", f"fan-{number}", width)
    wait_until(lambda: ended(hosts[0]) >= fan_outs, seconds=SECONDS)
    return round(fan_outs * width / (time.monotonic() - began))


def _steps(hosts: list[RunningHost]) -> dict[str, float]:
    hosts[0].start_instance("chain", "chain", CHAIN)
    hosts[0].final("chain", seconds=SECONDS)
    history = Load(hosts, 0, 0).history("chain")
    moments = [event.timestamp.timestamp() for event in history if event.type is EventType.TASK_COMPLETED]
    steps = [1000 * (after - before) for before, after in pairwise(moments)]
    return {"stepAtFirstMs": round(median(steps[:10]), 1), "stepAfter100Ms": round(median(steps[-10:]), 1)}


def _pending(host: RunningHost, count: int) -> dict[str, float]:
    before = ended(host)
    starts = _seconds(lambda: [host.start_instance("waiting", f"w{number}") for number in range(count)])
    host.kill()
    up = _seconds(host.start)
    reads = [_seconds(lambda n=n: host.status(f"w{n}")) for n in range(0, count, 10)]

    def carry_on() -> None:
        for number in range(count):
            host.raise_event(f"w{number}", "Go", number)
        wait_until(lambda: ended(host) >= before + count, seconds=SECONDS)

    return {
        "pendingInstances": count,
        "pendingStartsPerSecond": round(count / starts),
        "hostStartSeconds": round(up, 2),
        "statusReadMedianMs": round(1000 * median(reads), 1),
        "statusReadWorstMs": round(1000 * max(reads), 1),
        "pendingEndedSeconds": round(_seconds(carry_on), 1),
    }


def _seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--fan-outs", type=int, default=20)
    parser.add_argument("--width", type=int, default=100)
    parser.add_argument("--pending", type=int, default=1000)
    options = parser.parse_args()
    for hosts in options.hosts:
        print(json.dumps(measured(hosts, options.fan_outs, options.width, options.pending)), flush=True)


if __name__ == "__main__":
    main()
