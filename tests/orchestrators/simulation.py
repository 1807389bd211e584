"""Runs an orchestrator without a host: history in, actions out, a clock that jumps to the next thing that happens.

Each episode hands the SDK the whole history again, as a real host does, so every run is a replay test as well: if the
orchestrator scheduled something else on replay, the simulation stops with what differed.
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import azure.functions as func
from azure.durable_functions.models.history import HistoryEvent

# The SDK parses the time stamps of the whole history in each episode: three quarters of what a long simulation takes.
_ROWS: Any = sys.modules[HistoryEvent.__module__]
_ROWS.dt_parse = lru_cache(maxsize=None)(_ROWS.dt_parse)

START = datetime(2026, 1, 1, tzinfo=UTC)
MAX_EPISODES = 5000

Respond = Callable[[Any], Any]


@dataclass(frozen=True)
class Lasting:
    """An answer that takes `seconds` of the simulated clock."""

    answer: Any
    seconds: float


@dataclass(frozen=True)
class Call:
    """An activity or sub-orchestration that was scheduled, and when."""

    name: str
    payload: Any
    at: datetime


@dataclass
class _Pending:
    due: datetime
    order: int
    row: dict[str, Any]


@dataclass
class Simulation:
    """One orchestration: `responds` maps activities and sub-orchestrations to what answers them.

    `raised` are external events: how many seconds after the start, and the name.
    """

    orchestrator: Callable[[Any], str]
    input: Any
    responds: Mapping[str, Respond]
    instance_id: str = "d-1"
    raised: tuple[tuple[float, str], ...] = ()
    now: datetime = START
    calls: list[Call] = field(default_factory=list)
    statuses: list[Any] = field(default_factory=list)
    longest_history: int = 0
    executions: int = 1
    _pending: list[_Pending] = field(default_factory=list)

    def run(self) -> Any:
        """Run to the end; answers the output.

        Raises:
            AssertionError: it failed, never ends, or schedules something else on replay.
        """
        self._begin(self.input)
        for seconds, name in self.raised:
            self._wait(START + timedelta(seconds=seconds), {"EventType": 15, "Name": name, "Input": "null"})
        for _ in range(MAX_EPISODES):
            state = self._episode()
            if self._continues_as_new(state):
                continue
            if state["isDone"]:
                assert "error" not in state, state["error"]
                return state["output"]
            self._advance()
        raise AssertionError("the orchestration does not end")

    def called(self, name: str) -> list[Any]:
        """The payloads of all calls of one name, in order."""
        return [call.payload for call in self.calls if call.name == name]

    def _begin(self, value: Any) -> None:
        self._input = value
        self._history: list[dict[str, Any]] = []
        self._scheduled: list[tuple[Any, ...]] = []
        self._pending = [pending for pending in self._pending if pending.row["EventType"] == 15]
        self._row(12)
        self._row(0, Name=self.instance_id, Version=None, Input=json.dumps(json.dumps(value)))

    def _row(self, kind: int, **fields: Any) -> None:
        stamp = self.now.isoformat().replace("+00:00", "Z")
        self._history.append({"EventType": kind, "EventId": -1, "IsPlayed": False, "Timestamp": stamp, **fields})

    def _episode(self) -> dict[str, Any]:
        self.longest_history = max(self.longest_history, len(self._history))
        state = replayed(self.orchestrator, self._history, json.dumps(self._input), self.instance_id)
        if "customStatus" in state and (not self.statuses or self.statuses[-1] != state["customStatus"]):
            self.statuses.append(state["customStatus"])
        self._schedule([action for action in scheduled_actions(state) if action["actionType"] not in (4, 6)])
        self._row(13)
        return state

    def _schedule(self, actions: list[dict[str, Any]]) -> None:
        known = [_identity(action) for action in actions]
        assert known[: len(self._scheduled)] == self._scheduled, "replay scheduled something else"
        for number in range(len(self._scheduled), len(actions)):
            self._start(number, actions[number])
        self._scheduled = known
        cancelled = {number for number, action in enumerate(actions) if action.get("isCanceled")}
        self._pending = [pending for pending in self._pending if pending.row.get("TimerId") not in cancelled]

    def _start(self, number: int, action: dict[str, Any]) -> None:
        if action["actionType"] == 5:
            fires = datetime.fromisoformat(action["fireAt"].replace("Z", "+00:00"))
            fires = fires if fires.tzinfo else fires.replace(tzinfo=UTC)
            self._row(10, EventId=number, FireAt=action["fireAt"])
            self._wait(max(fires, self.now), {"EventType": 11, "TimerId": number, "FireAt": action["fireAt"]})
            return
        is_activity = action["actionType"] == 0
        name = action["functionName"]
        payload = json.loads(action["input"]) if isinstance(action["input"], str) else action["input"]
        self.calls.append(Call(name, payload, self.now))
        scheduled = {"Name": name} if is_activity else {"Name": name, "InstanceId": action.get("instanceId")}
        self._row(4 if is_activity else 7, EventId=number, **scheduled)
        try:
            answer = self.responds[name](payload)
        except KeyError as error:
            raise AssertionError(f"nothing answers {name}") from error
        except Exception as error:
            kind = "Activity" if is_activity else "Orchestrator"
            reason = f"{kind} function '{name}' failed:  {type(error).__name__}: {error}"
            failed = {"EventType": 6 if is_activity else 9, "TaskScheduledId": number, "Reason": reason, "Details": ""}
            self._wait(self.now, failed)
            return
        seconds = answer.seconds if isinstance(answer, Lasting) else 0
        result = json.dumps(answer.answer if isinstance(answer, Lasting) else answer)
        done = {"EventType": 5 if is_activity else 8, "TaskScheduledId": number, "Result": result}
        self._wait(self.now + timedelta(seconds=seconds), done)

    def _wait(self, due: datetime, row: dict[str, Any]) -> None:
        self._pending.append(_Pending(due, len(self._pending), row))

    def _advance(self) -> None:
        assert self._pending, "the orchestration waits for something that never comes"
        soonest = min(pending.due for pending in self._pending)
        self.now = max(self.now, soonest) + timedelta(milliseconds=1)
        self._row(12)
        for pending in sorted(self._pending, key=lambda pending: (pending.due, pending.order)):
            if pending.due <= soonest:
                self._row(pending.row.pop("EventType"), **pending.row)
        self._pending = [pending for pending in self._pending if pending.due > soonest]

    def _continues_as_new(self, state: dict[str, Any]) -> bool:
        again = [action for action in scheduled_actions(state) if action["actionType"] == 4]
        if not again:
            return False
        self.executions += 1
        value = again[0]["input"]
        self._begin(json.loads(value) if isinstance(value, str) else value)
        return True


class _Context(func.OrchestrationContext):
    def __init__(self, body: str) -> None:
        self._body = body

    @property
    def body(self) -> str:
        return self._body


def replayed(
    orchestrator: Callable[[Any], str], history: list[dict[str, Any]], input_text: str | None, instance_id: str
) -> dict[str, Any]:
    """What an orchestrator answers a host that hands it this history."""
    body = json.dumps(
        {
            "history": history,
            "input": input_text,
            "instanceId": instance_id,
            "isReplaying": len(history) > 2,
            "parentInstanceId": None,
            "upperSchemaVersion": 1,
            "upperSchemaVersionNew": 3,
            "longRunningTimerIntervalDuration": "3.00:00:00",
            "maximumShortTimerDuration": "6.00:00:00",
            "defaultHttpAsyncRequestSleepTimeMillseconds": 30000,
        }
    )
    state: dict[str, Any] = json.loads(orchestrator(_Context(body)))
    return state


def scheduled_actions(state: dict[str, Any]) -> list[dict[str, Any]]:
    """The actions that an orchestrator asks for, compound ones taken apart, in the order of their event ids."""
    return _flat(state["actions"])


def _flat(actions: list[Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for action in actions:
        if isinstance(action, list):
            found += _flat(action)
        elif "compoundActions" in action:
            found += _flat(action["compoundActions"])
        else:
            found.append(action)
    return found


def _identity(action: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(
        json.dumps(action.get(part), sort_keys=True) for part in ("actionType", "functionName", "input", "fireAt")
    )


def orchestrator_of(blueprint: Any, name: str) -> Callable[[Any], str]:
    """The function that the host calls for the orchestrator of that name."""
    for builder in blueprint._function_builders:
        function = builder._function
        if function.get_function_name() == name or function.get_user_function().__name__ == name:
            handle: Callable[[Any], str] = function.get_user_function()
            return handle
    raise AssertionError(f"no orchestrator {name}")
