"""Retention over HTTP and by timer: starts a run, one at a time, and tells what the runs did."""

import asyncio
import logging
import re
import secrets
from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func
from azure.durable_functions import OrchestrationRuntimeStatus as Runtime
from pydantic import StrictBool

from armature.audit import AuditAction, AuditEntry
from armature.azure.services import Services, services
from armature.models import Model
from armature.retention_run import RETENTION_INSTANCE, RetentionInput, RetentionRun, RunStatus
from triggers.answers import ProblemError, answered, json_answer
from triggers.bodies import body_in
from triggers.orchestrations import standing
from triggers.principal import caller_name

EVERY_NIGHT = "0 30 2 * * *"
RUN_PATTERN = r"[0-9]{8}-[0-9]{6}-[0-9]{6}-[0-9a-f]{4}"
"""The moment, to the microsecond, so that names are in the order of time; and four random digits."""

POLL_AFTER_SECONDS = 5

_RUNS = (Runtime.Running, Runtime.Pending, Runtime.ContinuedAsNew, Runtime.Suspended)

logger = logging.getLogger("armature.triggers")

blueprint = df.Blueprint()


class RetentionWish(Model):
    """The body of a request for a run. Without `dry_run` the settings decide."""

    dry_run: StrictBool | None = None


@blueprint.timer_trigger(arg_name="timer", schedule=EVERY_NIGHT, use_monitor=True)
@blueprint.durable_client_input(client_name="client")
async def start_retention_nightly(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Start a run, unless one goes on."""
    if await begin(client, services(), dry_run=None, requested_by="the timer") is None:
        logger.info("a run of retention goes on; none is started")


@blueprint.route(route="retention", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
async def start_retention(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Start a run: 202 with its address; 409 while one goes on."""

    async def serve() -> func.HttpResponse:
        wish = body_in(req, RetentionWish)
        run = await begin(client, services(), dry_run=wish.dry_run, requested_by=caller_name(req.headers))
        if run is None:
            detail = "A run of retention goes on. GET /api/retention tells how far it is."
            raise ProblemError(409, "retention-running", "Retention runs already", detail)
        address = f"{req.url.split('?', 1)[0].rstrip('/')}/{run.run}"
        body = {"run": run.run, "dryRun": run.dry_run, "status": run.status, "statusUrl": address}
        return json_answer(body, 202, {"Location": address, "Retry-After": str(POLL_AFTER_SECONDS)})

    return await answered(serve)


@blueprint.route(route="retention", methods=["GET"])
async def get_last_retention(req: func.HttpRequest) -> func.HttpResponse:
    """The last run: 202 while it goes on, 200 when it has ended, 404 when there was none."""

    async def serve() -> func.HttpResponse:
        return _told(await asyncio.to_thread(services().retention.last_run), "There was no run of retention yet.")

    return await answered(serve)


@blueprint.route(route="retention/{run}", methods=["GET"])
async def get_retention(req: func.HttpRequest) -> func.HttpResponse:
    """A run: 202 while it goes on, 200 when it has ended."""

    async def serve() -> func.HttpResponse:
        name = str(req.route_params["run"])
        is_name = re.fullmatch(RUN_PATTERN, name) is not None
        run = await asyncio.to_thread(services().retention.run, name) if is_name else None
        return _told(run, "There is no such run; documents of runs are kept for a while only.")

    return await answered(serve)


async def begin(
    client: df.DurableOrchestrationClient, app: Services, *, dry_run: bool | None, requested_by: str | None
) -> RetentionRun | None:
    """Start a run, its document first; None, with nothing started, while another goes on."""
    if await standing(client, RETENTION_INSTANCE) in _RUNS:
        return None
    now = datetime.now(UTC)
    run = RetentionRun(
        run=f"{now:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}",
        dry_run=app.settings.retention_dry_run if dry_run is None else dry_run,
        requested_by=requested_by,
        started_at=now,
    )
    entry = AuditEntry(
        key=f"retention:{run.run}",
        at=now,
        action=AuditAction.RETENTION,
        by=requested_by,
        comment=f"{run.run}, a dry run" if run.dry_run else run.run,
    )
    await asyncio.to_thread(app.deployments.audit.append, entry)
    await asyncio.to_thread(app.retention.create_run, run)
    work = RetentionInput(run=run.run, dry_run=run.dry_run)
    try:
        await client.start_new("retention", RETENTION_INSTANCE, work.dump())
    except Exception:  # the SDK tells a used id (409) only in words
        await asyncio.to_thread(app.retention.delete_run, run.run)
        if await standing(client, RETENTION_INSTANCE) in _RUNS:
            return None
        raise
    return run


def _told(run: RetentionRun | None, missing: str) -> func.HttpResponse:
    if run is None:
        raise ProblemError(404, "not-found", "No such run", missing)
    if run.status is RunStatus.RUNNING:
        return json_answer(run.dump(), 202, {"Retry-After": str(POLL_AFTER_SECONDS)})
    return json_answer(run.dump())
