"""The orchestrations of deployments as the Durable client tells them: how they stand, started, woken up."""

import asyncio
import json
import logging
from dataclasses import dataclass
from typing import Any

import azure.durable_functions as df
from azure.durable_functions import OrchestrationRuntimeStatus as Runtime

from armature.approval import ApprovalState
from armature.control import CONTROL_EVENT
from armature.messages import PRESENT_GENERATION, DeploymentInput, approval_instance
from armature.state import DeploymentState

DEAD = (Runtime.Failed, Runtime.Terminated, Runtime.Canceled)
OVER = (None, Runtime.Completed, *DEAD)

WOKEN = ("", ":preview", ":upload", ":rollout", ":validation", ":cleanup")
"""What of a deployment's orchestrations hears of a request: what rolls back is not stopped half-way."""

LOOKS_AT_AN_END = 40
BETWEEN_LOOKS = 0.25
"""Seconds. Between the end that is recorded and the end of the orchestration lie two activities."""

logger = logging.getLogger("armature.triggers")


@dataclass(frozen=True)
class Instance:
    """How an orchestration stands: None when there is none. `run` of the deployment it carries, `output` of an ended
    one."""

    runtime: Runtime | None
    run: int = 1
    output: Any = None

    @property
    def is_over(self) -> bool:
        """True when it carries nothing on any more."""
        return self.runtime in OVER


async def standing(client: df.DurableOrchestrationClient, instance_id: str) -> Runtime | None:
    """How an orchestration stands, or None when there is no instance of that id."""
    status = await client.get_status(instance_id)
    return status.runtime_status if status is not None else None


async def instance_of(client: df.DurableOrchestrationClient, deployment_id: str) -> Instance:
    """The top-level orchestration of a deployment."""
    status = await client.get_status(deployment_id, show_input=True)
    if status is None or status.runtime_status is None:
        return Instance(None)
    work = _document(status.input_)
    return Instance(status.runtime_status, int(work.get("run", 1)), _document(status.output))


def _document(value: Any) -> dict[str, Any]:
    """The JSON object that the host tells, as it is or (what `start_new` was given) as a text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}


async def ensure_running(client: df.DurableOrchestrationClient, state: DeploymentState) -> None:
    """See that the orchestration of the state's run exists. Twice: one that exists is left alone."""
    instance = await instance_of(client, state.deployment_id)
    if instance.runtime is None or (instance.is_over and instance.run < state.run):
        await run_from_the_start(client, state)


async def run_from_the_start(client: df.DurableOrchestrationClient, state: DeploymentState) -> None:
    """Start the orchestration, also where one has ended: it finds done what was. Twice: one that runs stays."""
    work = DeploymentInput(
        deployment_id=state.deployment_id,
        generation=PRESENT_GENERATION,
        run=state.run,
        purpose=state.purpose,
        options=state.options,
        rollback=state.rollback.present_number,
        sequence=state.sequence,
        stands=state.stands,
        has_touched=state.has_touched,
    )
    try:
        await client.start_new("deployment", state.deployment_id, work.dump())
    except Exception:  # the SDK tells a used id (409) only in words; what counts is that the instance is there
        instance = await instance_of(client, state.deployment_id)
        if instance.runtime is None or instance.run < state.run:
            raise


async def has_ended(client: df.DurableOrchestrationClient, deployment_id: str) -> bool:
    """True once the orchestrations of a deployment that has just ended are over; False if that takes too long."""
    for _ in range(LOOKS_AT_AN_END):
        if all([await standing(client, f"{deployment_id}{part}") in OVER for part in ("", ":closing")]):
            return True
        await asyncio.sleep(BETWEEN_LOOKS)
    return False


async def wake(
    client: df.DurableOrchestrationClient, deployment_id: str, approval: ApprovalState | None = None
) -> None:
    """Let a deployment's orchestrations read its control document now. Those that don't hear it read it at their next
    look: an event may get lost, the document not. `approval` is the one that it waits for, if it does."""
    woken = [f"{deployment_id}{part}" for part in WOKEN]
    if approval is not None and approval.is_waiting:
        woken.append(approval_instance(deployment_id, approval.number))
    for instance_id in woken:
        try:
            await client.raise_event(instance_id, CONTROL_EVENT, None)
        except Exception as unheard:  # not running, not begun, or the host is busy: the SDK tells only in words
            logger.info("%s was not woken up: %s", instance_id, unheard)
