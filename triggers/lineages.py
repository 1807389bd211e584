"""The HTTP API of lineages, and the timer that looks every night whether they have drifted."""

import asyncio
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

import azure.durable_functions as df
import azure.functions as func

from armature.audit import AuditAction, AuditEntry
from armature.azure.deployments import DeploymentStore
from armature.azure.services import Services, services
from armature.drift import Drift, DriftRecord, LineageSummary, drift_id, drift_of, drift_request, has_drifted
from triggers.answers import ProblemError, answered, json_answer
from triggers.deployments import POLL_AFTER_SECONDS
from triggers.principal import caller_name
from triggers.starting import start

EVERY_NIGHT = "0 15 3 * * *"
THE_TIMER = "the timer"
READS_AT_ONCE = 8
"""Of the storage, for one list of lineages: each takes four."""

LINEAGE_KEY = re.compile("[0-9a-f]{16}")

logger = logging.getLogger("armature.triggers")

blueprint = df.Blueprint()


@blueprint.route(route="lineages", methods=["GET"])
async def list_lineages(req: func.HttpRequest) -> func.HttpResponse:
    """Every lineage: what it completed last, which deployment had its turn last, and whether it has drifted."""

    async def serve() -> func.HttpResponse:
        found = await asyncio.to_thread(_summaries, services().deployments)
        return json_answer({"value": [lineage.dump() for lineage in found]})

    return await answered(serve)


@blueprint.route(route="lineages/{lineageKey}/drift", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
async def look_for_drift(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Begin a look at whether what the lineage has deployed is still so: a preview, which changes nothing. 202."""

    async def serve() -> func.HttpResponse:
        key = lineage_key_in(req)
        record = await begin(client, services(), key, caller_name(req.headers), is_nightly=False)
        if record is None:
            raise _nothing_completed(key)
        address = req.url.split("?", 1)[0].rstrip("/")
        body = {"lineageKey": key, **record.dump(), "statusUrl": address}
        return json_answer(body, 202, {"Location": address, "Retry-After": str(POLL_AFTER_SECONDS)})

    return await answered(serve)


@blueprint.route(route="lineages/{lineageKey}/drift", methods=["GET"])
async def get_drift(req: func.HttpRequest) -> func.HttpResponse:
    """What the last look has found: 202 while it goes on, 200 when it has ended, 404 when there was none."""

    async def serve() -> func.HttpResponse:
        key = lineage_key_in(req)
        found = await asyncio.to_thread(_drift, services().deployments, key)
        if found is None:
            detail = f"Nobody looked yet, or what was found is removed: POST /api/lineages/{key}/drift looks."
            raise ProblemError(404, "not-found", "No look at the drift", detail, lineageKey=key)
        if not found.status.is_final:
            return json_answer(found.dump(), 202, {"Retry-After": str(POLL_AFTER_SECONDS)})
        return json_answer(found.dump())

    return await answered(serve)


@blueprint.timer_trigger(arg_name="timer", schedule=EVERY_NIGHT, use_monitor=True)
@blueprint.durable_client_input(client_name="client")
async def look_for_drift_nightly(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Look at every lineage, if the settings say so. Twice in a night: the second begins nothing new."""
    if services().settings.drift_nightly:
        await begin_all(client, services())


async def begin_all(client: df.DurableOrchestrationClient, app: Services) -> None:
    """Begin a look at every lineage; one that can't be looked at does not keep the others from it."""
    for key in await asyncio.to_thread(app.deployments.lineage_keys):
        try:
            await begin(client, app, key, THE_TIMER, is_nightly=True)
        except Exception:  # whatever it is, the others are looked at, and this one in the next night
            logger.exception("the drift of lineage %s could not be looked at", key)


async def begin(
    client: df.DurableOrchestrationClient, app: Services, key: str, by: str | None, *, is_nightly: bool
) -> DriftRecord | None:
    """Begin a look; None when the lineage has completed nothing that could have drifted.

    Raises:
        FailureError: storage could not be asked, or written.
    """
    store, now = app.deployments, datetime.now(UTC)
    lineage = await asyncio.to_thread(store.lineage, key)
    completed = lineage.predecessor_of("")
    state = await asyncio.to_thread(store.state, completed) if completed else None
    if state is None:
        return None
    deployment_id = drift_id(key, now, is_nightly=is_nightly)
    record = DriftRecord(deployment_id=deployment_id, of=state.deployment_id, at=now)
    entry = AuditEntry(
        key=f"drift:{deployment_id}",
        at=now,
        action=AuditAction.DRIFT,
        by=by,
        deployment_id=state.deployment_id,
        lineage_key=key,
        comment=f"looked at by the preview {deployment_id}",
    )
    await asyncio.to_thread(store.audit.append, entry)
    await start(client, app, drift_request(state, deployment_id), deployment_id, by)
    await asyncio.to_thread(store.save_drift, key, record)
    return record


def lineage_key_in(req: func.HttpRequest) -> str:
    """The lineage's key in the address.

    Raises:
        ProblemError: 404, it can't be one.
    """
    key = str(req.route_params["lineageKey"])
    if LINEAGE_KEY.fullmatch(key) is None:
        detail = "A lineage key has 16 hex digits: see GET /api/lineages."
        raise ProblemError(404, "not-found", "No such lineage", detail)
    return key


def _summaries(store: DeploymentStore) -> list[LineageSummary]:
    with ThreadPoolExecutor(READS_AT_ONCE, thread_name_prefix="lineages") as pool:
        return list(pool.map(partial(_summary, store), store.lineage_keys()))


def _summary(store: DeploymentStore, key: str) -> LineageSummary:
    record, drift = store.lineage(key), store.drift(key)
    completed = record.predecessor_of("")
    known = next((state for id_ in (completed, record.latest) if id_ and (state := store.state(id_))), None)
    look = store.state(drift.deployment_id) if drift else None
    return LineageSummary(
        lineage_key=key,
        project=known and known.project,
        environment=known and known.environment,
        region=known.lineage.region if known and known.lineage else None,
        completed=completed,
        latest=record.latest,
        drift=drift,
        is_drifted=look and has_drifted(look),
    )


def _drift(store: DeploymentStore, key: str) -> Drift | None:
    record = store.drift(key)
    look = store.state(record.deployment_id) if record else None
    if record is None or look is None:
        return None
    return drift_of(key, record, look, is_other_bundle=_is_other_bundle(store, record))


def _is_other_bundle(store: DeploymentStore, record: DriftRecord) -> bool:
    """Whether the bundle that was looked at is not, or not as it was, the one that was deployed."""
    try:
        return store.plan(record.deployment_id).source != store.plan(record.of).source
    except KeyError:  # not read yet, or refused; or the deployment is removed by now
        return False


def _nothing_completed(key: str) -> ProblemError:
    detail = f"Lineage {key} has no completed deployment: there is nothing that could have drifted."
    return ProblemError(409, "nothing-completed", "Nothing is deployed", detail, lineageKey=key)
