"""The lock of a lineage: whose turn it is, and who waits for it. Pure steps; armature.azure.locks keeps the document.

A turn goes to the one that was accepted first among those that wait. A holder, or a waiter, whose deployment has ended
or is gone counts for nothing: so nobody waits for the dead.
"""

from collections.abc import Container
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from armature.models import Model
from armature.plan import Lineage
from armature.redaction import one_line

MAX_REASON = 1000


def _said(text: str) -> str:
    said = one_line(text)
    if not said:
        raise ValueError("say why the lock is taken away")
    return said


class BreakWish(Model):
    """The body of a request to break a lock: the reason is kept in the audit."""

    reason: Annotated[str, Field(max_length=MAX_REASON), AfterValidator(_said)]


class LockBreak(Model):
    """A line of a lineage's audit: who took the lock away from which run of which deployment, when and why."""

    at: datetime
    by: str | None = None
    reason: str
    holder: str
    run: int


class Waiter(Model):
    """One that waits: `created_at` is when it was accepted, which says whose turn comes first; `since` when it came."""

    deployment_id: str
    created_at: datetime
    since: datetime


class LineageLock(Model):
    """A lock and its queue, the next one first. Documents of earlier versions know no more than the owner.

    `run` is the owner's run that has the turn: what an earlier run of it does late takes nothing from this one.
    """

    owner: str | None = None
    run: int | None = None
    taken_at: datetime | None = None
    project: str = ""
    environment: str = ""
    region: str | None = None
    queue: tuple[Waiter, ...] = ()

    @property
    def is_idle(self) -> bool:
        """True when nobody holds it or waits for it: then there is nothing to keep."""
        return self.owner is None and not self.queue

    def position_of(self, deployment_id: str) -> int:
        """The place in the queue, 1 for the next one; 0 for one that does not wait."""
        places = [waiter.deployment_id for waiter in self.queue]
        return places.index(deployment_id) + 1 if deployment_id in places else 0

    def asked_by(self, waiter: Waiter, over: Container[str], now: datetime, run: int = 1) -> "LineageLock":
        """The lock after `waiter` has asked for the turn of its `run`: taken, if it is free and nobody comes first.

        `over` holds the ids, among those that it names, whose deployment has ended or is gone. Twice: the same.
        """
        mine = waiter.deployment_id
        if self.owner == mine:
            return self._without(mine).model_copy(update={"run": max(self.run or run, run)})
        owner = None if self.owner is None or self.owner in over else self.owner
        waiting = {w.deployment_id: w for w in (waiter, *self.queue) if w.deployment_id not in over}
        queue = tuple(sorted(waiting.values(), key=lambda w: (w.created_at, w.deployment_id)))
        asked = self.model_copy(update={"owner": owner, "run": self.run if owner else None, "queue": queue})
        if owner is not None or queue[0].deployment_id != mine:
            return asked
        return asked._without(mine).model_copy(update={"owner": mine, "run": run, "taken_at": now})

    def released_by(self, deployment_id: str, run: int = 1) -> "LineageLock":
        """The lock after that run of a deployment has given up its turn, or its place in the queue. Twice: the same."""
        left = self._without(deployment_id)
        return left.freed() if self.is_held_by(deployment_id, run) else left

    def is_held_by(self, deployment_id: str, run: int) -> bool:
        """True when the deployment has the turn, and no run of it after `run` has taken it on."""
        return self.owner == deployment_id and (self.run or run) <= run

    def freed(self) -> "LineageLock":
        """The lock with its owner taken away, for the first in the queue to take."""
        return self.model_copy(update={"owner": None, "run": None, "taken_at": None})

    def _without(self, deployment_id: str) -> "LineageLock":
        queue = tuple(waiter for waiter in self.queue if waiter.deployment_id != deployment_id)
        return self.model_copy(update={"queue": queue})


class KeyedLock(Model):
    """A lock in a list. `holder` is None when it is free and somebody is about to take it."""

    lineage_key: str
    project: str
    environment: str
    region: str | None = None
    holder: str | None = None
    since: datetime | None = None
    queue: tuple[Waiter, ...] = ()

    @classmethod
    def of(cls, lineage_key: str, lock: LineageLock) -> "KeyedLock":
        """The lock as it is shown."""
        return cls(
            lineage_key=lineage_key,
            project=lock.project,
            environment=lock.environment,
            region=lock.region,
            holder=lock.owner,
            since=lock.taken_at,
            queue=lock.queue,
        )


def named(lock: LineageLock, lineage: Lineage) -> LineageLock:
    """The lock with the words that people know its lineage by."""
    words = {"project": lineage.project, "environment": lineage.environment, "region": lineage.region}
    return lock.model_copy(update=words)
