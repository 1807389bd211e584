"""The timer: brings to life a deployment whose starter died between claiming its id and starting it."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import azure.durable_functions as df
import azure.functions as func

from armature.azure.services import services
from armature.state import Phase
from triggers.starting import ensure_running

EVERY_MINUTE = "0 * * * * *"
GRACE = timedelta(minutes=1)

logger = logging.getLogger("armature.triggers")

blueprint = df.Blueprint()


@blueprint.timer_trigger(arg_name="timer", schedule=EVERY_MINUTE, use_monitor=False)
@blueprint.durable_client_input(client_name="client")
async def start_forgotten(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Start what was accepted a minute ago or more and has no orchestration. Twice: one that exists is left alone."""
    store = services().deployments
    for summary in await asyncio.to_thread(store.summaries):
        if summary.phase is not Phase.PENDING or datetime.now(UTC) - summary.created_at < GRACE:
            continue
        state = await asyncio.to_thread(store.state, summary.deployment_id)
        if state is not None and not state.status.is_final:
            logger.info("starting %s, which was accepted but not started", summary.deployment_id)
            await ensure_running(client, state)
