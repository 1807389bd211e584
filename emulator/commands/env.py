"""`python -m emulator env`, `token`: what other programs need to use the running emulator.

eval "$(python -m emulator env)"
curl -H "Authorization: Bearer $(python -m emulator token)" "$ARM_ENDPOINT/subscriptions?api-version=2022-12-01"
"""

import argparse
import shlex
import sys

from emulator.commands.arguments import Commands, add_state
from emulator.running import NotRunningError, RefusedError, RunningEmulator


def add_to(commands: Commands) -> None:
    """Register both commands."""
    env = commands.add_parser("env", help="print what az, the Azure SDKs, curl and armature need, to be eval'ed")
    add_state(env)
    env.set_defaults(run=print_environment)
    token = commands.add_parser("token", help="print an access token, for curl")
    add_state(token)
    token.add_argument("--resource", help="the token's audience; left out: that of its Resource Manager")
    token.set_defaults(run=print_token)


def print_environment(arguments: argparse.Namespace) -> int:
    """`export NAME=value` lines; they hold the identity endpoint's secret header."""
    try:
        emulator = RunningEmulator.find(arguments.state)
    except NotRunningError as error:
        print(error, file=sys.stderr)
        return 1
    for name, value in emulator.environment().items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def print_token(arguments: argparse.Namespace) -> int:
    """The token alone, so that a shell can take it."""
    try:
        print(RunningEmulator.find(arguments.state).token(arguments.resource))
    except (NotRunningError, RefusedError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0
