"""The queue `deployment-requests`: the same start request as over HTTP; what can't be one is rejected, once."""

import azure.durable_functions as df
import azure.functions as func
from pydantic import ValidationError

from armature.azure.services import services
from armature.request import DeploymentRequest
from armature.results import REQUESTS_QUEUE, RESULTS_QUEUE, queued, rejection_of
from triggers.answers import request_errors
from triggers.starting import parsed_request, start

CONNECTION = "AzureWebJobsStorage"

blueprint = df.Blueprint()


@blueprint.queue_trigger(arg_name="message", queue_name=REQUESTS_QUEUE, connection=CONNECTION)
@blueprint.queue_output(arg_name="results", queue_name=RESULTS_QUEUE, connection=CONNECTION)
@blueprint.durable_client_input(client_name="client")
async def start_from_queue(
    message: func.QueueMessage, results: func.Out[str], client: df.DurableOrchestrationClient
) -> None:
    """Start what the message asks for. A message that comes twice makes one deployment: its id names it.

    A message that is no request gets a rejection and is done with; when storage or the host fails, the exception makes
    the host deliver the message again.
    """
    message_id = str(message.id)
    try:
        request = parsed_request(message.get_body())
    except ValidationError as error:
        faults = [f"{fault['pointer'] or '/'}: {fault['message']}" for fault in request_errors(error)]
        results.set(_rejection(message_id, None, "The message is not a valid start request.", faults))
        return
    except ValueError as error:
        results.set(_rejection(message_id, None, "The message is not a valid start request.", [str(error)]))
        return
    await _started(client, message_id, request, results)


async def _started(
    client: df.DurableOrchestrationClient, message_id: str, request: DeploymentRequest, results: func.Out[str]
) -> None:
    deployment_id = request.deployment_id or message_id.lower()
    started = await start(client, services(), request, deployment_id, f"queue message {message_id}")
    if started.is_conflict:
        results.set(_rejection(message_id, deployment_id, "The deployment id was used for another request.", []))


def _rejection(message_id: str, deployment_id: str | None, message: str, errors: list[str]) -> str:
    return queued(rejection_of(message_id, deployment_id, message, errors))
