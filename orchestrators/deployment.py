"""The whole of one deployment: read the bundle, take turns with the lineage, have it approved, prepare, upload, roll
out; settle or undo; finish."""

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df
from azure.durable_functions.models.Task import TaskBase

from armature.endings import undoes
from armature.errors import FailureClass, failure
from armature.messages import (
    BundleAnswer,
    ClosingInput,
    ControlAnswer,
    DeploymentInput,
    DeploymentStep,
    FinishInput,
    Outcome,
    RollbackInput,
    RolloutInput,
    TracesAnswer,
    UploadInput,
)
from armature.options import Mode, Strategy
from armature.state import Phase, Purpose, Status
from armature.stops import stopped_by
from orchestrators.approving import approved
from orchestrators.chapters import Chapters
from orchestrators.cleaning import cleaned_up
from orchestrators.finishing import finished, undone
from orchestrators.preparing import READY, target_ready, turn_taken
from orchestrators.previewing import previewed
from orchestrators.retrying import Steps, reason_of, retried
from orchestrators.validating import validated

UNDOING_SINCE = 2
"""The generation of the process that first settled, and undid, what it had started. A run that began under an earlier
one, and goes on while the app is upgraded, ends as it would have then."""

ASKING_SINCE = 3
"""The generation that first asked for approval, and looked at what was deployed."""

blueprint = df.Blueprint()


class _Run:
    """How far a run has come: whether it may have made a resource group, whether it may have started a template, and
    whether the deployment stands: nothing of it is rolled back by itself once mode Complete deletes."""

    def __init__(self, job: DeploymentInput) -> None:
        self.has_touched = False
        self.has_started = False
        self.stands = job.stands
        self._left_before = job.run > 1 and job.has_touched

    def has_turn(self) -> None:
        """It has its turn, and with it what earlier runs of the deployment have left."""
        self.has_touched = self.has_started = self._left_before


@blueprint.orchestration_trigger(context_name="context")
def deployment(context: df.DurableOrchestrationContext) -> Steps:
    """Carry a run of a deployment from the request to its recorded end. Its instance id is the deployment id."""
    job = DeploymentInput.load(context.get_input())
    chapters = Chapters(context, job.deployment_id, job.sequence)
    run = _Run(job)
    try:
        outcome = yield from _carried_out(context, job, chapters, run)
    except Exception as error:  # whatever happens, what was started is settled, the end recorded, the lock released
        outcome = yield from _lost(context, job, error)
    if outcome is None:
        return None
    return (yield from _ended(context, job, chapters, run, outcome))


@blueprint.orchestration_trigger(context_name="context")
def closing(context: df.DurableOrchestrationContext) -> Steps:
    """Bring a run whose own orchestration has died to its end. Its instance id is `{deploymentId}:closing`."""
    work = ClosingInput.load(context.get_input())
    end = work.end
    chapters = Chapters(context, end.deployment_id, end.sequence)
    if work.rollback is not None:
        rollback = yield from undone(context, chapters, work.rollback)
        end = end.model_copy(update={"sequence": chapters.sequence + 1, "rollback": rollback})
    return (yield from finished(context, end))


def _carried_out(
    context: df.DurableOrchestrationContext, job: DeploymentInput, chapters: Chapters, run: _Run
) -> Generator[TaskBase, Any, Outcome | None]:
    """All phases, until one does not end well. None when the orchestrator continues as new as it waits for its turn."""
    if job.purpose is Purpose.ROLL_BACK:
        return (yield from _taken(context, job, chapters, run))

    bundle = job.bundle
    if bundle is None:
        yield from chapters.begin(Status.PENDING, Phase.PREPARING, "Reading the bundle.")
        step = DeploymentStep(deployment_id=job.deployment_id)
        bundle = yield from retried(context, "read_bundle", step, BundleAnswer, job.options.retry_policy)
    if bundle.failure:
        return Outcome(message="The bundle was refused; nothing was touched.", failure=bundle.failure)
    if job.options.is_preview:
        return (yield from previewed(context, job, chapters))

    turn = yield from _taken(context, job.model_copy(update={"bundle": bundle}), chapters, run)
    if turn is None or not turn.is_good:
        return turn
    if job.generation >= ASKING_SINCE:
        gate = yield from approved(context, job, chapters)
        if not gate.is_good:
            return gate
    deadline = context.current_utc_datetime + timedelta(minutes=job.options.timeout)
    ready = yield from _made_ready(context, job, chapters, run, deadline)
    if not ready.is_good:
        return ready
    uploaded = yield from _uploaded(context, job, chapters, bundle, deadline)
    if not uploaded.is_good:
        return uploaded
    run.has_started = True
    return (yield from _deployed(context, job, chapters, run, deadline))


def _made_ready(
    context: df.DurableOrchestrationContext, job: DeploymentInput, chapters: Chapters, run: _Run, deadline: datetime
) -> Generator[TaskBase, Any, Outcome]:
    message = "Preparing the target and the artifact storage."
    yield from chapters.begin(Status.PENDING, Phase.PREPARING, message, deadline)
    target = yield from target_ready(context, job, chapters, deadline)
    run.has_touched = target.is_good or run.has_touched or (yield from _has_left_traces(context, job, target))
    return target


def _uploaded(
    context: df.DurableOrchestrationContext,
    job: DeploymentInput,
    chapters: Chapters,
    bundle: BundleAnswer,
    deadline: datetime,
) -> Generator[TaskBase, Any, Outcome]:
    yield from chapters.begin(Status.UPLOADING, Phase.UPLOADING, "Uploading templates and packages.")
    uploads = UploadInput(
        deployment_id=job.deployment_id,
        total=bundle.artifacts,
        concurrency=job.options.concurrency,
        retry_policy=job.options.retry_policy,
        poll_interval_seconds=job.options.poll_interval_seconds,
        deadline=deadline,
    )
    answer = yield context.call_sub_orchestrator("upload", uploads.dump(), f"{job.deployment_id}:upload")
    return Outcome.load(answer)


def _deployed(
    context: df.DurableOrchestrationContext, job: DeploymentInput, chapters: Chapters, run: _Run, deadline: datetime
) -> Generator[TaskBase, Any, Outcome]:
    """Roll out, look whether it works, and only then delete what no template deploys."""
    rolled_out = yield from _rolled_out(context, job, chapters, deadline)
    if not rolled_out.is_good or job.generation < ASKING_SINCE:
        return rolled_out
    checked = yield from validated(context, job, chapters, deadline)
    if not checked.is_good:
        return checked
    run.stands = run.stands or job.options.mode is Mode.COMPLETE
    cleaned = yield from cleaned_up(context, job, chapters, deadline)
    if not cleaned.is_good:
        return cleaned
    return Outcome(message=f"{rolled_out.message} {cleaned.message}".strip())


def _rolled_out(
    context: df.DurableOrchestrationContext, job: DeploymentInput, chapters: Chapters, deadline: datetime
) -> Generator[TaskBase, Any, Outcome]:
    yield from chapters.begin(Status.DEPLOYING, Phase.DEPLOYING, "Deploying the templates.")
    rollout = RolloutInput(deployment_id=job.deployment_id, options=job.options, deadline=deadline)
    name = "root_rollout" if job.options.strategy is Strategy.ROOT else "rollout"
    answer = yield context.call_sub_orchestrator(name, rollout.dump(), f"{job.deployment_id}:rollout")
    return Outcome.load(answer)


def _has_left_traces(
    context: df.DurableOrchestrationContext, job: DeploymentInput, target: Outcome
) -> Generator[TaskBase, Any, bool]:
    """Whether something is to be undone of a target that was not made ready. In doubt it is: a rollback looks."""
    if target.failure is None:
        return True
    if target.is_lock_broken or job.generation < UNDOING_SINCE:
        return False
    step = DeploymentStep(deployment_id=job.deployment_id)
    traces = yield from retried(context, "look_for_traces", step, TracesAnswer, job.options.retry_policy)
    return traces.are_found or traces.failure is not None


def _taken(
    context: df.DurableOrchestrationContext, job: DeploymentInput, chapters: Chapters, run: _Run
) -> Generator[TaskBase, Any, Outcome | None]:
    turn = yield from turn_taken(context, job, chapters)
    if turn == READY:
        run.has_turn()
    return turn


def _lost(
    context: df.DurableOrchestrationContext, job: DeploymentInput, error: Exception
) -> Generator[TaskBase, Any, Outcome]:
    """The outcome of a run whose orchestrator, or a sub-orchestration of its, was failed: with what was asked of it."""
    why = failure(FailureClass.UNKNOWN, "OrchestrationFault", reason_of(error))
    outcome = Outcome(message="The deployment stopped at a fault of the orchestrator itself.", failure=why)
    if job.generation < UNDOING_SINCE:
        return outcome
    step = DeploymentStep(deployment_id=job.deployment_id)
    asked = yield from retried(context, "read_control", step, ControlAnswer, job.options.retry_policy)
    stopped = stopped_by(asked)
    if stopped is not None and stopped.is_lock_broken:
        return stopped
    return outcome.model_copy(update={"rollback": asked.rollback})


def _ended(
    context: df.DurableOrchestrationContext, job: DeploymentInput, chapters: Chapters, run: _Run, outcome: Outcome
) -> Generator[TaskBase, Any, dict[str, Any]]:
    """Undo, or at least settle, what did not go well and has left something; then finish."""
    end = FinishInput(deployment_id=job.deployment_id, run=job.run, sequence=0, outcome=outcome)
    has_gone_well = outcome.is_good and job.purpose is Purpose.DEPLOY
    may_touch = not (outcome.is_lock_broken or outcome.is_not_approved) and job.generation >= UNDOING_SINCE
    is_undone_by_itself = job.options.rollback_on_failure and not run.stands
    is_undoing = undoes(job.purpose, outcome, rollback_on_failure=is_undone_by_itself)
    if not has_gone_well and may_touch and (run.has_touched if is_undoing else run.has_started):
        work = RollbackInput(
            deployment_id=job.deployment_id, rollback=job.rollback, options=job.options, is_undoing=is_undoing
        )
        rollback = yield from undone(context, chapters, work)
        end = end.model_copy(update={"is_undone": is_undoing, "rollback": rollback})
    return (yield from finished(context, end.model_copy(update={"sequence": chapters.sequence + 1})))
