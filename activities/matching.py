"""Whether a pattern is found in a text, in a process of its own: one that takes for ever is ended, and takes no worker
thread, nor the interpreter's lock, with it."""

import json
import subprocess
import sys

PATTERN_SECONDS = 3.0

_PROGRAM = """
import json, re, sys
pattern, text = json.load(sys.stdin)
sys.stdout.write(str(re.search(pattern, text) is not None))
"""


class PatternTooSlowError(Exception):
    """The pattern was not found, nor found missing, in time."""


def is_found(pattern: str, text: str, seconds: float = PATTERN_SECONDS) -> bool:
    """Whether Python's `re` finds the pattern in the text.

    Raises:
        PatternTooSlowError: it took longer.
    """
    command = [sys.executable, "-I", "-S", "-W", "ignore", "-c", _PROGRAM]
    try:
        ended = subprocess.run(
            command, input=_question(pattern, text), capture_output=True, timeout=seconds, check=True, env={}
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        raise PatternTooSlowError from error
    return ended.stdout == b"True"


def _question(pattern: str, text: str) -> bytes:
    return json.dumps([pattern, text]).encode()
