"""The waits before anything is deployed: for the turn in the lineage, and for the target to be ready."""

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df
from azure.durable_functions.models.Task import TaskBase

from armature.errors import FailureClass, failure
from armature.messages import DeploymentInput, DeploymentStep, Outcome, ReadyAnswer, TurnAnswer
from armature.numbers import ordinal
from armature.state import Phase, Status, StopReason
from armature.stops import stopped, stopped_by
from orchestrators.chapters import Chapters
from orchestrators.retrying import retried, waited

ROUNDS_PER_HISTORY = 100
"""Looks at the lineage lock before the orchestrator continues as new, so that a long wait keeps a short history."""

READY_WITHIN = timedelta(minutes=20)
"""ARM makes a storage account in a minute, and a role is seen in ten; what takes so much longer never gets ready."""

LONGEST_LOOK_AWAY = 30.0
"""Seconds between two looks at what ARM provisions, once it takes long."""

_NEVER_READY = failure(
    FailureClass.UNKNOWN,
    "ArtifactStorageNotReady",
    f"The artifact storage account was not ready after {READY_WITHIN.seconds // 60} minutes.",
    "Look in the portal at the resource group rg-armature-LOCATION and its deployment armature-artifact-storage.",
)

READY = Outcome(message="")


def turn_taken(
    context: df.DurableOrchestrationContext, job: DeploymentInput, chapters: Chapters
) -> Generator[TaskBase, Any, Outcome | None]:
    """Wait, visibly queued, until it is this deployment's turn in its lineage, or it is asked to stop.

    None when the orchestrator continues as new.
    """
    step = DeploymentStep(deployment_id=job.deployment_id)
    place = (job.holder, job.position)
    for _ in range(ROUNDS_PER_HISTORY):
        turn = yield from retried(context, "take_turn", step, TurnAnswer, job.options.retry_policy)
        if turn.failure:
            return Outcome(message="The turn in the lineage could not be taken.", failure=turn.failure)
        if turn.is_ours:
            return READY
        if (stop := stopped_by(turn)) is not None:
            return stop
        if turn.holder and (turn.holder, turn.position) != place:
            place = (turn.holder, turn.position)
            yield from chapters.begin(Status.QUEUED, Phase.QUEUED, _waiting(turn))
        yield from waited(context, context.current_utc_datetime + _seconds(job.options.poll_interval_seconds))
    again = {"sequence": chapters.sequence, "holder": place[0], "position": place[1]}
    context.continue_as_new(job.model_copy(update=again).dump())
    return None


def _waiting(turn: TurnAnswer) -> str:
    place = f"; {ordinal(turn.position)} in the queue" if turn.position else ""
    return f"Waiting for {turn.holder} to end{place}."


def target_ready(
    context: df.DurableOrchestrationContext, job: DeploymentInput, chapters: Chapters, deadline: datetime
) -> Generator[TaskBase, Any, Outcome]:
    """Ensure resource groups and artifact storage; look again, less and less often, until ARM has provisioned them."""
    step = DeploymentStep(deployment_id=job.deployment_id)
    ready_by = context.current_utc_datetime + READY_WITHIN
    wait, told = job.options.poll_interval_seconds, ""
    while True:
        target = yield from retried(context, "prepare_target", step, ReadyAnswer, job.options.retry_policy, deadline)
        if target.failure:
            return Outcome(message="The target could not be prepared.", failure=target.failure)
        if target.is_ready:
            return READY
        if (stop := stopped_by(target)) is not None:
            return stop
        now = context.current_utc_datetime
        if now >= deadline:
            return stopped(StopReason.TIMED_OUT, target, "the target was not ready, nothing deployed")
        if now >= ready_by:
            never = target.waits_for or _NEVER_READY
            return Outcome(message="The target could not be prepared.", failure=never)
        if target.waits_for and target.waits_for.code != told:
            told = target.waits_for.code
            message = f"Waiting until the app may use the artifact storage: {target.waits_for.message}"
            yield from chapters.begin(Status.PENDING, Phase.PREPARING, message)
        yield from waited(context, min(now + _seconds(wait), max(deadline, now)))
        wait = min(1.1 * wait, max(LONGEST_LOOK_AWAY, wait))


def _seconds(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)
