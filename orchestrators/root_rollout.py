"""Have ARM schedule the templates: put one root deployment that holds them all, watch what it begins; put another one
for what failed and can be tried again.

All else is as in `orchestrators.rollout`: what is decided, shown, cancelled, and done for what has succeeded.
"""

from collections.abc import Generator, Sequence
from typing import Any

import azure.durable_functions as df
from azure.durable_functions.models.Task import TaskBase

from armature.messages import (
    Outcome,
    PollAnswer,
    PollInput,
    RootGraphAnswer,
    RootPollAnswer,
    RootPollInput,
    RootRolloutInput,
    RootStartAnswer,
    RootStartInput,
)
from armature.root_scheduling import RootRollout
from orchestrators.retrying import Steps, called, retried
from orchestrators.rollout import BLIND_FOR, SOONER, Course, limited, step_of

blueprint = df.Blueprint()


@blueprint.orchestration_trigger(context_name="context")
def root_rollout(context: df.DurableOrchestrationContext) -> Steps:
    """Deploy the templates of a plan in root deployments; answers an Outcome."""
    work = RootRolloutInput.load(context.get_input())
    graph = work.graph
    if graph is None:
        step, policy = step_of(work), work.options.retry_policy
        graph = limited((yield from retried(context, "load_root", step, RootGraphAnswer, policy, work.deadline)), work)
    if graph.failure or graph.rollout is None:
        return Outcome(message="The plan could not be read.", failure=graph.failure).dump()
    return (yield from _RootCourse(context, work, graph, graph.rollout).carried_out())


class _RootCourse(Course):
    """One execution of a rollout whose starts are roots."""

    templates: RootRollout

    @property
    def _begun(self) -> Sequence[str]:
        in_flight = {start.name for start in self.templates.in_flight}
        return [name for name in self.templates.begun if name in in_flight]

    def _until_next_look(self) -> float:
        """The first look comes sooner: ARM begins within a second or two."""
        seconds = super()._until_next_look()
        return seconds * SOONER if self._looked_at is None else seconds

    def _started(self) -> Generator[TaskBase, Any, None]:
        """Hand to ARM one root with everything that may be deployed now. What it begins, the looks show."""
        starts = self.templates.next_starts(self._now)
        if not starts:
            return
        self.templates = self.templates.with_started(starts)
        work = RootStartInput(**self._step, number=self.templates.number, starts=starts)
        policy, deadline = self._work.options.retry_policy, self._work.deadline
        answer = yield from retried(self._context, "start_root", work, RootStartAnswer, policy, deadline)
        reports = answer.reports
        if answer.failure is not None:
            reports = tuple(self._failed(start, answer.failure) for start in starts)
        self.templates = self.templates.with_reports(reports, self._now)
        if answer.failure is not None or not answer.is_under_way:
            self.templates = self.templates.with_root_ended(self._now)

    def _polled(self, look: PollInput, *, is_quiet: bool) -> Generator[TaskBase, Any, PollAnswer]:
        asked = look.model_copy(update={"in_flight": () if is_quiet else self.templates.in_flight})
        work = RootPollInput(**dict(asked), is_quiet=is_quiet, is_stopping=self.templates.is_stopping)
        return (yield from called(self._context, "poll_root", work, RootPollAnswer))

    def _take_in(self, sight: PollAnswer) -> None:
        super()._take_in(sight)
        blind_since = self._work.blind_since
        is_lost = blind_since is not None and self._now - blind_since >= BLIND_FOR
        has_ended = isinstance(sight, RootPollAnswer) and sight.failure is None and not sight.is_under_way
        if is_lost or has_ended:
            self.templates = self.templates.with_root_ended(self._now)
