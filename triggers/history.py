"""The HTTP API of what was: the audit trail, and what is different between two deployments."""

import asyncio

import azure.durable_functions as df
import azure.functions as func

from armature.audit import AuditAction, AuditFilter
from armature.azure.audit import AuditPage
from armature.azure.deployments import DeploymentStore
from armature.azure.services import services
from armature.comparing import Comparison, compared
from armature.state import DeploymentState
from triggers.answers import ProblemError, answered, json_answer
from triggers.deployments import asked_id, unknown
from triggers.query import bad_parameter, moment, number, word
from triggers.starting import is_deployment_id

DEFAULT_ENTRIES = 100
MAX_ENTRIES = 1000

blueprint = df.Blueprint()


@blueprint.route(route="audit", methods=["GET"])
async def get_audit_trail(req: func.HttpRequest) -> func.HttpResponse:
    """Who asked for what, and how it ended: the newest first, filtered, a page at a time."""

    async def serve() -> func.HttpResponse:
        wanted = AuditFilter(
            since=moment(req, "since"),
            until=moment(req, "until"),
            action=word(req, "action", AuditAction),
            deployment_id=req.params.get("deploymentId"),
            lineage_key=req.params.get("lineageKey"),
            by=req.params.get("by"),
        )
        size = number(req, "limit", default=DEFAULT_ENTRIES, lowest=1, highest=MAX_ENTRIES)
        page = await asyncio.to_thread(_page, wanted, size, req.params.get("continuationToken"))
        body = {"value": [entry.dump() for entry in page.entries]}
        return json_answer(body if page.continuation is None else {**body, "continuationToken": page.continuation})

    return await answered(serve)


def _page(wanted: AuditFilter, size: int, continuation: str | None) -> AuditPage:
    try:
        return services().deployments.audit.page(wanted, size=size, continuation=continuation)
    except ValueError as error:
        raise bad_parameter("continuationToken", "must be one that an earlier page answered") from error


@blueprint.route(route="deployments/{deploymentId}/compare", methods=["GET"])
async def compare_deployments(req: func.HttpRequest) -> func.HttpResponse:
    """What is different from another deployment (`with`), or from the one before it in its lineage."""

    async def serve() -> func.HttpResponse:
        found = await asyncio.to_thread(_comparison, asked_id(req), req.params.get("with"))
        return json_answer(found.dump())

    return await answered(serve)


def _comparison(deployment_id: str, other: str | None) -> Comparison:
    store = services().deployments
    state = _state(store, deployment_id)
    before = other or state.rollback.previous_deployment_id
    if before is None:
        detail = f"No deployment of its lineage had completed before {deployment_id}. Name another one: ?with=ID."
        raise ProblemError(409, "nothing-to-compare", "There is none before it", detail, deploymentId=deployment_id)
    if not is_deployment_id(before):
        raise bad_parameter("with", "must be the id of a deployment")
    old = _state(store, before)
    try:
        plans = store.plan(before), store.plan(deployment_id)
    except KeyError as missing:
        detail = f"Deployment {missing.args[0]} has no plan: its bundle was refused, or is not read yet."
        raise ProblemError(409, "not-planned", "There is no plan to compare", detail) from missing
    return compared(*plans, old.options, state.options)


def _state(store: DeploymentStore, deployment_id: str) -> DeploymentState:
    state = store.state(deployment_id)
    if state is None:
        raise unknown(deployment_id)
    return state
