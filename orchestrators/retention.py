"""Retention: decide what may go, remove it deployment by deployment, then what nothing needs any more."""

from collections.abc import Generator, Sequence
from typing import Any

import azure.durable_functions as df
from azure.durable_functions.models.Task import TaskBase

from armature.errors import Failure, FailureClass, failure
from armature.messages import Answer
from armature.retention_run import (
    PageAnswer,
    PageInput,
    PlanAnswer,
    RemovalAnswer,
    RemovalInput,
    RetentionEnd,
    RetentionInput,
    RetentionStep,
    UnusedInput,
)
from orchestrators.retrying import UNTIL_WRITTEN, Steps, all_called, reason_of, retried

AT_ONCE = 4
"""Deployments that are removed at the same time: deployments that run need the workers more."""

ROUNDS_PER_PLACE = 20
"""Calls that remove what is unused in one place; each does a part. What is left then goes with the next run."""

blueprint = df.Blueprint()


@blueprint.orchestration_trigger(context_name="context")
def retention(context: df.DurableOrchestrationContext) -> Steps:
    """Carry out one run of retention. Its instance id is always the same, so that there is one at a time.

    What fails is told and left to the next run, which finds it again: nothing here is urgent.
    """
    work = RetentionInput.load(context.get_input())
    try:
        ended = yield from _carried_out(context, work)
    except Exception as error:  # whatever happens, the end is recorded
        ended = _end(work, failure(FailureClass.UNKNOWN, "OrchestrationFault", reason_of(error)))
    if ended is None:
        return None
    yield from retried(context, "record_retention", ended, Answer, UNTIL_WRITTEN)
    return {"run": work.run, **ended.removed.dump()}


def _carried_out(
    context: df.DurableOrchestrationContext, work: RetentionInput
) -> Generator[TaskBase, Any, RetentionEnd | None]:
    """All of it, or one page of removals: then it continues as new, and this is None."""
    if work.rule is None:
        plan = yield from retried(context, "plan_retention", RetentionStep(run=work.run), PlanAnswer, UNTIL_WRITTEN)
        if plan.failure or work.dry_run:
            return _end(work, plan.failure)
        work = work.model_copy(update={"rule": plan.rule, "places": plan.places})
    page_input = PageInput(run=work.run, offset=work.offset)
    page = yield from retried(context, "list_removals", page_input, PageAnswer, UNTIL_WRITTEN)
    if page.failure:
        return _end(work, page.failure)
    if not page.deployment_ids:
        return _end((yield from _unused_removed(context, work)))
    for first in range(0, len(page.deployment_ids), AT_ONCE):
        work = yield from _removed(context, work, page.deployment_ids[first : first + AT_ONCE])
    work = work.model_copy(update={"offset": work.offset + len(page.deployment_ids)})
    yield from retried(context, "record_retention", _end(work, is_over=False), Answer, UNTIL_WRITTEN)
    context.set_custom_status({"run": work.run, **work.removed.dump()})
    context.continue_as_new(work.dump())
    return None


def _removed(
    context: df.DurableOrchestrationContext, work: RetentionInput, deployment_ids: Sequence[str]
) -> Generator[TaskBase, Any, RetentionInput]:
    """Remove some deployments: what they have in Azure and storage, then their histories, last the state."""
    going = [RemovalInput(deployment_id=id_, rule=work.rule) for id_ in deployment_ids if work.rule is not None]
    answers = yield from all_called(context, "remove_deployment", going, RemovalAnswer)
    work, going = _counted(work, going, answers)
    answers = yield from all_called(context, "purge_histories", going, RemovalAnswer)
    work, going = _counted(work, going, answers)
    answers = yield from all_called(context, "forget_deployment", going, RemovalAnswer)
    return _counted(work, going, answers)[0]


def _counted(
    work: RetentionInput, asked: Sequence[RemovalInput], answers: Sequence[RemovalAnswer]
) -> tuple[RetentionInput, list[RemovalInput]]:
    """The run with what came of a step, and the deployments that go on to the next one."""
    for removal, answer in zip(asked, answers, strict=True):
        work = work.with_result(removal.deployment_id, answer)
    return work, [
        removal for removal, answer in zip(asked, answers, strict=True) if answer.is_going and answer.failure is None
    ]


def _unused_removed(
    context: df.DurableOrchestrationContext, work: RetentionInput
) -> Generator[TaskBase, Any, RetentionInput]:
    """Remove what no deployment needs, now that those which may go are gone."""
    if work.rule is None:
        return work
    for place in (*range(work.places), None):
        unused = UnusedInput(run=work.run, rule=work.rule, place=place)
        for _ in range(ROUNDS_PER_PLACE):
            answer = yield from retried(context, "remove_unused", unused, RemovalAnswer, UNTIL_WRITTEN)
            work = work.with_result("unused artifacts" if place is not None else "unused documents", answer)
            if answer.failure or not answer.is_going:
                break
    return work


def _end(work: RetentionInput, why: Failure | None = None, *, is_over: bool = True) -> RetentionEnd:
    return RetentionEnd(
        run=work.run,
        is_over=is_over,
        removed=work.removed,
        troubles=work.troubles,
        troubles_found=work.troubles_found,
        failure=why,
    )
