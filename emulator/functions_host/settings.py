"""What host.json and the app settings say to the host."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from emulator.functions_host.errors import HostError
from emulator.functions_host.host_json import HostJson, QueuesSection, read_host_json, warnings_of

_SETTING_NAME = re.compile(r"%([^%]+)%")


@dataclass(frozen=True)
class HostSettings:
    """host.json as it is followed, and what of it is not."""

    document: HostJson
    warnings: tuple[str, ...] = ()

    @classmethod
    def read(cls, app_root: Path) -> "HostSettings":
        """Read ``host.json`` of the app.

        Raises `HostError` when it is missing, not JSON, or holds a value of a wrong type or out of range.
        """
        file = app_root / "host.json"
        try:
            document = json.loads(file.read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise HostError(f"{file} cannot be read: {error.strerror}") from error
        except json.JSONDecodeError as error:
            raise HostError(f"{file} is not JSON: {error}") from error
        checked = read_host_json(document)
        return cls(checked, tuple(warnings_of(checked)))

    @property
    def queues(self) -> QueuesSection:
        """``extensions.queues``."""
        return self.document.extensions.queues


def new_batch_threshold(queues: QueuesSection) -> int:
    """Return the number of messages in work at which the next batch is fetched: half a batch unless it is said."""
    return queues.batch_size // 2 if queues.new_batch_threshold is None else queues.new_batch_threshold


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
