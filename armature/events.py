"""The progress log of a deployment: every event that it can hold, and how one is written."""

from datetime import datetime
from enum import StrEnum

from armature.models import Model


class Level(StrEnum):
    """How much an event matters to a reader."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class EventCode(StrEnum):
    """Every kind of event; the command line, the API and the logs show the same."""

    DEPLOYMENT_ACCEPTED = "DeploymentAccepted"
    DEPLOYMENT_PHASE = "DeploymentPhase"
    DEPLOYMENT_COMPLETED = "DeploymentCompleted"
    DEPLOYMENT_FAILED = "DeploymentFailed"
    DEPLOYMENT_CANCELLED = "DeploymentCancelled"
    DEPLOYMENT_ROLLED_BACK = "DeploymentRolledBack"
    CANCELLATION_ASKED = "CancellationAsked"
    ROLLBACK_ASKED = "RollbackAsked"
    RESUMPTION_ASKED = "ResumptionAsked"
    APPROVAL_ASKED = "ApprovalAsked"
    APPROVAL_GIVEN = "ApprovalGiven"
    APPROVAL_REFUSED = "ApprovalRefused"
    APPROVAL_EXPIRED = "ApprovalExpired"
    APPROVAL_WITHDRAWN = "ApprovalWithdrawn"
    LOCK_BROKEN = "LockBroken"
    BUNDLE_WARNING = "BundleWarning"
    BUNDLE_REFUSED = "BundleRefused"
    PREVIEWED = "Previewed"
    TEMPLATE_REFUSED = "TemplateRefused"
    TEMPLATE_NOT_PREVIEWED = "TemplateNotPreviewed"
    UPLOAD_PROGRESS = "UploadProgress"
    DELIVERY_INLINE = "DeliveryInline"
    TEMPLATE_DELIVERED = "TemplateDelivered"
    TEMPLATE_STARTED = "TemplateStarted"
    TEMPLATE_PROGRESS = "TemplateProgress"
    TEMPLATE_SUCCEEDED = "TemplateSucceeded"
    TEMPLATE_ATTEMPT_FAILED = "TemplateAttemptFailed"
    TEMPLATE_RETRYING = "TemplateRetrying"
    TEMPLATE_FAILED = "TemplateFailed"
    TEMPLATE_SKIPPED = "TemplateSkipped"
    TEMPLATE_CANCELLED = "TemplateCancelled"
    TEMPLATE_TREATED_AS_DONE = "TemplateTreatedAsDone"
    PROVIDER_REGISTERED = "ProviderRegistered"
    HISTORY_PRUNED = "HistoryPruned"
    FOREIGN_DEPLOYMENT = "ForeignDeployment"
    STILL_RUNNING = "StillRunning"
    ROLLBACK_BEGUN = "RollbackBegun"
    ROLLBACK_PLANNED = "RollbackPlanned"
    ROLLBACK_ENDED = "RollbackEnded"
    CLEAN_UP_LISTED = "CleanUpListed"
    CLEAN_UP_ENDED = "CleanUpEnded"
    RESOURCE_DELETED = "ResourceDeleted"
    RESOURCE_LEFT_OVER = "ResourceLeftOver"
    PACKAGE_ATTACHED = "PackageAttached"
    PACKAGE_UNREADABLE = "PackageUnreadable"
    CHECKS_PLANNED = "ChecksPlanned"
    CHECK_WAITS = "CheckWaits"
    CHECK_WARNED = "CheckWarned"
    CHECK_FAILED = "CheckFailed"
    CHECKS_ENDED = "ChecksEnded"
    TAGS_NOT_PUT = "TagsNotPut"


class Event(Model):
    """One line of the log. `key` names the fact: an activity that runs twice writes the same key, read once."""

    key: str
    time: datetime
    code: EventCode
    message: str
    level: Level = Level.INFO
    template: str | None = None


class NumberedEvent(Model):
    """An event as readers get it: numbered from 1 in the order in which the facts were first written."""

    sequence: int
    time: datetime
    code: EventCode
    message: str
    level: Level
    template: str | None = None


def numbered(lines: list[str]) -> list[NumberedEvent]:
    """The events in the lines of a log, each fact once, numbered from 1."""
    facts: dict[str, Event] = {}
    for line in filter(None, lines):
        event = Event.model_validate_json(line)
        facts.setdefault(event.key, event)
    return [
        NumberedEvent(sequence=number, **event.model_dump(exclude={"key"}))
        for number, event in enumerate(facts.values(), start=1)
    ]
