"""What follows from an episode: the rows of its decisions, children, a report to the parent, the new status."""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from emulator.functions_host.durable import failures
from emulator.functions_host.durable import history as rows
from emulator.functions_host.durable.decisions import Decision, ScheduleActivity, StartSubOrchestration, StartTimer
from emulator.functions_host.durable.history import EventType, HistoryEvent, ParentInstance
from emulator.functions_host.durable.instances import Instance, Message, RuntimeStatus


@dataclass(frozen=True)
class Outcome:
    """How an instance has ended; `error` is the failure without the name of the orchestrator."""

    status: RuntimeStatus
    output: str | None
    error: str = ""


def as_input(text: str | None) -> str | None:
    """Return the Input of an execution: the SDK's JSON goes in as a string, which makes it JSON of JSON."""
    return None if text is None else json.dumps(text, ensure_ascii=False)


def row_of(decision: Decision, now: datetime) -> HistoryEvent:
    """Return the row that says what was decided."""
    match decision:
        case ScheduleActivity(event_id, name):
            return rows.task_scheduled(now, event_id, name)
        case StartSubOrchestration(event_id, name, instance_id):
            return rows.sub_orchestration_created(now, event_id, name, instance_id)
        case StartTimer(event_id, fire_at):
            return rows.timer_created(now, event_id, fire_at)


def child_of(parent: Instance, decision: StartSubOrchestration, now: datetime) -> tuple[Instance, Message]:
    """Return a sub-orchestration as it begins, and its first message."""
    execution_id = uuid.uuid4().hex
    input_text = as_input(decision.input_text)
    started = rows.execution_started(
        now,
        instance_id=decision.instance_id,
        execution_id=execution_id,
        name=decision.name,
        input_text=input_text,
        parent=ParentInstance(parent.name, parent.instance_id, parent.execution_id, decision.event_id),
    )
    child = Instance(
        decision.instance_id, execution_id, decision.name, input_text, RuntimeStatus.PENDING, None, None, now, now
    )
    return child, Message(decision.instance_id, execution_id, started)


def report_to_parent(parent: ParentInstance, outcome: Outcome, now: datetime) -> Message:
    """Return what a sub-orchestration that has ended tells its parent; a termination is told as a failure."""
    if outcome.status is RuntimeStatus.COMPLETED:
        event = rows.sub_orchestration_completed(now, parent.event_id, outcome.output)
    else:
        details = failures.sub_orchestration_details(outcome.error)
        event = rows.sub_orchestration_failed(now, parent.event_id, outcome.output or "", details)
    return Message(parent.instance_id, parent.execution_id, event)


def standing_after(instance: Instance, news: Iterable[HistoryEvent], now: datetime) -> Instance:
    """Return an instance that goes on after these events.

    As in the instances table of the real host: only a start, a suspension and a resumption set the status, so that a
    rewound instance stays Pending while it works; the reason of a suspension or a resumption shows as the output.
    """
    instance = replace(instance, updated=now)
    for event in news:
        match event.type:
            case EventType.EXECUTION_STARTED:
                instance = replace(instance, status=RuntimeStatus.RUNNING)
            case EventType.EXECUTION_SUSPENDED:
                instance = replace(instance, status=RuntimeStatus.SUSPENDED, output=event.fields["Reason"])
            case EventType.EXECUTION_RESUMED:
                instance = replace(instance, status=RuntimeStatus.RUNNING, output=event.fields["Reason"])
            case _:
                pass
    return instance
