"""The timer: finds the deployments that nothing carries on any more, and has them started, or closed.

A starter may die between claiming an id and starting it; an orchestration may be terminated by an operator, fail in the
host, or end while storage is away for longer than the end is tried to be recorded. Each leaves a state that is not
final, and with it a lock that the next deployment of the lineage waits for.
"""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import azure.durable_functions as df
import azure.functions as func
from azure.durable_functions import OrchestrationRuntimeStatus as Runtime

from armature.azure.deployments import DeploymentStore, DeploymentSummary
from armature.azure.services import services
from armature.errors import FailureClass, failure
from armature.messages import FinishInput, Outcome
from armature.state import DeploymentState
from triggers.starting import ensure_running, run_from_the_start, standing

EVERY_MINUTE = "0 * * * * *"
GRACE = timedelta(minutes=1)
"""What changed so lately is not looked at: its starter, or its orchestration, may be about to go on."""

CHILDREN = ("upload", "rollout")

_DEAD = (Runtime.Failed, Runtime.Terminated, Runtime.Canceled)
_OVER = (None, Runtime.Completed, *_DEAD)

logger = logging.getLogger("armature.triggers")

blueprint = df.Blueprint()


@blueprint.timer_trigger(arg_name="timer", schedule=EVERY_MINUTE, use_monitor=False)
@blueprint.durable_client_input(client_name="client")
async def tend_deployments(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Look after every deployment that is not final. Twice: what is carried on is left alone."""
    await tend(client, services().deployments, datetime.now(UTC))


async def tend(client: df.DurableOrchestrationClient, store: DeploymentStore, now: datetime) -> None:
    """Start or close what nothing carries on; one that can't be tended does not keep the others from it."""
    for summary in await asyncio.to_thread(store.summaries):
        if summary.status.is_final or now - summary.updated_at < GRACE:
            continue
        try:
            await _tend_one(client, store, summary)
        except Exception:  # whatever it is, the others are tended, and this one again in a minute
            logger.exception("%s could not be tended", summary.deployment_id)


async def _tend_one(client: df.DurableOrchestrationClient, store: DeploymentStore, summary: DeploymentSummary) -> None:
    runtime = await standing(client, summary.deployment_id)
    if runtime not in _OVER or not await _are_children_over(client, summary.deployment_id):
        return
    state = await asyncio.to_thread(store.state, summary.deployment_id)
    if state is None or state.status.is_final:
        return
    if runtime is None:
        logger.info("starting %s, which was accepted but has no orchestration", state.deployment_id)
        await ensure_running(client, state)
    elif runtime is Runtime.Completed:
        logger.warning("running %s again, whose end could not be recorded", state.deployment_id)
        await run_from_the_start(client, state)
    else:
        await _close(client, state, runtime)


async def _are_children_over(client: df.DurableOrchestrationClient, deployment_id: str) -> bool:
    """Nobody tells the sub-orchestrations that their parent has died: they go on, and hold the lineage."""
    return all([await standing(client, f"{deployment_id}:{child}") in _OVER for child in CHILDREN])


async def _close(client: df.DurableOrchestrationClient, state: DeploymentState, runtime: Runtime) -> None:
    """Have the end recorded, unless that is under way."""
    closing_id = f"{state.deployment_id}:closing"
    if await standing(client, closing_id) not in _OVER:
        return
    logger.warning("closing %s, whose orchestration is %s", state.deployment_id, runtime.name)
    message = f"The orchestration of the deployment is {runtime.name.lower()}; what ARM was at goes on unwatched."
    suggestion = "Look at the deployments in the portal, then deploy again."
    outcome = Outcome(message=message, failure=failure(FailureClass.UNKNOWN, "OrchestrationEnded", message, suggestion))
    end = FinishInput(deployment_id=state.deployment_id, sequence=state.sequence + 1, outcome=outcome)
    await client.start_new("closing", closing_id, end.dump())
