"""The decisions of a rollout that ARM schedules: what one root deployment holds, and when another one is put.

As armature.scheduling, of which all else is taken: what a failure means, how often something is tried, when nothing can
move any more. Here everything that can be deployed is started together, as one root, and nothing else is started before
ARM has ended that root.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Self

from armature.attempts import Report, Start
from armature.options import Scheduling
from armature.scheduling import GraphTemplate, Rollout, Track
from armature.state import TemplateStatus


class RootRollout(Rollout):
    """The templates of one deployment on their way in root deployments.

    `number` counts the roots that were put in this run of the deployment, `is_under_way` tells whether ARM may still
    work on the last one, `begun` which templates of it ARM has begun.
    """

    number: int = 0
    is_under_way: bool = False
    begun: tuple[str, ...] = ()

    def _startable(self) -> list[GraphTemplate]:
        """What the next root can hold: what only the clock holds up, and what waits for nothing but that."""
        there = set(self.succeeded)
        chosen: list[GraphTemplate] = []
        for template in sorted(self.templates, key=lambda template: template.tier):
            track = self.track(template.name)
            if track.status is TemplateStatus.RETRYING:
                is_ready = not track.deferred or len(self.succeeded) > track.progress_at_start
            else:
                is_ready = track.status is TemplateStatus.WAITING
            if is_ready and there.issuperset(self._before(template)):
                chosen.append(template)
                there.add(template.name)
        return chosen

    def _before(self, template: GraphTemplate) -> Iterable[str]:
        if self.scheduling is Scheduling.TIER:
            return [other.name for other in self.templates if other.tier < template.tier]
        return template.depends_on

    def next_starts(self, now: datetime) -> tuple[Start, ...]:
        """All that the next root holds, once ARM has ended the last one and none of them waits for its time."""
        is_held = self.is_under_way or bool(self.in_flight) or self.is_stopping
        if is_held or (self.deadline is not None and now >= self.deadline):
            return ()
        ready = self._startable()
        if not all(self._is_due(template, now) for template in ready):
            return ()
        return tuple(self._start(template.name) for template in ready)

    def with_started(self, starts: Iterable[Start]) -> Self:
        """The rollout once `starts` are handed to ARM, in one root."""
        started = super().with_started(starts)
        return started.model_copy(update={"number": self.number + 1, "is_under_way": True, "begun": ()})

    def with_reports(self, reports: Iterable[Report], now: datetime) -> Self:
        """The rollout after a look: what ARM has begun, how it ended, what it never began."""
        seen = list(reports)
        unbegun = (TemplateStatus.WAITING, TemplateStatus.SKIPPED)
        begun = dict.fromkeys((*self.begun, *(report.name for report in seen if report.status not in unbegun)))
        return super(RootRollout, self.model_copy(update={"begun": tuple(begun)})).with_reports(seen, now)

    def with_root_ended(self, now: datetime) -> Self:
        """The rollout once ARM has ended the root, or can't be asked about it any more."""
        return self.model_copy(update={"is_under_way": False})._after_end(now)

    def _reported(self, track: Track, report: Report, now: datetime) -> Track:
        if report.status is not TemplateStatus.SKIPPED:
            return super()._reported(track, report, now)
        status = TemplateStatus.SKIPPED if self.is_stopping else TemplateStatus.WAITING
        number = track.number - 1  # it was no start
        return track.model_copy(update={"status": status, "number": number, "attempt": track.attempt if number else 0})

    def next_wake(self, now: datetime, poll_interval_seconds: float) -> datetime:
        """When to look again: at the next poll, or when the last retry that is waited for is due and ARM has ended."""
        poll = self._not_past_deadline(now + timedelta(seconds=poll_interval_seconds), now)
        due = [moment for name in self._named(TemplateStatus.RETRYING) if (moment := self.track(name).not_before)]
        if self.is_under_way or self.in_flight or not due:
            return poll
        return max(min(max(due), poll), now)

    def _stopped_if_stuck(self) -> Self:
        return self if self.is_under_way else super()._stopped_if_stuck()
