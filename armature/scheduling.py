"""The decisions of a rollout: what to start next, what a failure means, when nothing can move any more.

Pure: a `Rollout` is a value, each method answers a new one. The orchestrator keeps it between two activities and hands
it on when it continues as new, so it holds names and counts, never templates, parameters or messages.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Self

from armature.attempts import Decision, Report, Setback, Start
from armature.errors import Recovery
from armature.models import Model
from armature.options import RetryPolicy, Scheduling
from armature.patience import OUTWAIT_MINUTES, Patience
from armature.state import TemplateStatus

LOST_AFTER = timedelta(minutes=5)
"""How long ARM may not know a deployment that it was handed before the attempt counts as failed. ARM tells of a new
deployment within seconds; one that somebody deleted never comes back."""

UNREACHABLE_AFTER = timedelta(minutes=OUTWAIT_MINUTES)
"""How long ARM may not answer for a deployment before it is started anew: a start finds what runs, and leaves it so."""

CANCELLING_WITHIN = timedelta(minutes=30)
"""How long what is cancelled is waited for. ARM lets the operations of a cancelled deployment end; most do in minutes,
some (gateways, managed instances) go on for hours, and no one waits for those."""


class GraphTemplate(Model):
    """A template as the scheduler sees it: a name, what it waits for, and its tier."""

    name: str
    depends_on: tuple[str, ...] = ()
    tier: int


class Track(Model):
    """Where one template stands in the rollout. `number` counts its starts, `attempt` those that count."""

    status: TemplateStatus = TemplateStatus.WAITING
    attempt: int = 0
    number: int = 0
    patience: Patience = Patience()
    setback: Setback | None = None
    not_before: datetime | None = None
    deferred: bool = False
    progress_at_start: int = 0
    linked_succeeded: int = 0
    unseen_since: datetime | None = None


_UNTOUCHED = Track()


class Rollout(Model):
    """The templates of one deployment on their way: the graph, the limits, and where each template stands.

    `seed` makes the jitter of its waits its own. Nothing starts after `deadline`, and no wait goes past it.
    `is_stopping` means that nothing new starts, `cancelling_since` that what is in flight is being cancelled.
    """

    templates: tuple[GraphTemplate, ...]
    concurrency: int
    scheduling: Scheduling = Scheduling.GRAPH
    retry_policy: RetryPolicy = RetryPolicy()
    seed: str = ""
    deadline: datetime | None = None
    cancel_on_failure: bool = False
    tracks: dict[str, Track] = {}
    is_stopping: bool = False
    cancelling_since: datetime | None = None

    @cached_property
    def _heights(self) -> Mapping[str, int]:
        """How many templates stand one after the other behind each: what holds up most starts first."""
        heights = {template.name: 0 for template in self.templates}
        for template in sorted(self.templates, key=lambda template: -template.tier):
            for dependency in template.depends_on:
                heights[dependency] = max(heights[dependency], heights[template.name] + 1)
        return heights

    def track(self, name: str) -> Track:
        """Where the template of that name stands."""
        return self.tracks.get(name, _UNTOUCHED)

    def _named(self, *statuses: TemplateStatus) -> tuple[str, ...]:
        return tuple(t.name for t in self.templates if self.track(t.name).status in statuses)

    def _with(self, changes: Mapping[str, Track]) -> Self:
        return self.model_copy(update={"tracks": {**self.tracks, **changes}})

    @property
    def in_flight(self) -> tuple[Start, ...]:
        """The attempts that ARM is working on; while they are cancelled also those that it may be working on: one that
        failed because ARM could not be asked may run all the same."""
        statuses = [TemplateStatus.RUNNING, *([TemplateStatus.RETRYING] if self.is_cancelling else [])]
        tracks = {name: self.track(name) for name in self._named(*statuses)}
        return tuple(Start(name=name, attempt=track.attempt, number=track.number) for name, track in tracks.items())

    @property
    def is_cancelling(self) -> bool:
        """True when what is in flight is to be cancelled."""
        return self.cancelling_since is not None

    def is_given_up(self, now: datetime) -> bool:
        """True when what is being cancelled has been waited for long enough."""
        return self.cancelling_since is not None and now - self.cancelling_since >= CANCELLING_WITHIN

    def is_overdue(self, now: datetime) -> bool:
        """True when the deadline is over and the rollout has not been stopped yet."""
        return self.deadline is not None and now >= self.deadline and not self.is_cancelling and not self.is_settled

    @property
    def starts(self) -> int:
        """How many starts were made so far, of all templates together."""
        return sum(track.number for track in self.tracks.values())

    @property
    def succeeded(self) -> tuple[str, ...]:
        """The templates that are done."""
        return self._named(TemplateStatus.SUCCEEDED)

    @property
    def failed(self) -> tuple[str, ...]:
        """The templates that failed for good."""
        return self._named(TemplateStatus.FAILED)

    @property
    def cancelled(self) -> tuple[str, ...]:
        """The templates that were cancelled."""
        return self._named(TemplateStatus.CANCELLED)

    @property
    def skipped(self) -> tuple[str, ...]:
        """The templates that were never started, because another failed, or somebody stopped them."""
        return self._named(TemplateStatus.SKIPPED)

    @property
    def is_settled(self) -> bool:
        """True when every template has reached its end."""
        return all(self.track(template.name).status.is_final for template in self.templates)

    def _startable(self) -> list[GraphTemplate]:
        """The templates that only the clock can still hold up."""
        succeeded = set(self.succeeded)
        first_open_tier = min((t.tier for t in self.templates if t.name not in succeeded), default=0)

        def is_open(template: GraphTemplate) -> bool:
            if self.scheduling is Scheduling.TIER:
                return template.tier <= first_open_tier
            return succeeded.issuperset(template.depends_on)

        def is_startable(template: GraphTemplate) -> bool:
            track = self.track(template.name)
            if track.status is TemplateStatus.WAITING:
                return is_open(template)
            if track.status is not TemplateStatus.RETRYING:
                return False
            return not track.deferred or len(succeeded) > track.progress_at_start

        return [template for template in self.templates if is_startable(template)]

    def _is_due(self, template: GraphTemplate, now: datetime) -> bool:
        not_before = self.track(template.name).not_before
        return not_before is None or now >= not_before

    def next_starts(self, now: datetime) -> tuple[Start, ...]:
        """The templates to start at `now`, those that hold up most first, within the concurrency."""
        room = self.concurrency - len(self.in_flight)
        if self.is_stopping or room <= 0 or (self.deadline is not None and now >= self.deadline):
            return ()
        ready = [template for template in self._startable() if self._is_due(template, now)]
        ready.sort(key=lambda template: -self._heights[template.name])
        return tuple(self._start(template.name) for template in ready[:room])

    def _start(self, name: str) -> Start:
        track = self.track(name)
        return Start(name=name, attempt=track.patience.attempt, number=track.number + 1, setback=track.setback)

    def with_started(self, starts: Iterable[Start]) -> Self:
        """The rollout once `starts` are handed to ARM."""
        progress = len(self.succeeded)
        return self._with(
            {
                start.name: self.track(start.name).model_copy(
                    update={
                        "status": TemplateStatus.RUNNING,
                        "attempt": start.attempt,
                        "number": start.number,
                        "not_before": None,
                        "deferred": False,
                        "progress_at_start": progress,
                        "unseen_since": None,
                    }
                )
                for start in starts
            }
        )

    def with_stop(self, now: datetime) -> Self:
        """The rollout when somebody stops it: nothing starts any more, and what is in flight is cancelled."""
        skipped = {
            name: self.track(name).model_copy(update={"status": TemplateStatus.SKIPPED})
            for name in self._named(TemplateStatus.WAITING)
        }
        since = self.cancelling_since or now
        return self._with(skipped).model_copy(update={"is_stopping": True, "cancelling_since": since})

    def with_reports(self, reports: Iterable[Report], now: datetime) -> Self:
        """The rollout after what activities saw; reports of an attempt that is no longer in flight change nothing."""
        rollout = self
        in_flight = {start.name: start.number for start in self.in_flight}
        for report in reports:
            track = rollout.track(report.name)
            if in_flight.get(report.name) != report.number or track.status.is_final:
                continue
            changed = rollout._reported(track, report, now)
            if changed is not track:
                rollout = rollout._with({report.name: changed})
            if changed.status in (TemplateStatus.FAILED, TemplateStatus.CANCELLED):
                rollout = rollout.model_copy(update={"is_stopping": True})
        return rollout._after_end(now)

    def _after_end(self, now: datetime) -> Self:
        if self.failed and self.cancel_on_failure and self._named(TemplateStatus.RUNNING):
            return self.with_stop(now)
        return self._stopped_if_stuck()

    def _reported(self, track: Track, report: Report, now: datetime) -> Track:
        if report.status in (TemplateStatus.SUCCEEDED, TemplateStatus.CANCELLED):
            return track.model_copy(update={"status": report.status})
        if report.status is TemplateStatus.FAILED:
            if self.is_cancelling:
                return track.model_copy(update={"status": TemplateStatus.FAILED})
            return self._after_failure(track, report, now)
        return track if self.is_cancelling else self._after_look(track, report, now)

    def with_failure_after_success(self, name: str, now: datetime) -> Self:
        """The rollout when something that belongs to a deployed template failed for good (its packages)."""
        failed = self._with({name: self.track(name).model_copy(update={"status": TemplateStatus.FAILED})})
        return failed.model_copy(update={"is_stopping": True})._after_end(now)

    def _after_look(self, track: Track, report: Report, now: datetime) -> Track:
        if report.is_seen and not report.is_lost:
            return track if track.unseen_since is None else track.model_copy(update={"unseen_since": None})
        since = track.unseen_since or now
        if now - since >= (LOST_AFTER if report.is_lost else UNREACHABLE_AFTER):
            lost = Setback(recovery=Recovery.BACK_OFF if report.is_lost else Recovery.OUTWAIT)
            return self._after_failure(track, report.model_copy(update={"setback": lost}), now)
        return track if track.unseen_since else track.model_copy(update={"unseen_since": since})

    def _after_failure(self, track: Track, report: Report, now: datetime) -> Track:
        setback = report.setback or Setback(recovery=Recovery.FAIL)
        if setback.recovery is Recovery.AFTER_PROGRESS:
            made_progress = report.linked_succeeded > track.linked_succeeded
            return track.model_copy(
                update={
                    "status": TemplateStatus.RETRYING,
                    "setback": setback,
                    "deferred": not made_progress,
                    "linked_succeeded": max(report.linked_succeeded, track.linked_succeeded),
                }
            )
        seed = f"{self.seed}|{report.name}"
        wait = track.patience.after(setback.recovery, self.retry_policy, seed, setback.retry_after_seconds)
        if wait is None:
            return track.model_copy(update={"status": TemplateStatus.FAILED, "setback": setback})
        return track.model_copy(
            update={
                "status": TemplateStatus.RETRYING,
                "setback": setback,
                "patience": wait.patience,
                "not_before": self._not_past_deadline(now + timedelta(seconds=wait.seconds), now),
            }
        )

    def _not_past_deadline(self, moment: datetime, now: datetime) -> datetime:
        return moment if self.deadline is None else max(min(moment, self.deadline), now)

    def _stopped_if_stuck(self) -> Self:
        """Settle what can never start: nothing is in flight, nothing is ready, and no clock will change that."""
        if self.in_flight:
            return self
        if not self.is_stopping and self._startable():
            return self
        failed = {
            name: self.track(name).model_copy(update={"status": TemplateStatus.FAILED, "deferred": False})
            for name in self._named(TemplateStatus.RETRYING)
        }
        skipped = {
            name: self.track(name).model_copy(update={"status": TemplateStatus.SKIPPED})
            for name in self._named(TemplateStatus.WAITING)
        }
        stopping = self.is_stopping or bool(failed or skipped)
        return self._with({**failed, **skipped}).model_copy(update={"is_stopping": stopping})

    def decisions_since(self, earlier: Self) -> tuple[Decision, ...]:
        """What was decided between `earlier` and now that no activity has seen: retries, and every end but success."""
        decided = (
            TemplateStatus.RETRYING,
            TemplateStatus.FAILED,
            TemplateStatus.SKIPPED,
            TemplateStatus.CANCELLED,
        )
        return tuple(
            self.decision(t.name)
            for t in self.templates
            if (track := self.track(t.name)).status in decided and track != earlier.track(t.name)
        )

    def decision(self, name: str) -> Decision:
        """How a template stands, as the state is to show it."""
        track = self.track(name)
        is_waiting = track.status is TemplateStatus.RETRYING
        return Decision(
            name=name,
            status=track.status,
            attempt=track.attempt,
            number=track.number,
            max_attempts=self.retry_policy.max_attempts,
            waiting_for=track.setback.waiting_for if is_waiting and track.setback else None,
            next_attempt=track.patience.attempt if is_waiting else None,
            next_attempt_at=track.not_before if is_waiting else None,
        )

    def next_wake(self, now: datetime, poll_interval_seconds: float) -> datetime:
        """When to look again: at the next poll, or before that when only a retry is waited for and is due.

        Also while nothing is in flight no wait is longer than the interval: a cancelled deployment is to be noticed.
        """
        poll = now + timedelta(seconds=poll_interval_seconds)
        if self.in_flight:
            return poll if self.is_cancelling else self._not_past_deadline(poll, now)
        due = [
            track.not_before
            for name in self._named(TemplateStatus.RETRYING)
            if (track := self.track(name)).not_before is not None
        ]
        return self._not_past_deadline(max(min([*due, poll]), now), now)
