"""The HTTP API of health: what the app can reach."""

import asyncio

import azure.durable_functions as df
import azure.functions as func

from armature.azure.health import check_health
from armature.azure.services import services
from triggers.answers import answered, json_answer

blueprint = df.Blueprint()


@blueprint.route(route="health", methods=["GET"])
async def get_health(req: func.HttpRequest) -> func.HttpResponse:
    """Storage, ARM and identity, each reached now: 200 when all can be, else 503."""

    async def serve() -> func.HttpResponse:
        health = await asyncio.to_thread(check_health, services())
        return json_answer(health.dump(), 200 if health.is_healthy else 503)

    return await answered(serve)
