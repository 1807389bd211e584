"""What retention reads and removes in the container of documents (armature.azure.deployments), and what it tells there.

retention/{run}.json    RetentionRun; a run's name begins with its time, so the last in order is the newest
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime

from pydantic import ValidationError

from armature.azure.deployments import NO_BUNDLE, DeploymentStore
from armature.azure.documents import DocumentStore, Listed
from armature.azure.records import Records, content_of
from armature.control import LineageRecord
from armature.plan import Plan
from armature.retention import Remembered, Stored
from armature.retention_run import RetentionRun, Tally
from armature.state import DeploymentState, Status

KEEP_RUNS = 30
"""Documents of past runs."""

FOLDERS = ("outputs", "snapshots", "previews", "rollbacks", "events", "control", "cleanup", "checks", "plans")
"""Where a deployment has documents beside its state."""

logger = logging.getLogger(__name__)


class RetentionStore:
    """The documents as retention sees them: by deployment, all kinds together."""

    def __init__(self, documents: DocumentStore, deployments: DeploymentStore) -> None:
        self._documents = documents
        self._records = Records(documents)
        self._deployments = deployments

    # Runs

    def create_run(self, run: RetentionRun) -> bool:
        """Write the document of a run that begins. False when there is one of that name."""
        return self._records.create(_run_path(run.run), run)

    def run(self, name: str) -> RetentionRun | None:
        """The document of a run, or None."""
        return self._records.read(_run_path(name), RetentionRun)

    def last_run(self) -> RetentionRun | None:
        """The newest run, or None when there was none."""
        names = self._run_names()
        return self.run(names[-1]) if names else None

    def update_run(self, name: str, change: Callable[[RetentionRun], RetentionRun]) -> None:
        """Change the document of a run by a pure step.

        Raises:
            KeyError: there is no such run.
        """

        def changed(content: bytes | None) -> bytes:
            if content is None:
                raise KeyError(name)
            return content_of(change(RetentionRun.model_validate_json(content)))

        self._documents.update(_run_path(name), changed)

    def earlier_runs(self, name: str) -> list[str]:
        """The names of the runs before that one, the oldest first."""
        return [earlier for earlier in self._run_names() if earlier < name]

    def delete_run(self, name: str) -> None:
        """Drop the document of a run. Twice: gone is success."""
        self._documents.delete(_run_path(name))

    def _run_names(self) -> list[str]:
        return sorted(_name_in(entry.path) for entry in self._documents.list("retention/"))

    # Deployments

    def remembered(self) -> list[Remembered]:
        """All deployments, from the metadata of their states; the state itself is read where an older version of the
        app wrote it. One that can't be read is left out: `state_ids` has it."""
        return [found for entry in self._documents.list("state/") if (found := self._remembered(entry)) is not None]

    def state_ids(self) -> frozenset[str]:
        """The ids of all deployments that have a state, whatever is in it."""
        return frozenset(_name_in(entry.path) for entry in self._documents.list("state/"))

    def _remembered(self, entry: Listed) -> Remembered | None:
        metadata = entry.metadata
        try:
            return Remembered(
                deployment_id=_name_in(entry.path),
                status=Status(metadata["status"]),
                changed_at=datetime.fromisoformat(metadata["updatedat"]),
                lineage_key=metadata.get("lineage"),
                previous_deployment_id=metadata.get("previous"),
                is_leaving="retired" in metadata,
                bundle_id=None if metadata["bundle"] == NO_BUNDLE else metadata["bundle"],
            )
        except (KeyError, ValueError):  # an earlier version of the app left the bundle and more out of the index
            return self._read(entry.path)

    def _read(self, path: str) -> Remembered | None:
        document = self._documents.read(path)
        if document is None:
            return None
        try:
            return Remembered.of(DeploymentState.model_validate_json(document.content))
        except ValidationError:
            logger.warning("%s is not a state that this version of the app can read; it is kept", path)
            return None

    def lineages(self, keys: Iterable[str]) -> dict[str, LineageRecord]:
        """The records of those lineages."""
        return {key: self._deployments.lineage(key) for key in dict.fromkeys(keys)}

    def plan(self, deployment_id: str) -> Plan | None:
        """The deployment's own plan as it stands: nothing is remembered, an id may have been used anew."""
        return self._records.read(f"plans/{deployment_id}.json", Plan)

    def plans_of(self, deployment_id: str) -> list[Plan]:
        """Its own plan and those of its rollbacks."""
        paths = [entry.path for entry in self._documents.list(f"plans/{deployment_id}.")]
        return [plan for path in paths if (plan := self._records.read(path, Plan)) is not None]

    def delete_documents(self, deployment_id: str, folder: str) -> Tally:
        """Delete what a deployment has in one of the `FOLDERS`. Twice: gone is success."""
        removed = Tally()
        for prefix in (f"{folder}/{deployment_id}/", f"{folder}/{deployment_id}."):
            for entry in list(self._documents.list(prefix)):
                self._documents.delete(entry.path)
                removed += Tally(documents=1, size=entry.size)
        return removed

    def forget(self, deployment_id: str) -> Tally:
        """Take a deployment that is marked as leaving out of its lineage, and delete its state, unless it has changed
        meanwhile. Twice: gone is success, and counts for nothing."""
        found = self._deployments.state_with_etag(deployment_id)
        if found is None or found[0].retired_at is None:
            return Tally()
        state, etag = found
        if state.lineage is not None and not state.options.is_preview:  # a preview has no part in its lineage
            self._deployments.update_lineage(state.lineage.key, lambda record: record.undone(deployment_id))
        is_gone = self._documents.delete(f"state/{deployment_id}.json", etag=etag)
        return Tally(deployments=1, documents=1) if is_gone else Tally()

    def ownerless(self) -> list[Stored]:
        """Documents that name a deployment without a state, as one entry for each; its time is that of the newest.

        States are listed last: whatever begins meanwhile has its state before anything else.
        """
        found: dict[str, list[Listed]] = defaultdict(list)
        for folder in FOLDERS:
            for entry in self._documents.list(f"{folder}/"):
                found[_owner_of(entry.path)].append(entry)
        owned = self.state_ids()
        return [
            Stored(
                name=owner,
                size=sum(entry.size for entry in entries),
                changed_at=max(entry.last_modified for entry in entries),
            )
            for owner, entries in sorted(found.items())
            if owner not in owned
        ]

    def release_stale_turns(self) -> None:
        """Give up the turns, and the places in queues, of deployments that have ended or are gone. Twice: the same."""
        for lock in self._deployments.locks.all():
            for deployment_id in filter(None, [lock.holder, *(waiter.deployment_id for waiter in lock.queue)]):
                if self._deployments.is_over(deployment_id):
                    self._deployments.locks.release(lock.lineage_key, deployment_id)


def _run_path(name: str) -> str:
    return f"retention/{name}.json"


def _name_in(path: str) -> str:
    return path.rsplit("/", 1)[-1].removesuffix(".json")


def _owner_of(path: str) -> str:
    """The deployment that a document is of: ids have no period, so `a.rollback-1` and `a.json` both are of `a`."""
    return path.split("/")[1].split(".")[0]
