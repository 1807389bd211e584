"""The processes that run the app: one Functions host or several on one task hub, their addresses and their keys."""

import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from emulator.functions_host.database import Database
from emulator.functions_host.keys import HEADER, HostKeys
from emulator.processes import Child, Supervisor
from emulator.readiness import answer

HOST_READY_PATH = "/admin/host/status"


def host_name(index: int) -> str:
    """The name of a host among the processes: its number counts from the second on."""
    return f"functions-host-{index}" if index else "functions-host"


class AppHosts:
    """Hosts of one app over one database, a port of 127.0.0.1 each."""

    def __init__(
        self, supervisor: Supervisor, app_root: Path, database: Path, ports: Sequence[int], *, require_keys: bool
    ) -> None:
        self._supervisor = supervisor
        self._app_root = app_root.resolve()
        self._database = database
        self.ports = tuple(ports)
        self._require_keys = require_keys

    @property
    def urls(self) -> list[str]:
        """Every host, without a path."""
        return [f"http://127.0.0.1:{port}" for port in self.ports]

    @cached_property
    def keys(self) -> HostKeys:
        """The hosts' keys, made when they are asked for first. They are secrets."""
        database = Database(self._database)
        try:
            return HostKeys.of(database)
        finally:
            database.close()

    @property
    def function_key(self) -> str | None:
        """What a client has to send as x-functions-key, None when the hosts ask for nothing."""
        return self.keys.function if self._require_keys else None

    def launch(self, index: int, environment: Mapping[str, str]) -> Child:
        """Start a host; it has to be waited for."""
        command = [sys.executable, "-m", "emulator.functions_host", "--app-root", str(self._app_root)]
        command += ["--port", str(self.ports[index]), "--database", str(self._database)]
        if self._require_keys:
            command += ["--require-keys"]
        return self._supervisor.start(host_name(index), command, environment=environment)

    def is_running(self, host: Child, index: int) -> bool:
        """Whether a host runs the app. Raises ChildError when it says that it can't."""
        key = {HEADER: self.keys.master} if self._require_keys else {}
        response = answer(f"{self.urls[index]}{HOST_READY_PATH}", headers=key)
        if response is None:
            return False
        status = response.json()  # 503 while it starts, and when it can't run the app
        if status["state"] == "Error":
            raise host.error(f"can't run the app: {'; '.join(status.get('errors', []))}")
        return bool(status["state"] == "Running")
