"""The locks of lineages, one document each, changed by ETag; and the audit of those that were broken.

locks/{lineage key}.json     LineageLock, gone while nobody holds it or waits for it
audit/{lineage key}.jsonl    append blob, one LockBreak a line
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from armature.azure.documents import UPDATE_ATTEMPTS, DocumentStore
from armature.azure.records import Records, content_of
from armature.errors import FailureClass, FailureError, failure
from armature.locks import KeyedLock, LineageLock, LockBreak, Waiter, named
from armature.plan import Lineage

PREFIX = "locks/"


class LineageLocks:
    """Gives turns, one holder a lineage. `is_over` tells of a deployment that it has ended or is gone."""

    def __init__(self, documents: DocumentStore, is_over: Callable[[str], bool]) -> None:
        self._documents = documents
        self._records = Records(documents)
        self._is_over = is_over

    def take(self, lineage: Lineage, deployment_id: str, created_at: datetime, run: int = 1) -> LineageLock:
        """Take the turn for a run, or a place in the queue; answers the lock as it is then.

        Twice: the owner has it still, and a waiter its place. A lock whose owner is over is taken over by ETag.
        """
        now = datetime.now(UTC)

        def asked(lock: LineageLock) -> LineageLock:
            present = next((w for w in lock.queue if w.deployment_id == deployment_id), None)
            me = present or Waiter(deployment_id=deployment_id, created_at=created_at, since=now)
            return named(lock, lineage).asked_by(me, self._over(_before(lock, me)), now, run)

        return self._changed(lineage.key, asked)

    def release(self, lineage_key: str, deployment_id: str, run: int = 1) -> None:
        """Give up a run's turn, or its place in the queue. Twice, or when another has it by now, also another run of
        the same deployment: nothing changes."""
        self._changed(lineage_key, lambda lock: lock.released_by(deployment_id, run))

    def get(self, lineage_key: str) -> LineageLock:
        """The lock; an idle one for a lineage that has none. Changes nothing."""
        return self._records.read(_path(lineage_key), LineageLock) or LineageLock()

    def all(self) -> list[KeyedLock]:
        """Every lock that somebody holds or waits for, by key."""
        keys = [listed.path.removeprefix(PREFIX).removesuffix(".json") for listed in self._documents.list(PREFIX)]
        locks = [(key, self.get(key)) for key in keys]
        return [KeyedLock.of(key, lock) for key, lock in locks if not lock.is_idle]

    def break_open(self, lineage_key: str, holder: str, run: int = 1) -> bool:
        """Take the turn away from that run of `holder`. False when it does not have it (any more), or a later run has.
        Twice: nothing changes."""
        broken: list[bool] = []

        def freed(lock: LineageLock) -> LineageLock:
            broken.append(lock.is_held_by(holder, run))
            return lock.freed() if broken[-1] else lock

        self._changed(lineage_key, freed)
        return broken[-1]

    def append_audit(self, lineage_key: str, entry: LockBreak) -> None:
        """Keep for good that a lock is broken. Called before it is, so that none is broken without an entry."""
        self._documents.append(_audit_path(lineage_key), [entry.model_dump_json(by_alias=True, exclude_none=True)])

    def audit(self, lineage_key: str) -> list[LockBreak]:
        """Every time that the lineage's lock was broken, the oldest first."""
        lines = self._documents.read_lines(_audit_path(lineage_key))
        return [LockBreak.model_validate_json(line) for line in lines if line]

    def _over(self, ids: Iterable[str]) -> set[str]:
        return {id_ for id_ in ids if self._is_over(id_)}

    def _changed(self, lineage_key: str, change: Callable[[LineageLock], LineageLock]) -> LineageLock:
        """Change a lock by compare-and-swap, as DocumentStore.update does; one that is idle then is deleted."""
        path = _path(lineage_key)
        for _ in range(UPDATE_ATTEMPTS):
            document = self._documents.read(path)
            before = LineageLock() if document is None else LineageLock.model_validate_json(document.content)
            after = change(before)
            if after == before or (document is None and after.is_idle):
                return after
            if document is None:
                is_written = self._records.create(path, after)
            elif after.is_idle:
                is_written = self._documents.delete(path, etag=document.etag)
            else:
                is_written = self._documents.replace(path, content_of(after), {}, document.etag)
            if is_written:
                return after
        message = f"Others changed the lock of lineage {lineage_key} {UPDATE_ATTEMPTS} times while it was asked for."
        raise FailureError(failure(FailureClass.RESOURCE_CONFLICT, "DocumentContended", message))


def _before(lock: LineageLock, me: Waiter) -> list[str]:
    """The holder, and those that come before: only they decide whose turn it is."""
    first = [w.deployment_id for w in lock.queue if (w.created_at, w.deployment_id) < (me.created_at, me.deployment_id)]
    return [*([lock.owner] if lock.owner else []), *first]


def _path(lineage_key: str) -> str:
    return f"{PREFIX}{lineage_key}.json"


def _audit_path(lineage_key: str) -> str:
    return f"audit/{lineage_key}.jsonl"
