"""The host's log: one JSON object a line, with the function and the invocation that the line belongs to.

Inputs, outputs and query strings are never logged; what the app itself logs goes to the same place.
"""

import json
import logging
import sys
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from emulator.functions_host.host_json import LoggingSection


@dataclass(frozen=True)
class Invocation:
    """One run of one function."""

    function: str
    invocation_id: str


current_invocation: ContextVar[Invocation | None] = ContextVar("current_invocation", default=None)

_LEVELS = {
    "Trace": logging.DEBUG,
    "Debug": logging.DEBUG,
    "Information": logging.INFO,
    "Warning": logging.WARNING,
    "Error": logging.ERROR,
    "Critical": logging.CRITICAL,
    "None": logging.CRITICAL + 1,
}

_TOO_TALKATIVE = ("azure.core.pipeline.policies.http_logging_policy", "aiohttp.access", "urllib3", "asyncio")


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object; ``extra={"facts": {...}}`` adds fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        invocation = current_invocation.get()
        if invocation is not None:
            line |= {"function": invocation.function, "invocationId": invocation.invocation_id}
        line |= getattr(record, "facts", {})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure_logging(file: Path | None, level: int = logging.INFO) -> None:
    """Send every record of this process to `file`, or to standard error when there is none."""
    handler: logging.Handler
    if file is None:
        handler = logging.StreamHandler(sys.stderr)
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(file, encoding="utf-8")
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(capture=True)
    for name in _TOO_TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def follow_level(section: LoggingSection) -> None:
    """Write what is at least as grave as host.json says by default."""
    logging.getLogger().setLevel(_LEVELS[section.log_level.get("default", "Information")])
