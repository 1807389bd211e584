"""What a replay can lead to: tasks to schedule, and how an orchestration ends."""

from dataclasses import dataclass
from datetime import datetime

from emulator.functions_host.durable.history import HistoryEvent


@dataclass(frozen=True)
class ScheduleActivity:
    """Decision: run an activity."""

    event_id: int
    name: str
    input_text: str | None


@dataclass(frozen=True)
class StartSubOrchestration:
    """Decision: start a sub-orchestration."""

    event_id: int
    name: str
    instance_id: str
    input_text: str | None


@dataclass(frozen=True)
class StartTimer:
    """Decision: create a timer; a cancelled one is written down but never fires."""

    event_id: int
    fire_at: datetime
    is_cancelled: bool


Decision = ScheduleActivity | StartSubOrchestration | StartTimer


@dataclass(frozen=True)
class Completed:
    """The orchestration has ended well."""


@dataclass(frozen=True)
class Failed:
    """The orchestration has ended with this error."""

    error: str


@dataclass(frozen=True)
class NonDeterministic:
    """The history does not fit the orchestrator any more."""

    message: str


@dataclass(frozen=True)
class Continued:
    """The orchestration starts again with this input (JSON) and the events that came after it had asked for that."""

    input_text: str | None
    carried_over: tuple[HistoryEvent, ...] = ()


Ending = Completed | Failed | NonDeterministic | Continued


@dataclass(frozen=True)
class Verdict:
    """What a replay leads to; without an ending the orchestration waits. An ending takes the next event id."""

    decisions: tuple[Decision, ...]
    cancelled_timers: tuple[int, ...]
    ending: Ending | None
    next_event_id: int = 0
