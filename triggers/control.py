"""The HTTP API that acts on deployments: cancel, roll back, resume, approve, reject."""

from typing import Any

import azure.durable_functions as df
import azure.functions as func

from armature.azure.services import services
from armature.control import Action, CancelWish, DecisionWish, Wish
from triggers.answers import answered, json_answer, refused
from triggers.asking import Asked, Asking, ask
from triggers.bodies import body_in
from triggers.deployments import POLL_AFTER_SECONDS, asked_id, unknown
from triggers.principal import caller_of

blueprint = df.Blueprint()


@blueprint.route(route="deployments/{deploymentId}/cancel", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
async def cancel_deployment(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Stop a deployment: 202, or 409 with the reason. Twice: the same 202, and it is stopped once."""

    async def serve() -> func.HttpResponse:
        wish = body_in(req, CancelWish)
        return await _answer(req, client, _asked_by(req, Action.CANCEL, wish, rollback=wish.rollback))

    return await answered(serve)


@blueprint.route(route="deployments/{deploymentId}/rollback", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
async def roll_back_deployment(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Undo what a deployment that has ended did: 202, or 409 with the reason. Twice: the same 202, done once."""

    async def serve() -> func.HttpResponse:
        wish = body_in(req, Wish)
        return await _answer(req, client, _asked_by(req, Action.ROLL_BACK, wish))

    return await answered(serve)


@blueprint.route(route="deployments/{deploymentId}/resume", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
async def resume_deployment(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Go on with a deployment that failed or was cancelled: 202, or 409 with the reason. Twice: the same 202."""

    async def serve() -> func.HttpResponse:
        wish = body_in(req, Wish)
        return await _answer(req, client, _asked_by(req, Action.RESUME, wish))

    return await answered(serve)


@blueprint.route(route="deployments/{deploymentId}/approve", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
async def approve_deployment(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Let a deployment do exactly what it asks for: 202, 403, or 409 with the reason. Twice: the same 202."""

    async def serve() -> func.HttpResponse:
        wish = body_in(req, DecisionWish)
        return await _answer(req, client, _asked_by(req, Action.APPROVE, wish, approval_id=wish.approval_id))

    return await answered(serve)


@blueprint.route(route="deployments/{deploymentId}/reject", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
async def reject_deployment(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Refuse what a deployment asks for: 202, 403, or 409 with the reason. Twice: the same 202."""

    async def serve() -> func.HttpResponse:
        wish = body_in(req, DecisionWish)
        return await _answer(req, client, _asked_by(req, Action.REJECT, wish, approval_id=wish.approval_id))

    return await answered(serve)


def _asked_by(req: func.HttpRequest, action: Action, wish: Wish, **more: Any) -> Asking:
    caller = caller_of(req.headers)
    return Asking(action, caller.shown if caller else None, wish.comment, caller=caller, **more)


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
