"""The actions that the SDK's answer holds, parsed into one type each.

Action numbers as in azure-functions-durable 1.7 (``ActionType``).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from emulator.functions_host.durable.history import parse_timestamp
from emulator.functions_host.errors import HostError

HTTP_ACTIVITY = "BuiltIn::HttpActivity"
"""The activity that every host has: it sends the request of a `CallHttp`."""


@dataclass(frozen=True)
class RetryPolicy:
    """How often the host tries, and how long it waits; the Python SDK has no backoff."""

    first_interval: timedelta
    max_attempts: int


@dataclass(frozen=True)
class CallActivity:
    """Run an activity; `input_text` is JSON."""

    name: str
    input_text: str | None
    retry: RetryPolicy | None = None


@dataclass(frozen=True)
class CallSubOrchestrator:
    """Run a sub-orchestration; `input_text` is JSON, an absent `instance_id` is made up by the host."""

    name: str
    input_text: str | None
    instance_id: str | None
    retry: RetryPolicy | None = None


@dataclass(frozen=True)
class ContinueAsNew:
    """Start again with this input, which is JSON."""

    input_text: str | None


@dataclass(frozen=True)
class CreateTimer:
    """Wait until a moment."""

    fire_at: datetime
    is_cancelled: bool


@dataclass(frozen=True)
class WaitForEvent:
    """Wait for an external event."""

    name: str


@dataclass(frozen=True)
class CallHttp:
    """Send an HTTP request; `request_text` is the SDK's JSON of it.

    The Python SDK does not ask the host to follow a 202 to its Location, so this host never does
    (azure-functions-durable-python #380): the orchestrator gets the 202.
    """

    request_text: str


@dataclass(frozen=True)
class WhenAny:
    """Wait for the first of several actions."""

    actions: tuple["Action", ...]


@dataclass(frozen=True)
class WhenAll:
    """Wait for every one of several actions."""

    actions: tuple["Action", ...]


Action = CallActivity | CallHttp | CallSubOrchestrator | ContinueAsNew | CreateTimer | WaitForEvent | WhenAny | WhenAll


@dataclass(frozen=True)
class OrchestratorAnswer:
    """What the SDK answered to one invocation; `output` and `custom_status` are values, None when absent."""

    actions: tuple[Action, ...]
    is_done: bool
    output: Any = None
    custom_status: Any = None
    error: str | None = None


def parse_answer(text: str) -> OrchestratorAnswer:
    """Read the orchestrator state that the SDK returned.

    Raises `HostError` for a schema version or an action that this host does not know.
    """
    state = json.loads(text)
    if state.get("schemaVersion") not in (2, 3):
        raise HostError(f"this host does not follow schema version {state.get('schemaVersion')} of orchestrator states")
    return OrchestratorAnswer(
        actions=tuple(_parse(action) for batch in state["actions"] for action in batch),
        is_done=bool(state.get("isDone")),
        output=state.get("output"),
        custom_status=state.get("customStatus"),
        error=state.get("error"),
    )


def _parse(action: dict[str, Any]) -> Action:
    match action["actionType"]:
        case 0 | 1:
            return CallActivity(action["functionName"], action.get("input"), _retry(action))
        case 2 | 3:
            return CallSubOrchestrator(
                action["functionName"], action.get("input"), action.get("instanceId") or None, _retry(action)
            )
        case 4:
            return ContinueAsNew(action.get("input"))
        case 5:
            return CreateTimer(parse_timestamp(action["fireAt"]), bool(action.get("isCanceled")))
        case 6:
            return WaitForEvent(action["externalEventName"])
        case 8:
            return CallHttp(json.dumps(action["httpRequest"]))
        case 7 | 9 | 10:
            raise HostError("this host does not run durable entities, which an orchestrator has called or signalled")
        case 11:
            return WhenAny(_parse_all(action["compoundActions"]))
        case 12:
            return WhenAll(_parse_all(action["compoundActions"]))
        case other:
            raise HostError(f"this host does not run orchestrator actions of type {other}")


def _parse_all(actions: Sequence[dict[str, Any]]) -> tuple[Action, ...]:
    return tuple(_parse(action) for action in actions)


def _retry(action: dict[str, Any]) -> RetryPolicy | None:
    options = action.get("retryOptions")
    if options is None:
        return None
    interval = timedelta(milliseconds=options["firstRetryIntervalInMilliseconds"])
    return RetryPolicy(interval, options["maxNumberOfAttempts"])
