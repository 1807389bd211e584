"""Where words go: results to standard output, all that is said on the way to standard error."""

import io
import json
import re
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from armature.cli.exits import ExitCode

_WIDTH_OF_A_PIPE = 400
"""Characters: a line in a file or a pipe is not broken, so that it can be searched for."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")

_COMMANDS = re.compile(r"#(?=#(?:vso)?\[)|^[ \t]*:(?=:)", re.MULTILINE)
"""Where a line begins to be a command to the pipeline that it is printed in: `##vso[…]`, `##[…]` (Azure Pipelines),
`::name::…` (GitHub Actions)."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Whoever read the output has gone: an end that no exit code of a deployment's outcome stands for."""
        try:
            super().on_broken_pipe()
        except SystemExit as error:
            raise SystemExit(ExitCode.INTERRUPTED) from error


def output() -> Console:
    """Standard output."""
    return _console(stderr=False)


def errors() -> Console:
    """Standard error."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    console = _Console(highlight=False, stderr=stderr)
    return console if console.is_terminal else _Console(highlight=False, stderr=stderr, width=_WIDTH_OF_A_PIPE)


def write_what_can_be_written() -> None:
    """Let standard output and error put `?` for a character that their encoding does not have, such as an arrow."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def plain(text: str) -> str:
    """The text without control characters: what comes from elsewhere must not move the cursor, change colours, or give
    orders to the pipeline that it is printed in."""
    return _COMMANDS.sub(lambda found: f"{found.group()} ", _CONTROL.sub(" ", text))


def new_table(*headings: str) -> Table:
    """A table without lines, whose cells are folded rather than cut: what is printed is there to be copied."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def print_line(console: Console, text: str) -> None:
    """Print text as it is: no markup, no line broken by us."""
    console.print(plain(text), markup=False, soft_wrap=True)


def say(message: str) -> None:
    """Say something about the command itself, on standard error."""
    print_line(errors(), message)


def print_json(document: dict[str, Any]) -> None:
    """Print a JSON document, alone, on standard output."""
    try:
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        output().on_broken_pipe()
