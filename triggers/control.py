"""The HTTP API that acts on deployments: cancel, roll back, resume."""

import azure.durable_functions as df
import azure.functions as func

from armature.azure.services import services
from armature.control import Action, CancelWish, Wish
from triggers.answers import answered, json_answer, refused
from triggers.asking import Asked, Asking, ask
from triggers.bodies import body_in
from triggers.deployments import POLL_AFTER_SECONDS, asked_id, unknown
from triggers.principal import caller_name

blueprint = df.Blueprint()


@blueprint.route(route="deployments/{deploymentId}/cancel", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
async def cancel_deployment(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Stop a deployment: 202, or 409 with the reason. Twice: the same 202, and it is stopped once."""

    async def serve() -> func.HttpResponse:
        wish = body_in(req, CancelWish)
        asking = Asking(Action.CANCEL, caller_name(req.headers), wish.comment, rollback=wish.rollback)
        return await _answer(req, client, asking)

    return await answered(serve)


@blueprint.route(route="deployments/{deploymentId}/rollback", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
async def roll_back_deployment(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Undo what a deployment that has ended did: 202, or 409 with the reason. Twice: the same 202, done once."""

    async def serve() -> func.HttpResponse:
        wish = body_in(req, Wish)
        return await _answer(req, client, Asking(Action.ROLL_BACK, caller_name(req.headers), wish.comment))

    return await answered(serve)


@blueprint.route(route="deployments/{deploymentId}/resume", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
async def resume_deployment(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Go on with a deployment that failed or was cancelled: 202, or 409 with the reason. Twice: the same 202."""

    async def serve() -> func.HttpResponse:
        wish = body_in(req, Wish)
        return await _answer(req, client, Asking(Action.RESUME, caller_name(req.headers), wish.comment))

    return await answered(serve)


async def _answer(req: func.HttpRequest, client: df.DurableOrchestrationClient, asking: Asking) -> func.HttpResponse:
    deployment_id = asked_id(req)
    asked = await ask(client, services(), deployment_id, asking)
    if asked is None:
        raise unknown(deployment_id)
    if asked.refusal is not None:
        raise refused(asked.refusal, deploymentId=deployment_id, deploymentStatus=asked.state.status)
    return _accepted(req, asked)


def _accepted(req: func.HttpRequest, asked: Asked) -> func.HttpResponse:
    address = req.url.split("?", 1)[0].rstrip("/").rpartition("/")[0]
    body = {"deploymentId": asked.state.deployment_id, "status": asked.state.status, "statusUrl": address}
    return json_answer(body, 202, {"Location": address, "Retry-After": str(POLL_AFTER_SECONDS)})
