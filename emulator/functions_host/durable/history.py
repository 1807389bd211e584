"""History events: their kinds, their rows as the SDK sees them, and the context string of an episode.

Shapes as recorded from Durable Task extension 3.14.1 with DurableTask.Core 3.9.0.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from functools import cached_property
from typing import Any


class EventType(IntEnum):
    """The kinds of history events, numbered as in DurableTask.Core."""

    EXECUTION_STARTED = 0
    EXECUTION_COMPLETED = 1
    EXECUTION_TERMINATED = 3
    TASK_SCHEDULED = 4
    TASK_COMPLETED = 5
    TASK_FAILED = 6
    SUB_ORCHESTRATION_CREATED = 7
    SUB_ORCHESTRATION_COMPLETED = 8
    SUB_ORCHESTRATION_FAILED = 9
    TIMER_CREATED = 10
    TIMER_FIRED = 11
    ORCHESTRATOR_STARTED = 12
    ORCHESTRATOR_COMPLETED = 13
    EVENT_RAISED = 15
    GENERIC = 17
    EXECUTION_SUSPENDED = 19
    EXECUTION_RESUMED = 20


Fields = dict[str, Any]

_LEADING = {EventType.EXECUTION_STARTED: "OrchestrationInstance", EventType.GENERIC: "Data"}
"""The field that the host writes before the kind of the event."""


@dataclass(frozen=True)
class ParentInstance:
    """Who started a sub-orchestration, and under which event id."""

    name: str
    instance_id: str
    execution_id: str
    event_id: int

    def row(self) -> Fields:
        """Return the parent as a field of ExecutionStarted."""
        return {
            "Name": self.name,
            "OrchestrationInstance": {"InstanceId": self.instance_id, "ExecutionId": self.execution_id},
            "TaskScheduleId": self.event_id,
            "Version": None,
        }

    @classmethod
    def of(cls, started: "HistoryEvent") -> "ParentInstance | None":
        """Return the parent that an ExecutionStarted names, None for an instance without one."""
        row = started.fields["ParentInstance"]
        if row is None:
            return None
        instance = row["OrchestrationInstance"]
        return cls(row["Name"], instance["InstanceId"], instance["ExecutionId"], row["TaskScheduleId"])


@dataclass(frozen=True)
class HistoryEvent:
    """One history event; `fields` are those of its kind, in the order in which the host writes them."""

    type: EventType
    timestamp: datetime
    fields: Fields = field(default_factory=dict)
    event_id: int = -1

    def row(self, *, is_played: bool) -> Fields:
        """Return the event as the SDK gets it."""
        leading = _LEADING.get(self.type)
        return {
            **({} if leading is None else {leading: self.fields[leading]}),
            "EventType": int(self.type),
            **{name: value for name, value in self.fields.items() if name != leading},
            "EventId": self.event_id,
            "IsPlayed": is_played,
            "Timestamp": timestamp_text(self.timestamp),
        }

    @cached_property
    def _texts(self) -> dict[bool, str]:
        return {}

    def indented(self, *, is_played: bool) -> str:
        """Return the row as indented JSON, as deep as it stands in the context string."""
        text = self._texts.get(is_played)
        if text is None:
            text = json.dumps(self.row(is_played=is_played), indent=2, ensure_ascii=False).replace("\n", "\n    ")
            self._texts[is_played] = text
        return text

    def dumps(self) -> str:
        """Return the event as it is stored."""
        return json.dumps(
            [int(self.type), self.timestamp.isoformat(), self.event_id, self.fields], separators=(",", ":")
        )

    @classmethod
    def loads(cls, text: str) -> "HistoryEvent":
        """Read an event that `dumps` wrote."""
        event_type, timestamp, event_id, fields = json.loads(text)
        return cls(EventType(event_type), datetime.fromisoformat(timestamp), fields, event_id)


@dataclass(frozen=True)
class Recorded:
    """A history event in its place; played once an earlier episode has seen it as news."""

    event: HistoryEvent
    is_played: bool


def timestamp_text(moment: datetime) -> str:
    """Write a moment as .NET does: UTC, up to seven decimals, trailing zeros trimmed, ``Z``."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".")
    return text + "Z"


_BEYOND_MICROSECONDS = re.compile(r"(\.\d{6})\d+")


def parse_timestamp(text: str) -> datetime:
    """Read an ISO 8601 moment; without an offset it is UTC; what is finer than microseconds is dropped."""
    moment = datetime.fromisoformat(_BEYOND_MICROSECONDS.sub(r"\1", text))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def compact(value: Any) -> str:
    """Write JSON as Newtonsoft does: no blanks, nothing escaped but control characters and line separators."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("\x85", "\\u0085")


def orchestrator_started(now: datetime) -> HistoryEvent:
    """Return the row that begins an episode."""
    return HistoryEvent(EventType.ORCHESTRATOR_STARTED, now)


def orchestrator_completed(now: datetime) -> HistoryEvent:
    """Return the row that ends an episode."""
    return HistoryEvent(EventType.ORCHESTRATOR_COMPLETED, now)


def execution_started(
    now: datetime,
    *,
    instance_id: str,
    execution_id: str,
    name: str,
    input_text: str | None,
    parent: ParentInstance | None = None,
    generation: int | None = None,
    version: str | None = None,
) -> HistoryEvent:
    """Return the row that begins an execution; `input_text` is JSON.

    Only what a client starts has a generation: how often its id had been used before.
    """
    fields = {
        "OrchestrationInstance": {"InstanceId": instance_id, "ExecutionId": execution_id},
        "ParentInstance": parent and parent.row(),
        "Name": name,
        "Version": version,
        "Input": input_text,
        "Tags": None,
        "Correlation": None,
        "ParentTraceContext": None,
        "ScheduledStartTime": None,
        "Generation": generation,
        "GenerateNewTrace": False,
    }
    return HistoryEvent(EventType.EXECUTION_STARTED, now, fields)


def execution_completed(now: datetime, event_id: int, status: str, result: str | None) -> HistoryEvent:
    """Return the row that ends an instance; `result` is JSON, or the text of a failure or termination."""
    fields = {"OrchestrationStatus": status, "Result": result, "FailureDetails": None}
    return HistoryEvent(EventType.EXECUTION_COMPLETED, now, fields, event_id)


def execution_terminated(now: datetime, reason: str | None) -> HistoryEvent:
    """Return the row of a terminate request."""
    return HistoryEvent(EventType.EXECUTION_TERMINATED, now, {"Input": reason})


def execution_suspended(now: datetime, reason: str | None) -> HistoryEvent:
    """Return the row of a suspend request."""
    return HistoryEvent(EventType.EXECUTION_SUSPENDED, now, {"Reason": reason})


def execution_resumed(now: datetime, reason: str | None) -> HistoryEvent:
    """Return the row of a resume request."""
    return HistoryEvent(EventType.EXECUTION_RESUMED, now, {"Reason": reason})


def generic(now: datetime, data: str | None, event_id: int = -1) -> HistoryEvent:
    """Return a row that means nothing to a replay: what a rewind asks with, and what it leaves of a failure."""
    return HistoryEvent(EventType.GENERIC, now, {"Data": data}, event_id)


def task_scheduled(now: datetime, event_id: int, name: str) -> HistoryEvent:
    """Return the row of a scheduled activity."""
    fields = {"Name": name, "Version": "", "Input": None, "ParentTraceContext": None, "Tags": None}
    return HistoryEvent(EventType.TASK_SCHEDULED, now, fields, event_id)


def task_completed(now: datetime, scheduled_id: int, result: str | None) -> HistoryEvent:
    """Return the row of an activity's success; `result` is JSON."""
    return HistoryEvent(EventType.TASK_COMPLETED, now, {"TaskScheduledId": scheduled_id, "Result": result})


def task_failed(now: datetime, scheduled_id: int, reason: str, details: str) -> HistoryEvent:
    """Return the row of an activity's failure."""
    return HistoryEvent(EventType.TASK_FAILED, now, _failure(scheduled_id, reason, details))


def sub_orchestration_created(now: datetime, event_id: int, name: str, instance_id: str) -> HistoryEvent:
    """Return the row of a started sub-orchestration."""
    fields = {
        "Name": name,
        "Version": None,
        "InstanceId": instance_id,
        "Input": None,
        "ClientSpanId": None,
        "Tags": None,
    }
    return HistoryEvent(EventType.SUB_ORCHESTRATION_CREATED, now, fields, event_id)


def sub_orchestration_completed(now: datetime, scheduled_id: int, result: str | None) -> HistoryEvent:
    """Return the row of a sub-orchestration's success; `result` is JSON."""
    return HistoryEvent(EventType.SUB_ORCHESTRATION_COMPLETED, now, {"TaskScheduledId": scheduled_id, "Result": result})


def sub_orchestration_failed(now: datetime, scheduled_id: int, reason: str, details: str) -> HistoryEvent:
    """Return the row of a sub-orchestration's failure."""
    return HistoryEvent(EventType.SUB_ORCHESTRATION_FAILED, now, _failure(scheduled_id, reason, details))


def timer_created(now: datetime, event_id: int, fire_at: datetime) -> HistoryEvent:
    """Return the row of a created timer."""
    return HistoryEvent(EventType.TIMER_CREATED, now, {"FireAt": timestamp_text(fire_at)}, event_id)


def timer_fired(created: datetime, timer_id: int, fire_at: datetime) -> HistoryEvent:
    """Return the row of a fired timer; the host stamps it with the time of the timer's creation."""
    return HistoryEvent(EventType.TIMER_FIRED, created, {"TimerId": timer_id, "FireAt": timestamp_text(fire_at)})


def event_raised(now: datetime, name: str, input_text: str | None) -> HistoryEvent:
    """Return the row of an external event; `input_text` is JSON."""
    return HistoryEvent(EventType.EVENT_RAISED, now, {"Name": name, "Input": input_text, "ParentTraceContext": None})


def _failure(scheduled_id: int, reason: str, details: str) -> Fields:
    return {"TaskScheduledId": scheduled_id, "Reason": reason, "Details": details, "FailureDetails": None}


_CONSTANTS = """  "upperSchemaVersion": 1,
  "upperSchemaVersionNew": 3,
  "longRunningTimerIntervalDuration": "3.00:00:00",
  "maximumShortTimerDuration": "6.00:00:00",
  "defaultHttpAsyncRequestSleepTimeMillseconds": 30000
}"""


def context_string(history: Sequence[Recorded], *, is_replaying: bool) -> str:
    """Return what the orchestration trigger hands to the SDK: indented JSON of the whole history."""
    started = next(item.event for item in history if item.event.type is EventType.EXECUTION_STARTED)
    input_text = started.fields["Input"]
    parent = started.fields["ParentInstance"]
    rows = ",\n    ".join(item.event.indented(is_played=item.is_played) for item in history)
    head = {
        "input": None if input_text is None else json.loads(input_text),
        "instanceId": started.fields["OrchestrationInstance"]["InstanceId"],
        "isReplaying": is_replaying,
        "parentInstanceId": parent and parent["OrchestrationInstance"]["InstanceId"],
    }
    fields = json.dumps(head, indent=2, ensure_ascii=False)[2:-2]
    return f'{{\n  "history": [\n    {rows}\n  ],\n{fields},\n{_CONSTANTS}'
