"""The HTTP API of lineage locks: who holds which, who waits; and, in an emergency, taking one away."""

import asyncio
from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from armature.approval import ApprovalState
from armature.audit import AuditAction, AuditEntry
from armature.azure.services import Services, services
from armature.control import ControlRequest
from armature.events import Event, EventCode, Level
from armature.locks import BreakWish, LockBreak
from armature.refusals import Refusal
from triggers.answers import ProblemError, answered, json_answer, refused
from triggers.bodies import body_in
from triggers.lineages import lineage_key_in
from triggers.orchestrations import wake
from triggers.principal import caller_name

blueprint = df.Blueprint()


@blueprint.route(route="locks", methods=["GET"])
async def list_locks(req: func.HttpRequest) -> func.HttpResponse:
    """Every lineage that a deployment has its turn in, or waits for: holder, since when, and the queue."""

    async def serve() -> func.HttpResponse:
        locks = await asyncio.to_thread(services().deployments.locks.all)
        return json_answer({"value": [lock.dump() for lock in locks]})

    return await answered(serve)


@blueprint.route(route="locks/{lineageKey}/break", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
async def break_lock(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Take the turn away from its holder, which stops and touches nothing any more. Kept in the lineage's audit."""

    async def serve() -> func.HttpResponse:
        key = lineage_key_in(req)
        wish = body_in(req, BreakWish)
        holder, approval = await asyncio.to_thread(_broken, services(), key, caller_name(req.headers), wish.reason)
        await wake(client, holder, approval)
        return json_answer({"lineageKey": key, "holder": holder})

    return await answered(serve)


@blueprint.route(route="locks/{lineageKey}/audit", methods=["GET"])
async def get_audit(req: func.HttpRequest) -> func.HttpResponse:
    """Every time that the lineage's lock was taken away: when, by whom, from whom, and why."""

    async def serve() -> func.HttpResponse:
        found = await asyncio.to_thread(services().deployments.locks.audit, lineage_key_in(req))
        return json_answer({"value": [entry.dump() for entry in found]})

    return await answered(serve)


def _broken(services: Services, key: str, by: str | None, reason: str) -> tuple[str, ApprovalState | None]:
    """Break the lock; answers who held it, and what approval that waits for. First it is kept who did so, then the
    holder is told, then it is free.

    Raises:
        ProblemError: 409, nobody holds it, or somebody else does by now.
    """
    store, now = services.deployments, datetime.now(UTC)
    holder = store.locks.get(key).owner
    if holder is None:
        raise _nobody(key)
    state = store.state(holder)
    run = state.run if state is not None else 1
    store.locks.append_audit(key, LockBreak(at=now, by=by, reason=reason, holder=holder, run=run))
    store.audit.append(
        AuditEntry(
            key=f"break:{key}:{now.isoformat()}",
            at=now,
            action=AuditAction.BREAK_LOCK,
            by=by,
            deployment_id=holder,
            run=run,
            lineage_key=key,
            comment=reason,
        )
    )
    if state is not None and not state.status.is_final:
        request = ControlRequest(run=run, at=now, by=by, comment=reason)
        store.ask(holder, lambda found: found.with_lock_broken(request))
        message = f"The lineage lock was taken away{f' by {by}' if by else ''}: {reason}"
        event = Event(
            key=f"lock-broken:{run}", time=now, code=EventCode.LOCK_BROKEN, message=message, level=Level.WARNING
        )
        store.append_events(holder, [event])
    if not store.locks.break_open(key, holder, run):
        raise _passed_on(key, holder)
    return holder, state.approval if state else None


def _nobody(key: str) -> ProblemError:
    reason = f"Nobody holds the lock of lineage {key}."
    return refused(Refusal(kind="not-locked", reason=reason, next_step="See who waits with GET /api/locks."))


def _passed_on(key: str, holder: str) -> ProblemError:
    reason = f"The run of {holder} that held the lock of lineage {key} has just given it up."
    return refused(Refusal(kind="not-locked", reason=reason, next_step="See who holds it now with GET /api/locks."))
