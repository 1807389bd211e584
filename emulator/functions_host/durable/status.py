"""The status of an instance as the Durable HTTP API answers it, history included; shapes as recorded."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from emulator.functions_host.durable.history import EventType, HistoryEvent, Recorded, timestamp_text
from emulator.functions_host.durable.instances import Instance

_NAMES = {
    EventType.EXECUTION_STARTED: "ExecutionStarted",
    EventType.EXECUTION_COMPLETED: "ExecutionCompleted",
    EventType.EXECUTION_TERMINATED: "ExecutionTerminated",
    EventType.TASK_SCHEDULED: "TaskScheduled",
    EventType.TASK_COMPLETED: "TaskCompleted",
    EventType.TASK_FAILED: "TaskFailed",
    EventType.SUB_ORCHESTRATION_CREATED: "SubOrchestrationInstanceCreated",
    EventType.SUB_ORCHESTRATION_COMPLETED: "SubOrchestrationInstanceCompleted",
    EventType.SUB_ORCHESTRATION_FAILED: "SubOrchestrationInstanceFailed",
    EventType.TIMER_CREATED: "TimerCreated",
    EventType.TIMER_FIRED: "TimerFired",
    EventType.EVENT_RAISED: "EventRaised",
    EventType.GENERIC: "GenericEvent",
    EventType.EXECUTION_SUSPENDED: "ExecutionSuspended",
    EventType.EXECUTION_RESUMED: "ExecutionResumed",
}

_SCHEDULES = {
    EventType.TASK_SCHEDULED: "TaskScheduled",
    EventType.SUB_ORCHESTRATION_CREATED: "SubOrchestrationInstanceCreated",
}

_COMPLETES = {
    EventType.TASK_COMPLETED: "TaskScheduled",
    EventType.TASK_FAILED: "TaskScheduled",
    EventType.SUB_ORCHESTRATION_COMPLETED: "SubOrchestrationInstanceCreated",
    EventType.SUB_ORCHESTRATION_FAILED: "SubOrchestrationInstanceCreated",
}

_LEFT_OUT = ("OrchestrationInstance", "ParentInstance", "Version", "Tags", "TaskScheduledId", "TimerId", "Name")


class DuplicateKeyError(Exception):
    """A history holds two rows of one event id, which the extension's status cannot show."""


@dataclass(frozen=True)
class Shown:
    """What a status request wants to see."""

    input: bool = True
    history: bool = False
    history_output: bool = False


def status_document(instance: Instance, history: Sequence[Recorded], shown: Shown) -> dict[str, Any]:
    """Return the status of an instance.

    Raises `DuplicateKeyError` as the extension does, after a nondeterministic replay.
    """
    document: dict[str, Any] = {
        "name": instance.name,
        "instanceId": instance.instance_id,
        "runtimeStatus": instance.status.value,
        "input": _value(instance.input_text) if shown.input else None,
        "customStatus": _value(instance.custom_status),
        "output": _output(instance.output),
        "createdTime": _second(instance.created),
        "lastUpdatedTime": _second(instance.updated),
    }
    if shown.history:
        document["historyEvents"] = history_document([item.event for item in history], shown)
    return document


def history_document(events: Sequence[HistoryEvent], shown: Shown) -> list[dict[str, Any]]:
    """Return the rows of a history: episodes left out, scheduling rows merged into what completes them."""
    scheduled: dict[str, HistoryEvent] = {}
    completed: set[str] = set()
    document = []
    for event in events:
        if kind := _SCHEDULES.get(event.type):
            key = f"{kind}_{event.event_id}"
            if key in scheduled:
                raise DuplicateKeyError(f"An item with the same key has already been added. Key: {key}")
            scheduled[key] = event
        if kind := _COMPLETES.get(event.type):
            completed.add(f"{kind}_{event.fields['TaskScheduledId']}")
    for event in events:
        if event.type in (EventType.ORCHESTRATOR_STARTED, EventType.ORCHESTRATOR_COMPLETED):
            continue
        if (kind := _SCHEDULES.get(event.type)) and f"{kind}_{event.event_id}" in completed:
            continue
        document.append(_row(event, scheduled, shown))
    return document


def _row(event: HistoryEvent, scheduled: dict[str, HistoryEvent], shown: Shown) -> dict[str, Any]:
    row: dict[str, Any] = {"EventType": _NAMES[event.type]}
    row |= {name: value for name, value in event.fields.items() if name not in _LEFT_OUT}
    if event.type is EventType.EVENT_RAISED:
        row = {"EventType": row.pop("EventType"), "Name": event.fields["Name"], **row}
    if event.type is EventType.GENERIC:
        row = {"Data": row.pop("Data"), **row}
    if "Result" in row:
        if shown.history_output:
            row["Result"] = _output(event.fields["Result"])
        else:
            del row["Result"]
    if event.type is EventType.EXECUTION_STARTED and not shown.input:
        del row["Input"]
    row["Timestamp"] = timestamp_text(event.timestamp)
    name = event.fields.get("Name") if event.type is not EventType.EVENT_RAISED else None
    if kind := _COMPLETES.get(event.type):
        origin = scheduled[f"{kind}_{event.fields['TaskScheduledId']}"]
        row["ScheduledTime"] = timestamp_text(origin.timestamp).removesuffix("Z") + "+00:00"
        name = origin.fields["Name"]
    if name is not None:
        row["FunctionName"] = name
    if event.type in _COMPLETES and shown.input:
        row["Input"] = None
    return row


def _value(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _output(output: str | None) -> Any:
    """Return an output: what it says as JSON, or the plain text of a failure or a reason (`ParseToJToken`)."""
    if output is None or not output.strip():
        return output
    try:
        return json.loads(output)
    except json.JSONDecodeError:
        return output


def _second(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
