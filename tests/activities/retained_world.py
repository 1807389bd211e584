"""An app in memory whose deployments are over, for tests of retention: it knows all that was removed, and can die."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

from azure.durable_functions import OrchestrationRuntimeStatus as Runtime

from activities.removal import forget_deployment, purged, remove_deployment
from activities.retention import list_removals, plan_retention, record_retention
from activities.unused import remove_unused
from armature.azure.deployments import DeploymentStore
from armature.azure.documents import Listed
from armature.azure.models import ArmDeployment
from armature.azure.retention import RetentionStore
from armature.errors import FailureError
from armature.messages import Answer
from armature.plan import Artifact, ArtifactKind, DeploymentScopeTarget, Lineage, Plan, PlannedTemplate, deployment_name
from armature.retention import Stored
from armature.retention_run import (
    PageInput,
    RemovalInput,
    RetentionEnd,
    RetentionInput,
    RetentionRun,
    RetentionStep,
    UnusedInput,
)
from armature.state import LinkedDeployment, RollbackState, Status
from orchestrators.retention import blueprint
from tests.armature.deployments import KEY, SUBSCRIPTION, deployment, template
from tests.memory import MemoryDocuments
from tests.orchestrators.simulation import Simulation, orchestrator_of

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=100)
TAG = "armature-deployment-id"
GROUP = DeploymentScopeTarget(subscription=SUBSCRIPTION, resource_group="rg-shop")
LINKED = GROUP.deployment_id("linked-network")


class Died(BaseException):
    """The process was killed."""


@dataclass
class Life:
    """Ends at deletion number `ends_at` (from 1): right after it was made, before anybody heard of it. What happens
    `meanwhile` happens after every deletion."""

    ends_at: int | None = None
    deletions: int = 0
    meanwhile: Callable[[], None] | None = None

    def spend(self) -> None:
        self.deletions += 1
        if self.meanwhile is not None:
            self.meanwhile()
        if self.deletions == self.ends_at:
            raise Died


class OldDocuments(MemoryDocuments):
    """Documents that nobody has written to for long."""

    def __init__(self, life: Life) -> None:
        super().__init__()
        self._life = life

    def list(self, prefix: str = "") -> Iterator[Listed]:
        for entry in super().list(prefix):
            yield Listed(entry.path, entry.metadata, LONG_AGO, entry.size)

    def delete(self, path: str, *, etag: str | None = None) -> bool:
        is_gone = super().delete(path, etag=etag)
        self._life.spend()
        return is_gone


@dataclass
class Arm:
    """The histories of a subscription. What is asked of an id in `refuses` fails."""

    life: Life
    found: dict[str, ArmDeployment] = field(default_factory=dict)
    refuses: dict[str, FailureError] = field(default_factory=dict)

    def deployment_at(self, deployment_id: str) -> ArmDeployment | None:
        if deployment_id in self.refuses:
            raise self.refuses[deployment_id]
        return self.found.get(deployment_id)

    def delete_deployment(self, deployment_id: str) -> None:
        self.found.pop(deployment_id, None)
        self.life.spend()


@dataclass
class Blobs:
    """The artifact account and the bundles: names of what is stored, with their ETags."""

    life: Life
    packages: dict[str, str] = field(default_factory=dict)
    containers: set[str] = field(default_factory=set)
    bundles: set[str] = field(default_factory=set)
    touched_while_listed: str | None = None
    name: str = "artifacts"
    noted: set[str] = field(default_factory=lambda: {"app"})

    def find(self, _arm: Arm, _location: str) -> object:
        return self

    def list_packages(self, _account: object) -> list[Stored]:
        listed = [Stored(name=name, etag=etag, size=10, changed_at=LONG_AGO) for name, etag in self.packages.items()]
        if self.touched_while_listed in self.packages:
            self.packages[self.touched_while_listed] += "-touched"
        return listed

    def delete_package(self, _account: object, name: str, etag: str) -> bool:
        if self.packages.get(name, etag) != etag:
            return False
        self.packages.pop(name, None)
        self.life.spend()
        return True

    def list_template_containers(self, _account: object) -> list[Stored]:
        return [Stored(name=name, changed_at=LONG_AGO) for name in sorted(self.containers)]

    def delete_templates(self, _account: object, deployment_id: str) -> bool:
        was_there = deployment_id in self.containers
        self.containers.discard(deployment_id)
        self.life.spend()
        return was_there

    def apps(self, _account: object) -> frozenset[str]:
        return frozenset(self.noted)

    def stored(self) -> list[Stored]:
        return [Stored(name=name, size=100, changed_at=LONG_AGO) for name in sorted(self.bundles)]

    def delete(self, bundle: Stored) -> bool:
        self.bundles.discard(bundle.name)
        self.life.spend()
        return True


@dataclass
class Histories:
    """A Durable client that knows histories."""

    life: Life
    instances: dict[str, Runtime] = field(default_factory=dict)

    async def get_status(self, instance_id: str) -> Any:
        return SimpleNamespace(runtime_status=self.instances.get(instance_id))

    async def purge_instance_history(self, instance_id: str) -> Any:
        was_there = self.instances.pop(instance_id, None) is not None
        self.life.spend()
        return SimpleNamespace(instances_deleted=int(was_there))


class World:
    """An app with what deployments leave behind."""

    def __init__(self, days: float = 30, keep_completed: int = 1) -> None:
        self.life = Life()
        self.documents: Any = OldDocuments(self.life)
        self.arm, self.blobs, self.client = Arm(self.life), Blobs(self.life), Histories(self.life)
        deployments = DeploymentStore(self.documents)
        self.app: Any = SimpleNamespace(
            settings=SimpleNamespace(retention_days=days, retention_keep_completed=keep_completed),
            deployments=deployments,
            retention=RetentionStore(self.documents, deployments),
            artifacts=self.blobs,
            bundles=self.blobs,
            arm=lambda _subscription: self.arm,
            app_name="app",
        )
        self.runs = 0

    def ended(self, deployment_id: str, status: Status = Status.COMPLETED, age: int = 100, **parts: Any) -> None:
        """A deployment that ended so many days ago, with everything that it left."""
        store, then = self.app.deployments, NOW - timedelta(days=age)
        record = store.lineage(KEY)
        previous = record.predecessor_of(deployment_id)
        name = deployment_name("a", deployment_id)
        correlation = f"correlation-{deployment_id}"
        shown = template(linked_deployments=(LinkedDeployment(id=LINKED, name="linked-network", status="Succeeded"),))
        state = deployment(
            status,
            deployment_id,
            created_at=then,
            templates=(shown.model_copy(update={"correlation_id": correlation}),),
            rollback=RollbackState(previous_deployment_id=previous),
            **parts,
        )
        store.create_state(state)
        plan = self.plan(deployment_id)
        store.save_plan(plan)
        store.save_plan(plan, f"{deployment_id}.rollback-1")
        store.save_outputs(deployment_id, "a", {"url": "https://shop.example"})
        for path in (
            f"events/{deployment_id}.jsonl",
            f"control/{deployment_id}.json",
            f"previews/{deployment_id}.json",
            f"previews/{deployment_id}/a.json",
            f"snapshots/{deployment_id}.json",
        ):
            self.documents.put(path, b"{}", {})
        self.documents.put(f"rollbacks/{deployment_id}/1/writes/a.json", b"{}", {})
        self.arm.found[GROUP.deployment_id(name)] = self.entry(GROUP.deployment_id(name), correlation, deployment_id)
        self.arm.found[LINKED] = self.entry(LINKED, correlation, None)
        self.blobs.containers.add(deployment_id)
        self.blobs.packages[f"{deployment_id}/api.zip"] = "v1"
        for child in ("", ":upload", ":rollout"):
            self.client.instances[f"{deployment_id}{child}"] = Runtime.Completed
        if state.options.is_preview:
            return
        begun = record.begun_by(deployment_id)
        after = begun.completed_by(deployment_id) if status is Status.COMPLETED else begun
        store.update_lineage(KEY, lambda _: after)

    def plan(self, deployment_id: str) -> Plan:
        """A plan of one template and one package."""
        return Plan(
            deployment_id=deployment_id,
            lineage=Lineage(project="shop", environment="test", key=KEY),
            subscription=SUBSCRIPTION,
            location="eastus2",
            templates=(
                PlannedTemplate(
                    name="a", path="a.json", tier=0, scope=GROUP, deployment_name=deployment_name("a", deployment_id)
                ),
            ),
            artifacts=(
                Artifact(index=0, kind=ArtifactKind.PACKAGE, path="api.zip", name="api", size=10, sha256=deployment_id),
            ),
        )

    @staticmethod
    def entry(resource_id: str, correlation_id: str, deployment_id: str | None) -> ArmDeployment:
        """An entry of ARM's history, tagged as ours when it is a template's own."""
        return ArmDeployment(
            id=resource_id,
            name=resource_id.rsplit("/", 1)[-1],
            provisioning_state="Succeeded",
            tags={TAG: deployment_id} if deployment_id else {},
            correlation_id=correlation_id,
        )

    def begin(self, *, dry_run: bool = False) -> RetentionInput:
        """The document of a run that begins, and the input of its orchestration."""
        self.runs += 1
        name = f"20260101-000000-{self.runs:08x}"
        self.app.retention.create_run(RetentionRun(run=name, dry_run=dry_run, started_at=NOW))
        return RetentionInput(run=name, dry_run=dry_run)

    def run(self, *, dry_run: bool = False) -> RetentionRun:
        """A whole run, by its orchestrator and its activities; the document that it leaves.

        Raises:
            Died: its life was over.
        """
        work = self.begin(dry_run=dry_run)
        app, client = self.app, self.client
        activities: dict[str, Callable[[Any], Answer]] = {
            "plan_retention": lambda p: plan_retention(app, RetentionStep.load(p)),
            "list_removals": lambda p: list_removals(app, PageInput.load(p)),
            "remove_deployment": lambda p: remove_deployment(app, RemovalInput.load(p)),
            "purge_histories": lambda p: asyncio.run(purged(app, RemovalInput.load(p), client)),  # type: ignore[arg-type]
            "forget_deployment": lambda p: forget_deployment(app, RemovalInput.load(p)),
            "remove_unused": lambda p: remove_unused(app, UnusedInput.load(p)),
            "record_retention": lambda p: record_retention(app, RetentionEnd.load(p)),
        }
        responds = {name: partial(_answered, activity) for name, activity in activities.items()}
        Simulation(orchestrator_of(blueprint, "retention"), work.dump(), responds, instance_id="retention").run()
        found: RetentionRun = self.app.retention.run(work.run)
        return found

    def paths_of(self, deployment_id: str) -> list[str]:
        """The documents of a deployment."""
        paths = [entry.path for entry in self.documents.list()]
        return [path for path in paths if deployment_id in path and not path.startswith("retention/")]

    def left_of(self, deployment_id: str) -> list[str]:
        """Everything that bears a deployment's id, wherever it is."""
        own = GROUP.deployment_id(deployment_name("a", deployment_id))
        return [
            *self.paths_of(deployment_id),
            *(["history"] if own in self.arm.found else []),
            *(["templates"] if deployment_id in self.blobs.containers else []),
            *(["package"] if f"{deployment_id}/api.zip" in self.blobs.packages else []),
            *(instance for instance in self.client.instances if instance.split(":")[0] == deployment_id),
        ]


def _answered(activity: Callable[[Any], Answer], payload: Any) -> dict[str, Any]:
    """What an activity answers at its border."""
    try:
        return activity(payload).dump()
    except FailureError as known:
        return Answer(failure=known.failure).dump()
