"""`make demo`: starts the emulator, deploys the samples through the command line, shows what then exists, stops.

The exit code is 0 when the web stack was deployed and what must fail was rolled back, and 130 after Ctrl+C.
"""

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from emulator.azurite.launch import REPOSITORY, AzuriteMissingError
from emulator.clouds import CLOUDS, PUBLIC, Cloud
from emulator.foundation import machine_environment
from emulator.processes import ChildError
from emulator.running import ArmReader, RunningEmulator
from emulator.stack import SUBSCRIPTION, Stack, StackError, StackOptions

STATE = REPOSITORY / ".emulator" / "demo"
ROLLED_BACK = 6  # the exit code of `armature deploy` for a deployment that failed and was rolled back
REFUSED_BY_AZURE = 1  # it failed, with nothing to roll back
FORCE = ("--force",)
INTERRUPTED = 130  # what a shell reports for Ctrl+C
POLL_SECONDS = "0.5"
API_VERSION = "2021-04-01"  # of resource groups and their resources


@dataclass(frozen=True)
class Act:
    """One sample of the demonstration, how it is deployed, and the exit code that its deployment must end with."""

    sample: str
    title: str
    exit_code: int
    flags: tuple[str, ...] = ()


ACTS = (
    Act("samples/web-stack", "A linked web stack: network, storage, plan, function app", 0),
    Act("samples/upgrade", "A new version of it that Azure would refuse: nothing is touched", REFUSED_BY_AZURE),
    Act("samples/upgrade", "The same, looked at less closely, fails: the old version is put back", ROLLED_BACK, FORCE),
    Act("samples/failing", "A first version that fails, as it should: nothing is left of it", ROLLED_BACK),
)


def main(state: Path = STATE, cloud: Cloud = PUBLIC) -> int:
    """Run the demonstration in a cloud, with its files in a folder that is emptied first."""
    console = Console(highlight=False)
    started = time.monotonic()
    shutil.rmtree(state, ignore_errors=True)
    console.print("Starting the emulator: Azurite, identity, Resource Manager, Functions host")
    options = StackOptions(
        state=state,
        app_root=REPOSITORY,
        cloud=cloud.name,
        extra_settings={"ARMATURE_POLL_INTERVAL_SECONDS": POLL_SECONDS},
    )
    try:
        with Stack(options) as stack:
            console.print(f"Ready after {time.monotonic() - started:.1f} s at {stack.api_url}\n")
            surprises = [act.sample for act in ACTS if not _perform(act, stack, console)]
            _print_resources(stack, console)
    except (StackError, ChildError, AzuriteMissingError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    if surprises:
        console.print(f"[red]Not as it should be:[/red] {', '.join(surprises)}; logs are in {state / 'logs'}")
        return 1
    console.print(f"[green]As it should be.[/green] {time.monotonic() - started:.1f} s; the emulator is stopped.")
    return 0


def _perform(act: Act, stack: Stack, console: Console) -> bool:
    """Deploy one sample with the terminal inherited; whether it ended as it should."""
    console.rule(act.title)
    command = ["armature", "deploy", act.sample, *act.flags]
    if stack.foundation.cloud != PUBLIC:  # the samples name a region of the public cloud
        command += ["--location", stack.foundation.cloud.default_location]
    console.print(f"$ {' '.join(command)}")
    environment = {**machine_environment(), **stack.client_settings}
    executable = Path(sys.executable).with_name(command[0])
    ended = subprocess.run([executable, *command[1:]], cwd=REPOSITORY, env=environment, check=False)
    console.print(f"(exit code {ended.returncode})\n")
    return ended.returncode == act.exit_code


def _print_resources(stack: Stack, console: Console) -> None:
    console.rule("What Resource Manager has now")
    for group, resources in _resources_by_group(stack):
        table = Table(box=None, title=group, title_justify="left", show_header=False, pad_edge=False)
        for resource in resources:
            table.add_row(f"  {resource['type']}", resource["name"])
        console.print(table, "")


def _resources_by_group(stack: Stack) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    arm = ArmReader(RunningEmulator.find(stack.state))
    for group in arm.list(f"/subscriptions/{SUBSCRIPTION}/resourcegroups", API_VERSION):
        yield group["name"], list(arm.list(f"{group['id']}/resources", API_VERSION))


def _cloud_asked_for() -> Cloud:
    parser = argparse.ArgumentParser(prog="python -m emulator.demo", description="Deploys the samples on the emulator.")
    parser.add_argument("--cloud", choices=CLOUDS, default=PUBLIC.name, help="which one to be (%(default)s)")
    return CLOUDS[parser.parse_args().cloud]


if __name__ == "__main__":
    sys.exit(main(cloud=_cloud_asked_for()))
