"""What mode Complete would delete, as it is listed, shown and approved; and what it keeps."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Self

from armature.leftovers import Leftover
from armature.models import Model

SHOWN = 20
"""Resources of a list, and leftovers, in the state. All of them are in a document of its own."""


class FoundResource(Model):
    """A resource as the list of its resource group shows it.

    `managed_by` is the resource that manages it. `part_of` is what it goes with by itself when that is deleted, and
    without which it can't be deleted: the private endpoint of a network interface.
    """

    id: str
    type: str
    name: str
    location: str | None = None
    kind: str = ""
    tags: dict[str, str] = {}
    managed_by: str | None = None
    part_of: str | None = None
    created_at: datetime | None = None
    changed_at: datetime | None = None


class Lock(Model):
    """A management lock, and the resource, resource group or subscription that it is on."""

    id: str
    scope: str
    level: str


class Owner(Model):
    """A deployment of another lineage that has deployed a resource."""

    deployment_id: str
    project: str = ""
    environment: str = ""

    @property
    def words(self) -> str:
        """Such as: the deployment web-7 (project shop, environment test)."""
        lineage = f" (project {self.project}, environment {self.environment})" if self.project else ""
        return f"the deployment {self.deployment_id}{lineage}"


class Foresight(Model):
    """What a template would write, as ARM's validation tells it before anything is touched; and why nobody can tell
    all of it, where that is so."""

    template: str
    ids: tuple[str, ...] = ()
    unforeseen: str = ""


class DoomedResource(Model):
    """A resource that is to be deleted, as it is shown to whoever approves.

    `holds_data` is true of what loses data with it. `comes_back` is false when a rollback can't restore it; `why` says
    so. `locked_by` is the id of a lock that keeps it: it is not tried. `goes_with` is what it disappears with: it is
    not deleted by itself. `tags_mark` stands for its tags, and `managed_by` for what manages it. `used_by` are the
    first of what the templates deploy that refer to it: they may not work without it, or Azure not delete it for them.
    """

    id: str
    type: str
    name: str
    location: str | None = None
    changed_at: datetime | None = None
    created_at: datetime | None = None
    holds_data: bool = False
    comes_back: bool = False
    why: str = ""
    locked_by: str | None = None
    goes_with: str | None = None
    managed_by: str | None = None
    tags_mark: str = ""
    used_by: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        """What was approved of it: which resource, as it was when it was last changed, to be deleted or to be kept by
        its lock."""
        made, changed = (moment.isoformat() if moment else "" for moment in (self.created_at, self.changed_at))
        return "|".join((self.id.lower(), made, changed, self.tags_mark, "locked" if self.locked_by else ""))


class KeptReason(StrEnum):
    """Why something is kept though no template of the bundle deploys it."""

    OTHER_LINEAGE = "otherLineage"
    ARMATURE = "armature"
    MANAGED = "managed"
    PLATFORM = "platform"


class KeptResource(Model):
    """A resource that is kept though no template of the bundle deploys it, and why."""

    id: str
    reason: KeptReason
    why: str


class CleanUpList(Model):
    """Exactly what would go, at a moment: before anything was touched (what the templates write is foreseen then), or
    after the rollout.

    `unforeseen` are the templates of which could not be told what they write, with the reason: what they deploy is not
    known to be kept, so the list is incomplete, and is made again after the rollout. `notes` tell what else could not
    be found out.
    """

    deployment_id: str
    list_id: str
    at: datetime
    is_after_rollout: bool = False
    groups: tuple[str, ...] = ()
    resources: tuple[DoomedResource, ...] = ()
    kept: tuple[KeptResource, ...] = ()
    unforeseen: tuple[Foresight, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def to_delete(self) -> tuple[DoomedResource, ...]:
        """What is deleted, by itself or with what it belongs to."""
        return tuple(each for each in self.resources if each.locked_by is None)

    @property
    def locked(self) -> tuple[DoomedResource, ...]:
        """What a lock keeps."""
        return tuple(each for each in self.resources if each.locked_by is not None)

    def unapproved(self, marks: Iterable[str]) -> tuple[DoomedResource, ...]:
        """What would be deleted, and was not approved exactly so."""
        known = set(marks)
        return tuple(each for each in self.to_delete if each.mark not in known)


def list_id_of(resources: Iterable[DoomedResource]) -> str:
    """What stands for exactly this list: the same for the same resources in any order, another when one is changed."""
    marks = "\n".join(sorted(each.mark for each in resources))
    return hashlib.sha256(marks.encode()).hexdigest()[:16]


def tags_mark_of(tags: dict[str, str]) -> str:
    """What stands for these tags; tag names are compared without letter case."""
    told = sorted((name.lower(), value) for name, value in tags.items())
    return hashlib.sha256(repr(told).encode()).hexdigest()[:12] if told else ""


class CleanUpRecord(Model):
    """What became of a deployment's lists. `current` is the last list, `approved` are those that somebody, or the
    option `force`, has approved."""

    current: str = ""
    approved: tuple[str, ...] = ()

    def with_list(self, list_id: str) -> Self:
        """With a newer list."""
        return self.model_copy(update={"current": list_id})

    def with_approval(self, list_id: str) -> Self:
        """With the approval of a list. Twice: the same."""
        return self.model_copy(update={"approved": tuple(dict.fromkeys((*self.approved, list_id)))})


class CleanUpState(Model):
    """How far the deletions of mode Complete are. The whole list is a document of its own; `shown` are its first.

    `total` counts what the list holds, `locked` what of it a lock keeps, `holding_data` what loses data, `final` what
    no rollback restores. `to_delete` counts what is to go, `deleted` what is gone; `leftovers` are the first of what
    could not be deleted, `left` all of them. `is_complete` is false while templates are unforeseen.
    """

    list_id: str = ""
    is_after_rollout: bool = False
    is_complete: bool = True
    total: int = 0
    to_delete: int = 0
    locked: int = 0
    holding_data: int = 0
    final: int = 0
    kept: int = 0
    shown: tuple[DoomedResource, ...] = ()
    deleted: int = 0
    left: int = 0
    leftovers: tuple[Leftover, ...] = ()

    @classmethod
    def of(cls, listed: CleanUpList) -> Self:
        """A list before its deletions begin."""
        return cls(
            list_id=listed.list_id,
            is_after_rollout=listed.is_after_rollout,
            is_complete=not listed.unforeseen,
            total=len(listed.resources),
            to_delete=len(listed.to_delete),
            locked=len(listed.locked),
            holding_data=sum(each.holds_data for each in listed.to_delete),
            final=sum(not each.comes_back for each in listed.to_delete),
            kept=len(listed.kept),
            shown=listed.resources[:SHOWN],
        )


class CleanUpEntry(DoomedResource):
    """A resource of a list as the API shows it: `status` is what became of it, `reason` why it is left."""

    status: str = ""
    reason: str = ""


class CleanUpView(Model):
    """A page of a list as the API shows it. `next` is where the next page begins; None at the end."""

    deployment_id: str
    list_id: str
    at: datetime
    is_after_rollout: bool = False
    is_approved: bool = False
    groups: tuple[str, ...] = ()
    total: int = 0
    value: tuple[CleanUpEntry, ...] = ()
    next: int | None = None
    kept: tuple[KeptResource, ...] = ()
    unforeseen: tuple[Foresight, ...] = ()
    notes: tuple[str, ...] = ()
