"""What went wrong, said once: the failures that the app passes around as data, and how ARM's errors become one.

    Failure                 a classified failure; what activities return and orchestrators decide on
      .failure_class        decides what happens next (FailureClass)
      .causes               the leaves of ARM's nested error, each (code, message, target)
    FailureError            the exception that carries a Failure inside armature and activities, never across the host

ARM nests the cause: `error.details[]` several levels deep, JSON inside message strings, a linked deployment's failure
only in the child's own operations. `leaf_causes` unwraps what one document holds; whoever reads ARM joins the rest.
Codes and their groups: design section 6, Azure Resource Manager troubleshooting pages (2025-11).
"""

import json
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator

from armature.models import Model
from armature.redaction import redact


class FailureClass(StrEnum):
    """What kind of failure it is; the order of `_HARDEST_FIRST` tells which class wins among several leaves."""

    TRANSIENT = "transient"
    THROTTLED = "throttled"
    STORAGE_ACCESS = "storageAccess"
    RESOURCE_CONFLICT = "resourceConflict"
    MISSING_DEPENDENCY = "missingDependency"
    NOT_REGISTERED = "notRegistered"
    QUOTA = "quota"
    TEMPLATE = "template"
    POLICY = "policy"
    AUTHORIZATION = "authorization"
    UNKNOWN = "unknown"


class Recovery(StrEnum):
    """What is done about a failure (design section 6).

    `backOff`: the same again after the policy's wait, which counts as an attempt. `outwait`: something could not be
    reached at all; asked again, without counting, for as long as `OUTWAIT_MINUTES`. `freshSas`: the same again at once,
    with a new SAS; counts. `wait`: somebody else is at it; again when that may be over, without counting, bounded.
    `afterProgress`: again when something else of the deployment has finished. `registerProvider`: register the resource
    provider `subject`, then again. `pruneHistory`: delete old entries of the scope's deployment history, then again.
    `treatAsDone`: what was to be made is there. `fail`: a person must act.
    """

    BACK_OFF = "backOff"
    OUTWAIT = "outwait"
    FRESH_SAS = "freshSas"
    WAIT = "wait"
    AFTER_PROGRESS = "afterProgress"
    REGISTER_PROVIDER = "registerProvider"
    PRUNE_HISTORY = "pruneHistory"
    TREAT_AS_DONE = "treatAsDone"
    FAIL = "fail"


_RECOVERY_OF_CLASS = {
    FailureClass.TRANSIENT: Recovery.BACK_OFF,
    FailureClass.THROTTLED: Recovery.BACK_OFF,
    FailureClass.STORAGE_ACCESS: Recovery.FRESH_SAS,
    FailureClass.RESOURCE_CONFLICT: Recovery.WAIT,
    FailureClass.MISSING_DEPENDENCY: Recovery.AFTER_PROGRESS,
    FailureClass.NOT_REGISTERED: Recovery.REGISTER_PROVIDER,
}

_HARDEST_FIRST = (
    FailureClass.AUTHORIZATION,
    FailureClass.POLICY,
    FailureClass.TEMPLATE,
    FailureClass.QUOTA,
    FailureClass.UNKNOWN,
    FailureClass.NOT_REGISTERED,
    FailureClass.MISSING_DEPENDENCY,
    FailureClass.RESOURCE_CONFLICT,
    FailureClass.STORAGE_ACCESS,
    FailureClass.THROTTLED,
    FailureClass.TRANSIENT,
)

RETRIED_AFTER_A_WAIT = frozenset(
    {
        FailureClass.TRANSIENT,
        FailureClass.THROTTLED,
        FailureClass.STORAGE_ACCESS,
        FailureClass.RESOURCE_CONFLICT,
    }
)

_CODES: dict[FailureClass, str] = {
    FailureClass.TRANSIENT: "InternalServerError InternalError ServerBusy ServiceUnavailable ServerTimeout "
    "GatewayTimeout BadGateway RequestTimeout OperationTimedOut RetryableError ServiceBusy TemporarilyUnavailable "
    "InternalOperationError ConnectionError",
    FailureClass.THROTTLED: "TooManyRequests SubscriptionRequestsThrottled ResourceRequestsThrottled "
    "ResourceCollectionRequestsThrottled TenantRequestsThrottled",
    FailureClass.STORAGE_ACCESS: "InvalidContentLink InvalidTemplateLink LinkedTemplateNotFound "
    "AuthorizationPermissionMismatch AuthorizationFailure",
    FailureClass.RESOURCE_CONFLICT: "DeploymentActive AnotherOperationInProgress OperationInProgress "
    "ConcurrentOperation ConflictingConcurrentWriteNotAllowed ResourceGroupBeingDeleted ResourceBeingDeleted "
    "ReferencedResourceNotProvisioned PreconditionFailed InUseSubnetCannotBeDeleted",
    FailureClass.MISSING_DEPENDENCY: "ResourceNotFound NotFound ParentResourceNotFound InvalidResourceReference "
    "ResourceGroupNotFound LinkedInvalidPropertyId SubnetNotFound PrincipalNotFound",
    FailureClass.NOT_REGISTERED: "MissingSubscriptionRegistration SubscriptionNotRegistered ResourceTypeNotRegistered "
    "FeatureNotRegistered NoRegisteredProviderFound",
    FailureClass.QUOTA: "QuotaExceeded ResourceQuotaExceeded DeploymentQuotaExceeded PublicIPCountLimitReached "
    "SubscriptionQuotaExceeded SkuNotAvailable AllocationFailed ZonalAllocationFailed "
    "OverconstrainedAllocationRequest InsufficientQuota LocationNotAvailableForResourceType "
    "RegionDoesNotAllowProvisioning",
    FailureClass.TEMPLATE: "InvalidTemplate InvalidRequestContent InvalidParameter InvalidResource "
    "InvalidResourceType InvalidResourceName InvalidResourceLocation InvalidDeploymentLocation "
    "InvalidApiVersionParameter InvalidRequestFormat DuplicateResourceName TemplateResourceCircularDependency "
    "JobSizeExceeded AccountNameInvalid StorageAccountAlreadyTaken StorageAccountAlreadyExists ReservedResourceName "
    "PropertyChangeNotAllowed RequestContentTooLarge",
    FailureClass.POLICY: "RequestDisallowedByPolicy RequestDisallowedByAzure DisallowedByPolicy PolicyViolation",
    FailureClass.AUTHORIZATION: "AuthorizationFailed LinkedAuthorizationFailed InvalidAuthenticationToken "
    "InvalidAuthenticationTokenTenant ExpiredAuthenticationToken DenyAssignmentAuthorizationFailed Forbidden "
    "RoleAssignmentUpdateNotPermitted KeyVaultParameterReferenceAuthorizationFailed AuthenticationFailed "
    "KeyVaultParameterReferenceSecretRetrieveFailed SubscriptionNotFound ScopeLocked",
}
_CLASS_OF_CODE = {code.lower(): kind for kind, codes in _CODES.items() for code in codes.split()}

_ENVELOPES = frozenset(
    (
        "deploymentfailed deploymentfailedcleanup resourcedeploymentfailure invalidtemplatedeployment "
        "multipleerrorsoccurred badrequest conflict conflicterror failed resourceoperationfailure "
        "downstreamendpointerror"
    ).split()
)
"""Codes that only wrap: they decide nothing while something is inside them."""

_CLASS_OF_STATUS = {
    408: FailureClass.TRANSIENT,
    429: FailureClass.THROTTLED,
    500: FailureClass.TRANSIENT,
    502: FailureClass.TRANSIENT,
    503: FailureClass.TRANSIENT,
    504: FailureClass.TRANSIENT,
    401: FailureClass.AUTHORIZATION,
    403: FailureClass.AUTHORIZATION,
    404: FailureClass.MISSING_DEPENDENCY,
    412: FailureClass.RESOURCE_CONFLICT,
}

_SUGGESTIONS = {
    FailureClass.TRANSIENT: "Azure did not answer in time. Deploy again; if it persists, look at Azure service health.",
    FailureClass.THROTTLED: "Azure limits how fast requests may come. Lower maxConcurrency or deploy again later.",
    FailureClass.STORAGE_ACCESS: "ARM could not download a template. Check that the artifact storage account can be "
    "reached from ARM and that the app holds Storage Blob Data Contributor on it.",
    FailureClass.RESOURCE_CONFLICT: "Another operation works on the same resource. Wait for its end and deploy again.",
    FailureClass.MISSING_DEPENDENCY: "Something that the template names does not exist. Add the template that makes "
    "it to dependsOn, or create it first.",
    FailureClass.NOT_REGISTERED: "Register the resource provider in the subscription: az provider register -n NAME.",
    FailureClass.QUOTA: "Ask for more quota in the portal (Usage + quotas), or use another size or region.",
    FailureClass.TEMPLATE: "Correct the template or its parameters in the bundle and deploy again.",
    FailureClass.POLICY: "A policy forbids this resource. Change the template, or ask its owner for an exemption.",
    FailureClass.AUTHORIZATION: "Give the app's identity the role that the message names, on the scope it names.",
    FailureClass.UNKNOWN: "Look at the deployment's operations in the portal, with the correlation id at hand.",
}

_SUGGESTIONS_OF_CODES = {
    "subscriptionnotfound": "Check target.subscription. The app's identity sees the subscriptions on which it has a "
    "role, and no others.",
    "scopelocked": "Remove the lock that the message names, or deploy elsewhere.",
    "invalidauthenticationtokentenant": "The subscription belongs to another tenant than the app's identity.",
    "invaliddeploymentlocation": "A deployment of that name exists in another region: set target.location to that one.",
    "invalidresourcelocation": "The resource or group exists in another region: deploy to that region, or choose "
    "another name.",
    "storageaccountalreadytaken": "Names of storage accounts are taken worldwide: choose another.",
}
"""For codes, in lower case, of which more can be said than of their class."""

_REFUSED_SIGNATURE = ("signature not valid in the specified time frame", "signature fields not well formed")
"""What storage says of a SAS, under codes that elsewhere mean that a person lacks a role."""

MAX_CAUSES = 10
MAX_MESSAGE = 2000
_MAX_DEPTH = 20


CleanText = Annotated[str, AfterValidator(redact)]
"""Text of a service without the secrets that services repeat, such as the SAS of a template that was not found."""


class Cause(Model):
    """A leaf of ARM's error: the code and message of what really failed, and the resource id or path it names.

    `place` is where in the user's bundle it comes from: a file, and a JSON pointer into it after `#`.
    """

    code: str
    message: CleanText
    target: CleanText | None = None
    place: str | None = None


class Failure(Model):
    """One classified failure. `retry_after_seconds` is what the service asked for, if it did.

    `recovery` is what is done about it, `subject` what that needs to know (the namespace of a provider to register).
    `link` is the page of Microsoft's documentation about the code.
    """

    failure_class: FailureClass
    recovery: Recovery = Recovery.FAIL
    subject: str | None = None
    code: str
    message: CleanText
    suggestion: str
    link: str | None = None
    causes: tuple[Cause, ...] = ()
    retry_after_seconds: float | None = None
    correlation_id: str | None = None

    @property
    def is_retried(self) -> bool:
        """True when waiting and trying the same again can help."""
        return self.failure_class in RETRIED_AFTER_A_WAIT


class FailureError(Exception):
    """A call of Azure failed, for a reason that is known: carries the classified `failure`."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.code}: {failure.message}")
        self.failure = failure


def _folded(document: dict[str, Any]) -> dict[str, Any]:
    return {str(key).lower(): value for key, value in document.items()}


def _embedded(message: str) -> Any:
    """The JSON document inside a message string, if the message is one."""
    text = message.strip()
    if not text.startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def leaf_causes(error: Any, depth: int = 0) -> Iterator[Cause]:
    """The leaves of an ARM error document, outermost wrapping removed, in the order they stand.

    Reads `{error: {...}}`, `{status, error}`, `{code, message, details, innererror}` in any letter case, JSON inside
    message strings, and plain strings. An `innererror` counts when it has a code and message of its own. An envelope
    code (DeploymentFailed and the like) counts only when nothing is inside it.
    """
    if depth > _MAX_DEPTH or error is None:
        return
    if isinstance(error, str):
        inner = _embedded(error)
        if inner is not None:
            yield from leaf_causes(inner, depth + 1)
        elif error.strip():
            yield Cause(code="Unknown", message=error.strip()[:MAX_MESSAGE])
        return
    if isinstance(error, list):
        for item in error:
            yield from leaf_causes(item, depth + 1)
        return
    if not isinstance(error, dict):
        return
    fields = _folded(error)
    if isinstance(fields.get("error"), dict | str):
        yield from leaf_causes(fields["error"], depth + 1)
        return
    code = str(fields.get("code") or "Unknown")
    message = str(fields.get("message") or "")
    inside = list(leaf_causes(fields.get("details"), depth + 1))
    inner_error = fields.get("innererror")
    if isinstance(inner_error, dict) and "code" in _folded(inner_error) and "message" in _folded(inner_error):
        inside += list(leaf_causes(inner_error, depth + 1))
    embedded = _embedded(message)
    if embedded is not None:
        inside += list(leaf_causes(embedded, depth + 1))
    # App Service repeats the code in a detail of its own, without a message.
    inside = [cause for cause in inside if cause.message or cause.code not in ("Unknown", code)]
    # Some providers explain an ordinary code by unclassified remarks in `details`: then the code itself is the cause.
    remarks_only = bool(inside) and all(cause.code == "Unknown" for cause in inside)
    if inside and not (remarks_only and code.lower() not in _ENVELOPES):
        yield from inside
        return
    text = message if embedded is None else ""
    remarks = [cause.message for cause in inside if cause.message not in text]
    text = " ".join(part for part in [text, *remarks] if part)
    target = fields.get("target")
    yield Cause(code=code, message=text[:MAX_MESSAGE], target=str(target) if target else None)


def class_of(cause: Cause, status: int | None = None) -> FailureClass:
    """The class of one leaf: by its code, else by words in its message, else by the HTTP status it came with.

    Storage's words about a signature come first: its AuthenticationFailed is cured by a fresh SAS.
    """
    code, words = cause.code.lower(), cause.message.lower()
    if any(refusal in words for refusal in _REFUSED_SIGNATURE):
        return FailureClass.STORAGE_ACCESS
    known = _CLASS_OF_CODE.get(code)
    if known is not None:
        return known
    if code == "operationnotallowed" and "throttl" in words:
        return FailureClass.THROTTLED
    if "quota" in code or (code == "operationnotallowed" and ("quota" in words or "cores" in words)):
        return FailureClass.QUOTA
    return _CLASS_OF_STATUS.get(status or 0, FailureClass.UNKNOWN)


def failure_from_causes(
    causes: Iterable[Cause],
    *,
    status: int | None = None,
    retry_after_seconds: float | None = None,
    correlation_id: str | None = None,
) -> Failure:
    """One failure out of all leaves: the class that fails hardest decides, its first leaf speaks, all are kept.

    `status` is the HTTP status of the answer that held them, where there was one. Doubles are dropped, the first
    `MAX_CAUSES` kept.
    """
    unique = list(dict.fromkeys(causes)) or [Cause(code="Unknown", message="The service gave no reason.")]
    classes = {cause: class_of(cause, status) for cause in unique}
    hardest = min(classes.values(), key=_HARDEST_FIRST.index)
    speaker = next(cause for cause in unique if classes[cause] is hardest)
    ordered = [speaker, *(cause for cause in unique if cause != speaker)]
    return Failure(
        failure_class=hardest,
        recovery=_RECOVERY_OF_CLASS.get(hardest, Recovery.FAIL),
        code=speaker.code,
        message=speaker.message or speaker.code,
        suggestion=_SUGGESTIONS_OF_CODES.get(speaker.code.lower(), _SUGGESTIONS[hardest]),
        causes=tuple(ordered[:MAX_CAUSES]),
        retry_after_seconds=retry_after_seconds,
        correlation_id=correlation_id,
    )


def failure_from_error(
    error: Any,
    *,
    status: int | None = None,
    retry_after_seconds: float | None = None,
    correlation_id: str | None = None,
) -> Failure:
    """Classify an ARM error document (see `leaf_causes` for its shapes)."""
    return failure_from_causes(
        leaf_causes(error), status=status, retry_after_seconds=retry_after_seconds, correlation_id=correlation_id
    )


def failure(kind: FailureClass, code: str, message: str, suggestion: str | None = None) -> Failure:
    """A failure that the app itself found, of a class it knows."""
    return Failure(
        failure_class=kind,
        recovery=_RECOVERY_OF_CLASS.get(kind, Recovery.FAIL),
        code=code,
        message=message,
        suggestion=suggestion or _SUGGESTIONS[kind],
        causes=(Cause(code=code, message=message),),
    )
