"""What orchestrators and activities say to each other: references and small summaries, a few hundred bytes each.

Everything here ends up in the Durable history, so nothing here may hold a template, a parameter, an output, a SAS token
or a secret.
"""

from typing import Annotated

from pydantic import Field

from armature.errors import Failure
from armature.models import Model
from armature.options import Options, RetryPolicy
from armature.scheduling import Decision, Report, Rollout, Start
from armature.state import Phase, Status


class DeploymentStep(Model):
    """The input of an activity that needs to know which deployment, and nothing else."""

    deployment_id: str


class Answer(Model):
    """What every activity answers; `failure` says why it could not do what it is for."""

    failure: Failure | None = None


class BundleAnswer(Answer):
    """What `read_bundle` found: how much there is to upload, and the graph to deploy. A refusal is a failure."""

    artifacts: int = 0
    lineage_key: str = ""


class DeploymentInput(Model):
    """The input of the orchestrator `deployment`.

    When it continues as new, `sequence` goes on counting, `bundle` is what was read of it, `holder` whom it waits for.
    """

    deployment_id: str
    options: Options
    sequence: int = 0
    bundle: BundleAnswer | None = None
    holder: str = ""


class TurnAnswer(Answer):
    """Whether it is this deployment's turn in its lineage."""

    is_ours: bool = False
    holder: str = ""


class ReadyAnswer(Answer):
    """Whether what was asked for stands already; if not, ask again later. `waits_for` is what stands in the way."""

    is_ready: bool = False
    waits_for: Failure | None = None


class PhaseInput(Model):
    """A phase to record. `sequence` is higher than that of any phase recorded before."""

    deployment_id: str
    sequence: int
    status: Status
    phase: Phase
    message: str


class UploadInput(Model):
    """The input of the orchestrator `upload`: artifacts `next_index` up to `total`, and what was done before."""

    deployment_id: str
    total: int
    concurrency: Annotated[int, Field(ge=1)]
    retry_policy: RetryPolicy
    poll_interval_seconds: float
    next_index: int = 0
    uploaded: int = 0
    skipped: int = 0
    bytes_written: int = 0


class ArtifactInput(Model):
    """One artifact of the plan to upload, by its index there."""

    deployment_id: str
    index: int


class ArtifactAnswer(Answer):
    """What an upload did; `is_skipped` when the same bytes were there already."""

    bytes_written: int = 0
    is_skipped: bool = False


class UploadCounts(Model):
    """How far the upload is, for the state document."""

    deployment_id: str
    total: int
    uploaded: int
    skipped: int
    failed: int
    bytes_written: int


class GraphAnswer(Answer):
    """The rollout before its first start, as the plan has it, and the templates that have packages to attach."""

    rollout: Rollout | None = None
    with_packages: tuple[str, ...] = ()


class RolloutInput(Model):
    """The input of the orchestrator `rollout`; the graph is there once it continues as new."""

    deployment_id: str
    options: Options
    graph: GraphAnswer | None = None
    blind_polls: int = 0


class StartInput(Model):
    """One template to start, as attempt number `attempt`."""

    deployment_id: str
    start: Start


class StartAnswer(Answer):
    """What became of a start."""

    report: Report | None = None


class PollInput(Model):
    """The attempts that are in flight."""

    deployment_id: str
    in_flight: tuple[Start, ...]


class PollAnswer(Answer):
    """What ARM says of each attempt in flight; `retry_after_seconds` when it asks not to be asked again sooner."""

    reports: tuple[Report, ...] = ()
    retry_after_seconds: float | None = None


class DecisionsInput(Model):
    """Decisions of the scheduler to show in the state; `reasons` for those that no activity could write down itself."""

    deployment_id: str
    decisions: tuple[Decision, ...]
    reasons: dict[str, Failure] = {}


class PackagesInput(Model):
    """A template whose function apps get their packages."""

    deployment_id: str
    template: str


class Outcome(Answer):
    """How a phase, or the deployment, ended: `failure` is None when it went well."""

    message: str


class FinishInput(Model):
    """The end of a deployment, to be recorded."""

    deployment_id: str
    sequence: int
    outcome: Outcome
