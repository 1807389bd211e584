"""`python -m emulator`: runs the emulator with the app, and tells what runs."""

import argparse
import sys

from emulator.commands import env, faults, look, up


def main() -> int:
    """Read the command line and run; the exit code is 0 when all went well, 1 when something failed."""
    arguments = _parser().parse_args()
    code: int = arguments.run(arguments)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m emulator", description="A small cloud on this machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (up, look, env, faults):
        command.add_to(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
