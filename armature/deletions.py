"""How far deletions are, a rollback's or mode Complete's: what to try next, what ARM's answer means, what is left.

Deletions go in waves (armature.rollback): a wave begins when all before it is gone, or given up. What ARM will not
delete yet is tried again, pass after pass; when a pass changes nothing, order is not what is missing, and everything
that is left is tried.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Self

from armature.errors import Failure, FailureClass
from armature.leftovers import Leftover
from armature.models import Model
from armature.rollback import Deletion
from armature.surveying import owners_of

MAX_LOOKS = 8
"""How often a group's list may show something before it is taken for what is in it: the list lags by seconds."""

EMPTY_LOOKS = 2
"""How often in a row the list must show nothing: what somebody has just put into the group is not in it yet."""

ASK_AGAIN = "Then ask for the rollback again."

_A_PERSON_DECIDED = (FailureClass.AUTHORIZATION, FailureClass.POLICY)


class LeftCause(StrEnum):
    """Why something is left: a lock keeps it, it is not what was approved any more (`changed`), nobody has approved it,
    or ARM `refused`."""

    REFUSED = "refused"
    UNAPPROVED = "unapproved"
    LOCKED = "locked"
    CHANGED = "changed"


class DeletionStatus(StrEnum):
    """Where one deletion stands. `purging`: deleted, and its name is about to be let go. `left` is given up."""

    WAITING = "waiting"
    DELETING = "deleting"
    PURGING = "purging"
    GONE = "gone"
    LEFT = "left"

    @property
    def is_final(self) -> bool:
        """True when nothing more is tried."""
        return self in (DeletionStatus.GONE, DeletionStatus.LEFT)


class DeletionState(Model):
    """One deletion: where it stands, and why it is not done (as ARM said last). Of a resource group, how often it was
    not empty (`looks`), and how often in a row it was (`empty_looks`).

    `holds_up` is false of what ARM refused for a reason that waiting does not mend: what comes after may be tried.
    `location` is known of what may keep its name after its deletion. `cause` is why it is given up; `touches` are
    other resources of which it is known that its deletion changes them: a disk that it lets go of.
    """

    id: str
    status: DeletionStatus = DeletionStatus.WAITING
    reason: str = ""
    suggestion: str = ""
    holds_up: bool = True
    looks: int = 0
    empty_looks: int = 0
    location: str | None = None
    cause: LeftCause = LeftCause.REFUSED
    touches: tuple[str, ...] = ()

    def after(self, refusal: Failure, again: str = ASK_AGAIN) -> Self:
        """The deletion after ARM refused a step of it; `again` says how it is tried anew.

        What a person has decided (a lock, a policy, a role) stays; all else may pass, as the work of others does.
        """
        suggestion = f"{refusal.suggestion} {again}"
        is_locked = refusal.code.lower() == "scopelocked"
        if is_locked:
            suggestion = f"Remove the lock that the message names. {again}"
        is_decided = refusal.failure_class in _A_PERSON_DECIDED and not refusal.is_retried
        status = self.status if self.status is DeletionStatus.PURGING else DeletionStatus.WAITING
        return self.model_copy(
            update={
                "status": DeletionStatus.LEFT if is_decided else status,
                "reason": f"{refusal.code}: {refusal.message}",
                "suggestion": suggestion,
                "holds_up": refusal.is_retried,
                "cause": LeftCause.LOCKED if is_locked else LeftCause.REFUSED,
            }
        )

    def given_up(self, cause: LeftCause, reason: str, suggestion: str) -> Self:
        """The deletion that is not tried (any more), and why."""
        return self.model_copy(
            update={"status": DeletionStatus.LEFT, "cause": cause, "reason": reason, "suggestion": suggestion}
        )

    def after_look(self, held: Sequence[str]) -> Self:
        """The deletion of a group after a list showed what it holds."""
        if not held:
            return self.model_copy(update={"empty_looks": self.empty_looks + 1})
        shown = ", ".join(held[:5]) + (" and more" if len(held) > 5 else "")
        looks = self.looks + 1
        return self.model_copy(
            update={
                "status": DeletionStatus.LEFT if looks >= MAX_LOOKS else DeletionStatus.WAITING,
                "reason": f"The resource group was made by this deployment, but is not empty: it holds {shown}.",
                "suggestion": f"Delete what is in it, or keep the group. {ASK_AGAIN}",
                "looks": looks,
                "empty_looks": 0,
            }
        )

    @property
    def is_empty(self) -> bool:
        """True of a group that was seen empty often enough to be deleted."""
        return self.empty_looks >= EMPTY_LOOKS


class DeletionProgress(Model):
    """All deletions that were begun, by id in lower case; those that are missing wait for their turn."""

    states: dict[str, DeletionState] = {}

    def state(self, deletion: Deletion) -> DeletionState:
        """Where a deletion stands."""
        return self.states.get(deletion.id.lower()) or DeletionState(id=deletion.id)

    def with_states(self, states: Iterable[DeletionState]) -> Self:
        """The progress with newer states. What is gone stays so; what was given up may turn out to be gone."""

        def is_news(state: DeletionState) -> bool:
            known = self.states.get(state.id.lower())
            return known is None or not known.status.is_final or state.status is DeletionStatus.GONE

        changed = {state.id.lower(): state for state in states if is_news(state)}
        return self.model_copy(update={"states": {**self.states, **changed}})

    def with_owned(self, deletions: Iterable[Deletion]) -> Self:
        """The progress once all that went with what they belong to is told as gone."""
        gone = {key for key, state in self.states.items() if state.status is DeletionStatus.GONE}
        return self.with_states(
            DeletionState(id=deletion.id, status=DeletionStatus.GONE)
            for deletion in deletions
            if any(owner.lower() in gone for owner in owners_of(deletion.id))
        )

    def gone(self, deletions: Iterable[Deletion]) -> tuple[str, ...]:
        """The ids that are deleted."""
        return tuple(r.id for r in deletions if self.state(r).status is DeletionStatus.GONE)

    def open(self, deletions: Iterable[Deletion]) -> tuple[Deletion, ...]:
        """What is neither deleted nor given up."""
        return tuple(deletion for deletion in deletions if not self.state(deletion).status.is_final)

    def next(self, deletions: Iterable[Deletion], *, is_stuck: bool) -> tuple[Deletion, ...]:
        """What to try in the next pass; all that is left when the last pass changed nothing (`is_stuck`)."""
        left = self.open(deletions)
        held_up_at = min((r.level for r in left if self.state(r).holds_up), default=None)
        if is_stuck or held_up_at is None:
            return left
        return tuple(deletion for deletion in left if deletion.level <= held_up_at)

    @property
    def touched(self) -> set[str]:
        """The resources, by id in lower case, that deletions which were begun are known to change."""
        return {id_.lower() for state in self.states.values() for id_ in state.touches}

    def leftovers(
        self, deletions: Iterable[Deletion], why_not: str, again: str = "Ask for the rollback again."
    ) -> tuple[Leftover, ...]:
        """What is not deleted, with the reason; `why_not`, and `again` as what to do, for what was not refused."""
        return tuple(
            Leftover(id=deletion.id, reason=state.reason or why_not, suggestion=state.suggestion or again)
            for deletion in deletions
            if (state := self.state(deletion)).status is not DeletionStatus.GONE
        )
