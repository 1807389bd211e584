"""The whole of one deployment: prepare, take turns with the lineage, upload, roll out, finish."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
from azure.durable_functions.models.Task import TaskBase

from armature.errors import FailureClass, failure
from armature.messages import (
    Answer,
    BundleAnswer,
    DeploymentInput,
    DeploymentStep,
    FinishInput,
    Outcome,
    PhaseInput,
    ReadyAnswer,
    RolloutInput,
    TurnAnswer,
    UploadInput,
)
from armature.state import Phase, Status
from orchestrators.retrying import UNTIL_WRITTEN, Steps, retried

ROUNDS_PER_HISTORY = 100
"""Looks at the lineage lock before the orchestrator continues as new, so that a long wait keeps a short history."""

READY_WITHIN = timedelta(minutes=20)
"""ARM makes a storage account in a minute, and a role is seen in ten; what takes so much longer never gets ready."""

MAX_MESSAGE_IN_DIGEST = 1000

LONGEST_LOOK_AWAY = 30.0
"""Seconds between two looks at what ARM provisions, once it takes long."""

_NEVER_READY = failure(
    FailureClass.UNKNOWN,
    "ArtifactStorageNotReady",
    f"The artifact storage account was not ready after {READY_WITHIN.seconds // 60} minutes.",
    "Look in the portal at the resource group rg-armature-LOCATION and its deployment armature-artifact-storage.",
)

blueprint = df.Blueprint()


@blueprint.orchestration_trigger(context_name="context")
def deployment(context: df.DurableOrchestrationContext) -> Steps:
    """Carry one deployment from the accepted request to its recorded end. Its instance id is the deployment id."""
    job = DeploymentInput.load(context.get_input())
    chapters = _Chapters(context, job)
    try:
        outcome = yield from _carried_out(context, job, chapters)
    except Exception as error:  # whatever happens, the end is recorded and the lock released
        outcome = Outcome(
            message="The deployment stopped at a fault of the orchestrator itself.",
            failure=failure(FailureClass.UNKNOWN, "OrchestrationFault", str(error).split("\n", 1)[0][:1000]),
        )
    if outcome is None:
        return None
    end = FinishInput(deployment_id=job.deployment_id, sequence=chapters.sequence + 1, outcome=outcome)
    return (yield from _finished(context, end))


@blueprint.orchestration_trigger(context_name="context")
def closing(context: df.DurableOrchestrationContext) -> Steps:
    """Record the end of a deployment whose own orchestration has died. Its instance id is `{deploymentId}:closing`."""
    return (yield from _finished(context, FinishInput.load(context.get_input())))


class _Chapters:
    """The phases as they are recorded: each with a higher sequence number than the one before."""

    def __init__(self, context: df.DurableOrchestrationContext, job: DeploymentInput) -> None:
        self._context = context
        self._job = job
        self.sequence = job.sequence

    def begin(self, status: Status, phase: Phase, message: str) -> Generator[TaskBase, Any, None]:
        self.sequence += 1
        self._context.set_custom_status(_digest(status, phase, message))
        work = PhaseInput(
            deployment_id=self._job.deployment_id, sequence=self.sequence, status=status, phase=phase, message=message
        )
        yield from retried(self._context, "record_phase", work, Answer, UNTIL_WRITTEN)


def _digest(status: Status, phase: Phase, message: str) -> dict[str, str]:
    """The custom status: under 8 KB whatever characters the message is made of. All of it is in the state."""
    return {"status": status.value, "phase": phase.value, "message": message[:MAX_MESSAGE_IN_DIGEST]}


def _carried_out(
    context: df.DurableOrchestrationContext, job: DeploymentInput, chapters: _Chapters
) -> Generator[TaskBase, Any, Outcome | None]:
    """All phases, until one fails. None when the orchestrator continues as new while it waits for its turn."""
    policy = job.options.retry_policy
    step = DeploymentStep(deployment_id=job.deployment_id)

    bundle = job.bundle
    if bundle is None:
        yield from chapters.begin(Status.PENDING, Phase.PREPARING, "Reading the bundle.")
        bundle = yield from retried(context, "read_bundle", step, BundleAnswer, policy)
    if bundle.failure:
        return Outcome(message="The bundle was refused; nothing was touched.", failure=bundle.failure)

    turn = yield from _turn_taken(context, job.model_copy(update={"bundle": bundle}), chapters)
    if turn is None or turn.failure:
        return turn

    yield from chapters.begin(Status.PENDING, Phase.PREPARING, "Preparing the target and the artifact storage.")
    target = yield from _target_ready(context, job, chapters)
    if target.failure:
        return Outcome(message="The target could not be prepared.", failure=target.failure)

    yield from chapters.begin(Status.UPLOADING, Phase.UPLOADING, "Uploading templates and packages.")
    uploads = UploadInput(
        deployment_id=job.deployment_id,
        total=bundle.artifacts,
        concurrency=job.options.concurrency,
        retry_policy=policy,
        poll_interval_seconds=job.options.poll_interval_seconds,
    )
    uploaded = Outcome.load(
        (yield context.call_sub_orchestrator("upload", uploads.dump(), f"{job.deployment_id}:upload"))
    )
    if uploaded.failure:
        return uploaded

    yield from chapters.begin(Status.DEPLOYING, Phase.DEPLOYING, "Deploying the templates.")
    rollout = RolloutInput(deployment_id=job.deployment_id, options=job.options)
    return Outcome.load(
        (yield context.call_sub_orchestrator("rollout", rollout.dump(), f"{job.deployment_id}:rollout"))
    )


def _turn_taken(
    context: df.DurableOrchestrationContext, job: DeploymentInput, chapters: _Chapters
) -> Generator[TaskBase, Any, Outcome | None]:
    """Wait, visibly queued, until no other deployment of the lineage runs. None when it continues as new."""
    step = DeploymentStep(deployment_id=job.deployment_id)
    holder = job.holder
    for _ in range(ROUNDS_PER_HISTORY):
        turn = yield from retried(context, "take_turn", step, TurnAnswer, job.options.retry_policy)
        if turn.failure:
            return Outcome(message="The lineage lock could not be taken.", failure=turn.failure)
        if turn.is_ours:
            return Outcome(message="")
        if turn.holder and turn.holder != holder:
            holder = turn.holder
            yield from chapters.begin(Status.QUEUED, Phase.QUEUED, f"Waiting for deployment {holder} to end.")
        yield context.create_timer(context.current_utc_datetime + timedelta(seconds=job.options.poll_interval_seconds))
    context.continue_as_new(job.model_copy(update={"sequence": chapters.sequence, "holder": holder}).dump())
    return None


def _target_ready(
    context: df.DurableOrchestrationContext, job: DeploymentInput, chapters: _Chapters
) -> Generator[TaskBase, Any, ReadyAnswer]:
    """Ensure resource group and artifact storage; look again, less and less often, until ARM has provisioned them."""
    step = DeploymentStep(deployment_id=job.deployment_id)
    deadline = context.current_utc_datetime + READY_WITHIN
    wait, told = job.options.poll_interval_seconds, ""
    while True:
        target = yield from retried(context, "prepare_target", step, ReadyAnswer, job.options.retry_policy)
        if target.failure or target.is_ready:
            return target
        if context.current_utc_datetime >= deadline:
            return ReadyAnswer(failure=target.waits_for or _NEVER_READY)
        if target.waits_for and target.waits_for.code != told:
            told = target.waits_for.code
            message = f"Waiting until the app may use the artifact storage: {target.waits_for.message}"
            yield from chapters.begin(Status.PENDING, Phase.PREPARING, message)
        yield context.create_timer(context.current_utc_datetime + timedelta(seconds=wait))
        wait = min(1.1 * wait, max(LONGEST_LOOK_AWAY, wait))


def _finished(context: df.DurableOrchestrationContext, end: FinishInput) -> Generator[TaskBase, Any, dict[str, str]]:
    """Record the end, give the lock back, and put the result on the queue.

    When the end can't be recorded nothing else is done: the timer finds the deployment, and has this done again.
    """
    status = Status.FAILED if end.outcome.failure else Status.COMPLETED
    context.set_custom_status(_digest(status, Phase.FINISHED, end.outcome.message))
    step = DeploymentStep(deployment_id=end.deployment_id)
    recorded = yield from retried(context, "finish_deployment", end, Answer, UNTIL_WRITTEN)
    if recorded.failure is None:
        yield from retried(context, "release_turn", step, Answer, UNTIL_WRITTEN)
        yield from retried(context, "send_result", step, Answer, UNTIL_WRITTEN)
    return {"status": status.value, "message": end.outcome.message}
