"""The faults of requests, between the log and the check of the token: before the work, instead of it, and after it."""

import asyncio
import uuid
from typing import Any

import jwt
from aiohttp import web

from emulator.arm.answers import Handler, error_response
from emulator.arm.errors import ArmError
from emulator.arm.faults import principals
from emulator.arm.faults.fate import die
from emulator.arm.faults.occasions import occasion_of
from emulator.arm.faults.refusals import Subject, refusal
from emulator.arm.faults.stale import StaleReads
from emulator.arm.tokens import AuthenticationError
from emulator.faults.connection import lost, reset
from emulator.faults.parameters import Death, Delay, Lag, Parameters, ServerFailure, Throttle
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
STALE_READ = "staleRead"
LIST = "ListResources"
_ACTIONS = {"GET": "read", "HEAD": "read", "DELETE": "delete"}


def fault_middleware(plan: FaultPlan, stale: StaleReads, tenant: str) -> Any:
    """A middleware that lets the plan's faults happen."""

    @web.middleware
    async def happen(request: web.Request, handler: Handler) -> web.StreamResponse:
        occasion = occasion_of(request.method, request.path)
        body = await _body(request) if plan.has_rules_for(principals.FAULT) else {}
        earlier: dict[str, web.Response | None] = {}

        def could(fault: str, parameters: Parameters) -> bool:
            """Whether it changes the answer; what a list would show is not known yet."""
            if not isinstance(parameters, Lag):
                return True
            if fault == principals.FAULT:
                return principals.is_too_young(stale.state, body, parameters)
            shown = None if occasion.operation == LIST else stale.answer(request, parameters)
            earlier[fault] = earlier.get(fault) or shown
            return shown is not None

        faults = plan.decide(occasion, could)
        if plan.has_rules_for(STALE_READ):
            await stale.remember(request)
        for fault in faults:
            if fault.name == principals.FAULT:
                return error_response(principals.principal_not_found(stale.state, body))
            if instead := await _before(request, fault, occasion, tenant):
                return instead
        is_stale = any(fault.name == STALE_READ for fault in faults)
        answer = (earlier[STALE_READ] if is_stale else None) or await handler(request)
        if occasion.operation == LIST:
            answer = _stale_list(plan, stale, occasion, answer)
        for fault in faults:
            _after(request, fault)
        return answer

    return happen


def _stale_list(
    plan: FaultPlan, stale: StaleReads, occasion: Occasion, answer: web.StreamResponse
) -> web.StreamResponse:
    """The list as the plan's faults leave it: without what is too young."""
    shorter: web.Response | None = None

    def could(fault: str, parameters: Parameters) -> bool:
        nonlocal shorter
        if fault == STALE_READ and isinstance(parameters, Lag):
            shorter = stale.without_young(answer, parameters)
        return fault == STALE_READ and shorter is not None

    return shorter if plan.decide(occasion, could) and shorter is not None else answer


async def _body(request: web.Request) -> dict[str, Any]:
    """What the request carries, as far as it is a JSON object."""
    try:
        body = await request.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


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
