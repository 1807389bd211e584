"""Builds histories and the SDK's answers for replay tests: what a real host would have written, in few words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.functions_host.durable import history as rows
from emulator.functions_host.durable.actions import Action, OrchestratorAnswer
from emulator.functions_host.durable.decisions import Verdict
from emulator.functions_host.durable.history import HistoryEvent
from emulator.functions_host.durable.replay import KnownFunctions, replay

BEGIN = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
KNOWN = KnownFunctions(frozenset({"hello", "other"}), frozenset({"child"}))


class HistoryBuilder:
    """A history of an instance `i` of the orchestrator `o`; every episode begins a second after the one before."""

    def __init__(self) -> None:
        self.now = BEGIN
        started = rows.execution_started(
            self.now, instance_id="i", execution_id="e", name="o", input_text=None, generation=0
        )
        self.events: list[HistoryEvent] = [rows.orchestrator_started(self.now), started]

    def scheduled(self, event_id: int, name: str = "hello") -> "HistoryBuilder":
        return self._add(rows.task_scheduled(self.now, event_id, name))

    def timer(self, event_id: int) -> "HistoryBuilder":
        return self._add(rows.timer_created(self.now, event_id, self.now))

    def sub_orchestration(self, event_id: int, name: str = "child") -> "HistoryBuilder":
        return self._add(rows.sub_orchestration_created(self.now, event_id, name, f"e:{event_id}"))

    def episode(self, *news: HistoryEvent) -> "HistoryBuilder":
        """End the episode and begin the next one with this news."""
        self._add(rows.orchestrator_completed(self.now))
        self.now += timedelta(seconds=1)
        self._add(rows.orchestrator_started(self.now))
        for event in news:
            self._add(replace(event, timestamp=self.now))
        return self

    def _add(self, event: HistoryEvent) -> "HistoryBuilder":
        self.events.append(event)
        return self

    def replay(self, *actions: Action, known: KnownFunctions = KNOWN, **answer: Any) -> Verdict:
        return replay(self.events, OrchestratorAnswer(actions, **{"is_done": False, **answer}), known)


def completed(event_id: int, result: str | None = '"ok"') -> HistoryEvent:
    return rows.task_completed(BEGIN, event_id, result)


def failed(event_id: int) -> HistoryEvent:
    return rows.task_failed(BEGIN, event_id, "Activity function 'hello' failed", "{}")


def fired(event_id: int) -> HistoryEvent:
    return rows.timer_fired(BEGIN, event_id, BEGIN)


def suspended() -> HistoryEvent:
    return rows.execution_suspended(BEGIN, "wait")


def resumed() -> HistoryEvent:
    return rows.execution_resumed(BEGIN, "go on")


def raised(name: str) -> HistoryEvent:
    return rows.event_raised(BEGIN, name, "1")
