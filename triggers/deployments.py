"""The HTTP API of deployments: start, status, list, events."""

import asyncio
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from armature.azure.deployments import DeploymentSummary
from armature.azure.services import services
from armature.errors import FailureError
from armature.options import Mode
from armature.request import DeploymentRequest
from armature.state import Status
from triggers.answers import ProblemError, answered, dependency_failed, json_answer, refused
from triggers.bodies import body_in
from triggers.principal import caller_of
from triggers.query import moment, number, word
from triggers.starting import (
    RequestRefusedError,
    Started,
    StartForbiddenError,
    is_deployment_id,
    new_deployment_id,
    start,
)

POLL_AFTER_SECONDS = 5
DEFAULT_PAGE = 50
MAX_PAGE = 500
DEFAULT_EVENTS = 500
MAX_EVENTS = 2000

blueprint = df.Blueprint()


@blueprint.route(route="deployments", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
async def start_deployment(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Start a deployment: 202 with its address; the same request under the same id answers the same deployment."""

    async def serve() -> func.HttpResponse:
        request = body_in(req, DeploymentRequest)
        deployment_id = request.deployment_id or new_deployment_id()
        try:
            caller = caller_of(req.headers)
            name = caller.shown if caller else None
            started = await start(client, services(), request, deployment_id, name, caller)
        except StartForbiddenError as forbidden:
            raise refused(forbidden.refusal) from forbidden
        except RequestRefusedError as error:
            errors = [{"pointer": error.pointer, "message": error.message}]
            title = "The request is not valid"
            raise ProblemError(400, "invalid-request", title, str(error), errors=errors) from error
        except FailureError as failed:  # the id may be claimed: under it a caller can ask again
            raise dependency_failed(failed.failure, deploymentId=deployment_id) from failed
        return _started_answer(req, started)

    return await answered(serve)


def _started_answer(req: func.HttpRequest, started: Started) -> func.HttpResponse:
    deployment_id = started.state.deployment_id
    if started.is_conflict:
        detail = f"The id {deployment_id} was used for another request. Choose another, or leave it out."
        raise ProblemError(409, "deployment-id-used", "The deployment id is used", detail, deploymentId=deployment_id)
    address = f"{req.url.split('?', 1)[0].rstrip('/')}/{deployment_id}"
    body = {"deploymentId": deployment_id, "status": started.state.status, "statusUrl": address}
    return json_answer(body, 202, {"Location": address, "Retry-After": str(POLL_AFTER_SECONDS)})


@blueprint.route(route="deployments/{deploymentId}", methods=["GET"])
async def get_deployment(req: func.HttpRequest) -> func.HttpResponse:
    """The state: 202 while it runs, 200 when final; 304 when it is what the caller has (`If-None-Match`)."""

    async def serve() -> func.HttpResponse:
        deployment_id = asked_id(req)
        found = await asyncio.to_thread(services().deployments.state_with_etag, deployment_id)
        if found is None:
            raise unknown(deployment_id)
        state, blob_etag = found
        etag = f'W/"{blob_etag.strip(chr(34))}"'
        headers = {"ETag": etag}
        if not state.status.is_final:
            headers["Retry-After"] = str(POLL_AFTER_SECONDS)
        if etag in [tag.strip() for tag in req.headers.get("if-none-match", "").split(",")]:
            return func.HttpResponse(status_code=304, headers=headers)
        return json_answer(state.dump(), 200 if state.status.is_final else 202, headers)

    return await answered(serve)


@blueprint.route(route="deployments/{deploymentId}/events", methods=["GET"])
async def get_events(req: func.HttpRequest) -> func.HttpResponse:
    """The progress log after event number `after`, at most `limit` events of it."""

    async def serve() -> func.HttpResponse:
        deployment_id = asked_id(req)
        after = number(req, "after", default=0, lowest=0, highest=10**9)
        limit = number(req, "limit", default=DEFAULT_EVENTS, lowest=1, highest=MAX_EVENTS)
        found = await asyncio.to_thread(services().deployments.events, deployment_id)
        if not found and await asyncio.to_thread(services().deployments.state, deployment_id) is None:
            raise unknown(deployment_id)
        page = found[after : after + limit]
        following = page[-1].sequence if page else min(after, len(found))
        return json_answer({"value": [event.dump() for event in page], "next": following})

    return await answered(serve)


@blueprint.route(route="deployments", methods=["GET"])
async def list_deployments(req: func.HttpRequest) -> func.HttpResponse:
    """Deployments, the newest first, filtered by project, environment, status, mode and since, a page at a time."""

    async def serve() -> func.HttpResponse:
        size = number(req, "limit", default=DEFAULT_PAGE, lowest=1, highest=MAX_PAGE)
        wanted = _filter(req)
        token = req.params.get("continuationToken")
        found = await asyncio.to_thread(services().deployments.summaries)
        matching = [summary for summary in found if wanted(summary) and (token is None or _key(summary) < token)]
        page = matching[:size]
        body: dict[str, Any] = {"value": [summary.dump() for summary in page]}
        if len(matching) > size:
            body["continuationToken"] = _key(page[-1])
        return json_answer(body)

    return await answered(serve)


def _key(summary: DeploymentSummary) -> str:
    """What the list is ordered by, so that a page goes on after the last one even when deployments come and go."""
    return f"{summary.created_at:%Y%m%dT%H%M%S.%f}.{summary.deployment_id}"


def _filter(req: func.HttpRequest) -> Any:
    project, environment = req.params.get("project"), req.params.get("environment")
    status, since, mode = word(req, "status", Status), moment(req, "since"), word(req, "mode", Mode)

    def wanted(summary: DeploymentSummary) -> bool:
        return (
            (project is None or summary.project == project)
            and (environment is None or summary.environment == environment)
            and (status is None or summary.status is status)
            and (since is None or summary.created_at >= since)
            and (mode is None or summary.mode is mode)
        )

    return wanted


def asked_id(req: func.HttpRequest) -> str:
    """The deployment id in the address.

    Raises:
        ProblemError: 404, it can't be one.
    """
    deployment_id = str(req.route_params["deploymentId"])
    if not is_deployment_id(deployment_id):
        raise ProblemError(404, "not-found", "No such deployment", "That is not the form of a deployment id.")
    return deployment_id


def unknown(deployment_id: str) -> ProblemError:
    """The 404 of a deployment that nobody started."""
    detail = f"There is no deployment {deployment_id}. GET /api/deployments lists those there are."
    return ProblemError(404, "not-found", "No such deployment", detail, deploymentId=deployment_id)
