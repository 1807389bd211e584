"""The list of mode Complete in words."""

from collections.abc import Iterable, Iterator

from armature.cleaning.model import CleanUpState, DoomedResource
from armature.numbers import count_of


def marks_of(each: DoomedResource) -> tuple[str, str]:
    """Whether a resource holds data (empty when not), and what a rollback, or a lock, means to it."""
    back = "kept by a lock" if each.locked_by else "comes back" if each.comes_back else "stays deleted"
    return "holds data" if each.holds_data else "", back


def heading_of(state: CleanUpState) -> str:
    """What a list comes to, in a sentence."""
    if not state.total:
        return "Nothing is to be deleted." if state.is_complete else _INCOMPLETE
    what = f"{count_of(state.to_delete, 'resource')} to be deleted"
    parts = [
        f"{state.holding_data} with data" if state.holding_data else "",
        f"{state.final} for good" if state.final else "",
    ]
    told = ", ".join(filter(None, [what, *parts]))
    locked = f" {count_of(state.locked, 'locked resource')} kept." if state.locked else ""
    return f"{told}.{locked}{'' if state.is_complete else ' ' + _INCOMPLETE}"


_INCOMPLETE = "What some templates deploy can't be foreseen: the list is made again after the rollout."


def text_rows(resources: Iterable[DoomedResource]) -> Iterator[str]:
    """The list as text: a line a resource, what becomes of it below."""
    for each in resources:
        changed = each.changed_at or each.created_at
        marks = [f"last changed {changed:%Y-%m-%d %H:%M} UTC" if changed else "", *marks_of(each)]
        yield f"{each.id} ({', '.join(filter(None, marks))})"
        yield f"    {each.why}" if not each.locked_by else f"    Kept by the lock {each.locked_by}."
        if each.used_by:
            yield f"    Used by {', '.join(each.used_by)}."
