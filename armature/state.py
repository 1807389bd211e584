"""The state of a deployment: the one document that people, the command line and the next deployment read."""

from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from armature.errors import Failure
from armature.models import Model
from armature.options import Options
from armature.problems import Problem
from armature.request import BundleReference, DeploymentRequest, Target


class Status(StrEnum):
    """Where a deployment stands. The last four words of design section 1 are final."""

    PENDING = "pending"
    QUEUED = "queued"
    UPLOADING = "uploading"
    DEPLOYING = "deploying"
    COMPLETED = "completed"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """True when nothing more will happen."""
        return self in (Status.COMPLETED, Status.FAILED)


class Phase(StrEnum):
    """What the orchestrator is at."""

    PENDING = "pending"
    PREPARING = "preparing"
    QUEUED = "queued"
    UPLOADING = "uploading"
    DEPLOYING = "deploying"
    FINISHED = "finished"


class TemplateStatus(StrEnum):
    """Where one template deployment stands."""

    WAITING = "waiting"
    RUNNING = "running"
    RETRYING = "retrying"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"

    @property
    def is_final(self) -> bool:
        """True when this template will not be started again."""
        return self in (TemplateStatus.SUCCEEDED, TemplateStatus.FAILED, TemplateStatus.SKIPPED)


class Progress(Model):
    """How far a phase is: `completed` of `total` items, `percent` of it, and the one-line `bar`."""

    completed: int = 0
    total: int = 0
    percent: Annotated[int, Field(ge=0, le=100)] = 0
    message: str = ""
    bar: str = ""


class Artifacts(Model):
    """What was uploaded: counts of files, and the bytes written (a file that was there already is `skipped`)."""

    total: int = 0
    uploaded: int = 0
    skipped: int = 0
    failed: int = 0
    bytes_written: int = 0


class LinkedDeployment(Model):
    """A deployment that a template itself started."""

    id: str
    name: str
    status: str


class TemplateState(Model):
    """One template deployment. `resources` are the ids that ARM reports as its output resources."""

    name: str
    tier: int
    status: TemplateStatus = TemplateStatus.WAITING
    depends_on: tuple[str, ...] = ()
    scope: str = ""
    deployment_name: str = ""
    attempt: int = 0
    next_attempt_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    correlation_id: str | None = None
    portal_link: str | None = None
    resources_done: int = 0
    resources_total: int = 0
    linked_deployments: tuple[LinkedDeployment, ...] = ()
    resources: tuple[str, ...] = ()
    failure: Failure | None = None


class ProblemState(Model):
    """A problem or warning found in the bundle (see armature.problems)."""

    code: str
    message: str
    next_step: str
    severity: str
    file: str = ""
    pointer: str = ""
    line: int | None = None
    column: int | None = None

    @classmethod
    def of(cls, problem: Problem) -> "ProblemState":
        """The problem as it is shown."""
        return cls.load(asdict(problem))


class LineageState(Model):
    """Whose turn it is: deployments of one lineage run one after the other."""

    project: str
    environment: str
    key: str
    holder: str | None = None


class DeploymentState(Model):
    """Everything there is to say about one deployment; never a secret, a SAS token or a parameter's value.

    `sequence` counts the saves of phase and status: an older one never overwrites a newer one. `problems` are the first
    of `problems_found`.
    """

    deployment_id: str
    fingerprint: str
    project: str | None = None
    environment: str | None = None
    status: Status = Status.PENDING
    phase: Phase = Phase.PENDING
    sequence: int = 0
    message: str = ""
    initiated_by: str | None = None
    bundle: BundleReference
    target: Target
    options: Options
    lineage: LineageState | None = None
    created_at: datetime
    updated_at: datetime
    phases: dict[str, datetime] = {}
    finished_at: datetime | None = None
    progress: Progress = Progress()
    artifacts: Artifacts = Artifacts()
    templates: tuple[TemplateState, ...] = ()
    problems: tuple[ProblemState, ...] = ()
    problems_found: int = 0
    failures: tuple[Failure, ...] = ()

    @property
    def request(self) -> DeploymentRequest:
        """What was asked for."""
        return DeploymentRequest(
            bundle=self.bundle,
            target=self.target,
            options=self.options,
            deployment_id=self.deployment_id,
            project=self.project,
            environment=self.environment,
        )

    @property
    def resources(self) -> tuple[str, ...]:
        """The ids of all resources that the finished templates report, each once, in template order."""
        return tuple(dict.fromkeys(id_ for template in self.templates for id_ in template.resources))
