"""A running deployment as plain lines, one per event: for pipelines, files and pipes."""

from collections.abc import Sequence
from typing import Self

from rich.console import Console

from armature.cli.screen import print_line
from armature.cli.words import clock_time
from armature.events import Level, NumberedEvent
from armature.state import DeploymentState

_MARKS = {Level.INFO: "", Level.WARNING: "warning: ", Level.ERROR: "error: "}


class LinesView:
    """Prints each event of the log as it comes: `09:15:02 network started.`."""

    wants_events = True

    def __init__(self, console: Console, notices: Console) -> None:
        self._console = console
        self._notices = notices

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left open."""

    def show(self, state: DeploymentState) -> None:
        """Nothing: the events say it."""

    def events(self, events: Sequence[NumberedEvent]) -> None:
        """Print a line each."""
        for event in events:
            print_line(self._console, event_line(event))

    def notice(self, message: str) -> None:
        """Print it beside the log, on standard error."""
        print_line(self._notices, message)


class QuietView(LinesView):
    """Shows notices only: the caller wants nothing but the final document."""

    wants_events = False


def event_line(event: NumberedEvent) -> str:
    """An event as one line, which names its template."""
    is_named = event.template is None or event.template in event.message
    template = "" if is_named else f"{event.template}: "
    return f"{clock_time(event.time)} {_MARKS[event.level]}{template}{event.message}"
