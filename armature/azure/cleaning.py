"""What the app keeps of mode Complete, in the container of its other documents.

cleanup/{deploymentId}.json                              CleanUpRecord: the present list, and those that were approved
cleanup/{deploymentId}/lists/{list id}.json              CleanUpList, written once
cleanup/{deploymentId}/foreseen/{run}/{template}.json    Foresight: what a template would write
cleanup/{deploymentId}/deletions/{run}/{list id}.json    DeletionProgress: how far its deletions are in a run
"""

from collections.abc import Callable, Iterable

from armature.azure.documents import DocumentStore
from armature.azure.records import Records, file_name
from armature.cleaning import CleanUpList, Foresight
from armature.cleaning.model import CleanUpRecord
from armature.deletions import DeletionProgress, DeletionState, DeletionStatus


class CleanUpStore:
    """Reads and writes what mode Complete lists and deletes. Each write is harmless when made twice."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._records = Records(documents)

    def foresight(self, deployment_id: str, run: int, template: str) -> Foresight | None:
        """What is foreseen of a template in a run; None when nobody has looked yet."""
        return self._records.read(_foreseen_path(deployment_id, run, template), Foresight)

    def save_foresight(self, deployment_id: str, run: int, foresight: Foresight) -> None:
        """Keep what is foreseen of a template; what was written first stands."""
        self._records.create(_foreseen_path(deployment_id, run, foresight.template), foresight)

    def record(self, deployment_id: str) -> CleanUpRecord:
        """Which list is the present one, and which were approved."""
        return self._records.read(_record_path(deployment_id), CleanUpRecord) or CleanUpRecord()

    def save_list(self, listed: CleanUpList) -> CleanUpList:
        """Keep a list and make it the present one. The same list made again tells its newer moment, and what else it
        tells anew; what is on it is the same."""
        path = _list_path(listed.deployment_id, listed.list_id)
        kept = self._records.update(path, CleanUpList(deployment_id="", list_id="", at=listed.at), lambda _: listed)
        self._change(listed.deployment_id, lambda record: record.with_list(listed.list_id))
        return kept

    def listed(self, deployment_id: str, list_id: str) -> CleanUpList | None:
        """A list; None when there is none of that id."""
        return self._records.read(_list_path(deployment_id, list_id), CleanUpList)

    def approve(self, deployment_id: str, list_id: str) -> CleanUpRecord:
        """Note that a list was approved. Twice: noted once."""
        return self._change(deployment_id, lambda record: record.with_approval(list_id))

    def approved_marks(self, deployment_id: str, record: CleanUpRecord) -> frozenset[str]:
        """What was approved of each resource of the approved lists (DoomedResource.mark)."""
        lists = (self.listed(deployment_id, list_id) for list_id in record.approved)
        return frozenset(each.mark for listed in lists if listed for each in listed.to_delete)

    def deletions(self, deployment_id: str, run: int, list_id: str) -> DeletionProgress:
        """How far the deletions of a list are in a run."""
        path = _deletions_path(deployment_id, run, list_id)
        return self._records.read(path, DeletionProgress) or DeletionProgress()

    def update_deletions(
        self, deployment_id: str, run: int, list_id: str, states: Iterable[DeletionState]
    ) -> DeletionProgress:
        """Keep where deletions stand; one that is final stays so."""
        fresh = tuple(states)
        path = _deletions_path(deployment_id, run, list_id)
        return self._records.update(path, DeletionProgress(), lambda known: known.with_states(fresh))

    def deleted(self, deployment_id: str) -> frozenset[str]:
        """The ids of all that mode Complete has deleted, in whatever run."""
        listed = self._documents.list(f"cleanup/{deployment_id}/deletions/")
        found = (self._records.read(entry.path, DeletionProgress) for entry in listed)
        return frozenset(
            state.id
            for progress in found
            if progress
            for state in progress.states.values()
            if state.status is DeletionStatus.GONE
        )

    def _change(self, deployment_id: str, change: Callable[[CleanUpRecord], CleanUpRecord]) -> CleanUpRecord:
        return self._records.update(_record_path(deployment_id), CleanUpRecord(), change)


def _record_path(deployment_id: str) -> str:
    return f"cleanup/{deployment_id}.json"


def _list_path(deployment_id: str, list_id: str) -> str:
    return f"cleanup/{deployment_id}/lists/{list_id}.json"


def _foreseen_path(deployment_id: str, run: int, template: str) -> str:
    return f"cleanup/{deployment_id}/foreseen/{run}/{file_name(template)}"


def _deletions_path(deployment_id: str, run: int, list_id: str) -> str:
    return f"cleanup/{deployment_id}/deletions/{run}/{list_id}.json"
