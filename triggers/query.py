"""What stands behind the question mark of an address: numbers, moments, words of a list; each checked."""

import re
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

import azure.functions as func

from triggers.answers import ProblemError

WordT = TypeVar("WordT", bound=StrEnum)


def moment(req: func.HttpRequest, name: str) -> datetime | None:
    """A time with its zone, or None when it is not given.

    Raises:
        ProblemError: 400, it is none; so do all functions here.
    """
    asked = req.params.get(name)
    if asked is None:
        return None
    try:
        found = datetime.fromisoformat(asked)
    except ValueError as error:
        raise bad_parameter(name, "must be a time such as 2025-11-24T10:00:00Z") from error
    if found.tzinfo is None:
        raise bad_parameter(name, "must say its time zone, such as 2025-11-24T10:00:00Z")
    return found


def number(req: func.HttpRequest, name: str, *, default: int, lowest: int, highest: int) -> int:
    """A whole number within its limits."""
    asked = req.params.get(name, str(default))
    if not re.fullmatch("[0-9]{1,12}", asked) or not lowest <= int(asked) <= highest:
        raise bad_parameter(name, f"must be a whole number from {lowest} to {highest}")
    return int(asked)


def word(req: func.HttpRequest, name: str, kind: type[WordT]) -> WordT | None:
    """A word of a list, or None when it is not given."""
    asked = req.params.get(name)
    if asked is None:
        return None
    try:
        return kind(asked)
    except ValueError as error:
        raise bad_parameter(name, f"must be one of {', '.join(known.value for known in kind)}") from error


def bad_parameter(name: str, rule: str) -> ProblemError:
    """The 400 of a query parameter that breaks its rule."""
    return ProblemError(400, "invalid-request", "The request is not valid", f"The query parameter {name} {rule}.")
