"""The list of what mode Complete would delete: made before anything is touched, and again after the rollout."""

from collections.abc import Generator
from contextlib import suppress
from typing import Any

import azure.durable_functions as df
from azure.durable_functions.models.Task import TaskBase

from armature.approval import Findings
from armature.messages import DeploymentInput, DoomedAnswer, ForeseeingInput, ListingInput
from orchestrators.retrying import retried


def doomed_listed(
    context: df.DurableOrchestrationContext, job: DeploymentInput, *, is_after_rollout: bool = False
) -> Generator[TaskBase, Any, DoomedAnswer]:
    """Make the list of what mode Complete would delete. Before anything is touched what each template writes is
    foreseen first; one of which that can't be told leaves the list incomplete."""
    policy = job.options.retry_policy
    work = ListingInput(deployment_id=job.deployment_id, is_after_rollout=is_after_rollout)
    answer = yield from retried(context, "list_doomed", work, DoomedAnswer, policy)
    if answer.is_made or answer.failure is not None:
        return answer
    foreseeing = ForeseeingInput(deployment_id=job.deployment_id, options=job.options, total=answer.templates)
    with suppress(Exception):  # the host failed it, or somebody terminated it: the list tells what is unforeseen
        yield context.call_sub_orchestrator("foreseeing", foreseeing.dump(), f"{job.deployment_id}:foreseeing")
    work = work.model_copy(update={"takes_what_there_is": True})
    return (yield from retried(context, "list_doomed", work, DoomedAnswer, policy))


def findings_of(answer: DoomedAnswer) -> Findings:
    """What is asked of the list: whether what nobody has approved yet may be deleted."""
    return Findings(
        doomed=answer.unapproved,
        holding_data=answer.holding_data,
        locked=answer.locked,
        irreversible=answer.irreversible,
        list_id=answer.list_id,
    )
