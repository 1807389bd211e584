"""The faults of requests, between the log and the check of the token: before the work, instead of it, and after it."""

import asyncio
import uuid
from typing import Any

import jwt
from aiohttp import web

from emulator.arm.answers import Handler, error_response
from emulator.arm.errors import ArmError
from emulator.arm.faults.fate import die
from emulator.arm.faults.occasions import occasion_of
from emulator.arm.faults.refusals import Subject, refusal
from emulator.arm.faults.stale import StaleReads
from emulator.arm.tokens import AuthenticationError
from emulator.faults.connection import lost, reset
from emulator.faults.parameters import Death, Delay, Lag, ServerFailure, Throttle
from emulator.faults.plan import Fault, FaultPlan, Occasion

_PAGE = (
    "<html>\r\n<head><title>{text}</title></head>\r\n"
    "<body>\r\n<center><h1>{text}</h1></center>\r\n</body>\r\n</html>\r\n"
)
_REASONS = {
    500: ("InternalServerError", "500 Internal Server Error", "Encountered internal server error. Tracking id: "),
    502: ("BadGateway", "502 Bad Gateway", "Bad gateway. Tracking id: "),
    503: ("ServerTimeout", "503 Service Temporarily Unavailable", "The request timed out. Tracking id: "),
    504: (
        "GatewayTimeout",
        "504 Gateway Time-out",
        "The gateway did not receive a response from the provider within the specified time period. Tracking id: ",
    ),
}
_ACTIONS = {"GET": "read", "HEAD": "read", "DELETE": "delete"}


def fault_middleware(plan: FaultPlan, stale: StaleReads, tenant: str) -> Any:
    """A middleware that lets the plan's faults happen."""

    @web.middleware
    async def happen(request: web.Request, handler: Handler) -> web.StreamResponse:
        occasion = occasion_of(request.method, request.path)
        faults = plan.decide(occasion)
        if plan.has_rules_for("staleRead"):
            await stale.remember(request)
        for fault in faults:
            if instead := await _before(request, fault, occasion, tenant):
                return instead
        lag = next((fault.parameters for fault in faults if isinstance(fault.parameters, Lag)), None)
        answer = stale.answer(request, lag) or await handler(request) if lag else await handler(request)
        answer = stale.without_young(answer, lag) if lag and occasion.operation == "ListResources" else answer
        for fault in faults:
            _after(request, fault)
        return answer

    return happen


async def _before(request: web.Request, fault: Fault, occasion: Occasion, tenant: str) -> web.Response | None:
    """What happens before the work; an answer when it happens instead of the work."""
    match fault.parameters:
        case Delay(delay_seconds=seconds):
            await asyncio.sleep(seconds)
        case Death(moment="beforeWork"):
            die()
        case ServerFailure() as failure:
            return _failure(failure)
        case Throttle() as throttle if fault.name == "throttled":
            return _throttled(throttle)
    if fault.name == "connectionReset":
        reset(request)
        return lost()
    if fault.name == "tokenRefused":
        return error_response(_expired(fault, tenant))
    error = refusal(fault, _subject(request, occasion))
    return error_response(error) if error else None


def _after(request: web.Request, fault: Fault) -> None:
    if isinstance(fault.parameters, Death):
        die()
    if fault.name == "answerLost":
        reset(request)


def _failure(failure: ServerFailure) -> web.Response:
    code, text, message = _REASONS[failure.status]
    if failure.body == "json":
        told = failure.message or f"{message}'{uuid.uuid4()}'."
        return error_response(ArmError(failure.status, failure.code or code, told))
    page = _PAGE.format(text=text) if failure.body == "html" else ""
    return web.Response(status=failure.status, text=page, content_type="text/html")


def _throttled(throttle: Throttle) -> web.Response:
    message = throttle.message or (
        "Number of requests exceeded the limit for this principal and subscription. Please try again after "
        f"'{throttle.retry_after_seconds}' seconds."
    )
    answer = error_response(ArmError(429, throttle.code or "SubscriptionRequestsThrottled", message))
    answer.headers["Retry-After"] = str(throttle.retry_after_seconds)
    return answer


def _expired(fault: Fault, tenant: str) -> AuthenticationError:
    code = getattr(fault.parameters, "code", None) or "ExpiredAuthenticationToken"
    message = getattr(fault.parameters, "message", None) or (
        "The access token expiry UTC time is earlier than current UTC time: a fault says so."
    )
    return AuthenticationError(code, message, tenant)


def _subject(request: web.Request, occasion: Occasion) -> Subject:
    attributes = occasion.attributes
    claims = _claims(request)
    kind = attributes.get("resourceType", "Microsoft.Resources/subscriptions")
    verb = _ACTIONS.get(request.method, "action" if request.method == "POST" else "write")
    return Subject(
        id=attributes["path"],
        type=kind,
        name=attributes.get("name", ""),
        subscription=_segment_after("subscriptions", attributes["path"]),
        action=f"{kind}/{verb}",
        client=str(claims.get("appid", "")),
        object_id=str(claims.get("oid", "")),
    )


def _claims(request: web.Request) -> dict[str, Any]:
    """What the token says, which nobody has verified yet; nothing when it is none."""
    try:
        token = request.headers.get("Authorization", "").partition(" ")[2]
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return {}
    return claims


def _segment_after(name: str, path: str) -> str:
    segments = path.lower().split("/")
    return segments[segments.index(name) + 1] if name in segments[:-1] else ""
