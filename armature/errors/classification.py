"""The class of a cause, and one failure out of all causes."""

from collections.abc import Iterable
from typing import Any

from armature.errors.catalogue import (
    CLASS_OF_CODE,
    CLASS_OF_STATUS,
    HARDEST_FIRST,
    RECOVERY_OF_CLASS,
    REFUSED_SIGNATURE,
    SUGGESTIONS,
    SUGGESTIONS_OF_CODES,
)
from armature.errors.model import MAX_CAUSES, Cause, Failure, FailureClass, Recovery
from armature.errors.unwrapping import leaf_causes


def class_of(cause: Cause, status: int | None = None) -> FailureClass:
    """The class of one leaf: by its code, else by words in its message, else by the HTTP status it came with.

    Storage's words about a signature come first: its AuthenticationFailed is cured by a fresh SAS.
    """
    code, words = cause.code.lower(), cause.message.lower()
    if any(refusal in words for refusal in REFUSED_SIGNATURE):
        return FailureClass.STORAGE_ACCESS
    known = CLASS_OF_CODE.get(code)
    if known is not None:
        return known
    if code == "operationnotallowed" and "throttl" in words:
        return FailureClass.THROTTLED
    if "quota" in code or (code == "operationnotallowed" and ("quota" in words or "cores" in words)):
        return FailureClass.QUOTA
    return CLASS_OF_STATUS.get(status or 0, FailureClass.UNKNOWN)


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
    hardest = min(classes.values(), key=HARDEST_FIRST.index)
    speaker = next(cause for cause in unique if classes[cause] is hardest)
    ordered = [speaker, *(cause for cause in unique if cause != speaker)]
    return Failure(
        failure_class=hardest,
        recovery=RECOVERY_OF_CLASS.get(hardest, Recovery.FAIL),
        code=speaker.code,
        message=speaker.message or speaker.code,
        suggestion=SUGGESTIONS_OF_CODES.get(speaker.code.lower(), SUGGESTIONS[hardest]),
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
        recovery=RECOVERY_OF_CLASS.get(kind, Recovery.FAIL),
        code=code,
        message=message,
        suggestion=suggestion or SUGGESTIONS[kind],
        causes=(Cause(code=code, message=message),),
    )
