"""Approval: what a deployment waits for a person's word on, and what that word was. Pure decisions."""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Self

from armature.models import Model
from armature.numbers import count_of

PLACES_SHOWN = 3
"""Protected scopes that a message names; more of them help nobody to decide."""


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
    changed since. `number` counts the approvals of the deployment, `run` is the one that asked. `list_id` is the list
    of what mode Complete would delete (None: there is none). `withdrawn` is one whose deployment ended, or was
    cancelled, before anybody decided.
    """

    approval_id: str
    number: int = 1
    run: int = 1
    status: ApprovalStatus = ApprovalStatus.WAITING
    reasons: tuple[ApprovalReason, ...] = ()
    message: str = ""
    list_id: str | None = None
    asked_at: datetime
    deadline: datetime
    decided_at: datetime | None = None
    decided_by: str | None = None
    decided_by_id: str | None = None
    comment: str = ""

    @property
    def is_waiting(self) -> bool:
        """True until somebody decides, or nobody may any more."""
        return self.status is ApprovalStatus.WAITING

    def decided(
        self,
        status: ApprovalStatus,
        at: datetime,
        by: str | None = None,
        by_id: str | None = None,
        comment: str = "",
    ) -> "ApprovalState":
        """The approval once it is decided; the first word counts."""
        if not self.is_waiting:
            return self
        return self.model_copy(
            update={"status": status, "decided_at": at, "decided_by": by, "decided_by_id": by_id, "comment": comment}
        )


class Findings(Model):
    """What an approval is asked for, in numbers.

    `deletions` and `replacements` are what Azure's what-if tells of the templates. `doomed` resources would be deleted
    by mode Complete: those of the list `list_id` that nobody has approved yet; of them `holding_data` lose data,
    `locked` are kept by a lock, `irreversible` can't be brought back by a rollback. `digest` stands for a preview,
    exactly.
    """

    deletions: int = 0
    replacements: int = 0
    doomed: int = 0
    holding_data: int = 0
    locked: int = 0
    irreversible: int = 0
    list_id: str | None = None
    digest: str = ""

    def with_losses(self, told: Self) -> Self:
        """With what a preview told beside."""
        losses = {"deletions": told.deletions, "replacements": told.replacements, "digest": told.digest}
        return self.model_copy(update=losses)


def reasons_of(findings: Findings, *, is_complete: bool, is_protected: bool) -> tuple[ApprovalReason, ...]:
    """Why approval is called for; nothing when it is not."""
    called_for = {
        ApprovalReason.COMPLETE: is_complete,
        ApprovalReason.DELETIONS: findings.deletions > 0,
        ApprovalReason.REPLACEMENTS: findings.replacements > 0,
        ApprovalReason.PROTECTED: is_protected,
    }
    return tuple(reason for reason, is_given in called_for.items() if is_given)


def approval_id_of(
    deployment_id: str, run: int, number: int, reasons: Sequence[ApprovalReason], findings: Findings
) -> str:
    """16 hex digits that stand for exactly what is asked, by which run, for the how-manieth time."""
    asked = [deployment_id, run, number, [reason.value for reason in reasons], findings.dump()]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


def asked_again(
    before: ApprovalState | None,
    *,
    deployment_id: str,
    run: int,
    reasons: Sequence[ApprovalReason],
    findings: Findings,
    message: str,
    now: datetime,
    deadline: datetime,
) -> ApprovalState:
    """The approval to wait for: the one before when it asks for the very same, decided or not; else the next one."""
    number = before.number if before is not None else 0
    if before is not None and before.approval_id == approval_id_of(deployment_id, run, number, reasons, findings):
        return before
    return ApprovalState(
        approval_id=approval_id_of(deployment_id, run, number + 1, reasons, findings),
        number=number + 1,
        run=run,
        reasons=tuple(reasons),
        message=message,
        list_id=findings.list_id,
        asked_at=now,
        deadline=deadline,
    )


def asking_words(reasons: Iterable[ApprovalReason], findings: Findings, protected: Sequence[str]) -> str:
    """What approval is asked for, in one sentence a reason."""
    words = {
        ApprovalReason.COMPLETE: _of_complete(findings),
        ApprovalReason.DELETIONS: f"Azure would delete {count_of(findings.deletions, 'resource')}.",
        ApprovalReason.REPLACEMENTS: f"Azure would replace {count_of(findings.replacements, 'resource')}.",
        ApprovalReason.PROTECTED: _of_protected(protected),
    }
    return " ".join(words[reason] for reason in reasons)


def _of_complete(findings: Findings) -> str:
    if not findings.doomed:
        return "Mode Complete finds nothing to delete."
    parts = (
        (findings.holding_data, "with data"),
        (findings.irreversible, "not to be brought back by a rollback"),
        (findings.locked, "kept by a lock"),
    )
    told = "".join(f", {number} {words}" for number, words in parts if number)
    return f"Mode Complete would delete {count_of(findings.doomed, 'resource')}{told}."


def _of_protected(places: Sequence[str]) -> str:
    more = f" and {len(places) - PLACES_SHOWN} more" if places[PLACES_SHOWN:] else ""
    named = ["the tenant" if place == "/" else place for place in places[:PLACES_SHOWN]]
    return f"The target is protected, or holds what is: {', '.join(named)}{more}."


_TARGET_PATTERN = re.compile(
    r"/"
    r"|/subscriptions/[-0-9a-z*]+(/resourcegroups/[-\w._()*]+)?"
    r"|/providers/microsoft\.management/managementgroups/[-\w._()*]+"
)


def is_target_pattern(text: str) -> bool:
    """True for a pattern of protected targets that can match at all; it is in lower case."""
    return _TARGET_PATTERN.fullmatch(text) is not None


def protected_among(scopes: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """The scopes (resource ids, `/` for the tenant) from which a protected target can be reached, each once.

    A target is reached from itself, from all that lies in it, and from the scopes above it, whose templates may deploy
    into it: a subscription from which a protected resource group can be reached, a management group and the tenant.
    """
    wanted = [pattern.strip("/").split("/") for pattern in patterns]
    return [scope for scope in dict.fromkeys(scopes) if any(_reaches(scope, parts) for parts in wanted)]


def _reaches(scope: str, pattern: Sequence[str]) -> bool:
    parts = scope.lower().strip("/").split("/")
    is_above_subscriptions = parts[0] != "subscriptions"
    if is_above_subscriptions and (pattern[0] == "subscriptions" or parts == [""]):
        return True
    return all(_part_matches(part, wanted) for part, wanted in zip(parts, pattern, strict=False))


def _part_matches(part: str, wanted: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, wanted.split("*"))), part) is not None
