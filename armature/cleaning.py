"""Mode Complete: what the target resource groups hold that no template of the bundle names."""

from datetime import datetime

from armature.leftovers import Leftover
from armature.models import Model


class DoomedResource(Model):
    """A resource that is to be deleted, as it is shown to whoever approves.

    `holds_data` is true of what loses data with it. `comes_back` is false when a rollback can't restore it; `why` says
    so. `locked_by` names a lock that keeps it.
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


class CleanUpState(Model):
    """How far the deletions of mode Complete are. The whole list is a document of its own; `shown` are its first."""

    list_id: str = ""
    total: int = 0
    locked: int = 0
    shown: tuple[DoomedResource, ...] = ()
    deleted: tuple[str, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
