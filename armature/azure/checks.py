"""What the app keeps of checks, in the container of its other documents.

checks/{deploymentId}/{run}.json            ChecksDocument: which there are, written once
checks/{deploymentId}/{run}/{batch}.json    BatchResults: what has become of those of a batch
"""

from collections.abc import Callable

from armature.azure.documents import DocumentStore
from armature.azure.records import Records
from armature.checks.planning import BatchResults, ChecksDocument


class CheckStore:
    """Reads and writes checks. Each write is harmless when made twice."""

    def __init__(self, documents: DocumentStore) -> None:
        self._records = Records(documents)

    def document(self, deployment_id: str, run: int) -> ChecksDocument | None:
        """The checks of a run of a deployment; None when they are not planned yet."""
        return self._records.read(f"checks/{deployment_id}/{run}.json", ChecksDocument)

    def save_document(self, deployment_id: str, document: ChecksDocument) -> ChecksDocument:
        """Keep which checks there are; answers what stands, which is what was written first."""
        self._records.create(f"checks/{deployment_id}/{document.run}.json", document)
        return self.document(deployment_id, document.run) or document

    def results(self, deployment_id: str, run: int, batch: int) -> BatchResults:
        """What has become of the checks of a batch so far."""
        return self._records.read(_results_path(deployment_id, run, batch), BatchResults) or BatchResults()

    def update_results(
        self, deployment_id: str, run: int, batch: int, change: Callable[[BatchResults], BatchResults]
    ) -> BatchResults:
        """Change it by a pure step, again on what another wrote in between; answers what then stands."""
        return self._records.update(_results_path(deployment_id, run, batch), BatchResults(), change)


def _results_path(deployment_id: str, run: int, batch: int) -> str:
    return f"checks/{deployment_id}/{run}/{batch}.json"
