"""`python -m emulator faults`: looks at, adds, loads and clears the faults of an emulator, by its state folder."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from emulator.commands.arguments import Commands, add_state
from emulator.faults.catalogue import FAULTS, faults_of
from emulator.faults.folder import FaultFolder, read_fault_file
from emulator.faults.model import FaultFileError, FaultRule, read_rule
from emulator.faults.operations import SERVICES
from emulator.faults.schema import fault_file_schema
from emulator.faults.table import catalogue_table

Run = Callable[[argparse.Namespace], int]
EXAMPLE = "python -m emulator faults add arm throttled --match operation=PutDeployment --attempts 1"


def add_to(commands: Commands) -> None:
    """Register the command, with commands of its own."""
    faults = commands.add_parser("faults", help="make the emulator fail on command", description=__doc__)
    add_state(faults)
    own = faults.add_subparsers(required=True, metavar="COMMAND")
    for name, run, text in (
        ("list", _list, "print the rules"),
        ("clear", _clear, "take all rules out"),
        ("happened", _happened, "print what has happened, one JSON line each"),
        ("schema", _schema, "print the JSON schema of a file of faults"),
        ("table", _table, "print all faults that there are"),
    ):
        own.add_parser(name, help=text, description=text).set_defaults(run=told(run))
    load = own.add_parser("load", help="put a file's rules in place of all others")
    load.add_argument("file", type=Path)
    load.set_defaults(run=told(_load))
    remove = own.add_parser("remove", help="take one rule out")
    remove.add_argument("id")
    remove.set_defaults(run=told(_remove))
    _add_adding(own)


def _add_adding(own: Commands) -> None:
    add = own.add_parser("add", help="add one rule", epilog=f"For example: {EXAMPLE}")
    add.add_argument("service", choices=SERVICES)
    add.add_argument("fault", choices=sorted({kind.name for kind in FAULTS.values()}), metavar="fault")
    add.add_argument("--id", help="of the rule; made from the fault's name when left out")
    add.add_argument("--match", action="append", default=[], metavar="NAME=PATTERN", help="may be repeated")
    add.add_argument("--attempts", help="1 or 1,3 or 2-4 or 3-")
    add.add_argument("--probability", type=float)
    add.add_argument("--times", type=int)
    add.add_argument("--set", action="append", default=[], metavar="PARAMETER=VALUE", help="may be repeated")
    add.set_defaults(run=told(_add))


def told(run: Run) -> Run:
    """The command with exit code 1, and the problems on standard error, for faults that can't be read or used."""

    def run_and_tell(arguments: argparse.Namespace) -> int:
        try:
            return run(arguments)
        except FaultFileError as error:
            for problem in error.problems:
                print(problem, file=sys.stderr)
            return 1

    return run_and_tell


def _list(arguments: argparse.Namespace) -> int:
    print(json.dumps(FaultFolder(arguments.state).read().document(), indent=1))
    return 0


def _clear(arguments: argparse.Namespace) -> int:
    FaultFolder(arguments.state).clear()
    return 0


def _happened(arguments: argparse.Namespace) -> int:
    for entry in FaultFolder(arguments.state).happened():
        print(json.dumps(entry))
    return 0


def _schema(_: argparse.Namespace) -> int:
    print(json.dumps(fault_file_schema(), indent=1))
    return 0


def _table(_: argparse.Namespace) -> int:
    print(catalogue_table(), end="")
    return 0


def _load(arguments: argparse.Namespace) -> int:
    FaultFolder(arguments.state).load(read_fault_file(arguments.file))
    return 0


def _remove(arguments: argparse.Namespace) -> int:
    if FaultFolder(arguments.state).remove(arguments.id):
        return 0
    print(
        f"there is no rule '{arguments.id}'; `python -m emulator faults list` prints those there are", file=sys.stderr
    )
    return 1


def _add(arguments: argparse.Namespace) -> int:
    folder = FaultFolder(arguments.state)
    rule = _rule(arguments, {one.id for one in folder.read().rules})
    folder.add(rule)
    print(rule.id)
    return 0


def _rule(arguments: argparse.Namespace, taken: set[str]) -> FaultRule:
    if (arguments.service, arguments.fault) in FAULTS:
        numbered = (f"{arguments.fault}-{number}" for number in range(1, len(taken) + 2))
        free = next(name for name in numbered if name not in taken)
    else:
        names = ", ".join(kind.name for kind in faults_of(arguments.service))
        raise SystemExit(f"{arguments.service} has no fault '{arguments.fault}': it has {names}")
    document: dict[str, Any] = {"id": arguments.id or free, "service": arguments.service, "fault": arguments.fault}
    document["match"] = {name: _patterns(value) for name, value in map(_named, arguments.match)}
    document["parameters"] = {name: _value(value) for name, value in map(_named, arguments.set)}
    document |= {"attempts": _attempts(arguments.attempts)} if arguments.attempts else {}
    document |= {"probability": arguments.probability} if arguments.probability is not None else {}
    document |= {"times": arguments.times} if arguments.times is not None else {}
    return read_rule(document)


def _named(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise SystemExit(f"'{text}' is not NAME=VALUE")
    return name, value


def _patterns(text: str) -> str | list[str]:
    patterns = text.split(",")
    return patterns if len(patterns) > 1 else text


def _attempts(text: str) -> str | list[int]:
    parts = text.split(",")
    return [int(part) for part in parts] if all(part.isdecimal() for part in parts) else text


def _value(text: str) -> Any:
    """A number or a truth value when it reads as one, else the text itself."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float | bool) else text
