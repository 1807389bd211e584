"""What goes wrong with a call of the API, in words.

CommandError
  ApiError                ends the command with exit code 4 (3: the bundle is refused)
    .is_passing           True when the same call may well succeed a moment later
"""

from collections.abc import Mapping
from typing import Any

import requests

from armature.cli.exits import CommandError, ExitCode

_PASSING_STATUSES = frozenset({408, 429, 500, 502, 503, 504})


class ApiError(CommandError):
    """A call of the API failed. `status` is the HTTP status, None when no answer came."""

    def __init__(
        self,
        message: str,
        next_step: str = "",
        *,
        status: int | None = None,
        is_passing: bool,
        exit_code: ExitCode = ExitCode.API,
    ) -> None:
        super().__init__(exit_code, message, next_step)
        self.status = status
        self.is_passing = is_passing

    def document(self) -> dict[str, Any]:
        """The JSON object of any CommandError, with the HTTP status where there was an answer."""
        document = super().document()
        if self.status is not None:
            document["error"]["status"] = self.status
        return document


# For answers that do not say themselves what to do, such as those of the platform in front of the app.
_NEXT_STEPS = {
    401: "Give the function key: --key, or ARMATURE_FUNCTION_KEY.",
    403: "The function key, or your account, may not do this.",
    404: "Check the deployment's id, and the address (--api or ARMATURE_API_URL), which usually ends in /api.",
    413: "The bundle is larger than the app takes: see ARMATURE_MAX_BUNDLE_BYTES.",
}

_COMMANDS_FOR = {
    "not-running": "armature status {id}",
    "not-final": "armature status {id} --watch",
    "already-cancelled": "armature status {id}",
    "not-latest": "armature list",
    "already-rolling-back": "armature status {id} --watch",
    "already-rolled-back": "armature status {id}",
    "partially-rolled-back": "armature rollback {id}",
    "not-locked": "armature locks",
    "nothing-to-compare": "armature compare {id} OTHER",
    "not-found": "armature list",
}
"""The command that helps on from what a deployment is not ready for, by the last word of the problem's type."""

_TOLD_IN_WHOLE = frozenset({requests.codes.conflict, requests.codes.not_found})

_PASSING_KINDS = frozenset({"still-ending"})


def refusal_of(answer: requests.Response) -> ApiError:
    """The error that stands for an answer outside the 200s: RFC 9457 problem documents give the words."""
    try:
        document = answer.json()
    except requests.exceptions.JSONDecodeError:
        document = None
    problem = document if isinstance(document, dict) else {}
    kind = str(problem.get("type", "")).rsplit("/", 1)[-1]
    problems = [each for each in problem.get("problems") or [] if isinstance(each, dict)]
    return ApiError(
        "\n".join([_message(problem, answer), *(f"  {_problem_line(each)}" for each in problems)]),
        _next_step(problem, kind, answer.status_code),
        status=answer.status_code,
        is_passing=answer.status_code in _PASSING_STATUSES or kind in _PASSING_KINDS,
        exit_code=ExitCode.REFUSED if problems else ExitCode.API,  # only a bundle has problems
    )


def _message(problem: Mapping[str, Any], answer: requests.Response) -> str:
    """What is not there, or can't be done now, in the API's own sentences; what is wrong with a call with a number."""
    if answer.status_code in _TOLD_IN_WHOLE and problem.get("detail"):
        return str(problem["detail"])
    words = [str(problem[key]).rstrip(".") for key in ("title", "detail") if problem.get(key)]
    told = ": ".join(words) or (answer.reason or "no reason given")
    return f"The API refused the request ({answer.status_code}): {told}."


def _next_step(problem: Mapping[str, Any], kind: str, status: int) -> str:
    command = _COMMANDS_FOR.get(kind, "").format(id=problem.get("deploymentId", "ID"))
    if command and (kind != "not-found" or "deploymentId" in problem):
        return f"Try: {command}"
    return "" if problem.get("detail") else _NEXT_STEPS.get(status, "")


def _problem_line(problem: Mapping[str, Any]) -> str:
    place = " ".join(str(problem[key]) for key in ("file", "pointer") if problem.get(key))
    words = " ".join(str(problem[key]) for key in ("message", "nextStep") if problem.get(key))
    return f"{place}: {words}" if place else words
