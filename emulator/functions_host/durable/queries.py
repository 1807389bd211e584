"""What query parameters of the Durable HTTP API say; what cannot be read counts as not given, as on the real host."""

import base64
import binascii
import re
from datetime import datetime

from aiohttp import web

from emulator.functions_host.durable.history import parse_timestamp
from emulator.functions_host.durable.status import Shown

DEFAULT_PAGE = 100

_NUMBER = re.compile(r"[0-9]{1,10}")
_LARGEST = 2**31 - 1  # .NET's int

_STATUS_NAMES = frozenset(
    {"Running", "Completed", "ContinuedAsNew", "Failed", "Canceled", "Terminated", "Pending", "Suspended", "Unknown"}
)
"""Every status that the extension can read (OrchestrationRuntimeStatus); no instance of this host has some of them."""


def text(request: web.Request, name: str) -> str | None:
    """Read a parameter, whose name may be in upper or lower case; several of one name are read as a list."""
    given = [value for key, value in request.query.items() if key.lower() == name.lower()]
    return ",".join(given) if given else None


def flag(request: web.Request, name: str, *, default: bool) -> bool:
    """Read a .NET boolean."""
    given = (text(request, name) or "").strip().lower()
    return given == "true" if given in ("true", "false") else default


def moment(request: web.Request, name: str) -> datetime | None:
    """Read a moment."""
    try:
        return parse_timestamp(text(request, name) or "")
    except ValueError:
        return None


def seconds(request: web.Request, name: str) -> float | None:
    """Read a number of seconds that is not negative."""
    try:
        number = float(text(request, name) or "")
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def statuses(request: web.Request) -> frozenset[str]:
    """Read ``runtimeStatus``, a list of names that may be given several times."""
    return frozenset(name.strip() for name in (text(request, "runtimeStatus") or "").split(",")) & _STATUS_NAMES


def shown(request: web.Request) -> Shown:
    """Read what a status request wants to see."""
    return Shown(
        input=flag(request, "showInput", default=True),
        history=flag(request, "showHistory", default=False),
        history_output=flag(request, "showHistoryOutput", default=False),
    )


def page_size(request: web.Request) -> int:
    """Read ``top``."""
    given = text(request, "top") or ""
    return int(given) if _NUMBER.fullmatch(given) and 0 < int(given) <= _LARGEST else DEFAULT_PAGE


def token(instance_id: str) -> str:
    """Return the continuation token of the page that begins with an instance."""
    return base64.b64encode(instance_id.encode()).decode()


def first_id(request: web.Request) -> str:
    """Return where the page begins that ``x-ms-continuation-token`` asks for."""
    try:
        return base64.b64decode(request.headers.get("x-ms-continuation-token", ""), validate=False).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
