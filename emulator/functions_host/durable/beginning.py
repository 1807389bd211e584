"""An episode as it begins: an instance with its history, and the news that its inbox held."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from emulator.functions_host.durable.history import EventType, HistoryEvent, Recorded
from emulator.functions_host.durable.instances import Instance
from emulator.functions_host.leases import Fence


@dataclass(frozen=True)
class Beginning:
    """The instance, its history with the news at the end, and from where it has to be rewritten."""

    instance: Instance
    now: datetime
    history: Sequence[Recorded]
    kept_rows: int
    consumed: Sequence[int]
    is_first: bool
    begins_again: bool = False
    fence: Fence | None = None

    @property
    def events(self) -> list[HistoryEvent]:
        """Every event of the history."""
        return [item.event for item in self.history]

    @property
    def started(self) -> HistoryEvent:
        """The row that the execution began with."""
        return next(event for event in self.events if event.type is EventType.EXECUTION_STARTED)

    @property
    def news(self) -> list[HistoryEvent]:
        """The events that this episode brings."""
        return self.events[self.kept_rows :]

    @property
    def termination(self) -> HistoryEvent | None:
        """The request to end, if it is among the news."""
        return next((event for event in self.news if event.type is EventType.EXECUTION_TERMINATED), None)

    def seen(self) -> list[Recorded]:
        """Return the history with the news marked as played; the host never marks the rows that begin an episode."""
        kept = list(self.history[: self.kept_rows])
        return kept + [Recorded(event, event.type is not EventType.ORCHESTRATOR_STARTED) for event in self.news]
