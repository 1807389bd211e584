"""What host.json and the app settings say to the host.

Defaults are those of the storage queue extension 5.x and the Durable Task extension 3.x, but for the number of
activities at once, which there is ten a core.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from emulator.functions_host.errors import HostError

_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?")
_SETTING_NAME = re.compile(r"%([^%]+)%")


def parse_time_span(text: str) -> timedelta:
    """Read a .NET time span, ``[days.]hours:minutes:seconds[.fraction]``.

    Raises `HostError` when it is none.
    """
    match = _TIME_SPAN.fullmatch(text)
    if match is None:
        raise HostError(f"'{text}' is not a time span (hours:minutes:seconds)")
    days, hours, minutes, seconds, fraction = match.groups()
    return timedelta(
        days=int(days or 0),
        hours=int(hours),
        minutes=int(minutes),
        seconds=int(seconds),
        microseconds=int((fraction or "0").ljust(7, "0")) // 10,
    )


@dataclass(frozen=True)
class QueueSettings:
    """``extensions.queues`` of host.json."""

    max_polling_interval: timedelta = timedelta(minutes=1)
    visibility_timeout: timedelta = timedelta(0)
    batch_size: int = 16
    max_dequeue_count: int = 5
    base64: bool = True

    @property
    def new_batch_threshold(self) -> int:
        """Number of messages in work at which the next batch is fetched."""
        return self.batch_size // 2


@dataclass(frozen=True)
class HostSettings:
    """host.json, as far as this host follows it."""

    route_prefix: str = "api"
    queues: QueueSettings = QueueSettings()
    hub_name: str = "TestHubName"
    max_activities: int = 16
    max_orchestrators: int = 16
    partitions: int = 4

    @classmethod
    def read(cls, app_root: Path) -> "HostSettings":
        """Read ``host.json`` of the app.

        Raises `HostError` when it is missing or not JSON.
        """
        file = app_root / "host.json"
        try:
            document = json.loads(file.read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise HostError(f"{file} cannot be read: {error.strerror}") from error
        except json.JSONDecodeError as error:
            raise HostError(f"{file} is not JSON: {error}") from error
        extensions: dict[str, Any] = document.get("extensions", {})
        queues = extensions.get("queues", {})
        durable = extensions.get("durableTask", {})
        defaults = QueueSettings()
        return cls(
            route_prefix=extensions.get("http", {}).get("routePrefix", "api").strip("/"),
            queues=QueueSettings(
                max_polling_interval=_span(queues.get("maxPollingInterval"), defaults.max_polling_interval),
                visibility_timeout=_span(queues.get("visibilityTimeout"), defaults.visibility_timeout),
                batch_size=queues.get("batchSize", defaults.batch_size),
                max_dequeue_count=queues.get("maxDequeueCount", defaults.max_dequeue_count),
                base64=queues.get("messageEncoding", "base64").lower() == "base64",
            ),
            hub_name=durable.get("hubName", cls.hub_name),
            max_activities=durable.get("maxConcurrentActivityFunctions", cls.max_activities),
            max_orchestrators=durable.get("maxConcurrentOrchestratorFunctions", cls.max_orchestrators),
            partitions=durable.get("storageProvider", {}).get("partitionCount", cls.partitions),
        )


def _span(text: str | None, default: timedelta) -> timedelta:
    return default if text is None else parse_time_span(text)


def resolve_settings(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """Replace every ``%NAME%`` by the app setting of that name.

    Raises `HostError` for a setting that does not exist.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in environment:
            raise HostError(f"the app setting '{name}' that a binding names does not exist")
        return environment[name]

    return _SETTING_NAME.sub(value, text)
