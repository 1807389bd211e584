"""What retention removes, and what it keeps and why: pure decisions from what states, lineages and lists tell.

Needed is what may still run, and what a rollback that may still be asked for redeploys from. docs/adr/0011 tells why no
lock is taken for it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Annotated

from pydantic import Field

from armature.control import LineageRecord
from armature.models import Model
from armature.state import DeploymentState, Status

BUNDLE_KEPT_FOR = timedelta(days=1)
"""A bundle is uploaded first and deployed later: for so long it is kept whatever the retention."""


class KeepReason(StrEnum):
    """Why a deployment is kept, the strongest first: one that has several is told with the first."""

    NOT_FINAL = "notFinal"
    LATEST = "latest"
    LAST_COMPLETED = "lastCompleted"
    PREDECESSOR = "predecessor"
    PACKAGES = "packages"
    YOUNG = "young"

    @property
    def words(self) -> str:
        """The reason as a person reads it."""
        return _WORDS[self]


_WORDS = {
    KeepReason.NOT_FINAL: "It has not ended.",
    KeepReason.LATEST: "It was the last to have its lineage's turn: it can be resumed or rolled back.",
    KeepReason.LAST_COMPLETED: "It is among the last that completed in its lineage.",
    KeepReason.PREDECESSOR: "A rollback of a deployment that is kept would deploy it again.",
    KeepReason.PACKAGES: "Sites may run from its packages: no later deployment has completed those templates.",
    KeepReason.YOUNG: "It has changed within the retention.",
}


class Remembered(Model):
    """A deployment as retention sees it. `lineage_key` is that of the lineage in which it had its turn: a preview had
    none, so it stands for nothing that is deployed. `changed_at` is its last change; `previous_deployment_id` is what
    its rollback would redeploy; `packaged` are the names of its templates whose sites run from packages. One that
    `is_leaving` may have lost a part already: it can only go."""

    deployment_id: str
    status: Status
    changed_at: datetime
    lineage_key: str | None = None
    previous_deployment_id: str | None = None
    bundle_id: str | None = None
    packaged: tuple[str, ...] = ()
    is_leaving: bool = False

    @classmethod
    def of(cls, state: DeploymentState) -> "Remembered":
        """What a state tells; what is packaged only the plan knows."""
        return cls(
            deployment_id=state.deployment_id,
            status=state.status,
            changed_at=state.updated_at,
            lineage_key=state.turn_key,
            previous_deployment_id=state.rollback.previous_deployment_id,
            bundle_id=state.bundle.stored_id,
            is_leaving=state.retired_at is not None,
        )


class RetentionRule(Model):
    """What is kept at least: all that changed after `cutoff`, and the last `keep_completed` of each lineage."""

    cutoff: datetime
    keep_completed: Annotated[int, Field(ge=1)]


class Kept(Model):
    """That a deployment is kept, and why; `needed_by` is the deployment whose rollback would use it."""

    deployment_id: str
    reason: KeepReason
    needed_by: str | None = None


def kept_deployments(
    deployments: Iterable[Remembered], lineages: Mapping[str, LineageRecord], rule: RetentionRule
) -> dict[str, Kept]:
    """Those of the deployments that must stay, by id, each with the strongest reason. All others may go.

    `lineages` are the records by lineage key; a lineage without one is judged by its states alone.
    """
    known = {deployment.deployment_id: deployment for deployment in deployments}
    reasons = [
        Kept(deployment_id=id_, reason=KeepReason.NOT_FINAL) for id_, d in known.items() if not d.status.is_final
    ]
    for key in dict.fromkeys(d.lineage_key for d in known.values() if d.lineage_key is not None):
        members = sorted((d for d in known.values() if d.lineage_key == key), key=_age)
        reasons += _kept_of_lineage(members, lineages.get(key, LineageRecord()), rule.keep_completed)
    reasons += [
        Kept(deployment_id=id_, reason=KeepReason.YOUNG)
        for id_, d in known.items()
        if d.changed_at > rule.cutoff and not d.is_leaving
    ]
    order = list(KeepReason)
    found: dict[str, Kept] = {}
    for kept in sorted(reasons, key=lambda kept: order.index(kept.reason)):
        if kept.deployment_id in known:
            found.setdefault(kept.deployment_id, kept)
    return found


def needed_for(
    mine: Remembered, record: LineageRecord, look_up: Callable[[str], Remembered | None], rule: RetentionRule
) -> KeepReason | None:
    """Why a deployment that may have been removable a while ago is needed as its lineage stands now; None if it is not.

    Only those that the record leads to are looked up: nothing else of the lineage can come to need it (docs/adr/0011).
    """
    if mine.lineage_key is None or record.latest is None:  # a version that kept no records could not roll back either
        return None
    completed = islice(filter(None, map(look_up, reversed(record.completed))), rule.keep_completed)
    others = [*completed, *filter(None, [look_up(record.latest)])]
    known = {other.deployment_id: other for other in (*others, mine)}
    kept = kept_deployments(known.values(), {mine.lineage_key: record}, rule).get(mine.deployment_id)
    return kept.reason if kept else None


def _age(deployment: Remembered) -> tuple[datetime, str]:
    return deployment.changed_at, deployment.deployment_id


def _kept_of_lineage(members: Sequence[Remembered], record: LineageRecord, keep_completed: int) -> list[Kept]:
    """What one lineage needs; `members` are in the order of their last change."""
    latest = record.latest or members[-1].deployment_id
    whole = [deployment for deployment in members if not deployment.is_leaving]
    completed = last_completed(whole, record, keep_completed)
    whole_ids = {deployment.deployment_id for deployment in whole}
    return [
        Kept(deployment_id=latest, reason=KeepReason.LATEST),
        *(Kept(deployment_id=id_, reason=KeepReason.LAST_COMPLETED) for id_ in completed),
        *(
            Kept(deployment_id=previous, reason=KeepReason.PREDECESSOR, needed_by=deployment.deployment_id)
            for deployment in members
            if (previous := deployment.previous_deployment_id) is not None
            and (
                not deployment.status.is_final
                or deployment.deployment_id == latest
                or (deployment.deployment_id in completed and previous in whole_ids)
            )
        ),
        *_deployers_of_packages(whole),
    ]


def last_completed(members: Sequence[Remembered], record: LineageRecord, count: int) -> list[str]:
    """The last `count` that completed, by the record and by the states: either may be ahead of the other for a moment,
    and an app that was updated has states which no record knows."""
    ids = {deployment.deployment_id for deployment in members}
    recorded = [id_ for id_ in record.completed if id_ in ids]
    told = [d.deployment_id for d in members if d.status is Status.COMPLETED or d.deployment_id in recorded]
    return list(dict.fromkeys([*recorded[-count:], *told[-count:]]))


def _deployers_of_packages(members: Sequence[Remembered]) -> list[Kept]:
    """Those whose packages sites may run from: of each template the last that completed it, and what came after it and
    was not undone. A template that later bundles leave out is in place still, and its site runs on."""
    found: list[Kept] = []
    completed: set[str] = set()
    for deployment in reversed(members):
        open_names = set(deployment.packaged) - completed
        if not open_names or not deployment.status.is_final or deployment.status is Status.ROLLED_BACK:
            continue
        found.append(Kept(deployment_id=deployment.deployment_id, reason=KeepReason.PACKAGES))
        if deployment.status is Status.COMPLETED:
            completed |= open_names
    return found


def retired(state: DeploymentState, rule: RetentionRule, now: datetime) -> DeploymentState:
    """The state marked as leaving: no run of it begins any more. As it is when it is not final, or not old."""
    if state.retired_at is not None or not state.status.is_final or state.updated_at > rule.cutoff:
        return state
    return state.model_copy(update={"retired_at": now})


def reinstated(state: DeploymentState) -> DeploymentState:
    """The state without that mark: it turned out to be needed."""
    return state.model_copy(update={"retired_at": None})


class Stored(Model):
    """A blob, or a container of `blobs`, that belongs to no deployment by its name, or to one that is gone."""

    name: str
    etag: str = ""
    size: int = 0
    changed_at: datetime


def unused(stored: Iterable[Stored], used: Iterable[str], cutoff: datetime) -> list[Stored]:
    """What nobody names any more and nobody has touched since `cutoff`."""
    names = frozenset(used)
    return [item for item in stored if item.name not in names and item.changed_at <= cutoff]


def bundle_cutoff(rule: RetentionRule, now: datetime) -> datetime:
    """Since when a bundle must have been there to count as left behind."""
    return min(rule.cutoff, now - BUNDLE_KEPT_FOR)
