"""The audit trail: who asked for what, when, of which deployment; and how each run ended. It is only ever added to."""

from datetime import datetime
from enum import StrEnum

from armature.models import Model


class AuditAction(StrEnum):
    """What was asked for, or (`end`) that a run of a deployment has ended."""

    START = "start"
    CANCEL = "cancel"
    APPROVE = "approve"
    REJECT = "reject"
    ROLL_BACK = "rollback"
    RESUME = "resume"
    BREAK_LOCK = "breakLock"
    RETENTION = "retention"
    DRIFT = "drift"
    END = "end"


class AuditEntry(Model):
    """One line of the trail. `key` names the fact: the same one, written twice, is read once.

    `by` is the caller's name and `by_id` their object id, where the platform tells them; both are None of what the app
    does itself. `outcome` is `asked`, `refused`, or the final status of a run; `reason` says why it was refused.
    """

    key: str
    at: datetime
    action: AuditAction
    outcome: str = "asked"
    by: str | None = None
    by_id: str | None = None
    deployment_id: str | None = None
    run: int | None = None
    lineage_key: str | None = None
    comment: str = ""
    reason: str = ""


class AuditFilter(Model):
    """Which entries are wanted: those at or after `since` and before `until`, and of all that is named."""

    since: datetime | None = None
    until: datetime | None = None
    action: AuditAction | None = None
    deployment_id: str | None = None
    lineage_key: str | None = None
    by: str | None = None

    def takes(self, entry: AuditEntry) -> bool:
        """True of an entry that is wanted."""
        named = ("action", "deployment_id", "lineage_key", "by")
        return (
            (self.since is None or entry.at >= self.since)
            and (self.until is None or entry.at < self.until)
            and all(getattr(self, name) in (None, getattr(entry, name)) for name in named)
        )
