"""`python -m emulator look [GROUP] [DEPLOYMENT]`: resource groups, what they hold, deployments, their operations."""

import argparse
import sys

from rich.console import Console, RenderableType

from emulator.commands.arguments import Commands, add_state
from emulator.looking.reading import read_deployment, read_group, read_subscription
from emulator.looking.showing import deployment_table, group_table, tree
from emulator.running import ArmReader, NotRunningError, RefusedError, RunningEmulator

SUBSCRIPTION_SCOPE = "-"
FILE_COLUMNS = 200  # of what goes to a file or another program, where nothing needs to be folded


def add_to(commands: Commands) -> None:
    """Register the command."""
    look = commands.add_parser("look", help="list resource groups, deployments, operations", description=__doc__)
    look.add_argument("group", nargs="?", help=f"a resource group; {SUBSCRIPTION_SCOPE} is the subscription itself")
    look.add_argument("deployment", nargs="?", help="a deployment of that group")
    look.add_argument("--subscription", help="another one than the first")
    add_state(look)
    look.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what was asked for; 1 when nothing runs or it is not there."""
    try:
        emulator = RunningEmulator.find(arguments.state)
        subscription = arguments.subscription or emulator.subscriptions[0]
        console = Console() if sys.stdout.isatty() else Console(width=FILE_COLUMNS)
        console.print(_look(ArmReader(emulator), subscription, arguments.group, arguments.deployment))
    except (NotRunningError, RefusedError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _look(arm: ArmReader, subscription: str, group: str | None, deployment: str | None) -> RenderableType:
    if deployment and group:
        scope = f"/subscriptions/{subscription}"
        scope += "" if group == SUBSCRIPTION_SCOPE else f"/resourceGroups/{group}"
        return deployment_table(read_deployment(arm, scope, deployment))
    if group and group != SUBSCRIPTION_SCOPE:
        return group_table(read_group(arm, subscription, group))
    return tree(*read_subscription(arm, subscription))
