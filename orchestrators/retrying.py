"""Calling activities, again when their failure says that waiting helps, by durable timer; and hearing of lost ones."""

from collections.abc import Generator, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from azure.durable_functions import DurableOrchestrationContext
from azure.durable_functions.models.Task import TaskBase

from armature.errors import FailureClass, failure
from armature.messages import Answer
from armature.models import Model
from armature.options import RetryPolicy
from armature.scheduling import retry_wait

Steps = Generator[TaskBase, Any, Any]
"""What an orchestrator is to the SDK: it yields tasks and is sent their results."""

UNTIL_WRITTEN = RetryPolicy(max_attempts=10, backoff_multiplier=2, first_interval_seconds=5)
"""What must not be lost is recorded with more patience than the caller's policy: for some twenty minutes."""

MAX_REASON = 500

AnswerT = TypeVar("AnswerT", bound=Answer)


def answer_of(result: Any, answer: type[AnswerT]) -> AnswerT:
    """What an activity answered, or the failure that stands for its exception.

    Activities answer every failure of their own as data (activities.border). So an exception is the host's: the worker
    died under the activity, its time was up, or what it wrote could not be delivered. Doing it again can help.
    """
    if isinstance(result, Exception):
        reason = str(result).split("\n", 1)[0][:MAX_REASON]
        return answer(failure=failure(FailureClass.TRANSIENT, "ActivityLost", reason or type(result).__name__))
    return answer.load(result)


def called(
    context: DurableOrchestrationContext, activity: str, work: Model, answer: type[AnswerT]
) -> Generator[TaskBase, Any, AnswerT]:
    """Call an activity once."""
    try:
        result = yield context.call_activity(activity, work.dump())
    except Exception as lost:  # the SDK raises nothing narrower
        result = lost
    return answer_of(result, answer)


def all_called(
    context: DurableOrchestrationContext, activity: str, works: Sequence[Model], answer: type[AnswerT]
) -> Generator[TaskBase, Any, list[AnswerT]]:
    """Call an activity once for each of `works`, all at the same time; their answers in that order, when all are in."""
    calls = [context.call_activity(activity, work.dump()) for work in works]
    waiting = list(calls)
    while waiting:  # `task_all` would end with the first that is lost, and leave the others unheard
        waiting.remove((yield context.task_any(list(waiting))))
    return [answer_of(call.result, answer) for call in calls]


def retried(
    context: DurableOrchestrationContext, activity: str, work: Model, answer: type[AnswerT], policy: RetryPolicy
) -> Generator[TaskBase, Any, AnswerT]:
    """Call an activity until its failure, if any, is none that waiting helps; `policy.max_attempts` times at most."""
    for attempt in range(1, policy.max_attempts + 1):
        found = yield from called(context, activity, work, answer)
        if found.failure is None or not found.failure.is_retried or attempt == policy.max_attempts:
            return found
        wait = retry_wait(policy, attempt, found.failure.retry_after_seconds)
        yield context.create_timer(context.current_utc_datetime + timedelta(seconds=wait))
    raise AssertionError("a retry policy allows at least one attempt")
