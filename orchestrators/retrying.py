"""Calling an activity again when its failure says that waiting helps, by durable timer."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any, TypeVar

from azure.durable_functions import DurableOrchestrationContext
from azure.durable_functions.models.Task import TaskBase

from armature.messages import Answer
from armature.models import Model
from armature.options import RetryPolicy
from armature.scheduling import retry_wait

Steps = Generator[TaskBase, Any, Any]
"""What an orchestrator is to the SDK: it yields tasks and is sent their results."""

AnswerT = TypeVar("AnswerT", bound=Answer)


def retried(
    context: DurableOrchestrationContext, activity: str, work: Model, answer: type[AnswerT], policy: RetryPolicy
) -> Generator[TaskBase, Any, AnswerT]:
    """Call an activity until its failure, if any, is none that waiting helps; `policy.max_attempts` times at most."""
    for attempt in range(1, policy.max_attempts + 1):
        found = answer.load((yield context.call_activity(activity, work.dump())))
        if found.failure is None or not found.failure.is_retried or attempt == policy.max_attempts:
            return found
        wait = retry_wait(policy, attempt, found.failure.retry_after_seconds)
        yield context.create_timer(context.current_utc_datetime + timedelta(seconds=wait))
    raise AssertionError("a retry policy allows at least one attempt")
