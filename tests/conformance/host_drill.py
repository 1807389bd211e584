"""Puts the recorded requests to our host, in their order, waiting where the recorder had waited."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator.processes import free_port
from tests.conformance.host_recordings import Exchange, comparable, read_exchanges
from tests.conformance.recorded_app import write_recorded_app
from tests.emulator.functions_host.running_host import RunningHost
from tests.waiting import wait_until

DURABLE = "/runtime/webhooks/durabletask"

SHORTER = {"rec-race-event": ('"secs": 60', '"secs": 3')}
"""A timer that the recorder waited a minute for."""

BEFORE = {
    "just started status": ("rec-wait", "ExecutionStarted"),
    "raiseEvent A": ("rec-events", "TimerCreated"),
    "raiseEvent lowercase name": ("rec-race-event", "TimerCreated"),
    "raiseEvent Go": ("rec-race-long", "TimerCreated"),
    "raiseEvent Second": ("rec-race-long", "TaskCompleted"),
    "raiseEvent Ev": ("rec-can-events", "TimerCreated"),
    "suspend running": ("rec-susp", "ExecutionStarted"),
    "terminate running": ("rec-term", "ExecutionStarted"),
    "probe Go": ("rec-race-event2", "TimerCreated"),
}
"""What the history of an instance must show before a request is put."""


@dataclass(frozen=True)
class Answered:
    """A recorded exchange with what our host answered to the same request."""

    recorded: Exchange
    status: int
    headers: Mapping[str, str]
    text: str


@dataclass
class Drill:
    """What came of putting the recorded requests to our host."""

    answers: list[Answered]
    contexts: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    activities: list[Mapping[str, Any]] = field(default_factory=list)

    def answer(self, label: str) -> Answered:
        return next(answer for answer in self.answers if answer.recorded.label == label)


def run_drill(recordings: Path, folder: Path, settings: Mapping[str, str]) -> Drill:
    """Run the recorded app on our host through the recorded requests."""
    port = free_port()
    app = write_recorded_app(recordings, folder / "app", port)
    contexts, activities = folder / "contexts.jsonl", folder / "activities.jsonl"
    noted = {"RECORDED_CONTEXTS": str(contexts), "RECORDED_ACTIVITIES": str(activities)}
    with RunningHost(app, {**settings, **noted}, "--port", str(port), "--require-keys") as host:
        drill = _Driller(host, read_exchanges(recordings)).run()
    for line in contexts.read_text().splitlines():
        context = json.loads(json.loads(line))
        drill.contexts.setdefault(context["instanceId"], []).append(context)
    handed = [json.loads(line) for line in activities.read_text().splitlines()]
    drill.activities = [each for each in handed if "request" not in each["trigger_metadata"]]  # not the built-in one
    return drill


class _Driller:
    def __init__(self, host: RunningHost, exchanges: Sequence[Exchange]) -> None:
        self._host = host
        self._exchanges = exchanges
        self._key = ""

    def run(self) -> Drill:
        self._key = self._host.management("").partition("code=")[2]
        drill = Drill([])
        self._host.post("/api/start/o_simple", json={"q": 1})  # the recorder's first, before it noted requests
        for exchange in self._exchanges:
            drill.answers.append(self._put(exchange))
        return drill

    def _put(self, exchange: Exchange) -> Answered:
        self._wait(exchange)
        path = exchange.path.replace("code=KEY", f"code={self._key}")
        body = exchange.body
        for instance, (recorded, shorter) in SHORTER.items():
            if body is not None and path.endswith(f"id={instance}"):
                body = body.replace(recorded, shorter)
        raised = self._raised(exchange)
        response = self._host.request(
            exchange.method,
            path,
            data=None if body is None else body.encode(),
            headers=dict(exchange.headers),
            allow_redirects=False,
        )
        if raised is not None and response.status_code == 202:
            instance, seen = raised
            wait_until(lambda: self._has_moved_on(instance, seen))
        return Answered(exchange, response.status_code, response.headers, self._as_recorded(response.content))

    def _wait(self, exchange: Exchange) -> None:
        if exchange.label in BEFORE:
            self._host.wait_for_event(*BEFORE[exchange.label])
        if exchange.label == "probe raise Ev":
            self._host.wait_for_event("rec-can-events", "TimerFired")
        if exchange.label == "purge completed":
            wait_until(lambda: self._host.status("rec-term")["runtimeStatus"] == "Terminated")
        if exchange.label.endswith(" status") and '"runtimeStatus"' in exchange.answer:
            wanted = json.loads(exchange.answer)
            wait_until(lambda: self._has_reached(wanted))
        if exchange.label.endswith("hist+out+input") and exchange.status != 400:
            wanted = json.loads(exchange.answer)
            wait_until(lambda: len(self._host.history(wanted["instanceId"])) >= len(wanted["historyEvents"]))

    def _has_reached(self, wanted: Mapping[str, Any]) -> bool:
        status = self._host.status(wanted["instanceId"])
        reached = ("runtimeStatus", "input")
        return all(comparable(status.get(key)) == comparable(_shortened(wanted[key])) for key in reached)

    def _raised(self, exchange: Exchange) -> tuple[str, tuple[str, int]] | None:
        if "/raiseEvent/" not in exchange.path or exchange.status != 202:
            return None
        instance = exchange.path.removeprefix(f"{DURABLE}/instances/").partition("/")[0]
        return instance, self._progress(instance)

    def _progress(self, instance: str) -> tuple[str, int]:
        events = self._host.history(instance)
        started = next((event["Timestamp"] for event in events if event["EventType"] == "ExecutionStarted"), "")
        return started, sum(event["EventType"] == "EventRaised" for event in events)

    def _has_moved_on(self, instance: str, seen: tuple[str, int]) -> bool:
        """Whether the instance has seen another event, or has begun again."""
        started, count = self._progress(instance)
        return started != seen[0] or count > seen[1]

    def _as_recorded(self, content: bytes) -> str:
        text = content.decode("utf-8", "replace")
        port = self._host.url.rpartition(":")[2]
        return text.replace(self._key, "KEY").replace(f"127.0.0.1:{port}", "127.0.0.1:7099")


def _shortened(value: Any) -> Any:
    return shorten(value) if isinstance(value, str) else value


def shorten(text: str) -> str:
    """Return a recorded text with our shorter waits in it, in JSON as deep as it may stand."""
    for recorded, shorter in SHORTER.values():
        for _ in range(4):
            text = text.replace(recorded, shorter)
            recorded, shorter = json.dumps(recorded)[1:-1], json.dumps(shorter)[1:-1]
    return text
