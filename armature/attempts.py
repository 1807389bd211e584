"""What is said of the attempts at a template: to start one, how it stands, why it failed, what was decided."""

from datetime import datetime
from typing import Self

from armature.errors import Failure, Recovery
from armature.models import Model
from armature.state import TemplateStatus


class Setback(Model):
    """What the scheduler must know of a failure; the rest is in the state document."""

    recovery: Recovery
    subject: str | None = None
    retry_after_seconds: float | None = None

    @classmethod
    def of(cls, failure: Failure) -> Self:
        """What is to be done about a failure."""
        return cls(recovery=failure.recovery, subject=failure.subject, retry_after_seconds=failure.retry_after_seconds)

    @property
    def waiting_for(self) -> str | None:
        """What the next attempt waits for, in words; None when it is only the clock."""
        return {
            Recovery.OUTWAIT: "Azure, which could not be reached, or asks for a pause",
            Recovery.WAIT: "what somebody else is doing",
            Recovery.AFTER_PROGRESS: "another template, which may make what is missing",
            Recovery.REGISTER_PROVIDER: f"the registration of the resource provider {self.subject or ''}".rstrip(),
            Recovery.PRUNE_HISTORY: "room in the scope's deployment history",
        }.get(self.recovery)


class Start(Model):
    """A template to start now, as attempt number `attempt` of those that count.

    `number` counts its starts in all, over every run of the deployment: it names this one in tags, events and the
    state. `setback` is what came of the start before, when that is the reason for this one.
    """

    name: str
    attempt: int
    number: int = 0
    setback: Setback | None = None


class Report(Model):
    """What an activity saw of one template in flight.

    `linked_succeeded` counts the template's linked deployments that have succeeded: progress of its own. `is_seen` is
    false when ARM could not be asked how the attempt stands, `is_lost` true when ARM does not know it.
    """

    name: str
    number: int
    status: TemplateStatus
    setback: Setback | None = None
    linked_succeeded: int = 0
    is_seen: bool = True
    is_lost: bool = False

    @classmethod
    def of(cls, start: Start, status: TemplateStatus, linked_succeeded: int = 0) -> Self:
        """How a start stands."""
        return cls(name=start.name, number=start.number, status=status, linked_succeeded=linked_succeeded)

    @classmethod
    def failed(cls, start: Start, why: Failure, linked_succeeded: int = 0) -> Self:
        """That what was started has failed."""
        found = cls.of(start, TemplateStatus.FAILED, linked_succeeded)
        return found.model_copy(update={"setback": Setback.of(why)})


class Decision(Model):
    """What was decided about a template: that it runs, or what happens after it, or another, failed.

    `attempt` of `max_attempts` is the one that runs or ran; the next, if there is one, is at `next_attempt_at`, and
    waits for `waiting_for` (None: for nothing but the clock).
    """

    name: str
    status: TemplateStatus
    attempt: int
    number: int = 0
    max_attempts: int = 0
    waiting_for: str | None = None
    next_attempt: int | None = None
    next_attempt_at: datetime | None = None
