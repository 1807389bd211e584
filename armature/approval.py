"""Approval: what a deployment waits for a person's word on, and what that word was."""

from datetime import datetime
from enum import StrEnum

from armature.models import Model


class ApprovalReason(StrEnum):
    """Why a deployment asks."""

    COMPLETE = "complete"
    DELETIONS = "deletions"
    REPLACEMENTS = "replacements"
    PROTECTED = "protected"


class ApprovalStatus(StrEnum):
    """What became of it."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class ApprovalState(Model):
    """The last approval that a deployment asked for.

    `approval_id` stands for exactly what was asked: whoever decides names it, so that nobody approves a list which has
    changed since. `number` counts the approvals of the deployment. `withdrawn` is one whose deployment was cancelled.
    """

    approval_id: str
    number: int = 1
    status: ApprovalStatus = ApprovalStatus.WAITING
    reasons: tuple[ApprovalReason, ...] = ()
    message: str = ""
    asked_at: datetime
    deadline: datetime
    decided_at: datetime | None = None
    decided_by: str | None = None
    comment: str = ""
