"""From what the target resource groups hold to the exact list of what would go."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from armature.cleaning.data import holds_data, what_is_lost
from armature.cleaning.keeping import kept_of, system_owner
from armature.cleaning.model import (
    CleanUpList,
    DoomedResource,
    Foresight,
    FoundResource,
    Lock,
    Owner,
    list_id_of,
    tags_mark_of,
)
from armature.surveying import owners_of

_NO_LEVELS = "notspecified"


@dataclass(frozen=True)
class Facts:
    """All that the list is made of.

    `found` is what the `groups` (their ids) hold. `ours` are the ids that the bundle's templates deploy, `others` those
    of other lineages and `own` Armature's own, both by id in lower case. `restorable` are the ids that templates of the
    deployment `previous`, to which a rollback would go back, deploy. `used_by` tells, by id in lower case, which of
    `ours` refer to something.
    """

    groups: tuple[str, ...]
    found: Sequence[FoundResource]
    ours: Iterable[str]
    others: Mapping[str, Owner] = field(default_factory=dict)
    own: Mapping[str, str] = field(default_factory=dict)
    locks: Sequence[Lock] = ()
    restorable: Iterable[str] = ()
    previous: str | None = None
    unforeseen: tuple[Foresight, ...] = ()
    used_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def doomed_list(deployment_id: str, facts: Facts, at: datetime, *, is_after_rollout: bool = False) -> CleanUpList:
    """The list: all that the groups hold and nothing keeps, in the order of the ids."""
    kept = kept_of(facts.found, facts.ours, facts.others, facts.own)
    going = {each.id.lower(): each for each in facts.found if each.id.lower() not in kept}
    locked = _locked(going, facts.locks)
    restorable = {id_.lower() for id_ in facts.restorable}
    resources = tuple(
        _doomed(going[key], locked.get(key), going, facts, is_restorable=key in restorable) for key in sorted(going)
    )
    shown = {each.id.lower() for each in facts.found}
    return CleanUpList(
        deployment_id=deployment_id,
        list_id=list_id_of(resources),
        at=at,
        is_after_rollout=is_after_rollout,
        groups=facts.groups,
        resources=resources,
        kept=tuple(reason for key, reason in sorted(kept.items()) if reason is not None and key in shown),
        unforeseen=facts.unforeseen,
        notes=facts.notes,
    )


def _doomed(
    each: FoundResource,
    lock: str | None,
    going: Mapping[str, FoundResource],
    facts: Facts,
    *,
    is_restorable: bool,
) -> DoomedResource:
    has_data = holds_data(each.type)
    owner = system_owner(each)
    return DoomedResource(
        id=each.id,
        type=each.type,
        name=each.name,
        location=each.location,
        changed_at=each.changed_at,
        created_at=each.created_at,
        holds_data=has_data,
        comes_back=is_restorable and not has_data,
        why=_why(each, has_data=has_data, is_restorable=is_restorable, previous=facts.previous),
        locked_by=lock,
        goes_with=owner if owner and owner.lower() in going else None,
        managed_by=each.managed_by,
        used_by=facts.used_by.get(each.id.lower(), ()),
        tags_mark=tags_mark_of(each.tags),
    )


def _why(each: FoundResource, *, has_data: bool, is_restorable: bool, previous: str | None) -> str:
    """What a rollback can do about its deletion."""
    lost = what_is_lost(each.type, each.name)
    if is_restorable and has_data:
        return f"A rollback deploys it again as in {previous}, without its data. {lost}".strip()
    if is_restorable:
        return f"A rollback deploys it again as in {previous}."
    return f"No rollback restores it: no template of an earlier deployment of the lineage deploys it. {lost}".strip()


def _locked(going: Mapping[str, FoundResource], locks: Iterable[Lock]) -> dict[str, str]:
    """The lock that keeps each of these, by id in lower case: one on it, on what holds it, on something in it; or one
    that keeps what manages it, or what it goes with."""
    found: dict[str, str] = {}
    for lock in locks:
        if lock.level.lower() == _NO_LEVELS:
            continue
        scope = lock.scope.lower().rstrip("/")
        for key in going:
            if key == scope or key.startswith(f"{scope}/") or scope.startswith(f"{key}/"):
                found.setdefault(key, lock.id)
    is_growing = True
    while is_growing:
        is_growing = False
        for key, each in going.items():
            holders = (each.managed_by, system_owner(each), *owners_of(each.id))
            lock_id = next((found[h.lower()] for h in holders if h and h.lower() in found), None)
            if lock_id is not None and key not in found:
                found[key] = lock_id
                is_growing = True
    return found
