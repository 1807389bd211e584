"""The built-in activity of an orchestrator's HTTP calls: sends one request, answers as TaskHttpActivityShim does."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
from urllib3.util import SKIP_HEADER

from emulator.functions_host.durable.actions import HTTP_ACTIVITY
from emulator.functions_host.indexing import Binding, HostFunction, TriggerKind

TIMEOUT_SECONDS = 100
"""How long .NET's HttpClient waits for an answer."""

_CONTENT_HEADERS = frozenset({"allow", "expires", "last-modified"})
"""With all that begins with ``content-``: headers of the body, which .NET keeps apart and the extension leaves out."""

_OF_REQUESTS_OWN = {"User-Agent": SKIP_HEADER, "Accept-Encoding": SKIP_HEADER}

_IDENTITY_API = "2019-08-01"


class HttpCallError(Exception):
    """No answer has been had; the text is what the orchestrator is told."""


def http_activity() -> HostFunction:
    """Return the activity as a function of the app."""
    return HostFunction(
        name=HTTP_ACTIVITY,
        call=send,
        kind=TriggerKind.ACTIVITY,
        trigger=Binding("request", "activityTrigger", is_output=False, properties={}),
        inputs=(),
        outputs=(),
        is_async=False,
        wants_context=False,
        directory=Path(),
    )


def send(request: Mapping[str, Any]) -> dict[str, Any]:
    """Send what ``call_http`` asks for and return the answer, whatever its status.

    A second run sends the request again: HTTP calls of orchestrators are made at least once.

    Raises `HttpCallError` without an answer, for a multipart body, and when no token is to be had.
    """
    headers, content_type = _headers(request.get("headers") or {})
    content = request.get("content")
    if content is not None:
        headers["Content-Type"] = content_type
    token_source = request.get("tokenSource")
    if token_source is not None:
        headers["Authorization"] = f"Bearer {_token(token_source)}"
    body = None if content is None else content.encode()
    response = _exchange(request.get("method") or "GET", request["uri"], headers=_OF_REQUESTS_OWN | headers, data=body)
    return {"statusCode": response.status_code, "headers": _answered(response), "content": response.text}


def _exchange(method: str, uri: str, **options: Any) -> requests.Response:
    session = requests.Session()
    session.headers.clear()
    session.trust_env = False
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE") or True
    try:
        response = session.request(method, uri, timeout=TIMEOUT_SECONDS, **options)
    except requests.RequestException as error:
        raise HttpCallError(_words(error)) from error
    response.encoding = response.encoding or "utf-8"
    return response


def _words(error: BaseException) -> str:
    """Return the innermost reason: what lies around it repeats addresses, which may hold secrets."""
    inner: BaseException = error
    while (cause := inner.__cause__ or inner.__context__) is not None:
        inner = cause
    return str(getattr(inner, "strerror", None) or type(inner).__name__)


def _headers(given: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    """Return the headers to send and, apart from them, the type of the content."""
    content_type = "text/plain"
    headers = {}
    for name, value in given.items():
        text = ", ".join(value) if isinstance(value, list) else str(value)
        if name.lower() != "content-type":
            headers[name] = text
        elif "multipart" in text:
            raise HttpCallError("Multipart content is not supported with CallHttpAsync.")
        else:
            content_type = text
    return headers, content_type


def _answered(response: requests.Response) -> dict[str, Any]:
    """Return the headers of an answer, a repeated one as a list."""
    headers: dict[str, list[str]] = {}
    for name, value in response.raw.headers.iteritems():
        if not name.lower().startswith("content-") and name.lower() not in _CONTENT_HEADERS:
            headers.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in headers.items()}


def _token(source: Mapping[str, Any]) -> str:
    """Return a token of the managed identity for the resource of a token source (App Service's identity endpoint)."""
    if source.get("kind") != "AzureManagedIdentity":
        raise HttpCallError(f"The token source kind '{source.get('kind')}' is not supported.")
    endpoint, secret = os.environ.get("IDENTITY_ENDPOINT"), os.environ.get("IDENTITY_HEADER")
    if not endpoint or not secret:
        raise HttpCallError("There is no managed identity: IDENTITY_ENDPOINT and IDENTITY_HEADER are not set.")
    resource = str(source["resource"]).removesuffix("/.default").removesuffix("/")
    query = {"resource": resource, "api-version": _IDENTITY_API}
    answer = _exchange("GET", endpoint, params=query, headers={"X-IDENTITY-HEADER": secret})
    if answer.status_code != requests.codes.ok:
        raise HttpCallError(f"The identity endpoint gave no token: status {answer.status_code}.")
    return str(answer.json()["access_token"])
