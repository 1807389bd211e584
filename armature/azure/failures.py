"""Every exception of the Azure SDKs as one FailureError, so that no caller knows the SDKs.

    with arm_failures():        calls of Azure Resource Manager
    with storage_failures():    calls of blob storage

A message never holds the query of a URL: urllib3 and requests name the whole URL when a connection fails, and a SAS is
a query.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.identity import CredentialUnavailableError
from requests import ConnectionError, HTTPError, Timeout  # noqa: A004  (requests' own, not the built-in)

from armature.errors import Failure, FailureClass, FailureError, failure, failure_from_error, leaf_causes

CONNECTION_ERROR = "ConnectionError"
ANSWER_UNREADABLE = "AnswerUnreadable"
CREDENTIAL_UNAVAILABLE = "CredentialUnavailable"

_CONNECTION_ERRORS = (ServiceRequestError, ServiceResponseError, IncompleteReadError, ConnectionError, Timeout)

_STORAGE_REFUSALS = frozenset(
    ("authenticationfailed", "authorizationfailure", "authorizationpermissionmismatch", "noauthenticationinformation")
)
"""What storage says to a token, a SAS or a role that it does not accept (yet): Blob service error codes, 2025-11."""

_STORAGE_CODES = {
    "containerbeingdeleted": FailureClass.RESOURCE_CONFLICT,
    "leaseidmissing": FailureClass.RESOURCE_CONFLICT,
    "conditionnotmet": FailureClass.RESOURCE_CONFLICT,
    "serverbusy": FailureClass.THROTTLED,
}
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_QUERY = re.compile(r"\?[^\s'\"<>()?=]*=[^\s'\"<>()]*")
_XML_CODE = re.compile(r"<Code>\s*([A-Za-z0-9]{1,80})\s*</Code>")
_XML_MESSAGE = re.compile(r"<Message>\s*([^<]{1,1000})")
_MAX_BODY = 4 * 1024**2
_CREDENTIAL_STEP = (
    "Give the app a managed identity (or sign in with az login on a developer's machine), and set AZURE_CLIENT_ID when "
    "the identity is user-assigned."
)


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
    """Classify an exception of the SDKs, or of requests: by the answer it carries, else by its kind.

    An answer may be JSON, XML (storage), HTML, or empty; its status stands in for a code that it does not give.
    """
    if isinstance(error, CredentialUnavailableError):
        return failure(FailureClass.AUTHORIZATION, CREDENTIAL_UNAVAILABLE, _message_of(error), _CREDENTIAL_STEP)
    if isinstance(error, _CONNECTION_ERRORS):
        return failure(FailureClass.TRANSIENT, CONNECTION_ERROR, _message_of(error))
    if isinstance(error, DecodeError | json.JSONDecodeError) and getattr(error, "response", None) is None:
        return failure(FailureClass.TRANSIENT, ANSWER_UNREADABLE, f"The service's answer can't be read: {error}")
    if isinstance(error, HttpResponseError | HTTPError) and error.response is not None:
        found = _failure_from_response(error.response, is_storage=is_storage)
        if not (isinstance(error, ClientAuthenticationError) and found.failure_class is FailureClass.UNKNOWN):
            return found
    if isinstance(error, ClientAuthenticationError):
        return failure(FailureClass.AUTHORIZATION, "AuthenticationFailed", _message_of(error), _CREDENTIAL_STEP)
    return failure(FailureClass.UNKNOWN, type(error).__name__, _message_of(error))


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
    return without_queries(str(message)).strip()[:1000] or type(error).__name__


def _failure_from_response(response: Any, *, is_storage: bool) -> Failure:
    status = int(response.status_code)
    if status < HTTPStatus.BAD_REQUEST:
        return failure(FailureClass.TRANSIENT, ANSWER_UNREADABLE, f"HTTP {status} with a body that is no answer.")
    headers = response.headers
    retry_after = retry_after_seconds(headers.get("Retry-After"))
    correlation = headers.get("x-ms-correlation-request-id") or headers.get("x-ms-request-id")
    document = _error_document(response, status)
    found = failure_from_error(
        document,
        status=status,
        retry_after_seconds=retry_after,
        correlation_id=str(correlation) if correlation else None,
    )
    return _as_storage_failure(found, status) if is_storage else found


def _as_storage_failure(found: Failure, status: int) -> Failure:
    """Storage uses some of ARM's codes with a meaning of its own."""
    code = found.code.lower()
    if code in _STORAGE_REFUSALS or status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        kind = FailureClass.STORAGE_ACCESS
    elif code in _STORAGE_CODES:
        kind = _STORAGE_CODES[code]
    else:
        return found
    restated = failure(kind, found.code, found.message)
    return found.model_copy(
        update={"failure_class": kind, "recovery": restated.recovery, "suggestion": restated.suggestion}
    )


def _error_document(response: Any, status: int) -> Any:
    """The error in the answer's body as ARM's shape; the status gives the code that the body does not."""
    text = _body(response).lstrip("\ufeff \r\n\t")
    reason = ""
    if text.startswith(("{", "[")):
        try:
            document = without_queries_within(json.loads(text))
        except ValueError:
            document = None
        causes = list(leaf_causes(document))
        if any(cause.code != "Unknown" for cause in causes):
            return document
        reason = " ".join(cause.message for cause in causes)
    code = response.headers.get("x-ms-error-code") or _found(_XML_CODE, text)
    if code:
        reason = reason or _found(_XML_MESSAGE, text) or ""
    else:
        code = _code_of_status(status)
    return {"code": str(code), "message": without_queries(reason).strip() or f"HTTP {status} {code}"}


def _code_of_status(status: int) -> str:
    try:
        return HTTPStatus(status).phrase.title().replace(" ", "").replace("-", "")
    except ValueError:
        return f"Http{status}"


def _found(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return match.group(1) if match else None


def _body(response: Any) -> str:
    """The answer's text; empty when there is none or it was streamed away (then the status must speak)."""
    try:
        text = response.text() if callable(response.text) else response.text
    except (AzureError, ValueError, RuntimeError, AttributeError):
        return ""
    return str(text)[:_MAX_BODY] if text else ""
