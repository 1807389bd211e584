"""`python -m emulator.arm`: Resource Manager on one port, until SIGINT or SIGTERM."""

import argparse
import asyncio
import signal
from pathlib import Path

from emulator.arm.server import serve
from emulator.arm.settings import DEFAULT_PRINCIPAL, DEFAULT_SUBSCRIPTION, DEFAULT_TENANT, ArmSettings
from emulator.clouds import CLOUDS, PUBLIC
from emulator.faults.plan import fault_folder


def read_arguments(arguments: list[str] | None = None) -> ArmSettings:
    """The settings that the command line gives; exits with a usage message when it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m emulator.arm", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one, which is printed")
    parser.add_argument("--certificate", type=Path, required=True)
    parser.add_argument("--private-key", type=Path, required=True)
    parser.add_argument("--ca", type=Path, required=True, help="trusted when linked templates are fetched")
    parser.add_argument("--token-key", type=Path, required=True, help="public key (PEM) of the tokens' issuer")
    parser.add_argument("--accounts", type=Path, required=True, help="file with the storage accounts and their keys")
    parser.add_argument("--blob-endpoint", required=True, help="the storage emulator's address")
    parser.add_argument("--scale", type=float, default=0.05, help="how long a second of Azure's time lasts")
    parser.add_argument("--subscription", action="append", help=f"may be repeated; {DEFAULT_SUBSCRIPTION} by default")
    parser.add_argument("--tenant", default=DEFAULT_TENANT)
    parser.add_argument("--principal", default=DEFAULT_PRINCIPAL, help="object id of who is Owner of everything")
    parser.add_argument("--cloud", choices=CLOUDS, default=PUBLIC.name)
    parser.add_argument(
        "--throttle", action=argparse.BooleanOptionalAction, default=True, help="refuse requests above ARM's limits"
    )
    parser.add_argument("--database", type=Path, help="SQLite file that holds what exists; none: it dies with this")
    parser.add_argument("--log", type=Path, help="JSON lines, one a request")
    given = parser.parse_args(arguments)
    return ArmSettings(
        port=given.port,
        certificate=given.certificate,
        private_key=given.private_key,
        certificate_authority=given.ca,
        token_key=given.token_key,
        accounts=given.accounts,
        blob_endpoint=given.blob_endpoint,
        scale=given.scale,
        subscriptions=tuple(given.subscription or [DEFAULT_SUBSCRIPTION]),
        tenant=given.tenant,
        principal=given.principal,
        cloud=CLOUDS[given.cloud],
        throttle=given.throttle,
        log=given.log,
        database=given.database,
        faults=fault_folder(),
    )


async def run(settings: ArmSettings) -> None:
    """Serve until a signal comes."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serve(settings) as port:
        print(f"https://127.0.0.1:{port}", flush=True)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(run(read_arguments()))
