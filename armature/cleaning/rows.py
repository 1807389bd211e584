"""The list of mode Complete in words: a line a resource, and the same as Markdown for a pull request's comment."""

from collections.abc import Iterable, Iterator

from armature.cleaning.model import CleanUpList, CleanUpState, DoomedResource
from armature.numbers import count_of

HEADINGS = ("Type", "Name", "Last changed", "Data", "After a rollback")


def cells_of(each: DoomedResource) -> tuple[str, str, str, str, str]:
    """What the columns `HEADINGS` say of a resource."""
    changed = each.changed_at or each.created_at
    back = "locked: kept" if each.locked_by else "comes back" if each.comes_back else "stays deleted"
    data = "holds data" if each.holds_data else ""
    return (each.type, each.name, f"{changed:%Y-%m-%d %H:%M}" if changed else "", data, back)


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
        marks = [f"last changed {changed:%Y-%m-%d %H:%M} UTC" if changed else "", *cells_of(each)[3:]]
        yield f"{each.id} ({', '.join(filter(None, marks))})"
        yield f"    {each.why}" if not each.locked_by else f"    Kept by the lock {each.locked_by}."


def markdown_of(listed: CleanUpList, limit: int = 200) -> str:
    """The list as Markdown: its first `limit` resources, those with data first."""
    state = CleanUpState.of(listed)
    lines = ["### Deleted by mode Complete", "", heading_of(state)]
    shown = sorted(listed.resources, key=lambda each: (each.locked_by is not None, not each.holds_data))[:limit]
    if shown:
        lines += ["", f"| {' | '.join(HEADINGS)} |", "| --- | --- | --- | --- | --- |"]
        lines += [f"| {' | '.join(map(_escaped, cells_of(each)))} |" for each in shown]
    if len(listed.resources) > limit:
        lines += ["", f"…and {len(listed.resources) - limit} more."]
    for foresight in listed.unforeseen:
        lines += [
            "",
            f"What {_escaped(foresight.template)} deploys can't be foreseen: {_escaped(foresight.unforeseen)}",
        ]
    if listed.kept:
        lines += ["", "Kept, though no template of the bundle deploys it:", ""]
        lines += [f"- {_escaped(kept.id)}: {_escaped(kept.why)}" for kept in listed.kept[:limit]]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    for mark in "\\|`*_<>[]":
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\n", " ")
