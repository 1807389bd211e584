"""One run of retention: the document that tells of it, and what its orchestrator and activities say to each other."""

from datetime import datetime
from enum import StrEnum

from armature.errors import Failure
from armature.messages import Answer
from armature.models import Model
from armature.retention import KeepReason, Kept, RetentionRule
from armature.state import Status

RETENTION_INSTANCE = "retention"
"""The instance id of the orchestration: one run at a time."""

MAX_TROUBLES = 20
"""What could not be removed is told of so many; the rest is counted, and the next run tries all again."""

MAX_WORDS = 300


class Tally(Model):
    """How much was removed. `history_entries` are those of ARM, `instances` those of Durable Functions, `containers`
    those of templates; `size` is in bytes of blobs."""

    deployments: int = 0
    history_entries: int = 0
    instances: int = 0
    documents: int = 0
    containers: int = 0
    packages: int = 0
    bundles: int = 0
    size: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(**{name: getattr(self, name) + getattr(other, name) for name in Tally.model_fields})


class RunStatus(StrEnum):
    """Where a run stands; `abandoned` when another began while this one had no end."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    ABANDONED = "abandoned"


class Removal(Model):
    """A deployment that may go: how it ended, and when it last changed."""

    deployment_id: str
    status: Status
    changed_at: datetime


class UnusedKind(StrEnum):
    """What else goes: that which belongs to no deployment that is kept."""

    PACKAGE = "package"
    BUNDLE = "bundle"
    TEMPLATES = "templates"
    DOCUMENTS = "documents"


class Unused(Model):
    """Something that nobody needs; `size` in bytes where storage's list tells it."""

    kind: UnusedKind
    name: str
    size: int = 0


class Trouble(Model):
    """What could not be removed in this run, and why."""

    subject: str
    code: str
    message: str

    @classmethod
    def of(cls, subject: str, failure: Failure) -> "Trouble":
        """The failure in short."""
        return cls(subject=subject[:MAX_WORDS], code=failure.code, message=failure.message[:MAX_WORDS])


class Place(Model):
    """Where artifacts are stored: one account for each subscription and location."""

    subscription: str
    location: str


class RetentionRun(Model):
    """What one run decided and did. `removals` and `unused` are what may go as it began, `kept` what stays and why,
    `removed` what has gone so far; a dry run removes nothing."""

    run: str
    dry_run: bool
    status: RunStatus = RunStatus.RUNNING
    requested_by: str | None = None
    started_at: datetime
    finished_at: datetime | None = None
    message: str = ""
    rule: RetentionRule | None = None
    places: tuple[Place, ...] = ()
    removals: tuple[Removal, ...] = ()
    unused: tuple[Unused, ...] = ()
    kept: tuple[Kept, ...] = ()
    removed: Tally = Tally()
    troubles: tuple[Trouble, ...] = ()
    troubles_found: int = 0


class RetentionStep(Model):
    """The input of an activity that needs to know the run only."""

    run: str


class RetentionInput(RetentionStep):
    """The input of the orchestrator `retention`. When it continues as new, `rule` and `places` are the plan's,
    `offset` is how many of its removals were tried, and the rest is what came of them."""

    dry_run: bool
    rule: RetentionRule | None = None
    places: int = 0
    offset: int = 0
    removed: Tally = Tally()
    troubles: tuple[Trouble, ...] = ()
    troubles_found: int = 0

    def with_result(self, subject: str, answer: "RemovalAnswer") -> "RetentionInput":
        """The input once that answer is counted in."""
        update: dict[str, object] = {"removed": self.removed + answer.removed}
        told = list(answer.troubles)
        if answer.failure is not None:
            told.append(Trouble.of(subject, answer.failure))
        update["troubles"] = (*self.troubles, *told)[:MAX_TROUBLES]
        update["troubles_found"] = self.troubles_found + len(told)
        return self.model_copy(update=update)


class PlanAnswer(Answer):
    """What may go: `removals` deployments, and what is unused in so many `places`."""

    rule: RetentionRule | None = None
    removals: int = 0
    places: int = 0


class PageInput(RetentionStep):
    """The removals of a run from number `offset` on."""

    offset: int


class PageAnswer(Answer):
    """Some deployments to remove; none when all have been told."""

    deployment_ids: tuple[str, ...] = ()


class RemovalInput(Model):
    """One deployment to remove."""

    deployment_id: str
    rule: RetentionRule


class RemovalAnswer(Answer):
    """What went. `is_going` is false when the deployment stays after all, or is gone: `kept_for` says why it stays.

    `troubles` are what could not be removed and stands in nothing's way.
    """

    is_going: bool = False
    kept_for: KeepReason | None = None
    removed: Tally = Tally()
    troubles: tuple[Trouble, ...] = ()


class UnusedInput(RetentionStep):
    """What nobody needs, to be removed: of the run's place number `place`, or of the app's own storage (None)."""

    rule: RetentionRule
    place: int | None = None


class RetentionEnd(RetentionStep):
    """How a run has gone so far, to be recorded; `is_over` when it ends, `failure` when it could not be carried out."""

    is_over: bool = True
    removed: Tally = Tally()
    troubles: tuple[Trouble, ...] = ()
    troubles_found: int = 0
    failure: Failure | None = None
