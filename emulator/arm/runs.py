"""The part of the state that holds deployments: the history of each scope, and the runs that are still under way."""

from typing import Any

from emulator.arm.documents import pack, unpack
from emulator.arm.errors import deployment_not_found
from emulator.arm.identifiers import ResourceId
from emulator.arm.journal import Journal
from emulator.arm.models import Deployment, Operation


class Journaled:
    """What is written to a journal as it changes, if there is one."""

    def __init__(self, journal: Journal | None) -> None:
        self._journal = journal

    def flush(self) -> None:
        """Make every change so far last; called before anybody is told of it."""
        if self._journal:
            self._journal.flush()

    def _put(self, kind: str, key: str, value: Any) -> None:
        if self._journal:
            self._journal.put(kind, key, lambda: pack(value))

    def _put_json(self, kind: str, key: str, document: Any) -> None:
        if self._journal:
            self._journal.put(kind, key, lambda: document)

    def _drop(self, kind: str, key: str) -> None:
        if self._journal:
            self._journal.drop(kind, key)


class Runs(Journaled):
    """Deployments by name, which are what a scope's history shows, and by run.

    A run leaves the history when its name is used again, and is kept until what it has in flight has ended.
    """

    def __init__(self, journal: Journal | None) -> None:
        super().__init__(journal)
        self._runs: dict[str, Deployment] = {}
        self._history: dict[str, dict[str, Deployment]] = {}

    # What a scope's history shows

    def find_deployment(self, deployment_id: ResourceId) -> Deployment | None:
        """The deployment, or None."""
        return self._history.get(deployment_id.scope.key, {}).get(deployment_id.key)

    def deployment(self, deployment_id: ResourceId) -> Deployment:
        """The deployment; raises DeploymentNotFound."""
        if found := self.find_deployment(deployment_id):
            return found
        raise deployment_not_found(deployment_id.last_name)

    def deployments(self, scope: ResourceId) -> list[Deployment]:
        """The deployments made directly at a scope, newest first."""
        own = self._history.get(scope.key, {}).values()
        return sorted(own, key=lambda deployment: deployment.timestamp, reverse=True)

    def deployment_count(self, scope: ResourceId) -> int:
        """How many deployments the history of a scope holds."""
        return len(self._history.get(scope.key, {}))

    # Runs

    def run(self, status_id: str) -> Deployment | None:
        """The run of that id, also when its name belongs to a later one; None when it is gone."""
        return self._runs.get(status_id)

    def runs(self) -> list[Deployment]:
        """Every run, those too whose name belongs to a later one."""
        return list(self._runs.values())

    def put_deployment(self, deployment: Deployment) -> None:
        """Add a run, or keep what changed in it; one that was deleted stays gone.

        A new run of a name that is used takes its place in the history. What the earlier one still has in flight is
        followed to its end, and then it is gone.
        """
        if deployment.is_gone:
            return
        if deployment.status_id not in self._runs:
            if earlier := self.find_deployment(deployment.id):
                self._supersede(earlier)
            self._enter(deployment)
            self._put("deployment", deployment.status_id, deployment)
            self.put_content(deployment)
        elif deployment.is_superseded and deployment.is_settled:
            self.drop_deployment(deployment)
        else:
            self._put("deployment", deployment.status_id, deployment)

    def put_content(self, deployment: Deployment) -> None:
        """Keep what changed in what a run was made of."""
        if not deployment.is_gone:
            self._put_json("content", deployment.status_id, deployment.content)

    def put_operation(self, deployment: Deployment, operation: Operation) -> None:
        """Keep an operation that was added to the run's, or what changed in it."""
        if not deployment.is_gone:
            self._put("operation", f"{deployment.status_id}/{operation.id}", operation)

    def drop_deployment(self, deployment: Deployment) -> None:
        """Remove a run from the history, with its operations."""
        deployment.is_gone = True
        self._runs.pop(deployment.status_id, None)
        if self.find_deployment(deployment.id) is deployment:
            del self._history[deployment.id.scope.key][deployment.id.key]
        for kind in ("content", "deployment"):
            self._drop(kind, deployment.status_id)
        for operation in deployment.operations:
            self._drop("operation", f"{deployment.status_id}/{operation.id}")

    def drop_deployments(self, within: ResourceId) -> None:
        """Remove every run inside of what is gone itself."""
        for deployment in [run for run in self._runs.values() if run.id.is_within(within)]:
            self.drop_deployment(deployment)

    def _supersede(self, earlier: Deployment) -> None:
        earlier.is_superseded = True
        if earlier.is_settled:
            self.drop_deployment(earlier)
        else:
            self._put("deployment", earlier.status_id, earlier)

    def _enter(self, deployment: Deployment) -> None:
        self._runs[deployment.status_id] = deployment
        if not deployment.is_superseded:
            self._history.setdefault(deployment.id.scope.key, {})[deployment.id.key] = deployment

    def _load_run(self, kind: str, key: str, document: Any) -> None:
        run_id = key.partition("/")[0]
        if kind == "deployment":
            self._enter(unpack(Deployment, document))
        elif kind == "content":
            self._runs[run_id].content = document
        else:
            self._runs[run_id].operations.append(unpack(Operation, document))
