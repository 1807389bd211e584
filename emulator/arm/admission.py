"""Who is let in: a valid token, a known api-version, a token left in the bucket, and the right to do what is asked.

What is below `/emulator/` is no part of Azure: it needs no api-version, and nothing is counted against its callers.
"""

import re
from typing import Any

from aiohttp import web

from emulator.arm import authorization
from emulator.arm.answers import REMAINING, Handler, check_api_version
from emulator.arm.caller import Caller
from emulator.arm.governance.rights import required_right
from emulator.arm.state import CloudState
from emulator.arm.throttling import Budgets
from emulator.arm.tokens import TokenVerifier

CALLER = web.RequestKey("caller", Caller)

_OWN = "/emulator/"
_SUBSCRIPTION = re.compile("/+subscriptions/+([^/]+)", re.IGNORECASE)


def admission_middleware(verifier: TokenVerifier, state: CloudState, budgets: Budgets) -> Any:
    """Everything but the metadata is asked for a token; the verified caller is on the request as `CALLER`."""

    @web.middleware
    async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.lower().rstrip("/") == "/metadata/endpoints":
            check_api_version(request.query.get("api-version"))
            return await handler(request)
        caller = request[CALLER] = verifier.caller(request.headers.get("Authorization"))
        if request.path.startswith(_OWN):
            return await handler(request)
        found = _SUBSCRIPTION.match(request.path)
        header, left = budgets.spend(request.method, caller.object_id, found[1] if found else None)
        request[REMAINING] = (header, left)
        check_api_version(request.query.get("api-version"))
        if found:
            state.check_subscription(found[1])
        if right := required_right(request.method, request.path):
            authorization.check(state, caller, *right)
        return await handler(request)

    return admit
