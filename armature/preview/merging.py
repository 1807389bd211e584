"""The templates' parts of a preview in one answer: each resource once, with all the templates that name it.

The order of the parts does not matter: what is merged is sorted, and of several words for one thing the same is taken.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence

from armature.preview.model import (
    ChangeKind,
    Counts,
    PropertyChange,
    ResourceChange,
    TemplatePreview,
    TemplateVerdict,
)

_ORDER = {kind: place for place, kind in enumerate(ChangeKind)}
_DECLARED = frozenset({ChangeKind.CREATE, ChangeKind.MODIFY, ChangeKind.NO_CHANGE, ChangeKind.REPLACE})
_CHANGING = frozenset({ChangeKind.DELETE, ChangeKind.REPLACE, ChangeKind.CREATE, ChangeKind.MODIFY})

_BOTH = "One template would delete it, another deploys it."


def merged(parts: Iterable[ResourceChange]) -> tuple[ResourceChange, ...]:
    """Each resource once; in the order of their kinds, then of their ids."""
    by_id: dict[str, list[ResourceChange]] = defaultdict(list)
    for part in parts:
        by_id[part.id.lower()].append(part)
    return tuple(sorted((_one(found) for found in by_id.values()), key=_place))


def with_groups(changes: Iterable[ResourceChange], groups: Iterable[ResourceChange]) -> tuple[ResourceChange, ...]:
    """The changes, and those of the `groups` that no template creates itself."""
    told = list(changes)
    named = {change.id.lower() for change in told if change.kind is not ChangeKind.IGNORE}
    return (*told, *(group for group in groups if group.id.lower() not in named))


def counts_of(resources: Iterable[ResourceChange]) -> Counts:
    """How many there are of each kind."""
    found: dict[ChangeKind, int] = defaultdict(int)
    changed = folded = folded_resources = 0
    for resource in resources:
        found[resource.kind] += 1
        folded += resource.folded
        folded_resources += resource.kind is ChangeKind.NO_CHANGE and resource.folded > 0
        if resource.kind in (ChangeKind.MODIFY, ChangeKind.REPLACE):
            changed += len(resource.certain) + resource.more_properties
    return Counts(
        creates=found[ChangeKind.CREATE],
        modifies=found[ChangeKind.MODIFY],
        deletions=found[ChangeKind.DELETE],
        replacements=found[ChangeKind.REPLACE],
        unchanged=found[ChangeKind.NO_CHANGE],
        ignored=found[ChangeKind.IGNORE],
        unsupported=found[ChangeKind.UNSUPPORTED],
        property_changes=changed,
        folded=folded,
        folded_resources=folded_resources,
    )


def digest_of(resources: Iterable[ResourceChange], templates: Sequence[TemplatePreview]) -> str:
    """What stands for all that would change, and all that is not known of it: the same for previews that tell the same.

    Twenty hex digits of a SHA-256.
    """
    told = [
        [change.kind, change.id.lower(), [part.dump() for part in change.told], change.more_properties]
        for change in sorted(resources, key=_place)
        if change.kind in _CHANGING or change.kind is ChangeKind.UNSUPPORTED
    ]
    open_ = sorted([part.template, part.verdict] for part in templates if part.verdict is not TemplateVerdict.ACCEPTED)
    text = json.dumps([told, open_], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _one(found: list[ResourceChange]) -> ResourceChange:
    kind = _kind_of({part.kind for part in found})
    speaking = [part for part in found if part.kind is not ChangeKind.IGNORE] or found
    telling = [part for part in speaking if part.kind is kind] or speaking
    reasons = {reason for part in speaking for reason in part.reasons}
    if kind is ChangeKind.REPLACE and any(part.kind is ChangeKind.DELETE for part in found):
        reasons.add(_BOTH)
    named = min(speaking, key=lambda part: (part.id, part.type, part.name))
    return ResourceChange(
        id=named.id,
        type=named.type,
        name=named.name,
        kind=kind,
        templates=tuple(sorted({template for part in speaking for template in part.templates})),
        properties=_union(part.properties for part in telling),
        more_properties=max(part.more_properties for part in telling),
        reasons=tuple(sorted(reasons)),
    )


def _kind_of(kinds: set[ChangeKind]) -> ChangeKind:
    """What becomes of a resource of which several templates tell: the loss counts more than the making.

    What one template creates another may modify: it is created. What one leaves, another may change.
    """
    if ChangeKind.DELETE in kinds and kinds & _DECLARED:
        return ChangeKind.REPLACE
    return min(kinds, key=_RANK.index)


_RANK = (
    ChangeKind.DELETE,
    ChangeKind.REPLACE,
    ChangeKind.CREATE,
    ChangeKind.MODIFY,
    ChangeKind.UNSUPPORTED,
    ChangeKind.NO_CHANGE,
    ChangeKind.IGNORE,
)


def _union(parts: Iterable[tuple[PropertyChange, ...]]) -> tuple[PropertyChange, ...]:
    found = {json.dumps(change.dump(), sort_keys=True, default=str): change for part in parts for change in part}
    return tuple(
        found[key] for key in sorted(found, key=lambda key: (found[key].folded is not None, found[key].path, key))
    )


def _place(change: ResourceChange) -> tuple[int, str]:
    return _ORDER[change.kind], change.id.lower()
