"""The emulator with the app on it, as an attacker reaches it: over HTTP, as raw as needed, and over the queue."""

import http.client
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.hostile.lying_host import LyingHost
from emulator.clouds import PUBLIC
from emulator.stack import SUBSCRIPTION, Stack, StackOptions
from tests.end_to_end.evidence import arm_writes
from tests.end_to_end.queues import Queue, collected

ROOT = Path(__file__).resolve().parents[2]
MARK = "FORGED-BY-AN-ATTACKER"
"""Whoever finds it at the beginning of a line of a log has found a line that the app did not write."""

_ACCESS = re.compile(r'"PUT (?P<path>[^? ]+)(?:\?(?P<query>\S*))? HTTP/[\d.]+" 201')
_COMMITS = ("comp=blocklist", "comp=appendblock")
_SEEN_BY_ALL = re.compile(r"sig=[A-Za-z0-9%+/]{20,}|Bearer ey|AccountKey=", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """What the API answered."""

    status: int
    body: str

    @property
    def document(self) -> Any:
        """The body as JSON; an empty object when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return {}


@dataclass(frozen=True)
class Waiting:
    """A deployment that waits for approval, or has: its id, and what it asked to be approved (and before that)."""

    deployment_id: str
    approval_id: str
    outdated: str = ""


class Ground:
    """A running stack, and what an attacker can do to it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.host: LyingHost | None = None
        self.waiting: dict[str, Waiting] = {}
        self._address = urlsplit(stack.api_url)
        self.requests = Queue(stack, "deployment-requests")
        self.results = Queue(stack, "deployment-results")

    def call(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None, *, key: str = ""
    ) -> Answer:
        """One request, its path sent as it is written. `key` replaces the right function key."""
        connection = http.client.HTTPConnection(self._address.hostname or "", self._address.port or 80, timeout=60)
        try:
            connection.putrequest(method, f"{self._address.path}/{path}", skip_accept_encoding=True)
            for name, value in {"x-functions-key": key or self.stack.function_key or "", **(headers or {})}.items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read().decode(errors="replace"))
        finally:
            connection.close()

    def post(self, path: str, document: Any, headers: dict[str, str] | None = None) -> Answer:
        """POST a JSON document."""
        return self.call("POST", path, json.dumps(document).encode(), headers)

    def start(self, bundle: dict[str, Any], **parts: Any) -> Answer:
        """Ask for a deployment of that bundle."""
        return self.post("deployments", {"bundle": bundle, "target": {"subscription": SUBSCRIPTION}, **parts})

    def deployed(self, bundle: bytes, **parts: Any) -> dict[str, Any]:
        """The state of a deployment of these bytes once it has ended, or the problem that refused them."""
        stored = self.call("POST", "bundles", bundle)
        if stored.status != 201:
            return dict(stored.document)
        return self.ended(self.start({"id": stored.document["bundleId"]}, **parts))

    def ended(self, started: Answer) -> dict[str, Any]:
        """The state of a deployment that was asked for, once it has ended; or the problem that refused it."""
        if started.status != 202:
            return dict(started.document)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            state = self.call("GET", f"deployments/{started.document['deploymentId']}")
            if state.status == 200:
                return dict(state.document)
            time.sleep(0.1)
        raise AssertionError(f"did not end: {state.body[:1000]}")

    def rejected(self, message: str) -> dict[str, Any] | None:
        """The rejection of a message on the queue; None when none comes."""
        message_id = self.requests.send(message)
        found = collected(self.results, lambda result: result.get("messageId") == message_id, 1, seconds=20)
        return found[0] if found else None

    def marks(self) -> tuple[int, int]:
        """How far storage's access log, and ARM's, have come."""
        return len(self._blob_paths()), len(arm_writes(self.stack.state))

    def written_since(self, marks: tuple[int, int]) -> list[str]:
        """The blobs that were written since then, as container and name."""
        return self._blob_paths()[marks[0] :]

    def arm_writes_since(self, marks: tuple[int, int]) -> list[str]:
        """What ARM was asked to change since then."""
        return [f"{call['method']} {call['path']}" for call in arm_writes(self.stack.state)[marks[1] :]]

    def secrets_in(self, text: str) -> list[str]:
        """Which secrets a text holds."""
        named = {"the function key": self.stack.function_key, "the identity's header": self._identity_header()}
        found = [name for name, secret in named.items() if secret and secret in text]
        return [*found, *(["a signature, token or key"] if _SEEN_BY_ALL.search(text) else [])]

    def forged_logs(self) -> list[str]:
        """The logs with a line that begins as the attacker wants."""
        logs = sorted((self.stack.state / "logs").glob("*.log"))
        return [log.name for log in logs if re.search(rf"^\W*{MARK}", log.read_text(errors="replace"), re.MULTILINE)]

    def _identity_header(self) -> str:
        return str(self.stack.app_settings.get("IDENTITY_HEADER", ""))

    def _blob_paths(self) -> list[str]:
        found = []
        for line in (self.stack.state / "logs" / "azurite.log").read_text(errors="replace").splitlines():
            access = _ACCESS.search(line)
            query = (access["query"] or "") if access else ""
            is_commit = "comp=" not in query or any(commit in query for commit in _COMMITS)
            if access and is_commit and "restype=" not in query:
                _, _, path = access["path"].lstrip("/").partition("/")
                found.append(path)
        return [path for path in found if "/" in path]  # without one it is a queue that was made


@contextmanager
def attacked(state: Path, cloud: str = PUBLIC.name, **settings: str) -> Iterator[Ground]:
    """A stack that asks for function keys, in that state folder."""
    options = StackOptions(
        state=state,
        app_root=ROOT,
        cloud=cloud,
        scale=0.01,
        require_keys=True,
        extra_settings={"ARMATURE_POLL_INTERVAL_SECONDS": "0.2", **settings},
    )
    with Stack(options) as stack:
        yield Ground(stack)
