"""Tells when an orchestrator no longer does what its history says it did; wording of DurableTask.Core 3.9."""

from emulator.functions_host.durable.decisions import Decision, ScheduleActivity, StartSubOrchestration, StartTimer
from emulator.functions_host.durable.history import EventType, HistoryEvent

_CHANGED = "Was a change made to the orchestrator code after this instance had already started running?"

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
    name = event.fields.get("Name", "")
    expected: type[Decision]
    match event.type:
        case EventType.TASK_SCHEDULED:
            expected, what, labelled = ScheduleActivity, "an activity task", f" named '{name}'"
            identified = f" and name '{name}' (version '{event.fields['Version']}')"
        case EventType.SUB_ORCHESTRATION_CREATED:
            expected, what, labelled = StartSubOrchestration, "a sub-orchestration task", f" named '{name}'"
            identified = f" and name '{name}' (version '', instance ID '{event.fields['InstanceId']}')"
        case _:
            expected, what, labelled, identified = StartTimer, "a timer task", "", ""
    scheduled = f"A previous execution of this orchestration scheduled {what} with sequence"
    if decision is None:
        raise NonDeterminismError(
            f"{scheduled} ID {event.event_id}{identified}, but the current replay execution hasn't (yet?) scheduled "
            f"this task. {_CHANGED}"
        )
    kind = type(decision)
    if kind is not expected:
        raise NonDeterminismError(
            f"{scheduled} number {event.event_id}{labelled}, but the current orchestration replay instead produced a "
            f"{_ACTION_NAMES[kind]} action with this sequence number. {_CHANGED}"
        )
    current = getattr(decision, "name", "")
    if current.lower() != name.lower():
        raise NonDeterminismError(
            f"{scheduled} number {event.event_id}{labelled}, but the current orchestration replay instead scheduled "
            f"{what} named '{current}' with this sequence number.  {_CHANGED}"
        )
