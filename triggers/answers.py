"""HTTP answers: JSON, and problem+json (RFC 9457) for everything that goes wrong."""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import uuid4

import azure.functions as func
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from armature.errors import Failure, FailureError
from armature.permissions import Forbidden
from armature.problems import Problem
from armature.refusals import Refusal
from armature.shape import words_of
from armature.state import ProblemState
from armature.transitions import MAX_PROBLEMS

PROBLEM_TYPES = "https://armature.dev/problems/"

MAX_ERRORS = 50
"""Faults of one request that are told: a small body can have thousands."""

logger = logging.getLogger("armature.triggers")


class ProblemError(Exception):
    """A request that can't be served: becomes a problem+json answer."""

    def __init__(
        self,
        status: int,
        slug: str,
        title: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers or {}
        self.body = {"type": PROBLEM_TYPES + slug, "title": title, "status": status, "detail": detail, **extra}


def json_answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> func.HttpResponse:
    """A JSON answer. It is for one caller: never cached by what lies between."""
    return func.HttpResponse(
        json.dumps(body),
        status_code=status,
        mimetype="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def problem_answer(problem: ProblemError) -> func.HttpResponse:
    """The problem+json answer."""
    return func.HttpResponse(
        json.dumps(problem.body),
        status_code=problem.status,
        mimetype="application/problem+json",
        headers={"Cache-Control": "no-store", **problem.headers},
    )


async def answered(serve: Callable[[], Awaitable[func.HttpResponse]]) -> func.HttpResponse:
    """What `serve` answers; every failure of its as a problem, the unforeseen with a number to find it in the logs."""
    try:
        return await serve()
    except ProblemError as problem:
        return problem_answer(problem)
    except FailureError as failed:
        return problem_answer(dependency_failed(failed.failure))
    except Exception:
        reference = uuid4().hex[:12]
        logger.exception("request failed unforeseen, reference %s", reference)
        detail = f"Look for the reference {reference} in the app's logs."
        return problem_answer(ProblemError(500, "fault", "A fault of Armature itself", detail, reference=reference))


def dependency_failed(failure: Failure, **extra: Any) -> ProblemError:
    """A failure of a service as a problem: 503 and when to ask again where that can help, else 502."""
    return ProblemError(
        503 if failure.is_retried else 502,
        "dependency-failed",
        "A service that Armature needs failed",
        f"{failure.message} {failure.suggestion}",
        headers={"Retry-After": str(max(1, round(failure.retry_after_seconds or 5)))} if failure.is_retried else {},
        code=failure.code,
        **extra,
    )


def refused(refusal: Refusal, **extra: Any) -> ProblemError:
    """The 409, or the 403 of what the caller may not do, that tells why it is not done, and what can be."""
    detail = f"{refusal.reason} {refusal.next_step}"
    if isinstance(refusal, Forbidden):
        return ProblemError(403, refusal.kind, "You may not do that", detail, **extra)
    return ProblemError(409, refusal.kind, "That can't be done now", detail, **extra)


def invalid_request(error: ValidationError) -> ProblemError:
    """What is wrong with a request, each with its JSON pointer. Values are not echoed."""
    errors = request_errors(error)[:MAX_ERRORS]
    listed = "; ".join(f"{item['pointer'] or '/'}: {item['message']}" for item in errors)
    return ProblemError(400, "invalid-request", "The request is not valid", listed, errors=errors)


def request_errors(error: ValidationError) -> list[dict[str, str]]:
    """The faults of a request: `{pointer, message}` each."""
    return [
        {
            "pointer": "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in item["loc"]),
            "message": _sentence(item),
        }
        for item in error.errors(include_url=False, include_input=False)
    ]


def _sentence(fault: ErrorDetails) -> str:
    if fault["type"] == "extra_forbidden":
        return "is not known here; remove it or correct its name"
    if fault["type"] == "missing":
        return "is required"
    return words_of(fault)


def problem_list(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Problems of a bundle as JSON, as the state shows them."""
    return [ProblemState.of(problem).dump() for problem in problems[:MAX_PROBLEMS]]
