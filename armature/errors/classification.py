"""The row of the table for a cause, and one failure out of all causes."""

import re
from collections.abc import Iterable
from typing import Any

from armature.errors.catalogue import BY_CODE
from armature.errors.entry import Entry, Speaker
from armature.errors.facts import fact, scope_of
from armature.errors.model import MAX_CAUSES, RECOVERY_OF_CLASS, Cause, Failure, FailureClass, Recovery
from armature.errors.suggestions import filled
from armature.errors.unwrapping import leaf_causes

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
_SLOWEST_FIRST = (
    Recovery.FAIL,
    Recovery.AFTER_PROGRESS,
    Recovery.REGISTER_PROVIDER,
    Recovery.PRUNE_HISTORY,
    Recovery.WAIT,
    Recovery.BACK_OFF,
    Recovery.OUTWAIT,
    Recovery.FRESH_SAS,
    Recovery.TREAT_AS_DONE,
)

_WORDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("TooManyRequests", re.compile(r"too many requests|throttl", re.IGNORECASE)),
    ("AnotherOperationInProgress", re.compile(r"another operation .{0,60}in progress", re.IGNORECASE)),
    ("OperationTimedOut", re.compile(r"\b(?:operation|request|gateway) (?:has )?timed[ -]?out", re.IGNORECASE)),
    ("ServiceUnavailable", re.compile(r"service (?:is )?(?:temporarily )?unavailable", re.IGNORECASE)),
    ("InternalServerError", re.compile(r"internal server error", re.IGNORECASE)),
    ("QuotaExceeded", re.compile(r"exceeding approved .{1,80} quota", re.IGNORECASE)),
    ("RequestDisallowedByPolicy", re.compile(r"disallowed by policy", re.IGNORECASE)),
    ("AuthorizationFailed", re.compile(r"does not have authorization to perform action", re.IGNORECASE)),
)
"""Which code a message means that comes without one, in words that services use for nothing else."""


def entry_of(cause: Cause, status: int | None = None, speaker: Speaker = Speaker.ARM) -> Entry:
    """The row for one leaf: by its code, else by words in its message, else by the HTTP status that it came with.

    A code that nobody knows but that speaks of a quota is one.
    """
    code = cause.code.lower()
    if code == "unknown":
        code = next((meant.lower() for meant, words in _WORDS if words.search(cause.message)), code)
    row = _fitting(code, cause, speaker)
    if row is not None and not (row.code == "Unknown" and status):
        return row
    if "quota" in code:
        return BY_CODE["quotaexceeded"][0]
    return _fitting(f"http {status}", cause, speaker) or BY_CODE["unknown"][0]


def _fitting(code: str, cause: Cause, speaker: Speaker) -> Entry | None:
    return next((row for row in BY_CODE.get(code, ()) if row.fits(cause, speaker)), None)


def class_of(cause: Cause, status: int | None = None) -> FailureClass:
    """The class of one leaf (see `entry_of`)."""
    return entry_of(cause, status).failure_class


def failure_from_causes(
    causes: Iterable[Cause],
    *,
    status: int | None = None,
    speaker: Speaker = Speaker.ARM,
    retry_after_seconds: float | None = None,
    correlation_id: str | None = None,
) -> Failure:
    """One failure out of all leaves: the one that fails hardest decides and speaks, all are kept.

    What fails for good counts before what can be recovered from, then the class that fails hardest, then what takes
    longest; what is as good as done decides only when there is nothing else. `status` is the HTTP status of the answer
    that held them, where there was one. Doubles are dropped, the first `MAX_CAUSES` kept.
    """
    unique = list(dict.fromkeys(causes)) or [Cause(code="Unknown", message="The service gave no reason.")]
    rows = [entry_of(cause, status, speaker) for cause in unique]
    hardest = min(range(len(unique)), key=lambda index: _hardness(rows[index]))
    cause, row = unique[hardest], rows[hardest]
    recovery, subject = _recovery(row, cause)
    ordered = [cause, *(other for other in unique if other != cause)]
    return Failure(
        failure_class=row.failure_class,
        recovery=recovery,
        subject=subject,
        code=cause.code,
        message=cause.message or cause.code,
        suggestion=filled(row, cause),
        link=row.link,
        causes=tuple(ordered[:MAX_CAUSES]),
        retry_after_seconds=retry_after_seconds,
        correlation_id=correlation_id,
    )


def _hardness(row: Entry) -> tuple[bool, bool, int, int]:
    return (
        row.recovery is Recovery.TREAT_AS_DONE,
        row.recovery is not Recovery.FAIL,
        _HARDEST_FIRST.index(row.failure_class),
        _SLOWEST_FIRST.index(row.recovery),
    )


def _recovery(row: Entry, cause: Cause) -> tuple[Recovery, str | None]:
    """What is done, and what that needs to know. Of a provider that nobody names only ARM knows the name, and ARM
    registers by itself what templates deploy: then the same again is all that can be done."""
    if row.recovery is Recovery.REGISTER_PROVIDER:
        namespace = fact(cause, "namespace")
        return (row.recovery, namespace) if namespace else (Recovery.BACK_OFF, None)
    return row.recovery, scope_of(cause.target) if row.recovery is Recovery.PRUNE_HISTORY else None


def failure_from_error(
    error: Any,
    *,
    status: int | None = None,
    speaker: Speaker = Speaker.ARM,
    retry_after_seconds: float | None = None,
    correlation_id: str | None = None,
) -> Failure:
    """Classify an ARM error document (see `leaf_causes` for its shapes)."""
    return failure_from_causes(
        leaf_causes(error),
        status=status,
        speaker=speaker,
        retry_after_seconds=retry_after_seconds,
        correlation_id=correlation_id,
    )


def failure_from_code(code: str, message: str) -> Failure:
    """The failure of a code of the table that the app found out itself, such as how a connection failed."""
    return failure_from_causes([Cause(code=code, message=message)])


def failure(
    kind: FailureClass,
    code: str,
    message: str,
    suggestion: str | None = None,
    *,
    recovery: Recovery | None = None,
    subject: str | None = None,
) -> Failure:
    """A failure that the app itself found, of a class it knows.

    What is done and suggested, where it is not given, is what the table says of the code, if that has the same class;
    else what is done about the class.
    """
    cause = Cause(code=code, message=message)
    row = next((row for row in (entry_of(cause),) if row.failure_class is kind), None)
    return Failure(
        failure_class=kind,
        recovery=recovery or (row.recovery if row else RECOVERY_OF_CLASS[kind]),
        subject=subject,
        code=code,
        message=message,
        suggestion=suggestion or (filled(row, cause) if row else SUGGESTION_OF_CLASS[kind]),
        link=row.link if row and row.code.lower() == code.lower() else None,
        causes=(cause,),
    )


SUGGESTION_OF_CLASS = {
    FailureClass.TRANSIENT: "Azure did not answer in time. Deploy again; if it persists, look at Service Health.",
    FailureClass.THROTTLED: "Azure limits how fast requests may come. Lower maxConcurrency or deploy again later.",
    FailureClass.STORAGE_ACCESS: "Check that the artifact storage account can be reached and that the app holds "
    "Storage Blob Data Contributor on it.",
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
"""What can be said of a code that is not in the table."""
