"""The leaves of ARM's errors: what really failed, out of the envelopes around it."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from armature.errors.catalogue import BY_CODE, ENVELOPES
from armature.errors.model import MAX_MESSAGE, Cause, DenyingPolicy, Violation
from armature.errors.pages import cause_in_page, cause_in_xml

_MAX_DEPTH = 20
_MAX_TRIES = 5
_BRACE = re.compile(r"[{\[]")
AADSTS = re.compile(r"\bAADSTS\d{4,9}\b")
_UNKNOWN = "Unknown"


def leaf_causes(error: Any, depth: int = 0) -> Iterator[Cause]:
    """The leaves of an ARM error document, outermost wrapping removed, in the order they stand.

    Reads, in any letter case: `{error: {...}}`, `{status, error}`, `{code, message, details, innererror}`, lists,
    operations of a deployment (`{properties: {statusMessage, targetResource}}`), Entra's `{error, error_description}`,
    JSON inside message strings, storage's XML, HTML pages, and plain strings. An `innererror` counts when it has a code
    and message of its own. An envelope's code (DeploymentFailed and the like) counts only when nothing is inside it.
    """
    if depth > _MAX_DEPTH or error is None:
        return
    if isinstance(error, str):
        yield from _in_text(error, depth)
    elif isinstance(error, list):
        for item in error:
            yield from leaf_causes(item, depth + 1)
    elif isinstance(error, dict):
        yield from _in_object(_folded(error), depth)


def _folded(document: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key).lower(): value for key, value in document.items()}


def _in_text(text: str, depth: int) -> Iterator[Cause]:
    document = _embedded(text)
    if document is not None:
        yield from leaf_causes(document, depth + 1)
        return
    marked = _in_markup(text)
    if marked is not None:
        yield marked
    elif inside := _after_words(text, depth):
        yield from inside
    elif text.strip():
        yield Cause(code=_UNKNOWN, message=text.strip()[:MAX_MESSAGE])


def _in_markup(text: str) -> Cause | None:
    return cause_in_xml(text) or cause_in_page(text)


def _embedded(message: str) -> Any:
    """The JSON document that a message is, if it is one: an object, a list, or a string that holds one of these."""
    text = message.strip().lstrip("\ufeff")
    if not text.startswith(("{", "[", '"')):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict | list) or (isinstance(found, str) and found != message) else None


def _after_words(text: str, depth: int) -> list[Cause]:
    """The leaves of an error document that stands behind other words; none unless it gives a code for each.

    Messages quote JSON that is no error, such as the identifiers of a policy.
    """
    decoder, position = json.JSONDecoder(), 0
    for _ in range(_MAX_TRIES):
        brace = _BRACE.search(text, position)
        if brace is None:
            break
        try:
            document, position = decoder.raw_decode(text, brace.start())
        except (ValueError, RecursionError):
            position = brace.end()
            continue
        found = list(leaf_causes(document, depth + 1))
        if found and all(cause.code != _UNKNOWN for cause in found):
            return found
    return []


def _in_object(fields: dict[str, Any], depth: int) -> Iterator[Cause]:
    if isinstance(fields.get("error_description"), str):
        yield _of_entra(fields)
        return
    for envelope in ("error", "odata.error", "errors", "statusmessage"):
        if isinstance(inner := fields.get(envelope), dict | str | list) and inner:
            yield from leaf_causes(inner, depth + 1)
            return
    properties = fields.get("properties")
    if isinstance(properties, dict) and "code" not in fields:
        yield from _of_operation(_folded(properties), depth)
        return
    if isinstance(fields.get("value"), list) and "code" not in fields:
        yield from leaf_causes(fields["value"], depth + 1)
        return
    yield from _of_error(fields, depth)


def _of_entra(fields: dict[str, Any]) -> Cause:
    message = str(fields["error_description"])
    code = AADSTS.search(message)
    return Cause(code=code.group() if code else str(fields.get("error") or _UNKNOWN), message=message[:MAX_MESSAGE])


def _of_operation(properties: dict[str, Any], depth: int) -> Iterator[Cause]:
    """The leaves of an operation, or of a deployment, each with the resource that the operation was about."""
    target = properties.get("targetresource")
    target_id = _folded(target).get("id") if isinstance(target, dict) else None
    told = properties.get("statusmessage") or properties.get("error")
    yield from (about(cause, _text(target_id)) for cause in leaf_causes(told, depth + 1))


def about(cause: Cause, resource_id: str | None) -> Cause:
    """The cause with the id of the resource that it is about, unless it names one itself.

    What providers give as a target may be a name, or the path of a property, which the message says as well.
    """
    if not resource_id or not resource_id.startswith("/") or (cause.target or "").startswith("/"):
        return cause
    return cause.model_copy(update={"target": resource_id})


def _of_error(fields: dict[str, Any], depth: int) -> Iterator[Cause]:
    code = _text(fields.get("code")) or _UNKNOWN
    message = _text(fields.get("message"))
    inside = list(leaf_causes(fields.get("details"), depth + 1))
    inner_error = fields.get("innererror")
    if isinstance(inner_error, dict) and {"code", "message"} <= _folded(inner_error).keys():
        inside += list(leaf_causes(inner_error, depth + 1))
    within, is_document = _in_message(message, depth)
    inside += within
    # App Service repeats the code in a detail of its own, without a message.
    inside = [cause for cause in inside if cause.message or cause.code not in (_UNKNOWN, code)]
    # Some providers explain an ordinary code by unclassified remarks inside of it: then the code itself is the cause.
    remarks_only = bool(inside) and all(_says_less(cause, code) for cause in inside)
    is_wrapper = code.lower() in ENVELOPES or code == _UNKNOWN
    target = _text(fields.get("target"))
    if inside and (not remarks_only or is_wrapper):
        yield from (about(cause, target) for cause in inside)
        return
    text = "" if is_document else message
    remarks = [cause.message for cause in inside if cause.message not in text]
    text = " ".join(part for part in [text, *remarks] if part)
    violation, policy = _additional(fields.get("additionalinfo"))
    yield Cause(
        code=code,
        message=text[:MAX_MESSAGE],
        target=target or None,
        violation=violation,
        policy=policy,
    )


def _says_less(inner: Cause, code: str) -> bool:
    """Whether a code says more than the cause inside of it: that has none, or one that only wraps others."""
    return inner.code == _UNKNOWN or (inner.code.lower() in ENVELOPES and code.lower() in BY_CODE)


def _in_message(message: str, depth: int) -> tuple[list[Cause], bool]:
    """The leaves inside of a message, and whether the message is nothing but the document that holds them."""
    document = _embedded(message)
    if document is not None:
        return list(leaf_causes(document, depth + 1)), True
    marked = _in_markup(message)
    if marked is not None:
        return [marked], True
    return _after_words(message, depth), False


def _text(value: Any) -> str:
    """A code or a message as text; OData gives messages as `{lang, value}`."""
    if isinstance(value, dict):
        return _text(_folded(value).get("value"))
    if isinstance(value, list):
        return " ".join(_text(item) for item in value)
    return "" if value is None else str(value)


def _additional(entries: Any) -> tuple[Violation | None, DenyingPolicy | None]:
    """What `additionalInfo` tells of the template's place, and of the policy that refused."""
    violation, policy = None, None
    for entry in entries if isinstance(entries, list) else ():
        fields = _folded(entry) if isinstance(entry, dict) else {}
        info = _folded(fields["info"]) if isinstance(fields.get("info"), dict) else {}
        kind = str(fields.get("type")).lower()
        if kind == "templateviolation" and info:
            line, column = _number(info.get("linenumber")), _number(info.get("lineposition"))
            violation = Violation(line=line, column=column, path=_text(info.get("path"))[:MAX_MESSAGE])
        elif kind == "policyviolation" and info:
            assignment = _text(info.get("policyassignmentdisplayname") or info.get("policyassignmentname"))
            definition = _text(info.get("policydefinitiondisplayname") or info.get("policydefinitionname"))
            assignment_id = _text(info.get("policyassignmentid")) or None
            policy = DenyingPolicy(assignment=assignment, definition=definition, assignment_id=assignment_id)
    return violation, policy


def _number(value: Any) -> int:
    return value if type(value) is int and value > 0 else 0
