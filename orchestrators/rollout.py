"""Start templates as what they depend on finishes; watch all that is in flight; end when nothing can move."""

from collections.abc import Generator, Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import azure.durable_functions as df
from azure.durable_functions.models.Task import TaskBase

from armature.errors import Failure, FailureClass, failure
from armature.messages import (
    Answer,
    DecisionsInput,
    DeploymentStep,
    GraphAnswer,
    Outcome,
    PackagesInput,
    PollAnswer,
    PollInput,
    RolloutInput,
    StartAnswer,
    StartInput,
)
from armature.progress import progress_of
from armature.scheduling import MAX_WAIT_SECONDS, Decision, Report, Rollout, Start
from armature.state import Phase, TemplateStatus
from orchestrators.retrying import UNTIL_WRITTEN, Steps, all_called, called, retried

ROUNDS_PER_HISTORY = 40
"""Rounds of start, wait and poll that one history takes before the orchestrator continues as new."""

STARTS_PER_HISTORY = 200
"""Starts after which it continues as new: with fifty in flight few rounds make a long history."""

MAX_BLIND_POLLS = 60
"""Polls in a row that may fail altogether before the rollout gives up: what ARM does goes on without being watched."""

NAMES_IN_DIGEST = 10
NAME_IN_DIGEST = 60
"""Characters; an assembly may name its stacks as it likes. Twice ten such names, six bytes a character in JSON, and all
else stay below 8 KB; the host fails an orchestration whose custom status has more than 16 (Durable Functions, 2025)."""

Reasons = dict[str, Failure]
"""Why templates failed, by name, where the activity that found out did not live to write it down."""

_NO_REASON = failure(FailureClass.UNKNOWN, "NoReport", "The start of the template was answered without a report.")

blueprint = df.Blueprint()


@blueprint.orchestration_trigger(context_name="context")
def rollout(context: df.DurableOrchestrationContext) -> Steps:
    """Deploy the templates of a plan; answers an Outcome."""
    work = RolloutInput.load(context.get_input())
    graph = work.graph
    if graph is None:
        step = DeploymentStep(deployment_id=work.deployment_id, rollback=work.rollback)
        graph = yield from retried(context, "load_graph", step, GraphAnswer, work.options.retry_policy)
    if graph.failure or graph.rollout is None:
        return Outcome(message="The plan could not be read.", failure=graph.failure).dump()
    templates, blind_polls, pause = graph.rollout, work.blind_polls, 0.0
    for _ in range(ROUNDS_PER_HISTORY):
        before, reasons = templates, Reasons()
        templates = yield from _started(context, work, templates, reasons)
        context.set_custom_status(_digest(templates))
        if not templates.is_settled:
            interval = max(work.options.poll_interval_seconds, pause)
            yield context.create_timer(templates.next_wake(context.current_utc_datetime, interval))
        if templates.in_flight:
            poll = PollInput(deployment_id=work.deployment_id, rollback=work.rollback, in_flight=templates.in_flight)
            sight = yield from called(context, "poll_templates", poll, PollAnswer)
            templates, blind_polls = _after_poll(templates, sight, blind_polls, context.current_utc_datetime, reasons)
            pause = pause_after(sight)
            templates = yield from _packages_attached(context, work, graph, before, templates, reasons)
        yield from _recorded(context, work, templates.decisions_since(before), reasons)
        if templates.is_settled:
            return _outcome(templates).dump()
        if templates.attempts - graph.rollout.attempts >= STARTS_PER_HISTORY:
            break
    again = work.model_copy(
        update={"graph": graph.model_copy(update={"rollout": templates}), "blind_polls": blind_polls}
    )
    context.continue_as_new(again.dump())
    return None


def _started(
    context: df.DurableOrchestrationContext, work: RolloutInput, templates: Rollout, reasons: Reasons
) -> Generator[TaskBase, Any, Rollout]:
    """Hand to ARM everything that may start now, and show what it took."""
    starts = templates.next_starts(context.current_utc_datetime)
    if not starts:
        return templates
    works = [StartInput(deployment_id=work.deployment_id, rollback=work.rollback, start=start) for start in starts]
    answers = yield from all_called(context, "start_template", works, StartAnswer)
    reports = [_report(start, answer, reasons) for start, answer in zip(starts, answers, strict=True)]
    taken = [report for report in reports if report.status is TemplateStatus.RUNNING]
    yield from _recorded(context, work, [Decision.of(report) for report in taken], Reasons())
    return templates.with_started(starts).with_reports(reports, context.current_utc_datetime)


def _report(start: Start, answer: StartAnswer, reasons: Reasons) -> Report:
    return answer.report or _failed(start, answer.failure or _NO_REASON, reasons)


def _failed(start: Start, why: Failure, reasons: Reasons) -> Report:
    """An attempt that failed for a reason which no activity could write down."""
    reasons[start.name] = why
    return Report.failed(start, why)


def _after_poll(
    templates: Rollout, sight: PollAnswer, blind_polls: int, now: datetime, reasons: Reasons
) -> tuple[Rollout, int]:
    """Take in what a poll saw. One that fails altogether changes nothing: the next tick looks again."""
    if sight.failure is None:
        return templates.with_reports(sight.reports, now), 0
    if blind_polls + 1 < MAX_BLIND_POLLS:
        return templates, blind_polls + 1
    message = f"Watching was given up after {MAX_BLIND_POLLS} looks that failed; the last: {sight.failure.message}"
    given_up = failure(FailureClass.UNKNOWN, "WatchLost", message)
    return templates.with_reports([_failed(start, given_up, reasons) for start in templates.in_flight], now), 0


def pause_after(sight: PollAnswer) -> float:
    """Seconds that ARM, or storage, asks to be left in peace for after a poll."""
    asked = sight.failure.retry_after_seconds if sight.failure else sight.retry_after_seconds
    return min(asked or 0.0, MAX_WAIT_SECONDS)


def _recorded(
    context: df.DurableOrchestrationContext, work: RolloutInput, decisions: Sequence[Decision], reasons: Reasons
) -> Generator[TaskBase, Any, None]:
    """Show decisions in the state: with patience, since the end of the deployment is told from what stands there."""
    if decisions:
        made = DecisionsInput(
            deployment_id=work.deployment_id, rollback=work.rollback, decisions=tuple(decisions), reasons=reasons
        )
        yield from retried(context, "record_decisions", made, Answer, UNTIL_WRITTEN)


def _packages_attached(
    context: df.DurableOrchestrationContext,
    work: RolloutInput,
    graph: GraphAnswer,
    before: Rollout,
    templates: Rollout,
    reasons: Reasons,
) -> Generator[TaskBase, Any, Rollout]:
    """Give the function apps of each template that has just succeeded their packages."""
    fresh = [n for n in templates.succeeded if n in graph.with_packages and n not in before.succeeded]
    for name in fresh:
        packages = PackagesInput(deployment_id=work.deployment_id, rollback=work.rollback, template=name)
        answer = yield from retried(context, "attach_packages", packages, Answer, work.options.retry_policy)
        if answer.failure:
            reasons[name] = answer.failure
            templates = templates.with_failure_after_success(name)
    return templates


def _digest(templates: Rollout) -> dict[str, object]:
    """The custom status: a few hundred bytes whatever the number of templates."""
    running = _short(start.name for start in templates.in_flight)
    done, total = len(templates.succeeded), len(templates.templates)
    progress = progress_of(Phase.DEPLOYING, done, total, f"{done} of {total} templates")
    return {**progress.dump(), "inFlight": running, "failed": _short(templates.failed)}


def _short(names: Iterable[str]) -> list[str]:
    return [
        name if len(name) <= NAME_IN_DIGEST else f"{name[:NAME_IN_DIGEST]}…" for name in islice(names, NAMES_IN_DIGEST)
    ]


def _outcome(templates: Rollout) -> Outcome:
    if not templates.failed:
        return Outcome(message=f"{len(templates.succeeded)} templates deployed.")
    names = ", ".join(_short(templates.failed))
    message = f"{names} failed; {len(templates.succeeded)} of {len(templates.templates)} templates deployed"
    message += f", {len(templates.skipped)} not started." if templates.skipped else "."
    return Outcome(message=message, failure=failure(FailureClass.UNKNOWN, "TemplatesFailed", message))
