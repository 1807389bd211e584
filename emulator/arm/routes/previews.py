"""`validate`, `whatIf` and `exportTemplate`: what is asked, and the answers' shapes.

https://learn.microsoft.com/rest/api/resources/deployments (2025-04-01). A what-if is an asynchronous operation: 202
with a `Location` that answers 202 until its time has passed, then 200 with the result.
"""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from emulator.arm.admission import CALLER
from emulator.arm.answers import CORRELATION_ID
from emulator.arm.engine.describe import describe_deployment
from emulator.arm.engine.request import DeploymentRequest, read_request
from emulator.arm.errors import ArmError, invalid_request_content
from emulator.arm.identifiers import DEPLOYMENT_TYPE
from emulator.arm.lifecycle.content import template_in
from emulator.arm.lifecycle.history import run_of
from emulator.arm.previews.exporting import EVERYTHING, export_group
from emulator.arm.previews.what_if import FULL_PAYLOADS, RESULT_FORMATS, what_if
from emulator.arm.routes.operation_results import location_headers
from emulator.arm.routes.paths import GROUP, MANAGEMENT_GROUP, SUBSCRIPTION, TENANT, any_case
from emulator.arm.routes.scopes import deployment_id_of, deployment_of, scope_of
from emulator.arm.routes.service import json_body, service_of


def add_routes(router: web.UrlDispatcher) -> None:
    """Register the routes of this module."""
    for scope in (GROUP, SUBSCRIPTION, MANAGEMENT_GROUP, TENANT):
        one = f"{scope}/providers/{DEPLOYMENT_TYPE}/{{name}}"
        router.add_post(any_case(f"{one}/validate"), validate)
        router.add_post(any_case(f"{one}/whatIf"), preview)
        router.add_post(any_case(f"{one}/exportTemplate"), export_deployment)
    router.add_post(any_case(f"{GROUP}/exportTemplate"), export_resources)


async def validate(request: web.Request) -> web.Response:
    """The deployment as it would begin, `Succeeded`; or the reason why it could not."""
    prepared = await service_of(request).deployer.preview(await _wanted(request, await json_body(request)))
    deployment = run_of(prepared)
    deployment.provisioning_state = "Succeeded"
    return web.json_response(describe_deployment(deployment))


async def preview(request: web.Request) -> web.Response:
    """202; the result, or why there is none, is where `Location` leads."""
    service, body = service_of(request), await json_body(request)
    result_format = _result_format(body)
    wanted = await _wanted(request, body)
    try:
        prepared = await service.deployer.preview(wanted)
        prediction = await service.deployer.predict(prepared)
    except ArmError as error:
        answer: dict[str, Any] = {"status": "Failed", "error": error.as_dict()}
    else:
        properties = what_if(service.surroundings, prepared, prediction, result_format)
        answer = {"status": "Succeeded", "properties": properties}
    work = service.operations.begin_what_if(wanted.id, answer)
    return web.Response(status=202, headers=location_headers(request, work))


async def export_deployment(request: web.Request) -> web.Response:
    """The template as it was given, or as its link led to it."""
    return web.json_response({"template": template_in(deployment_of(request).content)})


async def export_resources(request: web.Request) -> web.Response:
    """A template of what is in the group: `resources` (ids or `*`), `options`."""
    body = await json_body(request)
    wanted = body.get("resources") or [EVERYTHING]
    if not (isinstance(wanted, list) and all(isinstance(one, str) for one in wanted)):
        raise invalid_request_content("The 'resources' are not a list of resource ids")
    surroundings = service_of(request).surroundings
    template = export_group(surroundings, scope_of(request), wanted, str(body.get("options") or ""))
    return web.json_response({"template": template, "output": None})


async def _wanted(request: web.Request, body: Mapping[str, Any]) -> DeploymentRequest:
    properties = body.get("properties")
    plain = dict(properties) if isinstance(properties, Mapping) else properties
    if isinstance(plain, dict):
        plain.pop("whatIfSettings", None)
    content = {**body, "properties": plain}
    text, caller = await request.text(), request[CALLER]
    return read_request(deployment_id_of(request), content, request[CORRELATION_ID], text=text, caller=caller)


def _result_format(body: Mapping[str, Any]) -> str:
    properties = body.get("properties")
    settings = properties.get("whatIfSettings") if isinstance(properties, Mapping) else None
    if not isinstance(settings, Mapping):
        return FULL_PAYLOADS
    chosen = str(settings.get("resultFormat") or FULL_PAYLOADS)
    for known in RESULT_FORMATS:
        if known.lower() == chosen.lower():
            return known
    raise invalid_request_content(f"Error converting value '{chosen}' to type 'WhatIfResultFormat'")
