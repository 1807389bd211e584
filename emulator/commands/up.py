"""`python -m emulator up`: runs the emulator with the app until it is told to end."""

import argparse
import signal
import sys
import time
from pathlib import Path

from emulator.azurite.launch import AzuriteMissingError
from emulator.clouds import CLOUDS, PUBLIC
from emulator.commands.arguments import DEFAULT_STATE, Commands, add_state
from emulator.faults.model import FaultFileError
from emulator.processes import ChildError
from emulator.stack import Ports, Stack, StackError, StackOptions

FUNCTIONS_PORT = 7071  # where Azure Functions Core Tools serve too
WATCH_SECONDS = 0.5


def add_to(commands: Commands) -> None:
    """Register the command."""
    up = commands.add_parser("up", help="start everything and keep it running", description=__doc__)
    add_state(up)
    up.add_argument("--app-root", type=Path, default=Path(), help="folder of function_app.py (this one)")
    up.add_argument("--port", type=int, default=FUNCTIONS_PORT, help="of the Functions host, 0 for any (%(default)s)")
    up.add_argument("--cloud", choices=CLOUDS, default=PUBLIC.name, help="which one to be (%(default)s)")
    up.add_argument("--scale", type=float, default=0.05, help="times Azure's provisioning times (%(default)s)")
    up.add_argument(
        "--setting", type=_setting, action="append", default=[], metavar="NAME=VALUE", help="one more app setting"
    )
    up.add_argument("--faults", type=Path, metavar="FILE", help="rules for faults, in place of those of an earlier run")
    up.add_argument("--revive", action="store_true", help="start ARM and the host again when they end by themselves")
    up.add_argument("--hosts", type=_number_of_hosts, default=1, help="how many hosts share the task hub (%(default)s)")
    up.add_argument("--require-keys", action="store_true", help="ask for function keys, as Azure does")
    up.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Start, print the addresses, watch; 0 when it was told to end, 1 when something failed."""
    stack = Stack(
        StackOptions(
            state=arguments.state,
            app_root=arguments.app_root,
            ports=Ports(functions=arguments.port),
            cloud=arguments.cloud,
            scale=arguments.scale,
            extra_settings=dict(arguments.setting),
            faults=arguments.faults,
            revive=arguments.revive,
            hosts=arguments.hosts,
            require_keys=arguments.require_keys,
        )
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with stack:
            _print_addresses(stack)
            while True:
                time.sleep(WATCH_SECONDS)
                stack.check()
    except KeyboardInterrupt:
        return 0
    except (StackError, ChildError, AzuriteMissingError, FaultFileError) as error:
        print(error, file=sys.stderr)
        return 1


def _setting(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not (name and separator):
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=VALUE")
    return name, value


def _number_of_hosts(text: str) -> int:
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of hosts")
    return int(text)


def _print_addresses(stack: Stack) -> None:
    state = "" if stack.options.state == DEFAULT_STATE else f" --state {stack.options.state}"
    print(f"API       {stack.api_url}")
    for url in stack.host_urls[1:]:
        print(f"          {url}/api")
    print(f"ARM       {stack.arm_url} ({stack.options.cloud})")
    print(f"storage   {stack.blob_endpoint}")
    print(f"logs      {stack.supervisor.logs}")
    if rules := stack.faults.read().rules:
        print(f"faults    {len(rules)} rules: .venv/bin/python -m emulator faults{state} list")
    exports = " ".join(f"{name}={value}" for name, value in stack.client_settings.items())
    print(f"\nFor `armature` in another terminal: export {exports}")
    print(f'For az, the SDKs and curl: eval "$(.venv/bin/python -m emulator env{state})"')
    print(f"To look inside: .venv/bin/python -m emulator look{state}")
    print("Ctrl+C stops it.", flush=True)
