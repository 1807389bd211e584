"""What the fixture `run` gives."""

from collections.abc import Callable
from typing import TypeAlias

Run: TypeAlias = Callable[..., tuple[int, str, str]]
"""Runs `python -m emulator` with arguments; answers exit code, standard output and standard error."""
