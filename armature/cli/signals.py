"""What the signals of the system mean to a command: SIGINT is Ctrl+C, SIGTERM the end of a pipeline's patience."""

import signal
from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM came: whoever started the command kills it in a moment (a few seconds in most pipelines)."""


def raise_when_terminated() -> None:
    """Let SIGTERM raise Terminated, as SIGINT raises KeyboardInterrupt."""
    signal.signal(signal.SIGTERM, _terminated)


def _terminated(signal_number: int, frame: FrameType | None) -> None:
    raise Terminated
