"""What secrets a run really used, for the test that then looks for them everywhere they must not be.

Off unless the environment variable EMULATOR_WITNESS names a file. Identity writes the tokens that it issues, ARM the
tokens that it is shown and the SAS signatures in the requests that it gets.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path

VARIABLE = "EMULATOR_WITNESS"
_SIGNATURE = re.compile(r"sig=([^&\"\\\s]+)")


def is_watching() -> bool:
    """Whether this process was asked to write down secrets."""
    return bool(os.environ.get(VARIABLE))


def saw(kind: str, secrets: Iterable[str]) -> None:
    """Write secrets down, one a line after their kind; nothing when no file was named."""
    path = os.environ.get(VARIABLE)
    if path:
        lines = "".join(f"{kind} {secret}\n" for secret in secrets)
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(lines)


def signatures(text: str) -> list[str]:
    """The signatures of the SAS tokens in a text, as they stand there."""
    return _SIGNATURE.findall(text)
