"""Every exception of the Azure SDKs as one FailureError, so that no caller knows the SDKs.

    with arm_failures():        calls of Azure Resource Manager
    with storage_failures():    calls of blob storage

What it means is `armature.errors`' to say; here is only how the SDKs carry it. A message never holds the query of a
URL: urllib3 and requests name the whole URL when a connection fails, and a SAS is a query.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from azure.core.exceptions import AzureError, ClientAuthenticationError, DecodeError, HttpResponseError
from requests import HTTPError

from armature.errors import (
    Failure,
    FailureClass,
    FailureError,
    Speaker,
    code_of_status,
    failure_from_code,
    failure_from_error,
    failure_from_exception,
    leaf_causes,
)

_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_QUERY = re.compile(r"\?[^\s'\"<>()?=\\]*=(?:[^\s'\"<>()\\]|\\u0026)*")  # JSON inside of a text may escape its "&"
_MAX_BODY = 4 * 1024**2


@contextmanager
def arm_failures() -> Iterator[None]:
    """Within it, an exception of the SDKs leaves as FailureError, classified as ARM's errors are."""
    try:
        yield
    except (AzureError, json.JSONDecodeError) as error:
        raise FailureError(failure_of(error)) from None


@contextmanager
def storage_failures() -> Iterator[None]:
    """Within it, an exception of the SDKs leaves as FailureError, classified as blob storage's errors are."""
    try:
        yield
    except AzureError as error:
        raise FailureError(failure_of(error, is_storage=True)) from None


def failure_of(error: Exception, *, is_storage: bool = False) -> Failure:
    """Classify an exception of the SDKs, or of requests: by the answer it carries, else by what kept it from one.

    An answer may be JSON, XML (storage), HTML, or empty; its status stands in for a code that it does not give.
    """
    if isinstance(error, HttpResponseError | HTTPError) and error.response is not None:
        found = _failure_from_response(error.response, Speaker.STORAGE if is_storage else Speaker.ARM)
        if not (isinstance(error, ClientAuthenticationError) and found.failure_class is FailureClass.UNKNOWN):
            return found
    return failure_from_exception(error, _message_of(error))


def retry_after_seconds(value: str | None, *, now: datetime | None = None) -> float | None:
    """What a Retry-After header asks for, in seconds from now: a number of seconds or an HTTP date (RFC 9110)."""
    if value is None:
        return None
    if _SECONDS.fullmatch(value.strip()):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)  # "-0000": UTC of unknown origin
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def without_queries(text: str) -> str:
    """The text with the query of every URL or path in it removed."""
    return _QUERY.sub("", text)


def without_queries_within(value: Any) -> Any:
    """The JSON value with `without_queries` done to each string in it: ARM quotes links, SAS and all, in its errors."""
    if isinstance(value, str):
        return without_queries(value)
    if isinstance(value, list):
        return [without_queries_within(item) for item in value]
    if isinstance(value, dict):
        return {key: without_queries_within(item) for key, item in value.items()}
    return value


def _message_of(error: Exception) -> str:
    message = getattr(error, "message", None) or error
    if isinstance(error, DecodeError | json.JSONDecodeError):
        message = f"The service's answer can't be read: {message}"
    return without_queries(str(message)).strip()[:1000] or type(error).__name__


def _failure_from_response(response: Any, speaker: Speaker) -> Failure:
    status = int(response.status_code)
    if status < HTTPStatus.BAD_REQUEST:
        return failure_from_code("AnswerUnreadable", f"HTTP {status} with a body that can't be read as an answer.")
    headers = response.headers
    correlation = headers.get("x-ms-correlation-request-id") or headers.get("x-ms-request-id")
    return failure_from_error(
        _error_document(response, status),
        status=status,
        speaker=speaker,
        retry_after_seconds=retry_after_seconds(headers.get("Retry-After")),
        correlation_id=str(correlation) if correlation else None,
    )


def _error_document(response: Any, status: int) -> Any:
    """The error in the answer, in a shape that `leaf_causes` reads; header and status give a code that the body does
    not."""
    document = without_queries_within(_read(_body(response).lstrip("\ufeff \r\n\t")))
    causes = list(leaf_causes(document))
    if any(cause.code != "Unknown" for cause in causes):
        return document
    code = response.headers.get("x-ms-error-code") or code_of_status(status)
    reason = " ".join(cause.message for cause in causes if cause.message).strip()
    return {"code": str(code), "message": reason or f"HTTP {status} {code}"}


def _read(text: str) -> Any:
    """The JSON of a text, or the text as it is."""
    try:
        return json.loads(text) if text.startswith(("{", "[")) else text
    except (ValueError, RecursionError):
        return text


def _body(response: Any) -> str:
    """The answer's text; empty when there is none or it was streamed away (then the status must speak)."""
    try:
        text = response.text() if callable(response.text) else response.text
    except (AzureError, ValueError, RuntimeError, AttributeError):
        return ""
    return str(text)[:_MAX_BODY] if text else ""
