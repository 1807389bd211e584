"""How the deletions of a list ended: what is gone, what is kept, what is left."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from armature.cleaning.data import holds_data
from armature.cleaning.model import SHOWN, CleanUpList
from armature.cleaning.order import deletions_of
from armature.deletions import DeletionProgress, LeftCause
from armature.leftovers import Leftover
from armature.numbers import count_of

AGAIN = "Then resume the deployment, or deploy again in mode Complete."
"""What to do once nothing stands in the way any more, of what fails the deployment."""

DEPLOY_AGAIN = "Deploy again in mode Complete, if it is to go all the same."
"""The same of what is kept on purpose: the deployment has completed."""

_UNLOCK = "Remove the lock, and deploy again in mode Complete, if it is to go."
_NAMED = 3

_OF_LOCKED = (
    "Locks keep {what} that no template deploys: {names}. Remove the lock, and deploy again in mode Complete, if it is "
    "to go."
)
_OF_UNAPPROVED = (
    "Nobody has approved the deletion of {what} which no template deploys: {names}. Deploy again in mode Complete, if "
    "it is to go."
)
_OF_CHANGED = (
    "Somebody has changed {what} since the deletion was approved: {names}. Deploy again in mode Complete, if it is to "
    "go all the same."
)


@dataclass(frozen=True)
class Ending:
    """The end of the deletions of a list. `locked` is kept by locks, `changed` is not what was approved any more,
    `unapproved` nobody has approved, and `refused` could not be deleted."""

    list_id: str
    deleted: int
    locked: tuple[Leftover, ...]
    changed: tuple[Leftover, ...]
    unapproved: tuple[Leftover, ...]
    refused: tuple[Leftover, ...]

    @property
    def all_left(self) -> tuple[Leftover, ...]:
        """Everything of the list that is still there, what needs a person first."""
        return (*self.refused, *self.unapproved, *self.changed, *self.locked)

    @property
    def leftovers(self) -> tuple[Leftover, ...]:
        """The first of it, as the state shows it."""
        return self.all_left[:SHOWN]

    @property
    def message(self) -> str:
        """What became of the list, in a sentence."""
        parts = [
            f"{count_of(self.deleted, 'resource')} deleted" if self.deleted else "nothing deleted",
            f"{len(self.locked)} kept by locks" if self.locked else "",
            f"{len(self.changed)} kept, since changed after the approval" if self.changed else "",
            f"{len(self.unapproved)} kept, since not approved" if self.unapproved else "",
            f"{len(self.refused)} could not be deleted" if self.refused else "",
        ]
        return f"Mode Complete: {', '.join(filter(None, parts))}."

    @property
    def warnings(self) -> dict[str, str]:
        """What a person should know of and that fails nothing, by its code."""
        told = {
            "LockedResourcesKept": (self.locked, _OF_LOCKED),
            "ChangedResourcesKept": (self.changed, _OF_CHANGED),
            "UnapprovedResourcesKept": (self.unapproved, _OF_UNAPPROVED),
        }
        return {
            code: words.format(what=count_of(len(left), "resource"), names=_names([each.id for each in left]))
            for code, (left, words) in told.items()
            if left
        }


def clean_up_ending(listed: CleanUpList, progress: DeletionProgress, why_not: str) -> Ending:
    """What became of a list. `why_not` says why nothing more is tried of what was neither deleted nor refused."""
    deletions = deletions_of(listed.resources)
    locked = [
        Leftover(id=each.id, reason=f"It is kept by the lock {each.locked_by}.", suggestion=_UNLOCK)
        for each in listed.locked
    ]
    by_cause: dict[LeftCause, list[Leftover]] = {cause: [] for cause in LeftCause}
    reason = f"It was not deleted in time. {why_not}".strip()
    for leftover in progress.leftovers(deletions, reason, AGAIN):
        state = progress.states.get(leftover.id.lower())
        cause = state.cause if state is not None and state.status.is_final else LeftCause.REFUSED
        if cause is LeftCause.LOCKED:
            leftover = leftover.model_copy(update={"suggestion": _UNLOCK})
        by_cause[cause].append(leftover)
    return Ending(
        list_id=listed.list_id,
        deleted=len(progress.gone(deletions)),
        locked=(*locked, *by_cause[LeftCause.LOCKED]),
        changed=tuple(by_cause[LeftCause.CHANGED]),
        unapproved=tuple(by_cause[LeftCause.UNAPPROVED]),
        refused=tuple(by_cause[LeftCause.REFUSED]),
    )


def words_after_rollback(deleted: Iterable[str], restored: Iterable[str]) -> str:
    """What a rollback's message tells of what mode Complete had deleted: what stays so, and what is deployed again, but
    without the data that it held. Empty when nothing had been deleted."""
    again = {id_.lower() for id_ in restored}
    ids = sorted(deleted, key=str.lower)
    lost = [id_ for id_ in ids if id_.lower() not in again]
    emptied = [id_ for id_ in ids if id_.lower() in again and holds_data(type_of(id_))]
    parts = []
    if lost:
        parts.append(f"What mode Complete had deleted is not restored: {_names(lost)}.")
    if emptied:
        parts.append(f"Deployed again, without the data that it held: {_names(emptied)}.")
    return " ".join(parts)


def type_of(resource_id: str) -> str:
    """The full type of a resource in its id; empty when it names none."""
    _, mark, name = resource_id.rpartition("/providers/")
    parts = name.split("/")
    return "/".join((parts[0], *parts[1::2])) if mark else ""


def _names(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return f"{', '.join(ids[:_NAMED])}{more}"
