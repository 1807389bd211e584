"""`python -m emulator.identity`: serves the endpoint on 127.0.0.1 until it is told to end."""

import argparse
import logging
from pathlib import Path

from aiohttp import web

from emulator.identity.model import ManagedIdentity
from emulator.identity.routes import REQUEST_LOG, identity_application


def main() -> None:
    """Read the command line, serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m emulator.identity", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tenant", required=True, help="the directory's id")
    parser.add_argument("--principal", required=True, help="the object id of the app's identity")
    parser.add_argument("--header", required=True, help="the secret that callers send as X-IDENTITY-HEADER")
    parser.add_argument("--private-key", type=Path, required=True, help="the RSA key that signs tokens (PEM)")
    parser.add_argument("--log", type=Path, help="a file for the request log, one JSON line each")
    arguments = parser.parse_args()

    handler = logging.FileHandler(arguments.log) if arguments.log else logging.StreamHandler()
    REQUEST_LOG.addHandler(handler)
    REQUEST_LOG.setLevel(logging.INFO)
    identity = ManagedIdentity(
        tenant=arguments.tenant, principal=arguments.principal, private_key=arguments.private_key.read_text()
    )
    application = identity_application(identity, arguments.header)
    web.run_app(application, host="127.0.0.1", port=arguments.port, access_log=None, print=lambda _: None)


if __name__ == "__main__":
    main()
