"""Preview every template of a plan, at most `concurrency` at a time, each until Azure has told; then merge."""

from dataclasses import dataclass
from datetime import timedelta

import azure.durable_functions as df
from azure.durable_functions.models.Task import TaskBase, TimerTask

from armature.control import CONTROL_EVENT
from armature.errors import Failure
from armature.messages import (
    ControlAnswer,
    DeploymentStep,
    PreviewAnswer,
    PreviewedTemplate,
    PreviewGraphAnswer,
    PreviewInput,
    TemplatePreviewAnswer,
)
from armature.patience import Patience
from armature.progress import progress_of
from armature.state import Phase, StopReason
from orchestrators.retrying import Steps, answer_of, retried

CALLS_PER_HISTORY = 300
"""Calls of activities that one history takes before the orchestrator continues as new."""

blueprint = df.Blueprint()


@blueprint.orchestration_trigger(context_name="context")
def preview(context: df.DurableOrchestrationContext) -> Steps:
    """Preview the templates from `next_index` on; answers a PreviewAnswer.

    One of which nothing can be told is no reason to stop: the merged preview tells it. When the deployment is
    cancelled, or the time is over, nothing new is asked.
    """
    work = PreviewInput.load(context.get_input())
    step = DeploymentStep(deployment_id=work.deployment_id)
    policy = work.options.retry_policy
    if work.total is None:
        graph = yield from retried(context, "read_preview_graph", step, PreviewGraphAnswer, policy, work.deadline)
        if graph.failure is not None or graph.is_cancelled or graph.is_lock_broken:
            return _stopped(graph).dump()
        work = work.model_copy(update={"total": graph.templates})
    window = _Window(context, work)
    while True:
        window.fill()
        if fresh := window.take_fresh():
            yield context.task_any([*fresh, context.create_timer(context.current_utc_datetime)])
        if not window.running:
            break
        finished = yield context.task_any(window.awaited())
        if window.is_asked_for(finished):
            window.hear((yield from retried(context, "read_control", step, ControlAnswer, policy)))
        window.settle(finished)
        context.set_custom_status(window.digest())
    if window.is_unfinished:
        context.continue_as_new(window.work.dump())
        return None
    if window.asked is not None:
        return _stopped(window.asked).dump()
    if not work.is_merged:
        return PreviewAnswer(templates=work.total or 0).dump()
    return (yield from retried(context, "merge_previews", step, PreviewAnswer, policy)).dump()


def _stopped(asked: ControlAnswer) -> PreviewAnswer:
    """The end of a preview that is not carried through."""
    stop = StopReason.CANCELLED if asked.is_cancelled else None
    return PreviewAnswer(**_control(asked), message="The preview was not carried through.", stop=stop)


def _control(asked: ControlAnswer) -> dict[str, object]:
    return {name: getattr(asked, name) for name in ControlAnswer.model_fields}


@dataclass(frozen=True)
class _Question:
    """One template that is asked about: which, what was spent on it, and the timer while it waits for another look."""

    index: int
    patience: Patience
    timer: TimerTask | None = None


class _Window:
    """The templates that are asked about now: filled up to the concurrency; each settled as it ends, or asked again.

    A host performs what an orchestrator yields one after the other, and of a `task_any` it awaits what is new in it. So
    what is `fresh` is handed over together with a timer that is due: else the host would wait for it alone, while what
    began before has ended, and the window would shrink to one.
    """

    def __init__(self, context: df.DurableOrchestrationContext, work: PreviewInput) -> None:
        self._context = context
        self._calls = 0
        self._event = context.wait_for_external_event(CONTROL_EVENT)
        self._is_heard = False
        self._fresh: list[TaskBase] = [self._event]
        self._settled = work.next_index
        self.work = work
        self.asked: ControlAnswer | None = None
        self.running: dict[TaskBase, _Question] = {}

    @property
    def _total(self) -> int:
        return self.work.total or 0

    @property
    def is_unfinished(self) -> bool:
        """True when templates are left for another history."""
        return self.asked is None and self.work.next_index < self._total

    def fill(self) -> None:
        """Ask about templates while there is room, some are left for this history, and nothing has ended it."""
        if self.asked is not None:
            self._drop_waits()
            return
        if self.work.deadline is not None and self._context.current_utc_datetime >= self.work.deadline:
            self.work = self.work.model_copy(update={"next_index": self._total})
        while len(self.running) < self.work.options.concurrency and self._has_room():
            self._ask(self.work.next_index, Patience())
            self.work = self.work.model_copy(update={"next_index": self.work.next_index + 1})

    def _has_room(self) -> bool:
        return self.work.next_index < self._total and self._calls < CALLS_PER_HISTORY

    def take_fresh(self) -> list[TaskBase]:
        """What the host has not been handed yet; nothing when there is nothing to wait for either."""
        fresh, self._fresh = self._fresh if self.running else [], []
        return fresh

    def awaited(self) -> list[TaskBase]:
        """What the next step waits for: an answer, the end of a wait, or that something is asked for."""
        return [*self.running, *([] if self._event.is_completed else [self._event])]

    def is_asked_for(self, finished: TaskBase) -> bool:
        """True once when somebody has asked something of the deployment."""
        is_new = finished is self._event and not self._is_heard
        self._is_heard = self._is_heard or is_new
        return is_new

    def hear(self, asked: ControlAnswer) -> None:
        """Take in what is asked for. When nobody can tell, the activities will."""
        if asked.failure is None and (asked.is_cancelled or asked.is_lock_broken):
            self.asked = asked

    def settle(self, finished: TaskBase) -> None:
        """Take in what has ended: an answer, or the wait before another look."""
        question = self.running.pop(finished, None)
        if question is None:
            return
        if question.timer is not None:
            self._ask(question.index, question.patience)
            return
        answer = answer_of(finished.result, TemplatePreviewAnswer)
        self.hear(answer)
        if self.asked is None and answer.failure is not None and self._again(question, answer.failure):
            return
        if self.asked is None and answer.failure is None and not answer.is_done:
            self._wait(question.index, question.patience, answer.retry_after_seconds or 0)
            return
        self._settled += 1

    def _again(self, question: _Question, why: Failure) -> bool:
        """Have a template asked about again after a wait; False when that helps no more."""
        seed = f"{self._context.instance_id}|preview_template|{question.index}"
        wait = question.patience.after(why.recovery, self.work.options.retry_policy, seed, why.retry_after_seconds)
        if wait is None:
            return False
        return self._wait(question.index, wait.patience, wait.seconds)

    def _wait(self, index: int, patience: Patience, seconds: float) -> bool:
        until = self._context.current_utc_datetime + timedelta(seconds=seconds)
        if self.work.deadline is not None and until >= self.work.deadline:
            return False
        timer = self._context.create_timer(until)
        self.running[timer] = _Question(index, patience, timer)
        self._fresh.append(timer)
        return True

    def _ask(self, index: int, patience: Patience) -> None:
        self._calls += 1
        work = PreviewedTemplate(deployment_id=self.work.deployment_id, index=index)
        call = self._context.call_activity("preview_template", work.dump())
        self.running[call] = _Question(index, patience)
        self._fresh.append(call)

    def _drop_waits(self) -> None:
        for timer in [question.timer for question in self.running.values() if question.timer is not None]:
            self.running.pop(timer)
            if timer in self._fresh:
                self._fresh.remove(timer)  # the host has never heard of it
            else:
                timer.cancel()

    def digest(self) -> dict[str, object]:
        """How far it is, for the portal."""
        message = f"{self._settled} of {self._total} templates"
        return progress_of(Phase.PREVIEWING, self._settled, self._total, message).dump()
