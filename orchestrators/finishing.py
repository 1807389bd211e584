"""How a run comes to its end: what it started is settled, or undone; the end is recorded, and told."""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df
from azure.durable_functions.models.Task import TaskBase

from armature.errors import FailureClass, failure
from armature.messages import Answer, DeploymentStep, FinishAnswer, FinishInput, RollbackInput, RollbackOutcome
from armature.state import Phase, Status
from orchestrators.chapters import Chapters, digest
from orchestrators.retrying import UNTIL_WRITTEN, carried_through, retried


def undone(
    context: df.DurableOrchestrationContext, chapters: Chapters, work: RollbackInput
) -> Generator[TaskBase, Any, RollbackOutcome]:
    """Cancel what is in flight and wait for it; then, if that is asked for, put everything back as it was."""
    if work.is_undoing:
        yield from chapters.begin(Status.ROLLING_BACK, Phase.ROLLING_BACK, "Rolling back what was done.")
    else:
        yield from chapters.begin(Status.DEPLOYING, Phase.DEPLOYING, "Cancelling what is in flight, if anything is.")
    told = work.model_copy(update={"sequence": chapters.sequence})
    answer, lost = yield from carried_through(context, "rollback", told, f"{work.deployment_id}:rollback")
    if answer is not None:
        return RollbackOutcome.load(answer)
    why = failure(FailureClass.UNKNOWN, "RollbackLost", f"The rollback was ended before it was done: {lost}")
    return RollbackOutcome(message="The rollback was not carried through.", failure=why)


def finished(context: df.DurableOrchestrationContext, end: FinishInput) -> Generator[TaskBase, Any, dict[str, Any]]:
    """Record the end, give the lock back, and put the result on the queue.

    When the end can't be recorded nothing else is done: the timer finds it in the output, and has it recorded.
    """
    step = DeploymentStep(deployment_id=end.deployment_id)
    recorded = yield from retried(context, "finish_deployment", end, FinishAnswer, UNTIL_WRITTEN)
    message = recorded.message or end.outcome.message
    if recorded.failure is not None:
        return {"message": message, "end": end.dump()}
    status = recorded.status or (Status.COMPLETED if end.outcome.is_good else Status.FAILED)
    context.set_custom_status(digest(status, Phase.FINISHED, message))
    yield from retried(context, "release_turn", step, Answer, UNTIL_WRITTEN)
    yield from retried(context, "send_result", step, Answer, UNTIL_WRITTEN)
    return {"status": status.value, "message": message}
