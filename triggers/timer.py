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
from armature.endings import closing_of
from armature.messages import CHILDREN, ClosingInput, FinishInput, approval_instance
from armature.state import DeploymentState, Purpose, Status
from triggers.orchestrations import OVER, Instance, instance_of, run_from_the_start, standing

EVERY_MINUTE = "0 * * * * *"
GRACE = timedelta(minutes=1)
"""What changed so lately is not looked at: its starter, or its orchestration, may be about to go on."""

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
    instance = await instance_of(client, summary.deployment_id)
    if not instance.is_over or not await _are_children_over(client, summary.deployment_id):
        return
    state = await asyncio.to_thread(store.state, summary.deployment_id)
    if state is None or state.status.is_final:
        return
    if (instance.runtime is None or instance.run < state.run) and not _was_undoing(state):
        if await _is_awaited(client, state):
            return
        logger.info("starting %s, whose run %d was accepted but has no orchestration", state.deployment_id, state.run)
        await run_from_the_start(client, state)
        return
    closing = await asyncio.to_thread(_closing, store, state, instance)
    if closing is None:
        logger.warning("running %s again, whose end could not be recorded", state.deployment_id)
        await run_from_the_start(client, state)
    else:
        logger.warning("closing %s: %s", state.deployment_id, closing.end.outcome.message)
        await client.start_new("closing", f"{state.deployment_id}:closing", closing.dump())


async def _are_children_over(client: df.DurableOrchestrationClient, deployment_id: str) -> bool:
    """Nobody tells the sub-orchestrations that their parent has died: they go on, and hold the lineage."""
    return all([await standing(client, f"{deployment_id}:{child}") in OVER for child in CHILDREN])


async def _is_awaited(client: df.DurableOrchestrationClient, state: DeploymentState) -> bool:
    """Whether an orchestration still waits for the approval of this run, though the host knows nothing of the one above
    it any more. Started anew, the run would ask for the same, under the same id, and never hear of what is decided. It
    is started once that is."""
    approval = state.approval
    if approval is None or not approval.is_waiting or approval.run != state.run:
        return False
    return await standing(client, approval_instance(state.deployment_id, approval.number)) not in OVER


def _was_undoing(state: DeploymentState) -> bool:
    """True of a run that deployed and then was rolling back, of which the host knows nothing any more (its history was
    purged, or lies in another task hub): from the start, it would deploy again what is half undone."""
    return state.status is Status.ROLLING_BACK and state.purpose is Purpose.DEPLOY


def _closing(store: DeploymentStore, state: DeploymentState, instance: Instance) -> ClosingInput | None:
    """How a run whose orchestration is over comes to its end. None: it is run again, and finds done what was.

    One that completed has told its end, which could not be recorded. (What earlier versions ran tells none.) One that
    died has what it started settled, and undone if that is asked for, as it would have done itself.
    """
    if instance.runtime is Runtime.Completed:
        end = instance.output.get("end") if isinstance(instance.output, dict) else None
        return None if end is None else ClosingInput(end=FinishInput.load(end))
    how = instance.runtime.name.lower() if instance.runtime else "gone"
    has_turn = state.lineage is not None and store.locks.get(state.lineage.key).owner == state.deployment_id
    message = f"The orchestration of the deployment is {how}."
    return closing_of(state, store.control(state.deployment_id), message, has_turn=has_turn)
