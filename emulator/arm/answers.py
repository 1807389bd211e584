"""What every answer carries: request ids, the date, what is left to ask; errors as ARM shapes them; the request log."""

import json
import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from emulator.arm.catalogue import API_VERSIONS
from emulator.arm.clock import now, timestamp
from emulator.arm.errors import ArmError
from emulator.arm.throttling import ThrottledError
from emulator.arm.tokens import AuthenticationError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LOG = logging.getLogger(__name__)

CORRELATION_ID = web.RequestKey("correlation_id", str)
LOGGED_DEPLOYMENT = web.RequestKey("logged_deployment", dict[str, Any])
REMAINING = web.RequestKey("remaining", tuple[str, int])

API_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-[A-Za-z]+(\.\d+)?)?")


class RequestLog:
    """JSON lines of what was asked: never a header, a query string or a body."""

    def __init__(self, path: Path | None) -> None:
        self._file = path.open("a", encoding="utf-8") if path else None

    def write(self, record: dict[str, Any]) -> None:
        """Append one line."""
        if self._file:
            self._file.write(json.dumps(record) + "\n")
            self._file.flush()


def check_api_version(version: str | None) -> str:
    """The version of the query; raises MissingApiVersionParameter, InvalidApiVersionParameter."""
    if not version:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        raise ArmError(400, "MissingApiVersionParameter", message)
    if not API_VERSION.fullmatch(version):
        message = f"The api-version '{version}' is invalid. The supported versions are '{','.join(API_VERSIONS)}'."
        raise ArmError(400, "InvalidApiVersionParameter", message)
    return version


def error_response(error: ArmError) -> web.Response:
    """The error as an HTTP answer."""
    headers = None
    if isinstance(error, AuthenticationError):
        headers = {"WWW-Authenticate": error.challenge}
    elif isinstance(error, ThrottledError):
        headers = {"Retry-After": str(error.retry_after)}
    return web.json_response({"error": error.as_dict()}, status=error.status, headers=headers)


def logging_middleware(log: RequestLog) -> Any:
    """Outermost: one line a request."""

    @web.middleware
    async def write_log(request: web.Request, handler: Handler) -> web.StreamResponse:
        started = time.perf_counter()
        response = await handler(request)
        record = {
            "time": timestamp(now()),
            "method": request.method,
            "path": request.path,
            "status": response.status,
            "milliseconds": round((time.perf_counter() - started) * 1000, 1),
            "correlationId": response.headers.get("x-ms-correlation-request-id"),
        }
        log.write(record | request.get(LOGGED_DEPLOYMENT, {}))
        return response

    return write_log


def headers_middleware() -> Any:
    """The ids, the date and the budgets; errors become answers here."""

    @web.middleware
    async def add_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
        request_id = str(uuid.uuid4())
        correlation_id = request.headers.get("x-ms-correlation-request-id", request_id)
        request[CORRELATION_ID] = correlation_id
        try:
            response = await handler(request)
        except ArmError as error:
            response = error_response(error)
        except web.HTTPRequestEntityTooLarge:
            message = "The request content size exceeds the maximum size of 4 MB."
            response = error_response(ArmError(413, "RequestContentTooLarge", message))
        except web.HTTPException as error:
            code = "".join(word.capitalize() for word in error.reason.split())
            response = error_response(ArmError(error.status, code, f"{error.reason}: {request.method} {request.path}"))
        except Exception:
            _LOG.exception("%s %s", request.method, request.path)
            message = "The emulator made a mistake; its log holds the trace."
            response = error_response(ArmError(500, "InternalServerError", message))
        header, left = request.get(REMAINING, ("", 0))
        if header:
            response.headers[header] = str(left)
        response.headers["x-ms-request-id"] = request_id
        response.headers["x-ms-correlation-request-id"] = correlation_id
        response.headers["x-ms-routing-request-id"] = f"LOCAL:{now():%Y%m%dT%H%M%SZ}:{request_id}"
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        return response

    return add_headers
