"""The queue `deployment-notices`: what is to be told is passed on to orchestrations that send it, and try again."""

import asyncio

import azure.durable_functions as df
import azure.functions as func

from armature.azure.services import Services, services
from armature.notices import NOTICES_QUEUE, Notice, NoticeInput, receivers_of
from triggers.orchestrations import standing

blueprint = df.Blueprint()


@blueprint.queue_trigger(arg_name="message", queue_name=NOTICES_QUEUE, connection="AzureWebJobsStorage")
@blueprint.durable_client_input(client_name="client")
async def pass_on_notice(message: func.QueueMessage, client: df.DurableOrchestrationClient) -> None:
    """Begin to send a notice to each who is to be told. A message that comes twice begins nothing a second time."""
    await pass_on(client, services(), Notice.model_validate_json(message.get_body()))


async def pass_on(client: df.DurableOrchestrationClient, app: Services, notice: Notice) -> None:
    """Begin to send it, unless that was begun. When the host does not answer, the message is delivered again."""
    state = await asyncio.to_thread(app.deployments.state, notice.deployment_id)
    for receiver in receivers_of(state, app.settings) if state is not None else ():
        instance_id = f"{notice.deployment_id}:{notice.instance_part}-{receiver}"
        if await standing(client, instance_id) is None:
            await client.start_new("notice", instance_id, NoticeInput(notice=notice, receiver=receiver).dump())
