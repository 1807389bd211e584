"""Start templates as what they depend on finishes; watch all that is in flight; end when nothing can move.

When the deployment is cancelled, or its time is over, nothing starts any more, and what is in flight is cancelled,
again at every tick until ARM has ended it.
"""

from collections.abc import Generator, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import azure.durable_functions as df
from azure.durable_functions.models.Task import TaskBase

from armature.attempts import Decision, Report, Start
from armature.errors import Failure, FailureClass, failure
from armature.messages import (
    Answer,
    ControlAnswer,
    DecisionsInput,
    DeploymentStep,
    GraphAnswer,
    Outcome,
    PackagesAnswer,
    PackagesInput,
    PollAnswer,
    PollInput,
    RolloutInput,
    StartAnswer,
    StartInput,
    TagsAnswer,
    TagsInput,
)
from armature.outcomes import counts_of, outcome_of, short_names
from armature.patience import MAX_WAIT_SECONDS, OUTWAIT_MINUTES
from armature.progress import progress_of
from armature.scheduling import Rollout
from armature.state import Phase, StopReason, TemplateStatus
from armature.stops import lock_broken
from orchestrators.retrying import UNTIL_WRITTEN, Steps, all_called, called, retried, waited

ROUNDS_PER_HISTORY = 40
"""Rounds of start, wait and poll that one history takes before the orchestrator continues as new."""

STARTS_PER_HISTORY = 200
"""Starts after which it continues as new: with fifty in flight few rounds make a long history."""

BLIND_FOR = timedelta(minutes=2 * OUTWAIT_MINUTES)
"""How long every poll may fail altogether before the rollout gives up: what ARM does goes on without being watched."""

FOREIGN_LOOK_SECONDS = 30.0
"""Seconds between two looks for the deployments of others."""

SOONER = 0.2
"""Share of the interval after which the next look comes when one has just seen something end: what began together ends
together, and the next templates wait for the last of it."""

GraphAnswerT = TypeVar("GraphAnswerT", bound=GraphAnswer)

_NO_REASON = failure(FailureClass.UNKNOWN, "NoReport", "The start of the template was answered without a report.")

_NOT_AWAITED = failure(
    FailureClass.UNKNOWN,
    "PackageNotDeployed",
    "Azure was still deploying the package to a function app when the deployment was stopped.",
    "Resume the deployment, or roll it back: Azure goes on with the package until then.",
)

blueprint = df.Blueprint()


@blueprint.orchestration_trigger(context_name="context")
def rollout(context: df.DurableOrchestrationContext) -> Steps:
    """Deploy the templates of a plan; answers an Outcome."""
    work = RolloutInput.load(context.get_input())
    graph = work.graph
    if graph is None:
        step, policy = step_of(work), work.options.retry_policy
        graph = limited((yield from retried(context, "load_graph", step, GraphAnswer, policy, work.deadline)), work)
    if graph.failure or graph.rollout is None:
        return Outcome(message="The plan could not be read.", failure=graph.failure).dump()
    return (yield from Course(context, work, graph, graph.rollout).carried_out())


def step_of(work: RolloutInput) -> DeploymentStep:
    """What the activity that loads the graph is told."""
    return DeploymentStep(deployment_id=work.deployment_id, rollback=work.rollback)


def limited(graph: GraphAnswerT, work: RolloutInput) -> GraphAnswerT:
    """The graph with the limits of this rollout."""
    if graph.rollout is None:
        return graph
    limits = {"deadline": work.deadline, "cancel_on_failure": work.options.cancel_on_failure}
    return graph.model_copy(update={"rollout": graph.rollout.model_copy(update=limits)})


class Course:
    """One execution of a rollout: the scheduler's `templates` move on with what the activities tell."""

    def __init__(
        self, context: df.DurableOrchestrationContext, work: RolloutInput, graph: GraphAnswer, templates: Rollout
    ) -> None:
        self._context = context
        self._graph = graph
        self._work = work
        self._begun_with = templates.starts
        self._looks_for_foreign_at: datetime | None = None
        self._quiet_until: datetime | None = None
        self._looked_at: datetime | None = None
        self._saw_an_end = False
        self._reasons: dict[str, Failure] = {}
        self.templates = templates

    @property
    def _now(self) -> datetime:
        now: datetime = self._context.current_utc_datetime
        return now

    def carried_out(self) -> Steps:
        """Rounds of start, wait and look; an Outcome, or None when it continues as new."""
        before = self.templates
        if self._work.graph is None:
            self._hear(self._graph)
        for _ in range(ROUNDS_PER_HISTORY):
            if self._work.asked.is_lock_broken:
                return lock_broken(counts_of(self.templates)).dump()
            yield from self._started()
            self._context.set_custom_status(digest(self.templates, self._begun))
            if not self.templates.is_settled:
                yield from waited(self._context, self.templates.next_wake(self._now, self._until_next_look()))
                yield from self._looked(before)
            yield from self._recorded(self.templates.decisions_since(before))
            is_taken_over = self._work.asked.is_lock_broken and bool(self.templates.failed)
            if self.templates.is_settled and not is_taken_over:
                return outcome_of(self.templates, self._work.stop, self._work.asked).dump()
            before, self._reasons = self.templates, {}
            if self.templates.starts - self._begun_with >= STARTS_PER_HISTORY:
                break
        graph = self._graph.model_copy(update={"rollout": self.templates})
        self._context.continue_as_new(self._work.model_copy(update={"graph": graph}).dump())
        return None

    def _until_next_look(self) -> float:
        """Seconds from now on: the starts that came after the last look have taken some of the interval already."""
        interval = self._work.options.poll_interval_seconds
        if self._looked_at is None:
            return interval
        if self._saw_an_end:
            interval *= SOONER
        return max(interval - (self._now - self._looked_at).total_seconds(), 0.0)

    def _started(self) -> Generator[TaskBase, Any, None]:
        """Hand to ARM everything that may start now, and show what it took."""
        starts = self.templates.next_starts(self._now)
        if not starts:
            return
        works = [StartInput(**self._step, start=start) for start in starts]
        answers = yield from all_called(self._context, "start_template", works, StartAnswer)
        reports = [self._report(start, answer) for start, answer in zip(starts, answers, strict=True)]
        self.templates = self.templates.with_started(starts)
        taken = [report.name for report in reports if report.status is TemplateStatus.RUNNING]
        yield from self._recorded([self.templates.decision(name) for name in taken])
        self.templates = self.templates.with_reports(reports, self._now)

    def _report(self, start: Start, answer: StartAnswer) -> Report:
        return answer.report or self._failed(start, answer.failure or _NO_REASON)

    def _failed(self, start: Start, why: Failure) -> Report:
        """An attempt that failed for a reason which no activity could write down."""
        self._reasons[start.name] = why
        return Report.failed(start, why)

    def _looked(self, before: Rollout) -> Generator[TaskBase, Any, None]:
        """Look at what is in flight, or cancel it, and at what is asked for. Only at that while ARM asks for peace."""
        if self.templates.is_overdue(self._now):
            self._stop(StopReason.TIMED_OUT)
        if self.templates.is_settled:
            return
        is_quiet = self._quiet_until is not None and self._now < self._quiet_until
        look = PollInput(**self._step, in_flight=() if is_quiet else self.templates.in_flight)
        if self.templates.is_cancelling:
            look = look.model_copy(update={"is_last_look": self.templates.is_given_up(self._now)})
            sight = yield from called(self._context, "cancel_templates", look, PollAnswer)
        else:
            look = look.model_copy(update={"looks_for_foreign": not is_quiet and self._is_foreign_look_due()})
            sight = yield from self._polled(look, is_quiet=is_quiet)
        self._looked_at = self._now
        self._saw_an_end = any(report.status.is_final for report in sight.reports)
        self._take_in(sight)
        if not self._work.asked.is_lock_broken:
            yield from self._completed(before)
        if (pause := pause_after(sight)) > 0:
            self._quiet_until = self._now + timedelta(seconds=pause)

    def _polled(self, look: PollInput, *, is_quiet: bool) -> Generator[TaskBase, Any, PollAnswer]:
        """One look at what is in flight; nothing is while ARM is to be left in peace (`is_quiet`)."""
        return (yield from called(self._context, "poll_templates", look, PollAnswer))

    @property
    def _begun(self) -> Sequence[str]:
        """The templates that ARM works on."""
        return [start.name for start in self.templates.in_flight]

    def _is_foreign_look_due(self) -> bool:
        if self._looks_for_foreign_at is not None and self._now < self._looks_for_foreign_at:
            return False
        self._looks_for_foreign_at = self._now + timedelta(seconds=FOREIGN_LOOK_SECONDS)
        return True

    def _take_in(self, sight: PollAnswer) -> None:
        """Take in what a look saw. One that fails altogether changes nothing: the next tick looks again."""
        blind_since = None
        if sight.failure is None:
            self.templates = self.templates.with_reports(sight.reports, self._now)
        else:
            blind_since = self._work.blind_since or self._now
            if self._now - blind_since >= BLIND_FOR or self.templates.is_given_up(self._now):
                message = f"Watching was given up, since every look failed; the last: {sight.failure.message}"
                given_up = failure(FailureClass.UNKNOWN, "WatchLost", message)
                reports = [self._failed(start, given_up) for start in self.templates.in_flight]
                self.templates = self.templates.with_reports(reports, self._now)
        self._work = self._work.model_copy(update={"blind_since": blind_since})
        if sight.failure is None:
            self._hear(sight)

    def _hear(self, answer: ControlAnswer) -> None:
        """Stop when somebody asks for it. A rollback is not cancelled, and only a lost lock ends it."""
        asked = ControlAnswer(
            is_cancelled=answer.is_cancelled and not self._work.rollback,
            cancelled_by=answer.cancelled_by,
            rollback=answer.rollback,
            is_lock_broken=answer.is_lock_broken,
        )
        self._work = self._work.model_copy(update={"asked": asked})
        if asked.is_cancelled and self._work.stop is None:
            self._stop(StopReason.CANCELLED)

    def _stop(self, reason: StopReason) -> None:
        self._work = self._work.model_copy(update={"stop": reason})
        self.templates = self.templates.with_stop(self._now)

    def _recorded(self, decisions: Sequence[Decision]) -> Generator[TaskBase, Any, None]:
        """Show decisions: with patience, since the end of the deployment is told from what stands there."""
        if decisions:
            made = DecisionsInput(**self._step, decisions=tuple(decisions), reasons=self._reasons)
            yield from retried(self._context, "record_decisions", made, Answer, UNTIL_WRITTEN)

    def _completed(self, before: Rollout) -> Generator[TaskBase, Any, None]:
        """Do what is left to do for each template that ARM has just deployed: put its tags, attach its packages."""
        for name in [name for name in self.templates.succeeded if name not in before.succeeded]:
            if self._graph.puts_tags:
                yield from self._tagged(name)
            if name in self._graph.with_packages:
                yield from self._with_packages(name)

    def _tagged(self, name: str) -> Generator[TaskBase, Any, None]:
        """Put the tags on what a template has made. What can't get them is told, and fails nothing."""
        policy, deadline = self._work.options.retry_policy, self._work.deadline
        work = TagsInput(**self._step, template=name)
        while True:
            answer = yield from retried(self._context, "put_tags", work, TagsAnswer, policy, deadline)
            if answer.failure is not None:
                given_up = work.model_copy(update={"given_up": answer.failure})
                yield from retried(self._context, "put_tags", given_up, TagsAnswer, UNTIL_WRITTEN)
                return
            if answer.position is None:
                return
            work = work.model_copy(update={"position": answer.position})
            if pause := min(answer.retry_after_seconds or 0.0, MAX_WAIT_SECONDS):
                yield self._context.create_timer(self._now + timedelta(seconds=pause))

    def _with_packages(self, name: str) -> Generator[TaskBase, Any, None]:
        """Give the function apps of a template their packages; what the platform fetches is waited for, unless the
        deployment is stopped."""
        policy, deadline = self._work.options.retry_policy, self._work.deadline
        packages = PackagesInput(**self._step, template=name)
        while True:
            answer = yield from retried(self._context, "attach_packages", packages, PackagesAnswer, policy, deadline)
            if not answer.is_pending:
                break
            self._hear(answer)
            if self._work.stop is None and deadline is not None and self._now >= deadline:
                self._stop(StopReason.TIMED_OUT)
            if self._work.stop is not None or self._work.asked.is_lock_broken:
                answer = PackagesAnswer(failure=_NOT_AWAITED)
                break
            pause = max(answer.retry_after_seconds or 0.0, self._work.options.poll_interval_seconds)
            yield self._context.create_timer(self._now + timedelta(seconds=min(pause, MAX_WAIT_SECONDS)))
        if answer.failure:
            self._reasons[name] = answer.failure
            self.templates = self.templates.with_failure_after_success(name, self._now)

    @property
    def _step(self) -> dict[str, Any]:
        """What every activity is told: the deployment, and of which plan."""
        return {"deployment_id": self._work.deployment_id, "rollback": self._work.rollback}


def pause_after(sight: PollAnswer) -> float:
    """Seconds that ARM, or storage, asks to be left in peace for after a poll."""
    asked = sight.failure.retry_after_seconds if sight.failure else sight.retry_after_seconds
    return min(asked or 0.0, MAX_WAIT_SECONDS)


def digest(templates: Rollout, begun: Sequence[str]) -> dict[str, object]:
    """The custom status: a few hundred bytes whatever the number of templates, of which `begun` are those in flight."""
    running = short_names(begun)
    done, total = len(templates.succeeded), len(templates.templates)
    progress = progress_of(Phase.DEPLOYING, done, total, f"{done} of {total} templates")
    return {**progress.dump(), "inFlight": running, "failed": short_names(templates.failed)}
