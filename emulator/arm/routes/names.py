"""Whether a name that the whole world shares is free: `checkNameAvailability` of the providers that have it."""

from aiohttp import web

from emulator.arm.behaviours import name_availability
from emulator.arm.errors import ArmError
from emulator.arm.routes.paths import SUBSCRIPTION, any_case
from emulator.arm.routes.service import json_body, service_of


def add_routes(router: web.UrlDispatcher) -> None:
    """Register the route of this module."""
    router.add_post(any_case(f"{SUBSCRIPTION}/providers/{{namespace}}/checkNameAvailability"), check_name)


async def check_name(request: web.Request) -> web.Response:
    """What the provider says of the name in the body."""
    service, body = service_of(request), await json_body(request)
    service.state.check_subscription(request.match_info["subscription"])
    if not isinstance(name := body.get("name"), str):
        raise ArmError(400, "InvalidRequestContent", "The name to check is missing.")
    answer = name_availability(request.match_info["namespace"], name, service.surroundings)
    if answer is None:
        message = f"No HTTP resource was found that matches 'POST {request.path}'."
        raise ArmError(404, "NotFound", message)
    return web.json_response(answer)
