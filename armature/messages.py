"""What orchestrators and activities say to each other: references and small summaries, a few hundred bytes each.

Everything here ends up in the Durable history, so nothing here may hold a template, a parameter, an output, a SAS token
or a secret.
"""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from armature.attempts import Decision, Report, Start
from armature.errors import Failure
from armature.models import Model
from armature.options import Options, RetryPolicy
from armature.scheduling import Rollout
from armature.state import Phase, Purpose, Status, StopReason

CHILDREN = ("upload", "rollout", "rollback", "rollback:rollout", "closing")
"""What stands behind `{deploymentId}:` in the instance ids of a deployment's orchestrations but its own."""


class DeploymentStep(Model):
    """The input of an activity that needs to know which deployment, and of which plan: its own (`rollback` is 0), or
    that of its nth rollback, which deploys previous versions again."""

    deployment_id: str
    rollback: int = 0

    @property
    def plan_id(self) -> str:
        """What the plan and its outputs are stored under. A deployment id has no period, so no two are alike."""
        return plan_id_of(self.deployment_id, self.rollback)


def plan_id_of(deployment_id: str, rollback: int) -> str:
    """The key of a deployment's own plan, or of its nth rollback's."""
    return deployment_id if rollback == 0 else f"{deployment_id}.rollback-{rollback}"


class Answer(Model):
    """What every activity answers; `failure` says why it could not do what it is for."""

    failure: Failure | None = None


class ControlAnswer(Answer):
    """An answer that also tells what the control document says for this run.

    `rollback` is what the cancellation says of it (None: the deployment's option decides), `cancelled_by` who asked.
    """

    is_cancelled: bool = False
    cancelled_by: str | None = None
    rollback: bool | None = None
    is_lock_broken: bool = False


class BundleAnswer(Answer):
    """What `read_bundle` found: how much there is to upload, and the graph to deploy. A refusal is a failure."""

    artifacts: int = 0
    lineage_key: str = ""


PRESENT_GENERATION = 2
"""Of the process that `deployment` runs. In the first, which old inputs don't name, nothing was settled or undone."""


class DeploymentInput(Model):
    """The input of the orchestrator `deployment`.

    `generation` is that of the process when the run began (see orchestrators.deployment). `rollback` is the number of a
    rollback in this run. When it continues as new, `sequence` goes on counting, `bundle` is what was read of it,
    `holder` whom it waits for, at which `position` of the queue.
    """

    deployment_id: str
    generation: int = 1
    run: int = 1
    purpose: Purpose = Purpose.DEPLOY
    options: Options
    rollback: int = 1
    sequence: int = 0
    bundle: BundleAnswer | None = None
    holder: str = ""
    position: int = 0


class TurnAnswer(ControlAnswer):
    """Whether it is this deployment's turn in its lineage; if not, who has it, and the place in the queue (1: next)."""

    is_ours: bool = False
    holder: str = ""
    position: int = 0


class ReadyAnswer(ControlAnswer):
    """Whether what was asked for stands already; if not, ask again later. `waits_for` is what stands in the way."""

    is_ready: bool = False
    waits_for: Failure | None = None


class TracesAnswer(Answer):
    """Whether a deployment whose target could not be prepared has left something there."""

    are_found: bool = False


class PhaseInput(Model):
    """A phase to record. `sequence` is higher than that of any phase recorded before. `deadline` once there is one."""

    deployment_id: str
    sequence: int
    status: Status
    phase: Phase
    message: str
    deadline: datetime | None = None


class UploadInput(Model):
    """The input of the orchestrator `upload`: artifacts `next_index` up to `total`, and what was done before."""

    deployment_id: str
    total: int
    concurrency: Annotated[int, Field(ge=1)]
    retry_policy: RetryPolicy
    poll_interval_seconds: float
    deadline: datetime | None = None
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


class UploadAnswer(ControlAnswer):
    """What became of a record of the upload."""


class GraphAnswer(ControlAnswer):
    """The rollout before its first start, as the plan has it, and the templates that have packages to attach."""

    rollout: Rollout | None = None
    with_packages: tuple[str, ...] = ()


class RolloutInput(DeploymentStep):
    """The input of the orchestrator `rollout`.

    Once it continues as new, the graph is there, since when every look failed (`blind_since`), and why and by whom it
    is being stopped.
    """

    options: Options
    deadline: datetime | None = None
    graph: GraphAnswer | None = None
    blind_since: datetime | None = None
    stop: StopReason | None = None
    asked: ControlAnswer = ControlAnswer()


class StartInput(DeploymentStep):
    """One template to start, as attempt number `attempt`."""

    start: Start


class StartAnswer(Answer):
    """What became of a start."""

    report: Report | None = None


class PollInput(DeploymentStep):
    """The attempts that are in flight.

    `looks_for_foreign` when deployments of others are to be looked for as well; `is_last_look` when what is cancelled
    is not waited for any more, so that what still runs is to be told.
    """

    in_flight: tuple[Start, ...]
    looks_for_foreign: bool = False
    is_last_look: bool = False


class PollAnswer(ControlAnswer):
    """What ARM says of each attempt in flight; `retry_after_seconds` when it asks not to be asked again sooner."""

    reports: tuple[Report, ...] = ()
    retry_after_seconds: float | None = None


class DecisionsInput(DeploymentStep):
    """Decisions of the scheduler to show in the state; `reasons` for those that no activity could write down itself."""

    decisions: tuple[Decision, ...]
    reasons: dict[str, Failure] = {}


class PackagesInput(DeploymentStep):
    """A template whose function apps get their packages."""

    template: str


class Outcome(Answer):
    """How a phase, or the deployment, ended: `failure` and `stop` are None when it went well.

    `rollback` is what the cancellation said of it; `is_lock_broken` when the lineage lock was taken away by force, so
    that nothing may be touched any more.
    """

    message: str
    stop: StopReason | None = None
    rollback: bool | None = None
    is_lock_broken: bool = False

    @property
    def is_good(self) -> bool:
        """True when it went well."""
        return self.failure is None and self.stop is None


class RollbackInput(DeploymentStep):
    """The input of the orchestrator `rollback`: `rollback` is its number, from 1.

    `is_undoing` is false when what is in flight is to be cancelled and waited for, and nothing else. When it continues
    as new it is amid the deletions: `deleting_since` is when one of them was last settled.
    """

    options: Options
    is_undoing: bool = True
    sequence: int = 0
    deleting_since: datetime | None = None


class RollbackOutcome(Answer):
    """How a rollback ended: with nothing left over, or partially. `failure` when it could not be carried out at all."""

    message: str = ""
    leftovers: int = 0


class BegunAnswer(Answer):
    """What may still be in flight when a rollback begins: attempts of the deployment's own templates, and of the
    previous versions that a rollback (number `rollback_in_flight`) of it had begun to deploy again."""

    in_flight: tuple[Start, ...] = ()
    in_flight_again: tuple[Start, ...] = ()
    rollback_in_flight: int = 0


class UndoingAnswer(ControlAnswer):
    """What a rollback is to undo: so many previous versions to deploy again, and resources to delete."""

    templates: int = 0
    to_delete: int = 0


class DeletionInput(DeploymentStep):
    """A pass of deletions; `is_stuck` when the pass before changed nothing."""

    is_stuck: bool = False


class DeletionAnswer(ControlAnswer):
    """What a pass of deletions left to do. `settled` were deleted, or given up, in it; ARM works on `under_way`."""

    left: int = 0
    settled: int = 0
    under_way: int = 0
    retry_after_seconds: float | None = None


class EndInput(DeploymentStep):
    """The end of a rollback, to be recorded; `failure` is why it could not be carried through."""

    failure: Failure | None = None


class FinishInput(Model):
    """The end of a run of a deployment, to be recorded.

    `rollback` is what became of the rollback, or (when not `is_undone`) of the wait for what was in flight; None when
    nothing had been started.
    """

    deployment_id: str
    run: int = 1
    sequence: int
    outcome: Outcome
    is_undone: bool = False
    rollback: RollbackOutcome | None = None


class FinishAnswer(Answer):
    """How the run ended, as it is recorded: None from versions that did not tell."""

    status: Status | None = None
    message: str = ""


class ClosingInput(Model):
    """The input of the orchestrator `closing`: how the run ended, and what is to be settled or undone before."""

    end: FinishInput
    rollback: RollbackInput | None = None
