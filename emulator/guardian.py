"""Ends the children of a supervisor that was killed. Run as a script; needs nothing but the standard library.

Standard input is a pipe that only the supervisor holds. It sends `+PID` when it starts a process group and `-PID` when
that has ended. When the pipe closes, for whatever reason, the groups that are left are terminated, then killed.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable

GRACE_SECONDS = 3.0


def watch(lines: Iterable[str]) -> set[int]:
    """Read until the supervisor is gone; the process groups that it left."""
    groups: set[int] = set()
    for line in lines:
        sign, process = line[0], int(line[1:])
        groups.add(process) if sign == "+" else groups.discard(process)
    return groups


def end(groups: set[int]) -> None:
    """SIGTERM, a grace, SIGKILL."""
    left = {group for group in groups if _signal(group, signal.SIGTERM)}
    deadline = time.monotonic() + GRACE_SECONDS
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = {group for group in left if _signal(group, 0)}
    for group in left:
        _signal(group, signal.SIGKILL)


def _signal(group: int, number: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)
        return True
    return False


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    end(watch(sys.stdin))
