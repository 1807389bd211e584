"""Start templates as what they depend on finishes; watch all that is in flight; end when nothing can move."""

from collections.abc import Generator
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
from armature.scheduling import Report, Rollout, Setback, Start
from armature.state import Phase, TemplateStatus
from orchestrators.retrying import Steps, retried

ROUNDS_PER_HISTORY = 40
"""Rounds of start, wait and poll that one history takes before the orchestrator continues as new."""

MAX_BLIND_POLLS = 60
"""Polls in a row that may fail altogether before the rollout gives up: what ARM does goes on without being watched."""

NAMES_IN_DIGEST = 20

blueprint = df.Blueprint()


@blueprint.orchestration_trigger(context_name="context")
def rollout(context: df.DurableOrchestrationContext) -> Steps:
    """Deploy the templates of a plan; answers an Outcome."""
    work = RolloutInput.load(context.get_input())
    graph = work.graph
    if graph is None:
        step = DeploymentStep(deployment_id=work.deployment_id)
        graph = yield from retried(context, "load_graph", step, GraphAnswer, work.options.retry_policy)
    if graph.failure or graph.rollout is None:
        return Outcome(message="The plan could not be read.", failure=graph.failure).dump()
    templates, blind_polls = graph.rollout, work.blind_polls
    for _ in range(ROUNDS_PER_HISTORY):
        before = templates
        templates = yield from _started(context, work, templates)
        context.set_custom_status(_digest(templates))
        if not templates.is_settled:
            yield context.create_timer(
                templates.next_wake(context.current_utc_datetime, work.options.poll_interval_seconds)
            )
        if templates.in_flight:
            templates, blind_polls = yield from _polled(context, work, templates, blind_polls)
            templates = yield from _packages_attached(context, work, graph, before, templates)
        decisions = templates.decisions_since(before)
        if decisions:
            made = DecisionsInput(deployment_id=work.deployment_id, decisions=decisions)
            yield from retried(context, "record_decisions", made, Answer, work.options.retry_policy)
        if templates.is_settled:
            return _outcome(templates).dump()
    again = work.model_copy(
        update={"graph": graph.model_copy(update={"rollout": templates}), "blind_polls": blind_polls}
    )
    context.continue_as_new(again.dump())
    return None


def _started(
    context: df.DurableOrchestrationContext, work: RolloutInput, templates: Rollout
) -> Generator[TaskBase, Any, Rollout]:
    """Hand to ARM everything that may start now."""
    starts = templates.next_starts(context.current_utc_datetime)
    if not starts:
        return templates
    calls = [
        context.call_activity("start_template", StartInput(deployment_id=work.deployment_id, start=start).dump())
        for start in starts
    ]
    answers = [StartAnswer.load(answer) for answer in (yield context.task_all(calls))]
    reports = [_report(start, answer) for start, answer in zip(starts, answers, strict=True)]
    return templates.with_started(starts).with_reports(reports, context.current_utc_datetime)


def _report(start: Start, answer: StartAnswer) -> Report:
    return answer.report or _failed(start, answer.failure)


def _failed(start: Start, why: Failure | None) -> Report:
    setback = Setback(
        failure_class=why.failure_class if why else FailureClass.UNKNOWN,
        retry_after_seconds=why.retry_after_seconds if why else None,
    )
    return Report(name=start.name, attempt=start.attempt, status=TemplateStatus.FAILED, setback=setback)


def _polled(
    context: df.DurableOrchestrationContext, work: RolloutInput, templates: Rollout, blind_polls: int
) -> Generator[TaskBase, Any, tuple[Rollout, int]]:
    """Look at all that is in flight. A poll that fails altogether changes nothing: the next tick looks again."""
    poll = PollInput(deployment_id=work.deployment_id, in_flight=templates.in_flight)
    answer = PollAnswer.load((yield context.call_activity("poll_templates", poll.dump())))
    if answer.failure is None:
        return templates.with_reports(answer.reports, context.current_utc_datetime), 0
    if blind_polls + 1 >= MAX_BLIND_POLLS:
        lost = [_failed(start, None) for start in templates.in_flight]
        return templates.with_reports(lost, context.current_utc_datetime), 0
    return templates, blind_polls + 1


def _packages_attached(
    context: df.DurableOrchestrationContext,
    work: RolloutInput,
    graph: GraphAnswer,
    before: Rollout,
    templates: Rollout,
) -> Generator[TaskBase, Any, Rollout]:
    """Give the function apps of each template that has just succeeded their packages."""
    fresh = [n for n in templates.succeeded if n in graph.with_packages and n not in before.succeeded]
    for name in fresh:
        packages = PackagesInput(deployment_id=work.deployment_id, template=name)
        answer = yield from retried(context, "attach_packages", packages, Answer, work.options.retry_policy)
        if answer.failure:
            templates = templates.with_failure_after_success(name)
    return templates


def _digest(templates: Rollout) -> dict[str, object]:
    """The custom status: a few hundred bytes whatever the number of templates."""
    running = [start.name for start in templates.in_flight]
    done, total = len(templates.succeeded), len(templates.templates)
    progress = progress_of(Phase.DEPLOYING, done, total, f"{done} of {total} templates")
    return {**progress.dump(), "inFlight": running[:NAMES_IN_DIGEST], "failed": templates.failed[:NAMES_IN_DIGEST]}


def _outcome(templates: Rollout) -> Outcome:
    if not templates.failed:
        return Outcome(message=f"{len(templates.succeeded)} templates deployed.")
    names = ", ".join(templates.failed[:NAMES_IN_DIGEST])
    message = f"{names} failed; {len(templates.succeeded)} of {len(templates.templates)} templates deployed"
    message += f", {len(templates.skipped)} not started." if templates.skipped else "."
    return Outcome(message=message, failure=failure(FailureClass.UNKNOWN, "TemplatesFailed", message))
