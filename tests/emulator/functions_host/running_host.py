"""A Functions host as a process of its own, over an app folder that a test writes."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

from tests.running import ROOT
from tests.waiting import wait_until

FINAL = ("Completed", "Failed", "Terminated")

NO_STORAGE = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}


class RunningHost:
    """Starts, kills and restarts the host of one app; database and log are files beside the app's folder."""

    def __init__(self, app_root: Path, settings: Mapping[str, str], *options: str) -> None:
        self.app_root = app_root
        self.settings = dict(settings)
        self.database = app_root.parent / f"{app_root.name}.sqlite"
        self.log = app_root.parent / f"{app_root.name}.log"
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        self.url = ""
        self._session = requests.Session()
        self._session.trust_env = False

    def __enter__(self) -> "RunningHost":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def command(self) -> list[str]:
        """Return the command line of the process."""
        command = [sys.executable, "-m", "emulator.functions_host", "--app-root", str(self.app_root), "--port", "0"]
        return [*command, "--database", str(self.database), "--log", str(self.log), *self._options]

    def start(self) -> None:
        """Start the process and wait until it says where it listens."""
        self._process = subprocess.Popen(
            self.command(), cwd=ROOT, env=self.settings, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        first = self._process.stdout.readline()
        assert "listening on" in first, f"the host said {first!r}: {self.log_text()[-3000:]}"
        self.url = first.split()[-1]

    @property
    def pid(self) -> int:
        """The id of the process."""
        assert self._process is not None
        return self._process.pid

    def send_signal(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End the process as SIGKILL does."""
        self._end(signal.SIGKILL)

    def wait_for_death(self) -> None:
        """Wait until the process has killed itself."""
        process, self._process = self._process, None
        assert process is not None
        assert process.wait(30) == -signal.SIGKILL
        assert process.stdout is not None
        process.stdout.close()

    def stop(self) -> int | None:
        """Ask the process to end and wait for it; return its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        process.send_signal(number)
        code = process.wait(30)
        assert process.stdout is not None
        process.stdout.close()
        return code

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request to a path of the host, or to an address that it gave out."""
        url = path if path.startswith("http") else f"{self.url}{path}"
        return self._session.request(method, url, timeout=60, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return self.request("POST", path, **options)

    def management(self, path: str) -> str:
        """Return an address of the Durable HTTP API with the key, which the host keeps in its database."""
        with sqlite3.connect(self.database) as connection:
            (key,) = connection.execute("SELECT value FROM facts WHERE name = 'durable key'").fetchone()
        separator = "&" if "?" in path else "?"
        return f"{self.url}/runtime/webhooks/durabletask{path}{separator}code={key}"

    def start_instance(self, name: str, instance_id: str, given: Any = None) -> requests.Response:
        """Start an orchestration over the Durable HTTP API, the input encoded as the SDK does it."""
        path = self.management(f"/orchestrators/{name}/{instance_id}")
        return self.post(path, json=None if given is None else json.dumps(given))

    def status(self, instance_id: str, query: str = "") -> dict[str, Any]:
        """Return the status document of an instance, an empty one when there is none."""
        response = self.get(self.management(f"/instances/{instance_id}{query}"))
        return response.json() if response.content else {}

    def history(self, instance_id: str) -> list[dict[str, Any]]:
        """Return the history of an instance as the API shows it."""
        return self.status(instance_id, "?showHistory=true&showHistoryOutput=true").get("historyEvents", [])

    def raise_event(self, instance_id: str, name: str, value: Any) -> requests.Response:
        """Send an external event."""
        path = self.management(f"/instances/{instance_id}/raiseEvent/{name}")
        return self.post(path, data=json.dumps(value), headers={"content-type": "application/json"})

    def final(self, instance_id: str, *, seconds: float = 60) -> dict[str, Any]:
        """Wait until an instance has ended and return its status."""
        wait_until(lambda: self.status(instance_id).get("runtimeStatus") in FINAL, seconds=seconds)
        return self.status(instance_id)

    def wait_for_event(self, instance_id: str, event_type: str, count: int = 1) -> None:
        """Wait until the history of an instance holds so many rows of a type."""
        wait_until(lambda: sum(e["EventType"] == event_type for e in self.history(instance_id)) >= count)

    def log_text(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def log_lines(self) -> list[dict[str, Any]]:
        """Return the host's log."""
        return [json.loads(line) for line in self.log_text().splitlines()]


APP = """
import datetime, json, logging, os, pathlib, threading, time
import azure.functions as func
import azure.durable_functions as df

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
HERE = pathlib.Path(__file__).parent
"""


def write_app(folder: Path, source: str, *, host: Mapping[str, Any] | None = None, preamble: str = APP) -> Path:
    """Write an app: `source` after the imports and `app` that every test app has."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "function_app.py").write_text(preamble + textwrap.dedent(source))
    document = {"version": "2.0", "extensions": {"durableTask": {"hubName": "TestHub"}}}
    document["extensions"] |= host or {}
    (folder / "host.json").write_text(json.dumps(document))
    return folder


@contextmanager
def running(folder: Path, source: str, settings: Mapping[str, str] = NO_STORAGE) -> Iterator[RunningHost]:
    """Run the host of an app that is written for the occasion."""
    with RunningHost(write_app(folder, source), settings) as host:
        yield host
