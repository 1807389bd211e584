"""A list as the API shows it: each resource with what became of it."""

from armature.cleaning.model import CleanUpEntry, CleanUpList, DoomedResource
from armature.deletions import DeletionProgress, DeletionState, DeletionStatus

_STATUS = {
    DeletionStatus.WAITING: "waiting",
    DeletionStatus.DELETING: "deleting",
    DeletionStatus.PURGING: "deleting",
    DeletionStatus.GONE: "deleted",
    DeletionStatus.LEFT: "left",
}


def shown_entries(listed: CleanUpList, progress: DeletionProgress) -> tuple[CleanUpEntry, ...]:
    """The resources of a list: `waiting`, `deleting`, `deleted`, `left` with the reason, or `locked`."""
    return tuple(_entry(each, progress.states.get(each.id.lower())) for each in listed.resources)


def _entry(each: DoomedResource, state: DeletionState | None) -> CleanUpEntry:
    status, reason = "waiting", ""
    if each.locked_by is not None:
        status, reason = "locked", f"It is kept by the lock {each.locked_by}."
    elif state is not None:
        status, reason = _STATUS[state.status], state.reason
    return CleanUpEntry(**each.model_dump(), status=status, reason=reason)
