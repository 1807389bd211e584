"""The queue `deployment-requests`: start, cancel, roll back, resume, decide as over HTTP; what is refused, once."""

import azure.durable_functions as df
import azure.functions as func
from pydantic import ValidationError

from armature.azure.services import services
from armature.control import ActionMessage
from armature.request import DeploymentRequest
from armature.results import REQUESTS_QUEUE, RESULTS_QUEUE, queued, rejection_of
from triggers.answers import request_errors
from triggers.asking import Asking, ask
from triggers.bodies import document_in
from triggers.starting import RequestRefusedError, StartForbiddenError, start

CONNECTION = "AzureWebJobsStorage"
INVALID = "The message is not a valid request."

blueprint = df.Blueprint()


@blueprint.queue_trigger(arg_name="message", queue_name=REQUESTS_QUEUE, connection=CONNECTION)
@blueprint.queue_output(arg_name="results", queue_name=RESULTS_QUEUE, connection=CONNECTION)
@blueprint.durable_client_input(client_name="client")
async def start_from_queue(
    message: func.QueueMessage, results: func.Out[str], client: df.DurableOrchestrationClient
) -> None:
    """Do what the message asks for: with an `action`, act on a deployment; else start one.

    A message that comes twice does it once: its id names it. One that is no request, or is refused, gets a rejection
    and is done with; when storage or the host fails, the exception makes the host deliver the message again.
    """
    message_id = str(message.id)
    try:
        request = _parsed(message.get_body())
    except ValidationError as error:
        faults = [f"{fault['pointer'] or '/'}: {fault['message']}" for fault in request_errors(error)]
        results.set(_rejection(message_id, None, INVALID, faults))
        return
    except ValueError as error:
        results.set(_rejection(message_id, None, INVALID, [str(error)]))
        return
    if isinstance(request, ActionMessage):
        await _acted(client, message_id, request, results)
    else:
        await _started(client, message_id, request, results)


def _parsed(body: bytes) -> ActionMessage | DeploymentRequest:
    """What a message asks for.

    Raises:
        ValueError: not JSON, or too long; pydantic.ValidationError: JSON, but no request.
    """
    document = document_in(body)
    if isinstance(document, dict) and "action" in document:
        return ActionMessage.model_validate(document)
    return DeploymentRequest.model_validate(document)


async def _started(
    client: df.DurableOrchestrationClient, message_id: str, request: DeploymentRequest, results: func.Out[str]
) -> None:
    deployment_id = request.deployment_id or message_id.lower()
    try:
        started = await start(client, services(), request, deployment_id, _sender(message_id))
    except RequestRefusedError as refused:
        results.set(_rejection(message_id, deployment_id, INVALID, [str(refused)]))
        return
    except StartForbiddenError as forbidden:
        told = [forbidden.refusal.reason, forbidden.refusal.next_step]
        results.set(_rejection(message_id, deployment_id, "Refused: start.", told))
        return
    if started.is_conflict:
        results.set(_rejection(message_id, deployment_id, "The deployment id was used for another request.", []))


async def _acted(
    client: df.DurableOrchestrationClient, message_id: str, message: ActionMessage, results: func.Out[str]
) -> None:
    asking = Asking(
        message.action,
        _sender(message_id),
        message.comment,
        message.rollback,
        request_id=message_id,
        approval_id=message.approval_id or "",
    )
    asked = await ask(client, services(), message.deployment_id, asking)
    if asked is None:
        results.set(_rejection(message_id, message.deployment_id, "There is no such deployment.", []))
    elif asked.refusal is not None:
        told = [asked.refusal.reason, asked.refusal.next_step]
        results.set(_rejection(message_id, message.deployment_id, f"Refused: {message.action}.", told))


def _sender(message_id: str) -> str:
    return f"queue message {message_id}"


def _rejection(message_id: str, deployment_id: str | None, message: str, errors: list[str]) -> str:
    return queued(rejection_of(message_id, deployment_id, message, errors))
