"""What mode Complete would delete, as changes beside those of the templates."""

from collections.abc import Iterator

from armature.cleaning import CleanUpList
from armature.preview.model import ChangeKind, ResourceChange

_WHY = "Mode Complete deletes it: no template of the bundle deploys it."


def doomed_changes(listed: CleanUpList) -> Iterator[ResourceChange]:
    """The resources of the list that are not kept by a lock, as deletions by no template."""
    for each in listed.to_delete:
        reasons = [_WHY, *([each.why] if each.why else []), *(["It holds data."] if each.holds_data else [])]
        reasons += [f"{user} refers to it." for user in each.used_by]
        yield ResourceChange(id=each.id, type=each.type, name=each.name, kind=ChangeKind.DELETE, reasons=tuple(reasons))
