"""The decisions of a rollout: what to start next, what a failure means, when nothing can move any more.

Pure: a `Rollout` is a value, each method answers a new one. The orchestrator keeps it between two activities and hands
it on when it continues as new, so it holds names and counts, never templates, parameters or messages.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Self

from armature.errors import RETRIED_AFTER_A_WAIT, Failure, FailureClass
from armature.models import Model
from armature.options import RetryPolicy, Scheduling
from armature.state import TemplateStatus

MAX_WAIT_SECONDS = 300.0
"""No single wait is longer: a service's Retry-After beyond it is cut, so that a cancelled deployment is noticed."""

MAX_UNSEEN = 60
"""Polls in a row that may not see a deployment, because ARM lost it or can't be reached, before its attempt counts as
failed. ARM tells of a new deployment within seconds."""


def retry_wait(policy: RetryPolicy, attempt: int, retry_after_seconds: float | None = None) -> float:
    """Seconds to wait after attempt number `attempt` failed: the policy's back-off, or what the service asked for."""
    wait: float = policy.first_interval_seconds * policy.backoff_multiplier ** (attempt - 1)
    return min(max(wait, retry_after_seconds or 0), MAX_WAIT_SECONDS)


class GraphTemplate(Model):
    """A template as the scheduler sees it: a name, what it waits for, and its tier."""

    name: str
    depends_on: tuple[str, ...] = ()
    tier: int


class Setback(Model):
    """What the scheduler must know of a failure; the rest is in the state document."""

    failure_class: FailureClass
    retry_after_seconds: float | None = None

    @property
    def is_retried(self) -> bool:
        """True when waiting and trying the same again can help (see armature.errors)."""
        return self.failure_class in RETRIED_AFTER_A_WAIT


class Report(Model):
    """What an activity saw of one template in flight.

    `linked_succeeded` counts the template's linked deployments that have succeeded: progress of its own. `is_seen` is
    false when ARM did not tell, or does not know, how the attempt stands.
    """

    name: str
    attempt: int
    status: TemplateStatus
    setback: Setback | None = None
    linked_succeeded: int = 0
    is_seen: bool = True

    @classmethod
    def running(cls, start: "Start") -> Self:
        """That ARM works on the attempt."""
        return cls(name=start.name, attempt=start.attempt, status=TemplateStatus.RUNNING)

    @classmethod
    def failed(cls, start: "Start", why: Failure, linked_succeeded: int = 0) -> Self:
        """That the attempt has failed."""
        setback = Setback(failure_class=why.failure_class, retry_after_seconds=why.retry_after_seconds)
        return cls(
            name=start.name,
            attempt=start.attempt,
            status=TemplateStatus.FAILED,
            setback=setback,
            linked_succeeded=linked_succeeded,
        )


class Track(Model):
    """Where one template stands in the rollout."""

    status: TemplateStatus = TemplateStatus.WAITING
    attempt: int = 0
    waits: int = 0
    not_before: datetime | None = None
    deferred: bool = False
    progress_at_start: int = 0
    linked_succeeded: int = 0
    unseen: int = 0


_UNTOUCHED = Track()


class Start(Model):
    """A template to start now, as attempt number `attempt`."""

    name: str
    attempt: int


class Decision(Model):
    """What was decided about a template: that it runs, or what happens after it, or another, failed."""

    name: str
    status: TemplateStatus
    attempt: int
    next_attempt_at: datetime | None = None

    @classmethod
    def of(cls, report: Report) -> Self:
        """That the attempt runs, as its start reported."""
        return cls(name=report.name, status=report.status, attempt=report.attempt)


class Rollout(Model):
    """The templates of one deployment on their way: the graph, the limits, and where each template stands."""

    templates: tuple[GraphTemplate, ...]
    concurrency: int
    scheduling: Scheduling = Scheduling.GRAPH
    retry_policy: RetryPolicy = RetryPolicy()
    tracks: dict[str, Track] = {}
    is_stopping: bool = False

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
        """The attempts that ARM is working on."""
        return tuple(Start(name=name, attempt=self.track(name).attempt) for name in self._named(TemplateStatus.RUNNING))

    @property
    def attempts(self) -> int:
        """How many attempts were begun so far, of all templates together."""
        return sum(track.attempt for track in self.tracks.values())

    @property
    def succeeded(self) -> tuple[str, ...]:
        """The templates that are done."""
        return self._named(TemplateStatus.SUCCEEDED)

    @property
    def failed(self) -> tuple[str, ...]:
        """The templates that failed for good."""
        return self._named(TemplateStatus.FAILED)

    @property
    def skipped(self) -> tuple[str, ...]:
        """The templates that were never started, because another failed."""
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
        if self.is_stopping or room <= 0:
            return ()
        ready = [template for template in self._startable() if self._is_due(template, now)]
        ready.sort(key=lambda template: -self._heights[template.name])
        return tuple(Start(name=t.name, attempt=self.track(t.name).attempt + 1) for t in ready[:room])

    def with_started(self, starts: Iterable[Start]) -> Self:
        """The rollout once `starts` are handed to ARM."""
        progress = len(self.succeeded)
        return self._with(
            {
                start.name: self.track(start.name).model_copy(
                    update={
                        "status": TemplateStatus.RUNNING,
                        "attempt": start.attempt,
                        "not_before": None,
                        "deferred": False,
                        "progress_at_start": progress,
                        "unseen": 0,
                    }
                )
                for start in starts
            }
        )

    def with_reports(self, reports: Iterable[Report], now: datetime) -> Self:
        """The rollout after what activities saw; reports of an attempt that is no longer in flight change nothing."""
        rollout = self
        for report in reports:
            track = rollout.track(report.name)
            if track.status is not TemplateStatus.RUNNING or report.attempt != track.attempt:
                continue
            if report.status is TemplateStatus.SUCCEEDED:
                changed = track.model_copy(update={"status": TemplateStatus.SUCCEEDED})
            elif report.status is TemplateStatus.FAILED:
                changed = rollout._after_failure(track, report, now)
            else:
                changed = rollout._after_look(track, report, now)
            if changed is not track:
                rollout = rollout._with({report.name: changed})
            if changed.status is TemplateStatus.FAILED:
                rollout = rollout.model_copy(update={"is_stopping": True})
        return rollout._stopped_if_stuck()

    def with_failure_after_success(self, name: str) -> Self:
        """The rollout when something that belongs to a deployed template failed for good (its packages)."""
        failed = self._with({name: self.track(name).model_copy(update={"status": TemplateStatus.FAILED})})
        return failed.model_copy(update={"is_stopping": True})._stopped_if_stuck()

    def _after_look(self, track: Track, report: Report, now: datetime) -> Track:
        unseen = 0 if report.is_seen else track.unseen + 1
        if unseen >= MAX_UNSEEN:
            lost = Setback(failure_class=FailureClass.TRANSIENT)
            return self._after_failure(track, report.model_copy(update={"setback": lost}), now)
        return track if unseen == track.unseen else track.model_copy(update={"unseen": unseen})

    def _after_failure(self, track: Track, report: Report, now: datetime) -> Track:
        setback = report.setback or Setback(failure_class=FailureClass.UNKNOWN)
        if setback.failure_class is FailureClass.MISSING_DEPENDENCY:
            made_progress = report.linked_succeeded > track.linked_succeeded
            return track.model_copy(
                update={
                    "status": TemplateStatus.RETRYING,
                    "deferred": not made_progress,
                    "linked_succeeded": max(report.linked_succeeded, track.linked_succeeded),
                }
            )
        waits = track.waits + 1
        if not setback.is_retried or waits >= self.retry_policy.max_attempts:
            return track.model_copy(update={"status": TemplateStatus.FAILED})
        wait = retry_wait(self.retry_policy, waits, setback.retry_after_seconds)
        return track.model_copy(
            update={
                "status": TemplateStatus.RETRYING,
                "waits": waits,
                "not_before": now + timedelta(seconds=wait),
            }
        )

    def _stopped_if_stuck(self) -> Self:
        """Settle what can never start: nothing is in flight, nothing is ready, and no clock will change that."""
        if self._named(TemplateStatus.RUNNING):
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
        """What was decided between `earlier` and now that no activity has seen: retries, final failures, skips."""
        decided = (TemplateStatus.RETRYING, TemplateStatus.FAILED, TemplateStatus.SKIPPED)
        return tuple(
            Decision(name=t.name, status=track.status, attempt=track.attempt, next_attempt_at=track.not_before)
            for t in self.templates
            if (track := self.track(t.name)).status in decided and track != earlier.track(t.name)
        )

    def next_wake(self, now: datetime, poll_interval_seconds: float) -> datetime:
        """When to look again: at the next poll while something is in flight, else when the next retry is due."""
        poll = now + timedelta(seconds=poll_interval_seconds)
        if self.in_flight:
            return poll
        due = [
            track.not_before
            for name in self._named(TemplateStatus.RETRYING)
            if (track := self.track(name)).not_before is not None
        ]
        return max(min(due, default=poll), now)
