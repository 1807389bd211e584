"""The API's smaller answers, as models. The large one, a deployment's state, is armature.state's."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pydantic
from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from armature.audit import AuditEntry
from armature.drift import LineageSummary
from armature.events import NumberedEvent
from armature.state import DeploymentState


class ApiAnswer(pydantic.BaseModel):
    """The base of the API's smaller answers. Unknown keys are let pass: a newer API may say more."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


class StoredBundle(ApiAnswer):
    """A bundle's id, and where to put its bytes when the API does not have them yet."""

    bundle_id: str
    upload_url: str | None = None


class Accepted(ApiAnswer):
    """A deployment that the API has taken on, or of which it has noted what was asked."""

    deployment_id: str
    status: str


class EventPage(ApiAnswer):
    """Events in order, and what to give as `after` for those that follow."""

    value: tuple[NumberedEvent, ...]
    next: int


class ListedDeployment(ApiAnswer):
    """One row of the list of deployments."""

    deployment_id: str
    status: str
    phase: str = ""
    project: str | None = None
    environment: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    percent: int | None = None
    message: str = ""
    mode: str = ""
    dry_run: bool = False


class DeploymentPage(ApiAnswer):
    """One page of the list."""

    value: tuple[ListedDeployment, ...]
    continuation_token: str | None = None


@dataclass(frozen=True)
class Snapshot:
    """A deployment's state at one moment; `document` is the JSON as the API sent it."""

    state: DeploymentState
    document: dict[str, Any]
    etag: str | None


class WaitingDeployment(ApiAnswer):
    """A deployment in the queue of a lineage, and since when."""

    deployment_id: str
    since: datetime | None = None


class Lock(ApiAnswer):
    """A lineage, the deployment that has its turn (None: the lock is free), and those that wait, the next one first."""

    lineage_key: str
    project: str | None = None
    environment: str | None = None
    region: str | None = None
    holder: str | None = None
    since: datetime | None = None
    queue: tuple[WaitingDeployment, ...] = ()


class LockList(ApiAnswer):
    """All lineages of which somebody has the turn, or waits for it."""

    value: tuple[Lock, ...]


class BrokenLock(ApiAnswer):
    """The lock that was taken away, and from whom."""

    lineage_key: str
    holder: str | None = None


class LockBreak(ApiAnswer):
    """That a lock was taken away: when, by whom, from which deployment, and why."""

    at: datetime
    by: str | None = None
    reason: str
    holder: str


class LockAudit(ApiAnswer):
    """Every time that a lineage's lock was taken away, the oldest first."""

    value: tuple[LockBreak, ...]


class StartedRetention(ApiAnswer):
    """A run of retention that has begun, and whether it only tells what it would remove."""

    run: str
    dry_run: bool


class TrailPage(ApiAnswer):
    """One page of the audit trail."""

    value: tuple[AuditEntry, ...]
    continuation_token: str | None = None


class LineageList(ApiAnswer):
    """Every lineage."""

    value: tuple[LineageSummary, ...]


class StartedDrift(ApiAnswer):
    """A look at a lineage's drift that has begun: the preview `deployment_id`, of what `of` had deployed."""

    deployment_id: str
    of: str
