"""GET /msi/token as App Service serves it, API version 2019-08-01.

Source: https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
"""

import hmac
import json
import logging
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from emulator import witness
from emulator.identity.errors import TokenRequestRefused
from emulator.identity.faults import IdentityFaults, issue
from emulator.identity.model import ManagedIdentity

API_VERSIONS = ("2019-08-01",)
REQUEST_LOG = logging.getLogger("emulator.identity.requests")


def identity_application(identity: ManagedIdentity, header: str, faults: IdentityFaults) -> web.Application:
    """The endpoint for one identity, behind one secret header. Faults happen to requests that are right."""

    async def token(request: web.Request) -> web.Response:
        _check_header(request, header)
        _check_query(request, identity)
        resource = request.query["resource"]
        happening = faults.decide(resource)
        if (instead := await faults.hinder(request, happening)) is not None:
            return instead
        issued = issue(identity, resource, happening)
        witness.saw("token", [issued.token])
        body = {
            "access_token": issued.token,
            "expires_on": str(issued.expires_on),
            "resource": issued.resource,
            "token_type": "Bearer",
            "client_id": issued.client_id,
        }
        return web.json_response(body)

    application = web.Application(middlewares=[_logged, _refusals_answered])
    application.router.add_get("/msi/token", token)
    return application


def _check_header(request: web.Request, secret: str) -> None:
    given = request.headers.get("X-IDENTITY-HEADER", "")
    if not hmac.compare_digest(given.encode(), secret.encode()):
        raise TokenRequestRefused(401, "The X-IDENTITY-HEADER header is missing or wrong.")


def _check_query(request: web.Request, identity: ManagedIdentity) -> None:
    version = request.query.get("api-version", "")
    if version not in API_VERSIONS:
        raise TokenRequestRefused(400, f"The api-version '{version[:40]}' is not supported.")
    if not request.query.get("resource"):
        raise TokenRequestRefused(400, "The query parameter 'resource' is missing.")
    others = {"client_id": identity.client_id, "principal_id": identity.principal, "object_id": identity.principal}
    if any(name in request.query and request.query[name] != value for name, value in others.items()):
        raise TokenRequestRefused(400, "Unable to load requested managed identity.")
    if "mi_res_id" in request.query:
        raise TokenRequestRefused(400, "Unable to load requested managed identity.")


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def _refusals_answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except TokenRequestRefused as refusal:
        return refusal.response()


@web.middleware
async def _logged(request: web.Request, handler: Handler) -> web.StreamResponse:
    """One JSON line a request, with the resource asked for; neither the header nor the token."""
    started = time.perf_counter()
    response = await handler(request)
    line = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "method": request.method,
        "path": request.path,
        "resource": request.query.get("resource", "")[:200],
        "status": response.status,
        "milliseconds": round((time.perf_counter() - started) * 1000, 1),
    }
    REQUEST_LOG.info(json.dumps(line))
    return response
