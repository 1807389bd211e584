"""The leaves of ARM's errors: what really failed, out of the envelopes around it."""

import json
from collections.abc import Iterator
from typing import Any

from armature.errors.catalogue import ENVELOPES
from armature.errors.model import MAX_MESSAGE, Cause

_MAX_DEPTH = 20


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
    if inside and not (remarks_only and code.lower() not in ENVELOPES):
        yield from inside
        return
    text = message if embedded is None else ""
    remarks = [cause.message for cause in inside if cause.message not in text]
    text = " ".join(part for part in [text, *remarks] if part)
    target = fields.get("target")
    yield Cause(code=code, message=text[:MAX_MESSAGE], target=str(target) if target else None)
