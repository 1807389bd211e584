"""Calling activities, again when their failure says that waiting helps, by durable timer; and hearing of lost ones."""

from collections.abc import Generator, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from azure.durable_functions import DurableOrchestrationContext
from azure.durable_functions.models.Task import TaskBase

from armature.control import CONTROL_EVENT
from armature.errors import FailureClass, failure
from armature.messages import Answer
from armature.models import Model
from armature.options import RetryPolicy
from armature.patience import Patience

Steps = Generator[TaskBase, Any, Any]
"""What an orchestrator is to the SDK: it yields tasks and is sent their results."""

UNTIL_WRITTEN = RetryPolicy(max_attempts=10, backoff_multiplier=2, first_interval_seconds=5)
"""What must not be lost is recorded with more patience than the caller's policy: for some twenty minutes."""

BEGUN_AT_MOST = 3
"""How often a sub-orchestration is begun that the host fails."""

MAX_REASON = 500
"""Characters of what the host says; the traceback that follows is in its log."""

AnswerT = TypeVar("AnswerT", bound=Answer)

_WAKE_UPS: "WeakKeyDictionary[DurableOrchestrationContext, TaskBase]" = WeakKeyDictionary()
"""The one wait for the event that each execution has. A context lives for one episode, replayed from the start."""


def waited(context: DurableOrchestrationContext, until: datetime) -> Generator[TaskBase, Any, bool]:
    """Wait until a moment, or until somebody asks something of the deployment; True in the second case.

    An event only wakes, and only once in an execution: the SDK hands one that came while nobody waited to every wait
    that follows, so a second wait for it could be over before it began. What is asked, activities read at every tick.
    """
    timer = context.create_timer(until)
    known = _WAKE_UPS.get(context)
    if known is not None and known.is_completed:
        yield timer
        return False
    event = known if known is not None else context.wait_for_external_event(CONTROL_EVENT)
    _WAKE_UPS[context] = event
    yield context.task_any([event, timer])
    if not event.is_completed:
        return False
    if not timer.is_completed:
        timer.cancel()
    return True


def answer_of(result: Any, answer: type[AnswerT]) -> AnswerT:
    """What an activity answered, or the failure that stands for its exception.

    Activities answer every failure of their own as data (activities.border). So an exception is the host's: the worker
    died under the activity, its time was up, or what it wrote could not be delivered. Doing it again can help.
    """
    if isinstance(result, Exception):
        return answer(failure=failure(FailureClass.TRANSIENT, "ActivityLost", reason_of(result)))
    return answer.load(result)


def reason_of(error: Exception) -> str:
    """What the SDK tells of an activity, or an orchestration, that the host failed: the first line."""
    return str(error).split("\n", 1)[0][:MAX_REASON] or type(error).__name__


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


def carried_through(
    context: DurableOrchestrationContext, name: str, work: Model, instance_id: str
) -> Generator[TaskBase, Any, tuple[Any, str]]:
    """Call a sub-orchestration, which goes on where it was when it is begun again: what the host fails, or somebody
    terminates, is begun `BEGUN_AT_MOST` times. Its output; or None, and why it was lost the last time."""
    lost = ""
    for _ in range(BEGUN_AT_MOST):
        try:
            return (yield context.call_sub_orchestrator(name, work.dump(), instance_id)), ""
        except Exception as error:  # the SDK raises nothing narrower
            lost = reason_of(error)
    return None, lost


def retried(
    context: DurableOrchestrationContext,
    activity: str,
    work: Model,
    answer: type[AnswerT],
    policy: RetryPolicy,
    deadline: datetime | None = None,
) -> Generator[TaskBase, Any, AnswerT]:
    """Call an activity until its failure, if any, is none that waiting helps.

    `policy.max_attempts` times at most for failures that count, for a bounded time for those that do not (see
    armature.patience); never again once `deadline` is over.
    """
    patience = Patience()
    while True:
        found = yield from called(context, activity, work, answer)
        if found.failure is None:
            return found
        why = found.failure
        wait = patience.after(why.recovery, policy, f"{context.instance_id}|{activity}", why.retry_after_seconds)
        again_at = context.current_utc_datetime + timedelta(seconds=wait.seconds if wait else 0)
        if wait is None or (deadline is not None and again_at >= deadline):
            return found
        patience = wait.patience
        if wait.seconds:
            yield context.create_timer(again_at)
