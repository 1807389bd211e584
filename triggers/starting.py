"""Starting a deployment, once per id, however often and by whatever way it is asked for."""

import asyncio
import json
import logging
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

import azure.durable_functions as df

from armature.audit import AuditAction, AuditEntry
from armature.azure.services import Services
from armature.callers import Caller
from armature.events import Event, EventCode
from armature.notices import refusal_of_address
from armature.permissions import Forbidden, may_start
from armature.request import DEPLOYMENT_ID_PATTERN, DeploymentRequest
from armature.settings import options_with_defaults
from armature.state import DeploymentState
from armature.transitions import accepted
from triggers.orchestrations import ensure_running

logger = logging.getLogger("armature.triggers")


@dataclass(frozen=True)
class Started:
    """The deployment that answers a request; `is_conflict` when its id was used for another request before."""

    state: DeploymentState
    is_conflict: bool


class RequestRefusedError(Exception):
    """What a request asks for is not allowed here: where in it, as a JSON pointer, and why."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(f"{pointer}: {message}")
        self.pointer = pointer
        self.message = message


class StartForbiddenError(Exception):
    """The caller may not start such a deployment, and why."""

    def __init__(self, refusal: Forbidden) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


def new_deployment_id() -> str:
    """A fresh id: the moment, to the second, and eight random digits."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"


def is_deployment_id(text: str) -> bool:
    """True for what can be an id at all."""
    return re.fullmatch(DEPLOYMENT_ID_PATTERN, text) is not None


async def start(
    client: df.DurableOrchestrationClient,
    services: Services,
    request: DeploymentRequest,
    deployment_id: str,
    initiated_by: str | None,
    caller: Caller | None = None,
) -> Started:
    """Start the deployment, or answer the one that the same request started before.

    First the audit trail tells that it is asked for. Then the state document is created and claims the id; the
    orchestration of the same name follows. Whoever dies in between leaves a pending state, which the same request, or
    the timer, brings to life.

    Raises:
        StartForbiddenError: the caller may not start it with these options.
        RequestRefusedError: its `notificationUrl` is none that the app may tell.
        FailureError: the trail, or the state document, could not be written, or its writing was not answered.
    """
    address = request.notification_url
    if address is not None and (why := refusal_of_address(address, services.settings)) is not None:
        raise RequestRefusedError("/notificationUrl", why)
    chosen = json.loads(request.options.model_dump_json(by_alias=True, exclude_unset=True))
    options = options_with_defaults(chosen, services.settings)
    whole = request.model_copy(update={"options": options})  # what the settings fill in is part of what is asked for
    state = accepted(whole, deployment_id, initiated_by, datetime.now(UTC), caller.id if caller else None)
    forbidden = may_start(options, caller, services.settings)
    if forbidden is not None:
        refusal = {"outcome": "refused", "reason": forbidden.reason}
        entry = _audited(state, f"forbidden:{state.created_at.isoformat()}").model_copy(update=refusal)
        await asyncio.to_thread(services.deployments.audit.append, entry)
        raise StartForbiddenError(forbidden)
    await asyncio.to_thread(services.deployments.audit.append, _audited(state))
    is_new = await asyncio.to_thread(services.deployments.create_state, state)
    if not is_new:
        found = await asyncio.to_thread(services.deployments.state, deployment_id)
        if found is None:
            raise KeyError(deployment_id)
        if found.fingerprint != state.fingerprint:
            refusal = {"outcome": "refused", "reason": "The id was used for another request."}
            entry = _audited(state, "refused").model_copy(update=refusal)
            await asyncio.to_thread(services.deployments.audit.append, entry)
            return Started(found, is_conflict=True)
        state = found
    if not state.status.is_final:
        await _begun(client, services, state)
    return Started(state, is_conflict=False)


async def _begun(client: df.DurableOrchestrationClient, services: Services, state: DeploymentState) -> None:
    """Log that the deployment was accepted, and start it.

    The id is claimed: the deployment is accepted whatever happens now. To refuse it would be untrue, and a caller who
    asked again under a new id would get two.
    """
    try:
        await asyncio.to_thread(services.deployments.append_events, state.deployment_id, [_accepted_event(state)])
        await ensure_running(client, state)
    except Exception:  # whatever it is, the timer starts what is accepted and does not run
        logger.exception("%s is accepted, but could not be started yet", state.deployment_id)


def _audited(state: DeploymentState, outcome: str = "asked") -> AuditEntry:
    return AuditEntry(
        key=f"start:{state.deployment_id}:{state.fingerprint[:16]}:{outcome}",
        at=state.created_at,
        action=AuditAction.START,
        by=state.initiated_by,
        by_id=state.initiated_by_id,
        deployment_id=state.deployment_id,
        run=state.run,
    )


def _accepted_event(state: DeploymentState) -> Event:
    by = f" by {state.initiated_by}" if state.initiated_by else ""
    return Event(
        key="accepted",
        time=state.created_at,
        code=EventCode.DEPLOYMENT_ACCEPTED,
        message=f"Deployment {state.deployment_id} was asked for{by}.",
    )
