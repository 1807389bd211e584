"""Instances, the messages to them and the work that they have pending, as the task hub keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from emulator.functions_host.durable.history import HistoryEvent, Recorded
from emulator.functions_host.leases import Fence


class RuntimeStatus(StrEnum):
    """The states of an instance that this host knows."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUSPENDED = "Suspended"
    COMPLETED = "Completed"
    FAILED = "Failed"
    TERMINATED = "Terminated"

    @property
    def is_final(self) -> bool:
        """Whether the instance has ended."""
        return self not in (RuntimeStatus.PENDING, RuntimeStatus.RUNNING, RuntimeStatus.SUSPENDED)


@dataclass(frozen=True)
class Instance:
    """One orchestration instance; `input_text`, `custom_status` are JSON; `output` is JSON or a failure's text."""

    instance_id: str
    execution_id: str
    name: str
    input_text: str | None
    status: RuntimeStatus
    custom_status: str | None
    output: str | None
    created: datetime
    updated: datetime


@dataclass(frozen=True)
class Message:
    """An event on its way to an instance; without `execution_id` it is for whichever execution runs.

    Without an event it only asks for an episode.
    """

    instance_id: str
    execution_id: str | None
    event: HistoryEvent | None


@dataclass(frozen=True)
class PendingActivity:
    """An activity that has been scheduled and has not been reported on."""

    id: int
    instance_id: str
    execution_id: str
    event_id: int
    name: str
    input_text: str | None


@dataclass(frozen=True)
class PendingTimer:
    """A timer that has not fired; `event` is what its firing puts in the history."""

    instance_id: str
    execution_id: str
    event_id: int
    fire_at: datetime
    event: HistoryEvent


@dataclass(frozen=True)
class Delivery:
    """A message taken from the inbox."""

    id: int
    message: Message


@dataclass
class Commit:
    """Everything that one episode changes, to be written at once.

    It counts only if the execution that it was of still runs, and the host still has the lease that it had then.
    """

    instance: Instance
    of_execution: str
    fence: Fence | None
    consumed: Sequence[int]
    history: Sequence[Recorded]
    kept_rows: int
    activities: list[tuple[int, str, str | None]] = field(default_factory=list)
    timers: list[PendingTimer] = field(default_factory=list)
    cancelled_timers: Sequence[int] = ()
    starts: list[tuple[Instance, Message]] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)


@dataclass(frozen=True)
class InstanceFilter:
    """What a list of instances is narrowed to."""

    statuses: frozenset[str] = frozenset()
    created_from: datetime | None = None
    created_to: datetime | None = None
    prefix: str = ""
    first_id: str = ""
    limit: int = 100
