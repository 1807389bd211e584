"""``python -m emulator.functions_host``: run the function app of a folder until told to stop."""

import argparse
import asyncio
import logging
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

from emulator.faults.plan import plan_of_environment
from emulator.functions_host.host import FunctionsHost, HostOptions
from emulator.functions_host.leases import LeaseTimes
from emulator.functions_host.log import configure_logging

SWITCH_SECONDS = 0.0001
"""How long a thread may keep Python's lock. Replays compute; with the usual 5 ms every activity that has to wait for
the database or for its turn comes back behind a queue of them: 150 activities a second instead of 500."""


def main() -> None:
    """Parse the command line and run the host; exit code 0 after SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m emulator.functions_host", description=__doc__)
    parser.add_argument("--app-root", type=Path, required=True, help="folder with function_app.py and host.json")
    parser.add_argument("--port", type=int, default=7071, help="port on 127.0.0.1; 0 is any free one")
    parser.add_argument("--database", type=Path, required=True, help="SQLite file, created when missing")
    parser.add_argument("--log", type=Path, help="file for JSON lines; standard error otherwise")
    parser.add_argument("--grace-seconds", type=float, default=5.0, help="how long a stop waits for what runs")
    parser.add_argument("--lease-seconds", type=float, default=5.0, help="after which a dead host's work is taken over")
    parser.add_argument("--renewal-seconds", type=float, default=1.5, help="how often a host renews its leases")
    parser.add_argument("--require-keys", action="store_true", help="ask for keys as in Azure; `func start` does not")
    arguments = parser.parse_args()
    try:
        leases = LeaseTimes(timedelta(seconds=arguments.lease_seconds), timedelta(seconds=arguments.renewal_seconds))
    except ValueError as error:
        parser.error(str(error))
    sys.setswitchinterval(SWITCH_SECONDS)
    configure_logging(arguments.log)
    options = HostOptions(
        app_root=arguments.app_root.resolve(),
        database=arguments.database.resolve(),
        port=arguments.port,
        grace_seconds=arguments.grace_seconds,
        leases=leases,
        require_keys=arguments.require_keys,
        faults=plan_of_environment("functionsHost"),
    )
    asyncio.run(_serve(options))


async def _serve(options: HostOptions) -> None:
    host = FunctionsHost(options)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await host.start()
    print(f"Functions host listening on http://127.0.0.1:{host.port}", flush=True)
    if host.error is not None:
        print(f"No function runs: {host.error}", file=sys.stderr, flush=True)
    await stopped.wait()
    await host.stop()
    logging.shutdown()
    os._exit(0)  # threads that still run functions would hold the exit; their work runs again at the next start


if __name__ == "__main__":
    main()
