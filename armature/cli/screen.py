"""Where words go: results to standard output, all that is said on the way to standard error."""

import json
import re
import sys
from typing import Any

from rich.console import Console

_WIDTH_OF_A_PIPE = 400
"""Characters: a line in a file or a pipe is not broken, so that it can be searched for."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def output() -> Console:
    """Standard output."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH_OF_A_PIPE)


def errors() -> Console:
    """Standard error."""
    console = Console(highlight=False, stderr=True)
    return console if console.is_terminal else Console(highlight=False, stderr=True, width=_WIDTH_OF_A_PIPE)


def plain(text: str) -> str:
    """The text without control characters: what comes from elsewhere must not move the cursor or change colours."""
    return _CONTROL.sub(" ", text)


def print_line(console: Console, text: str) -> None:
    """Print text as it is: no markup, no line broken by us."""
    console.print(plain(text), markup=False, soft_wrap=True)


def say(message: str) -> None:
    """Say something about the command itself, on standard error."""
    print_line(errors(), message)


def print_json(document: dict[str, Any]) -> None:
    """Print a JSON document, alone, on standard output."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
