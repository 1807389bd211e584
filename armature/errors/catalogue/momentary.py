"""Codes of what passes by itself: a service that was busy or broken for a moment, and requests that came too fast."""

from armature.errors.entry import COMMON_ERRORS, LEARN, Speaker, entry, says
from armature.errors.model import FailureClass

_HEALTH = "Armature tries again by itself. If it goes on, look at Service Health in the portal."
_SLOWER = (
    "Armature waits as long as Azure asks for, then goes on. If it happens often, lower maxConcurrency, or let other "
    "tools that use the same identity and subscription wait."
)
_RETRIES = f"{LEARN}architecture/best-practices/retry-service-specific"
_LIMITS = f"{LEARN}azure-resource-manager/management/request-limits-and-throttling"
_STORAGE_LIMITS = f"{LEARN}storage/common/scalability-targets-standard-account"

_PASSING = (
    "InternalServerError InternalError InternalOperationError ServerBusy ServiceBusy ServiceUnavailable "
    "TemporarilyUnavailable ServerTimeout GatewayTimeout BadGateway RequestTimeout OperationTimedOut RetryableError"
).split()
_PASSING_STATUS = (408, 500, 502, 503, 504)
_THROTTLED = (
    "TooManyRequests SubscriptionRequestsThrottled ResourceRequestsThrottled ResourceCollectionRequestsThrottled "
    "TenantRequestsThrottled"
).split()

ENTRIES = (
    entry("ServerBusy", FailureClass.THROTTLED, _SLOWER, _STORAGE_LIMITS, speaker=Speaker.STORAGE),
    *(entry(code, FailureClass.TRANSIENT, _HEALTH, COMMON_ERRORS) for code in _PASSING),
    *(entry(f"HTTP {status}", FailureClass.TRANSIENT, _HEALTH, _RETRIES) for status in _PASSING_STATUS),
    entry(
        "AnswerUnreadable",
        FailureClass.TRANSIENT,
        "Something between the app and Azure answered in Azure's place: look for a proxy, a firewall or a sign-in "
        "page. Armature tries again by itself.",
        f"{LEARN}azure-functions/functions-networking-options",
    ),
    *(entry(code, FailureClass.THROTTLED, _SLOWER, _LIMITS) for code in _THROTTLED),
    entry("OperationNotAllowed", FailureClass.THROTTLED, _SLOWER, _LIMITS, when=says("throttl")),
    entry("HTTP 429", FailureClass.THROTTLED, _SLOWER, _LIMITS),
)
