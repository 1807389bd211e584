"""Foresee what each template of a plan writes, a few at a time, before the list of mode Complete is made."""

from collections.abc import Sequence

import azure.durable_functions as df

from armature.messages import ForeseeingInput, ForesightAnswer, ForesightInput, Outcome
from armature.stops import stopped_by
from orchestrators.retrying import Steps, all_called, retried

TEMPLATES_PER_HISTORY = 100
"""Templates that one history takes before the orchestrator continues as new."""

blueprint = df.Blueprint()


@blueprint.orchestration_trigger(context_name="context")
def foreseeing(context: df.DurableOrchestrationContext) -> Steps:
    """Have what the templates from `next_index` on write written down; answers an Outcome.

    One of which that can't be told is no reason to stop: the list tells that it is incomplete.
    """
    work = ForeseeingInput.load(context.get_input())
    until = min(work.next_index + TEMPLATES_PER_HISTORY, work.total)
    for first in range(work.next_index, until, work.options.concurrency):
        works = _works(work, range(first, min(first + work.options.concurrency, until)))
        told = yield from all_called(context, "foresee_writes", works, ForesightAnswer)
        for number, answer in enumerate(told):
            if answer.failure is not None and answer.failure.is_retried:
                again = retried(context, "foresee_writes", works[number], ForesightAnswer, work.options.retry_policy)
                told[number] = yield from again
        if (stop := next(filter(None, map(stopped_by, told)), None)) is not None:
            return stop.dump()
    if until < work.total:
        context.continue_as_new(work.model_copy(update={"next_index": until}).dump())
        return None
    return Outcome(message="").dump()


def _works(work: ForeseeingInput, indexes: Sequence[int]) -> list[ForesightInput]:
    return [ForesightInput(deployment_id=work.deployment_id, index=index) for index in indexes]
