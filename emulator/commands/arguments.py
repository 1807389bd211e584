"""What the commands share: the type of the parser they are added to, and the option that names the state folder."""

import argparse
from pathlib import Path
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

DEFAULT_STATE = Path(".emulator")


def add_state(parser: argparse.ArgumentParser) -> None:
    """Let the command be told which emulator is meant."""
    parser.add_argument("--state", type=Path, default=DEFAULT_STATE, help="folder of all its files (%(default)s)")
