"""The state of a deployment: the one document that people, the command line and the next deployment read."""

from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from armature.approval import ApprovalState
from armature.checks import ValidationState
from armature.cleaning import CleanUpState
from armature.errors import Failure
from armature.leftovers import Leftover
from armature.models import Model
from armature.options import Delivery, Options
from armature.plan import PlannedTemplate
from armature.preview import PreviewState
from armature.problems import Problem
from armature.request import BundleReference, DeploymentRequest, Target


class Status(StrEnum):
    """Where a deployment stands. The last four words of design section 1 are final."""

    PENDING = "pending"
    QUEUED = "queued"
    AWAITING_APPROVAL = "awaitingApproval"
    UPLOADING = "uploading"
    DEPLOYING = "deploying"
    VALIDATING = "validating"
    ROLLING_BACK = "rollingBack"
    COMPLETED = "completed"
    FAILED = "failed"
    ROLLED_BACK = "rolledBack"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """True when nothing more will happen."""
        return self in (Status.COMPLETED, Status.FAILED, Status.ROLLED_BACK, Status.CANCELLED)


class Phase(StrEnum):
    """What the orchestrator is at."""

    PENDING = "pending"
    PREPARING = "preparing"
    QUEUED = "queued"
    PREVIEWING = "previewing"
    AWAITING_APPROVAL = "awaitingApproval"
    UPLOADING = "uploading"
    DEPLOYING = "deploying"
    VALIDATING = "validating"
    CLEANING_UP = "cleaningUp"
    ROLLING_BACK = "rollingBack"
    FINISHED = "finished"


class TemplateStatus(StrEnum):
    """Where one template deployment stands."""

    WAITING = "waiting"
    RUNNING = "running"
    RETRYING = "retrying"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"

    @property
    def is_final(self) -> bool:
        """True when this template will not be started again."""
        return self in (
            TemplateStatus.SUCCEEDED,
            TemplateStatus.FAILED,
            TemplateStatus.CANCELLED,
            TemplateStatus.SKIPPED,
        )


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
    """One template deployment. `resources` are the ids that ARM reports as its output resources.

    `delivery` is how ARM gets it, or got it last: by a link (`sas`), or in the body of the request (`inline`).
    `attempt` of `max_attempts` runs, or ran last; of one that is tried again, `next_attempt_at` says when,
    `waiting_for` for what, and `failure` why. `starts` counts how often it was begun, over all runs, also when that was
    no attempt.
    """

    name: str
    tier: int
    status: TemplateStatus = TemplateStatus.WAITING
    depends_on: tuple[str, ...] = ()
    scope: str = ""
    deployment_name: str = ""
    delivery: Delivery = Delivery.SAS
    attempt: int = 0
    max_attempts: int = 0
    starts: int = 0
    waiting_for: str | None = None
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

    @classmethod
    def planned(cls, template: PlannedTemplate) -> "TemplateState":
        """A template of a plan before it is first started."""
        return cls(
            name=template.name,
            tier=template.tier,
            depends_on=template.depends_on,
            scope=template.scope.resource_id,
            deployment_name=template.deployment_name,
            resources_total=template.resource_count,
        )


class RootState(Model):
    """The root deployment that holds the templates (`strategy: root`), as it was put last: `number` counts the roots of
    the run."""

    id: str
    number: int
    portal_link: str


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
    """Whose turn it is: deployments of one lineage run one after the other.

    `region` is told of a bundle for several, each of which has a lineage of its own. `holder` is whom this one waits
    for, `position` its place in the queue (1 is next); both None once it has its turn.
    """

    project: str
    environment: str
    key: str
    region: str | None = None
    holder: str | None = None
    position: int | None = None


class Purpose(StrEnum):
    """What a run of a deployment is for: to deploy (also what is resumed), or to roll back by hand."""

    DEPLOY = "deploy"
    ROLL_BACK = "rollBack"


class StopReason(StrEnum):
    """Why a run ends before all is done, other than by a failure. `notApproved`: nobody decided in time."""

    CANCELLED = "cancelled"
    TIMED_OUT = "timedOut"
    REJECTED = "rejected"
    NOT_APPROVED = "notApproved"


class StopState(Model):
    """That a run was stopped: by whom and why, in their own words."""

    reason: StopReason
    at: datetime
    by: str | None = None
    comment: str = ""


class RollbackStatus(StrEnum):
    """How a rollback stands: `partial` when something is left that could not be undone."""

    RUNNING = "running"
    COMPLETED = "completed"
    PARTIAL = "partial"


class RollbackState(Model):
    """How this deployment can be, or is being, undone.

    `previous_deployment_id` is the last completed deployment of the lineage when this one began (None: there is none,
    and only deletions can undo it). `available` is true when a rollback can be asked for. `number` counts the rollbacks
    begun; what follows it is the last one's: `requested_by` is who asked for it, by hand or by a cancellation,
    `templates` are the previous versions that are deployed again, `deleted` the ids of what this deployment had
    created.
    """

    available: bool = False
    previous_deployment_id: str | None = None
    number: int = 0
    status: RollbackStatus | None = None
    requested_by: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    message: str = ""
    templates: tuple[TemplateState, ...] = ()
    to_delete: int = 0
    deleted: tuple[str, ...] = ()
    leftovers: tuple[Leftover, ...] = ()

    @property
    def present_number(self) -> int:
        """The number of the rollback that goes on, else of the next one."""
        return self.number if self.status is RollbackStatus.RUNNING else self.number + 1


class WarningState(Model):
    """Something that a person should know of and that stops nothing; `key` names the fact, each is there once."""

    key: str
    code: str
    message: str
    at: datetime


class DeploymentState(Model):
    """Everything there is to say about one deployment; never a secret, a SAS token or a parameter's value.

    `sequence` counts the saves of phase and status: an older one never overwrites a newer one. `problems` are the first
    of `problems_found`. `run` counts how often it was begun: a resumed deployment, and one that is rolled back by hand,
    is in a further run; `purpose` is the run's. `deadline` is when its `timeout` is over. `ended_as` is how the run
    before ended. `has_touched` is false until it begins to make its target ready: until then nothing in Azure is
    changed, and there is nothing to roll back. `initiated_by_id` is the object id of who asked for it, where the
    platform tells it. `retired_at` is when retention began to remove it: no further run of it begins. `has_cleaned_up`
    is true once an earlier run was at the deletions of mode Complete.
    """

    deployment_id: str
    fingerprint: str
    project: str | None = None
    environment: str | None = None
    status: Status = Status.PENDING
    phase: Phase = Phase.PENDING
    run: int = 1
    purpose: Purpose = Purpose.DEPLOY
    ended_as: Status | None = None
    has_touched: bool = True  # in documents of earlier versions, which did not know
    sequence: int = 0
    message: str = ""
    initiated_by: str | None = None
    initiated_by_id: str | None = None
    notification_url: str | None = None
    bundle: BundleReference
    target: Target
    options: Options
    lineage: LineageState | None = None
    created_at: datetime
    updated_at: datetime
    phases: dict[str, datetime] = {}
    deadline: datetime | None = None
    stop: StopState | None = None
    finished_at: datetime | None = None
    retired_at: datetime | None = None
    has_cleaned_up: bool = False
    progress: Progress = Progress()
    artifacts: Artifacts = Artifacts()
    root: RootState | None = None
    templates: tuple[TemplateState, ...] = ()
    problems: tuple[ProblemState, ...] = ()
    problems_found: int = 0
    failures: tuple[Failure, ...] = ()
    warnings: tuple[WarningState, ...] = ()
    preview: PreviewState | None = None
    approval: ApprovalState | None = None
    validation: ValidationState | None = None
    clean_up: CleanUpState | None = None
    rollback: RollbackState = RollbackState()

    @property
    def turn_key(self) -> str | None:
        """The key of the lineage in which it takes its turn: None of a preview, which takes none, and while its bundle
        is not read."""
        return self.lineage.key if self.lineage is not None and not self.options.is_preview else None

    @property
    def request(self) -> DeploymentRequest:
        """What was asked for. It was checked when it came: the rules of an earlier version may have been others."""
        return DeploymentRequest.model_construct(
            bundle=self.bundle,
            target=self.target,
            options=self.options,
            deployment_id=self.deployment_id,
            project=self.project,
            environment=self.environment,
            notification_url=self.notification_url,
        )

    @property
    def stands(self) -> bool:
        """True once all is deployed and mode Complete is, or was, at what no template deploys: some of that may be gone
        for good, so nothing is rolled back unless somebody says so."""
        is_cleaning_up = Phase.CLEANING_UP.value in self.phases and self.purpose is Purpose.DEPLOY
        return self.has_cleaned_up or is_cleaning_up

    @property
    def is_undone_by_itself(self) -> bool:
        """Whether what ends the run, other than well, rolls it back when nothing else is said."""
        return self.options.rollback_on_failure and not self.stands

    @property
    def resources(self) -> tuple[str, ...]:
        """The ids of all resources that the finished templates report, each once, in template order."""
        return tuple(dict.fromkeys(id_ for template in self.templates for id_ in template.resources))
