"""`python -m emulator.identity`: serves the endpoint on 127.0.0.1 until it is told to end."""

import argparse
import asyncio
import logging
import signal
from pathlib import Path

from emulator.clouds import CLOUDS, PUBLIC
from emulator.faults.plan import plan_of_environment
from emulator.identity.faults import IdentityFaults
from emulator.identity.listener import Listener
from emulator.identity.model import ManagedIdentity
from emulator.identity.routes import REQUEST_LOG, identity_application


def main() -> None:
    """Read the command line, serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m emulator.identity", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--cloud", choices=CLOUDS, default=PUBLIC.name, help="whose directory it is")
    parser.add_argument("--tenant", required=True, help="the directory's id")
    parser.add_argument("--principal", required=True, help="the object id of the app's identity")
    parser.add_argument(
        "--header-file", type=Path, required=True, help="holds the secret that callers send as X-IDENTITY-HEADER"
    )
    parser.add_argument("--private-key", type=Path, required=True, help="the RSA key that signs tokens (PEM)")
    parser.add_argument("--log", type=Path, help="a file for the request log, one JSON line each")
    arguments = parser.parse_args()

    handler = logging.FileHandler(arguments.log) if arguments.log else logging.StreamHandler()
    REQUEST_LOG.addHandler(handler)
    REQUEST_LOG.setLevel(logging.INFO)
    header = arguments.header_file.read_text(encoding="utf-8")
    identity = ManagedIdentity(
        tenant=arguments.tenant,
        principal=arguments.principal,
        private_key=arguments.private_key.read_text(),
        cloud=CLOUDS[arguments.cloud],
    )
    faults = IdentityFaults(plan_of_environment("identity"))
    faults.listener = Listener(identity_application(identity, header, faults), arguments.port)
    asyncio.run(_serve(faults.listener))


async def _serve(listener: Listener) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await listener.start()
    await stopped.wait()
    await listener.stop()


if __name__ == "__main__":
    main()
