"""Tells when an orchestrator no longer does what its history says it did; wording of DurableTask.Core 3.9.

The wording differs from one kind of task to the other, as it does in TaskOrchestrationContext.
"""

from emulator.functions_host.durable.decisions import Decision, ScheduleActivity, StartSubOrchestration, StartTimer
from emulator.functions_host.durable.history import EventType, HistoryEvent

_CHANGED = "Was a change made to the orchestrator code after this instance had already started running?"

_PREVIOUSLY = "A previous execution of this orchestration scheduled"

_NOT_YET = f"but the current replay execution hasn't (yet?) scheduled this task. {_CHANGED}"

_ACTION_NAMES = {
    ScheduleActivity: "ScheduleTaskOrchestratorAction",
    StartSubOrchestration: "CreateSubOrchestrationAction",
    StartTimer: "CreateTimerOrchestratorAction",
}


class NonDeterminismError(Exception):
    """A scheduling row of the history has no match in the replay."""

    def __init__(self, message: str) -> None:
        super().__init__(f"Non-Deterministic workflow detected: {message}")


def check_scheduled(event: HistoryEvent, decision: Decision | None) -> None:
    """Compare a scheduling row with what this replay scheduled under its event id.

    Raises `NonDeterminismError` when they differ.
    """
    match event.type:
        case EventType.TASK_SCHEDULED:
            difference = _activity_difference(event, decision)
        case EventType.SUB_ORCHESTRATION_CREATED:
            difference = _sub_orchestration_difference(event, decision)
        case _:
            difference = _timer_difference(event, decision)
    if difference is not None:
        raise NonDeterminismError(f"{_PREVIOUSLY} {difference}")


def _activity_difference(event: HistoryEvent, decision: Decision | None) -> str | None:
    name = event.fields["Name"]
    if decision is None:
        version = event.fields["Version"]
        return f"an activity task with sequence ID {event.event_id} and name '{name}' (version '{version}'), {_NOT_YET}"
    task = (
        f"an activity task with sequence number {event.event_id} named '{name}', but the current orchestration replay"
    )
    if not isinstance(decision, ScheduleActivity):
        return f"{task} instead produced a {_action(decision)} action with this sequence number. {_CHANGED}"
    if decision.name.lower() != name.lower():
        scheduled = f"an activity task named '{decision.name}'"
        return f"{task} instead scheduled {scheduled} with this sequence number.  {_CHANGED}"
    return None


def _sub_orchestration_difference(event: HistoryEvent, decision: Decision | None) -> str | None:
    name, instance_id = event.fields["Name"], event.fields["InstanceId"]
    task = (
        f"a sub-orchestration task with sequence ID {event.event_id} and name '{name}' "
        f"(version '', instance ID '{instance_id}'),"
    )
    if decision is None:
        return f"{task} {_NOT_YET}"
    instead = f"{task} but the current orchestration replay instead"
    if not isinstance(decision, StartSubOrchestration):
        return f"{instead} produced a {_action(decision)} action at this sequence number. {_CHANGED}"
    if decision.name.lower() != name.lower():
        scheduled = f"a sub-orchestration task with name {decision.name}"
        return f"{instead} scheduled {scheduled} at this sequence number. {_CHANGED}"
    return None


def _timer_difference(event: HistoryEvent, decision: Decision | None) -> str | None:
    task = f"a timer task with sequence number {event.event_id}"
    if decision is None:
        return f"{task} {_NOT_YET}"
    if not isinstance(decision, StartTimer):
        return (
            f"{task} named but the current orchestration replay instead produced a {_action(decision)} action with "
            f"this sequence number. {_CHANGED}"
        )
    return None


def _action(decision: Decision) -> str:
    return _ACTION_NAMES[type(decision)]
