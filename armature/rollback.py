"""What a rollback is to do, decided from what is known: which resources that the deployment created are deleted, and in
what order; and what nobody can undo.

Pure: activities gather the facts (the deployment's operations, the proofs of armature.surveying), and act. Which
previous versions are deployed again is armature.previous_versions, how far the deletions are armature.deletions.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from graphlib import CycleError
from typing import Self

from armature.graph import tiers
from armature.leftovers import Leftover
from armature.models import Model
from armature.surveying import Proofs, Sighting, is_deployment, is_group, owners_of

_NOT_PROVEN = (
    "This deployment wrote it, and it is not known what was there before, if anything was: it was neither deleted nor "
    "put back."
)
_LOOK_AND_DELETE = "Look at it in the portal, and delete it if this deployment made it."
_PUT_BACK = "Deploy the version that it should have. The activity log tells what was changed."

_NOT_OURS = (
    "It was created at {created:%Y-%m-%d %H:%M:%S} UTC, when this deployment was not writing it: somebody else has "
    "made it, or made it anew, and it was not deleted."
)
_MADE_BY_WHOM = (
    "It was not there before, and no operation that ARM still tells of has made it: it may be somebody else's, and was "
    "not deleted."
)
_BELONGS_TO_OTHERS = (
    "This deployment made it, but somebody else has put {other} into it since, which would be deleted with it."
)
_DEPLOYED_SINCE = "This deployment made it, but {other} has deployed it too since: it is that one's by now."
_DECIDE = "Delete it if nobody needs it. The activity log tells who made what."

_BEGINNING = datetime.min.replace(tzinfo=UTC)

CLOCKS_DIFFER = timedelta(seconds=5)
"""How far apart two clocks of Azure may be: that of an operation's moments and that of a resource's creation."""


class Write(Model):
    """A resource that a deployment of ours created or changed, or began to, as an operation of it tells.

    `at` is the moment of the operation's last change, `since` that of its beginning; `by` the id of the ARM deployment
    that it is an operation of, and `template` the template's that this belongs to.

    `is_refused` tells that the operation failed. `is_told` is false when none tells that the deployment made it.
    """

    id: str
    is_succeeded: bool = True
    is_refused: bool = False
    is_told: bool = True
    at: datetime | None = None
    since: datetime | None = None
    by: str
    template: str = ""


class Doer(Model):
    """An ARM deployment that wrote, one of a template or one linked to it; `part_of` is the one that linked to it.

    `before` tells for a resource or linked deployment which others of the same deployment it depended on; `after` names
    the ARM deployments that had succeeded before this one began.
    """

    id: str
    part_of: str | None = None
    before: dict[str, tuple[str, ...]] = {}
    after: tuple[str, ...] = ()


class TemplateWrites(Model):
    """All that one template's ARM deployment, and those that it linked to, wrote.

    `is_whole` is false when ARM has lost one of them: what it wrote is not known. `others` are resources that were
    absent before, and that somebody else had made when the template was started anew.
    """

    template: str
    is_whole: bool = True
    writes: tuple[Write, ...] = ()
    doers: tuple[Doer, ...] = ()
    others: tuple[str, ...] = ()

    def with_more(self, found: Self) -> Self:
        """With what was found of another start of the template. The same again adds nothing."""
        doers = {doer.id.lower(): doer for doer in (*self.doers, *found.doers)}
        return self.model_copy(
            update={
                "is_whole": self.is_whole and found.is_whole,
                "writes": tuple(dict.fromkeys((*self.writes, *found.writes))),
                "doers": tuple(doers.values()),
                "others": tuple(dict.fromkeys((*self.others, *found.others))),
            }
        )


class Deletion(Model):
    """A resource to delete. Those of a lower `level` go first. `may_purge`: its name was free before, so that what
    deletion keeps of it is this deployment's, and may be let go."""

    id: str
    level: int
    may_purge: bool = False


class Change(Model):
    """A resource that existed before and that the deployment wrote: its fingerprint from before."""

    id: str
    fingerprint: str


class Undoing(Model):
    """All that the deployment did in Azure: what is to be deleted, in order; what existed before and is to be as it
    was; and what can't be judged, for some of which there are `reasons`. Written once for a rollback.

    `no_previous` says why no previous versions are deployed again; None when they are.
    """

    no_previous: str | None = None
    deletions: tuple[Deletion, ...] = ()
    changes: tuple[Change, ...] = ()
    unproven: tuple[str, ...] = ()
    reasons: dict[str, str] = {}


def undoing_of(
    writes: Iterable[Write],
    doers: Iterable[Doer],
    proofs: Proofs,
    *,
    created_at: Mapping[str, datetime],
    also_created: Iterable[str] = (),
    claimed: Mapping[str, str] | None = None,
) -> Undoing:
    """What is to be undone of `writes`.

    `created_at` are the moments of creation of all that ARM's lists show, by id in lower case. `also_created` are
    resources that exist, though no operation tells of their making. Nothing that existed before is deleted, nor
    anything of which that is not known; nor what was created while none of the writes of it went on, nor what somebody
    else has put something into since. `claimed` tells of what other deployments have deployed since, by id in lower
    case, which one it was: neither that is deleted, nor what it belongs to.
    """
    spans: dict[str, list[Write]] = {}
    for write in sorted(writes, key=lambda write: write.at or _BEGINNING):
        if not is_deployment(write.id):
            spans.setdefault(write.id.lower(), []).append(write)
    first = {key: all_[0] for key, all_ in spans.items()}
    existed = {key: _existed(proofs, all_, created_at.get(key)) for key, all_ in spans.items()}
    created = {key: write.id for key, write in first.items() if existed[key] is False}
    created |= {id_.lower(): id_ for id_ in also_created if proofs.existed(id_) is False}
    reasons = {
        key: _NOT_OURS.format(created=created_at[key]) if key in created_at else _MADE_BY_WHOM
        for key in created
        if key in spans and not _is_of_ours(spans[key], created_at.get(key))
    }
    for key in reasons:
        del created[key]
    for key, other in _others_within(created, spans, created_at):
        reasons[key] = _BELONGS_TO_OTHERS.format(other=other)
        created.pop(key, None)
    for id_, deployment in (claimed or {}).items():
        for key in {id_, *(owner.lower() for owner in owners_of(id_))} & set(created):
            if not is_group(key):
                reasons[key] = _DEPLOYED_SINCE.format(other=deployment)
                del created[key]
    levels = _levels(created, first, doers)
    latest_first = sorted(created, key=lambda key: first[key].at or _BEGINNING if key in first else _BEGINNING)[::-1]
    deletions = [
        Deletion(id=created[key], level=levels[key], may_purge=proofs.is_name_free(key)) for key in latest_first
    ]
    present = proofs.present
    marks = {key: sighting.fingerprint for key in first if existed[key] and (sighting := present.get(key))}
    changes = [Change(id=first[key].id, fingerprint=mark) for key, mark in marks.items() if mark]
    judged_by = {*created, *(change.id.lower() for change in changes)}
    return Undoing(
        deletions=tuple(sorted(deletions, key=lambda deletion: deletion.level)),
        changes=tuple(changes),
        unproven=tuple(write.id for key, write in first.items() if key not in judged_by),
        reasons=reasons,
    )


def _existed(proofs: Proofs, writes: Sequence[Write], created_at: datetime | None) -> bool | None:
    """Whether a resource with these writes existed before all of them."""
    id_ = writes[0].id
    is_seen_late = not all(proofs.was_seen_before(id_, write.template, write.since or write.at) for write in writes)
    return proofs.existed(id_, created_at, is_seen_late=is_seen_late)


def _is_of_ours(writes: Iterable[Write], created_at: datetime | None) -> bool:
    """Whether what was created then can come of one of these writes of it. Of a write that nobody tells of, only the
    moment of the creation tells."""
    return any(
        write.is_told
        if created_at is None
        else (write.since is None or write.since - CLOCKS_DIFFER <= created_at)
        and (write.at is None or created_at <= write.at + CLOCKS_DIFFER)
        for write in writes
    )


def _others_within(
    created: Mapping[str, str], spans: Mapping[str, Sequence[Write]], created_at: Mapping[str, datetime]
) -> Iterator[tuple[str, str]]:
    """What of `created` holds something that somebody else has created since the deployment wrote its last, and that.

    What a provider creates by itself, as it does with the first database of a server, comes while a write goes on.
    """
    last = max((write.at for all_ in spans.values() for write in all_ if write.at), default=None)
    if last is None:
        return
    for key, moment in created_at.items():
        if moment <= last + CLOCKS_DIFFER or key in created:
            continue
        for owner in owners_of(key):
            if owner.lower() in created and not is_group(owner):
                yield owner.lower(), key


def _levels(created: Mapping[str, str], first: Mapping[str, Write], doers: Iterable[Doer]) -> dict[str, int]:
    """For each resource how many waves of deletions come before its own: dependents, children and extensions first, and
    resource groups, which show whether anything is left in them, after everything else."""
    owned = {key: {owner.lower() for owner in owners_of(key)} & set(created) for key in created}
    edges: dict[str, set[str]] = {key: set() for key in created}
    for key, owners in owned.items():
        for owner in owners:
            edges[owner].add(key)
    try:
        found = tiers(_with_dependencies(edges, created, first, doers))
    except CycleError:  # ARM's order contradicts what belongs to what, which alone never goes in a circle
        found = tiers(edges)
    of_resources = {key: found[key] for key in created if not is_group(key)}
    ranks = {level: rank for rank, level in enumerate(sorted(set(of_resources.values())))}
    groups = {key: len(ranks) for key in created if is_group(key)}
    return {key: ranks[level] for key, level in of_resources.items()} | groups


def _with_dependencies(
    edges: Mapping[str, set[str]], created: Mapping[str, str], first: Mapping[str, Write], doers: Iterable[Doer]
) -> dict[str, set[str]]:
    """The edges (for each the ones that go before it) with ARM's own order turned round.

    A deployment stands in the graph by two marks, between which all that it made is deleted.
    """
    found = {key: set(before) for key, before in edges.items()}
    known = {doer.id.lower() for doer in doers}

    def ends_of(key: str) -> tuple[str, str] | None:
        """Before and after what the deletion of a resource, or of all that a deployment made, takes place."""
        if key in known:
            return f"{key}>", f"{key}<"
        return (key, key) if key in created and not is_group(key) else None

    def put(before: str, after: str) -> None:
        found.setdefault(before, set())
        found.setdefault(after, set()).add(before)

    for key in created:
        if key in first and not is_group(key) and (by := first[key].by.lower()) in known:
            put(f"{by}>", key)
            put(key, f"{by}<")
    for doer in doers:
        key = doer.id.lower()
        put(f"{key}>", f"{key}<")
        if doer.part_of:
            put(f"{doer.part_of.lower()}>", f"{key}>")
            put(f"{key}<", f"{doer.part_of.lower()}<")
        order = [(dependent, needed) for dependent, all_needed in doer.before.items() for needed in all_needed]
        order += [(doer.id, earlier) for earlier in doer.after]
        for dependent, needed in order:
            one, other = ends_of(dependent.lower()), ends_of(needed.lower())
            if one and other and one != other:
                put(one[1], other[0])
    return found


def with_rewritten(undoing: Undoing, present: Mapping[str, Sighting], covered: Iterable[str]) -> Undoing:
    """With the changes that only the previous versions made, of what was `present` before: a deployment that ended
    early may not have come to write all that is written again."""
    known = {change.id.lower() for change in undoing.changes}
    found = {id_.lower(): (id_, sighting.fingerprint) for id_ in covered if (sighting := present.get(id_.lower()))}
    fresh = (Change(id=id_, fingerprint=mark) for key, (id_, mark) in found.items() if mark and key not in known)
    return undoing.model_copy(update={"changes": (*undoing.changes, *fresh)})


class Verdict(Model):
    """What a rollback did not put back, and what it did whose content is not what it was (`differing`)."""

    leftovers: tuple[Leftover, ...] = ()
    differing: tuple[str, ...] = ()


def judged(undoing: Undoing, after: Iterable[Sighting], covered: Iterable[str], why_not: str) -> Verdict:
    """What is not as it was, from how it is `after` the rollback.

    `covered` are the resources that previous versions wrote again: they are what the lineage says that they are, also
    when somebody had changed them before by hand. `why_not` says why the others were not written again.
    """
    seen = {sighting.id.lower(): sighting for sighting in after}
    put_back = {id_.lower() for id_ in covered}
    leftovers: list[Leftover] = []
    differing: list[str] = []
    for change in undoing.changes:
        sighting = seen.get(change.id.lower())
        if sighting is None or sighting.fingerprint == change.fingerprint:
            continue
        if change.id.lower() in put_back and sighting.existed is not False:
            differing.append(change.id)
        else:
            what = "is gone since" if sighting.existed is False else "was changed by"
            reason = f"It existed before, and {what} this deployment. {why_not}".strip()
            leftovers.append(Leftover(id=change.id, reason=reason, suggestion=_PUT_BACK))
    for id_ in undoing.unproven:
        sighting = seen.get(id_.lower())
        if sighting is not None and sighting.existed is not False and id_.lower() not in put_back:
            told = undoing.reasons.get(id_.lower())
            suggestion = _DECIDE if told else _LOOK_AND_DELETE
            leftovers.append(Leftover(id=id_, reason=told or _NOT_PROVEN, suggestion=suggestion))
    return Verdict(leftovers=tuple(leftovers), differing=tuple(differing))
