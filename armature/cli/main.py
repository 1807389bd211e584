"""The entry point of the `armature` script. It is light: the commands take half a second to import.

Until they are there nothing has been asked of anyone, so Ctrl+C just ends the process, wherever the imports are.
"""

import os
import signal
import sys
from types import FrameType

_INTERRUPTED = 130
"""ExitCode.INTERRUPTED, whose module is not there yet; a test compares."""


def main() -> None:
    """Run the command that the command line names."""
    heeds_ctrl_c = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # not so below nohup
    if heeds_ctrl_c:
        signal.signal(signal.SIGINT, _leave)
    from armature.cli.commands import app
    from armature.cli.screen import write_what_can_be_written
    from armature.cli.signals import raise_when_terminated

    try:
        if heeds_ctrl_c:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        raise_when_terminated()
        write_what_can_be_written()
        app()
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


def _leave(signal_number: int, frame: FrameType | None) -> None:
    """End at once: an exception in the middle of an import can come out as anything."""
    os.write(2, b"Interrupted; nothing was started.\n")
    os._exit(_INTERRUPTED)
