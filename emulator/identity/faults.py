"""The faults of the endpoint: no answer, late answers, refusals, and tokens that are no good."""

import asyncio
from dataclasses import replace

from aiohttp import web

from emulator.faults.connection import lost, reset
from emulator.faults.operations import GET_TOKEN
from emulator.faults.parameters import Audience, Delay, ExpiredToken, Outage, ServerFailure, Throttle
from emulator.faults.plan import Fault, FaultPlan, Occasion
from emulator.identity.errors import TokenRequestRefused
from emulator.identity.listener import Listener
from emulator.identity.model import TOKEN_SECONDS, IssuedToken, ManagedIdentity

_GATEWAY_PAGE = "<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center></body></html>\r\n"


class IdentityFaults:
    """What the rules say about requests for tokens."""

    def __init__(self, plan: FaultPlan | None) -> None:
        self._plan = plan
        self.listener: Listener | None = None

    @property
    def is_down(self) -> bool:
        """Whether an outage lasts; connections from before it may still bring requests."""
        return self.listener is not None and not self.listener.is_open

    def decide(self, resource: str) -> tuple[Fault, ...]:
        """The faults of one request for a token."""
        if self._plan is None or self.is_down:
            return ()
        return self._plan.decide(Occasion(f"{GET_TOKEN} {resource.lower()}", GET_TOKEN, {"name": resource}))

    async def hinder(self, request: web.Request, faults: tuple[Fault, ...]) -> web.Response | None:
        """Wait, cut, or answer in place of the endpoint; None when it goes on to a token."""
        if self.is_down:
            reset(request)
            return lost()
        for fault in faults:
            match fault.parameters:
                case Delay(delay_seconds=seconds):
                    await asyncio.sleep(seconds)
                case Outage(seconds=seconds):
                    if self.listener is not None:
                        self.listener.close_for(seconds)
                    reset(request)
                    return lost()
                case ServerFailure() as failure:
                    return _failure(failure)
                case Throttle() as throttle:
                    message = throttle.message or "Too many requests for tokens. Try again later."
                    retry_after = {"Retry-After": str(throttle.retry_after_seconds)}
                    return TokenRequestRefused(429, message, retry_after).response()
        return None


def issue(identity: ManagedIdentity, resource: str, faults: tuple[Fault, ...]) -> IssuedToken:
    """The token that the faults leave. Raises TokenRequestRefused as `ManagedIdentity.issue` does."""
    audience, lifetime, is_told = resource, TOKEN_SECONDS, True
    for fault in faults:
        match fault.parameters:
            case Audience(audience=other):
                audience = other
            case ExpiredToken() as expired:
                lifetime, is_told = -expired.expired_seconds_ago, expired.is_told
    issued = identity.issue(resource, audience=audience, lifetime=lifetime)
    return issued if is_told else replace(issued, expires_on=issued.expires_on - lifetime + TOKEN_SECONDS)


def _failure(failure: ServerFailure) -> web.Response:
    if failure.body == "json":
        message = failure.message or "An unexpected error occured while fetching the AAD Token."
        return TokenRequestRefused(failure.status, message).response()
    page = _GATEWAY_PAGE.format(status=failure.status) if failure.body == "html" else ""
    return web.Response(status=failure.status, text=page, content_type="text/html")
