"""A template's part of a preview: Azure's answer with the noise folded, losses found, and secrets hidden."""

from collections.abc import Mapping
from typing import Any

from armature.preview.answers import Difference, Told, read_changes, written
from armature.preview.identity import identity_of
from armature.preview.model import ChangeKind, PropertyChange, ResourceChange, Untold
from armature.preview.noise import rule_of
from armature.preview.open_values import why_untold
from armature.preview.replacements import removed_children, why_replaced
from armature.preview.secrets import shown

DEPLOYMENT_TYPE = "microsoft.resources/deployments"

MAX_PROPERTIES = 60
"""Of one resource; what is beyond is counted."""


def changes_of(properties: Mapping[str, Any], template: str, own_tags: Mapping[str, str]) -> tuple[ResourceChange, ...]:
    """What a template would change, from the `properties` of Azure's answer. Every resource in it is told, and every
    resource that goes with an element of another's array. Nested deployments are none: they are how it is done."""
    found: list[ResourceChange] = []
    for told in read_changes(properties):
        if identity_of(told.id).type.lower() != DEPLOYMENT_TYPE:
            found += _changes(told, template, own_tags)
    return tuple(found)


def _changes(told: Told, template: str, own_tags: Mapping[str, str]) -> list[ResourceChange]:
    identity = identity_of(told.id)
    changed: list[PropertyChange] = []
    gone: list[ResourceChange] = []
    reasons = [told.reason] if told.reason else []
    for difference in told.differences:
        rule = None
        if told.kind is ChangeKind.MODIFY:
            rule = rule_of(identity.type, difference, own_tags, told.api_version)
        untold = why_untold(identity.type, difference) if rule is None else None
        is_modified = told.kind is ChangeKind.MODIFY and rule is None and untold is None
        why = why_replaced(identity.type, difference) if is_modified else None
        if rule is None:
            children = removed_children(identity.type, told.id, difference, told.api_version)
            gone += [_removed(*child, template, told.id) for child in children]
        if why is not None:
            reasons.append(f"{written(difference.path)}: {why}")
        changed.append(_property_change(identity.type, difference, rule, untold, replaces=why is not None))
    if told.kind in (ChangeKind.IGNORE, ChangeKind.NO_CHANGE):
        changed = []
    changed.sort(key=lambda change: (change.folded is not None, change.path))
    change = ResourceChange(
        id=told.id,
        type=identity.type,
        name=identity.name,
        kind=_kind_after_folding(told, changed),
        templates=() if told.kind is ChangeKind.IGNORE else (template,),
        properties=tuple(changed[:MAX_PROPERTIES]),
        more_properties=max(0, len(changed) - MAX_PROPERTIES),
        reasons=tuple(dict.fromkeys(reasons)),
    )
    return [change, *gone]


def _kind_after_folding(told: Told, changed: list[PropertyChange]) -> ChangeKind:
    """A modification of which nothing is left is none, and of one that is all in doubt nobody can tell. Nothing else is
    ever folded away."""
    if told.kind is not ChangeKind.MODIFY:
        return told.kind
    if any(change.replaces for change in changed):
        return ChangeKind.REPLACE
    left = [change for change in changed if change.folded is None]
    if changed and not left:
        return ChangeKind.NO_CHANGE
    is_in_doubt = bool(left) and all(change.untold is not None for change in left)
    return ChangeKind.UNSUPPORTED if is_in_doubt else ChangeKind.MODIFY


def _property_change(
    resource_type: str, difference: Difference, rule: str | None, untold: Untold | None, *, replaces: bool
) -> PropertyChange:
    return PropertyChange(
        path=written(difference.path),
        kind=difference.kind,
        before=shown(resource_type, difference.path, difference.before),
        after=shown(resource_type, difference.path, difference.after),
        folded=rule,
        untold=untold,
        replaces=replaces,
    )


def _removed(child_id: str, child_type: str, template: str, parent_id: str) -> ResourceChange:
    return ResourceChange(
        id=child_id,
        type=child_type,
        name=identity_of(child_id).name,
        kind=ChangeKind.DELETE,
        templates=(template,),
        reasons=(f"It is not among what the template writes of {identity_of(parent_id).name} any more.",),
    )
