"""Dates: dateTimeAdd, epochs, and the times that only a parameter's default value may ask for.

Source: "Date functions for ARM templates" and .NET's standard and custom date and time format strings (Microsoft
Learn), in the invariant culture, checked against Microsoft's engine.
"""

import calendar
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from armature.templates.errors import ExpressionError
from armature.templates.functions.moments import parse_duration, parse_moment
from armature.templates.functions.signature import Function, Kind, pure, refusal, refusal_with_help, require
from armature.templates.scope import Scope

_UTC_NOW_DEFAULT = "yyyyMMddTHHmmssZ"
_ISO_DEFAULT = "yyyy-MM-ddTHH:mm:ssZ"
_CUSTOM = re.compile(r"'[^']*'|\"[^\"]*\"|\\.|%?(?:y+|M+|d+|H+|h+|m+|s+|f+|F+|t+|z+|K|g+)|.", re.DOTALL)
_STANDARD: dict[str, str] = {
    "d": "MM/dd/yyyy",
    "D": "dddd, dd MMMM yyyy",
    "f": "dddd, dd MMMM yyyy HH:mm",
    "F": "dddd, dd MMMM yyyy HH:mm:ss",
    "g": "MM/dd/yyyy HH:mm",
    "G": "MM/dd/yyyy HH:mm:ss",
    "M": "MMMM dd",
    "m": "MMMM dd",
    "O": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "o": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "s": "yyyy-MM-ddTHH:mm:ss",
    "t": "HH:mm",
    "T": "HH:mm:ss",
    "u": "yyyy-MM-dd HH:mm:ss'Z'",
    "Y": "yyyy MMMM",
    "y": "yyyy MMMM",
}


def format_time(moment: datetime, pattern: str, *, tenths: int = 0) -> str:
    """A time in a .NET date and time format; `tenths` of a microsecond may be added to it.

    Raises ValueError for a single letter that is no standard format, and for a quotation that does not end.
    """
    if not pattern:
        pattern = "MM/dd/yyyy HH:mm:ss zzz"
    elif len(pattern) == 1:
        if pattern not in _STANDARD:
            raise ValueError(pattern)
        moment = moment.astimezone(UTC) if pattern in "Rru" else moment
        pattern = _STANDARD[pattern]
    return "".join(_part(moment, match.group(), tenths) for match in _CUSTOM.finditer(pattern))


def _part(moment: datetime, token: str, tenths: int) -> str:  # noqa: C901 - one branch a letter of the table
    if token[0] in "'\"":
        if len(token) == 1:
            raise ValueError(token)
        return token[1:-1]
    if token[0] == "\\":
        return token[1:]
    token = token.removeprefix("%") or "%"
    count = len(token)
    match token[0]:
        case "y":
            return f"{moment.year % 100 if count <= 2 else moment.year:0{count}d}"
        case "M":
            return _named(moment.month, count, calendar.month_abbr, calendar.month_name)
        case "d":
            return _named(moment.day, count, calendar.day_abbr, calendar.day_name, moment.weekday())
        case "H":
            return f"{moment.hour:0{min(count, 2)}d}"
        case "h":
            return f"{(moment.hour + 11) % 12 + 1:0{min(count, 2)}d}"
        case "m":
            return f"{moment.minute:0{min(count, 2)}d}"
        case "s":
            return f"{moment.second:0{min(count, 2)}d}"
        case "f" | "F":
            digits = f"{moment.microsecond:06d}{tenths}"[:count]
            return digits if token[0] == "f" else digits.rstrip("0")
        case "t":
            return ("AM" if moment.hour < 12 else "PM")[:count]
        case "z":
            return _offset(moment, count)
        case "K":
            return _offset(moment, 3)
        case "g":
            return "A.D."
        case _:
            return token


def _offset(moment: datetime, count: int) -> str:
    minutes = int((moment.utcoffset() or timedelta()).total_seconds() // 60)
    sign, hours, rest = "-" if minutes < 0 else "+", *divmod(abs(minutes), 60)
    return f"{sign}{hours}" if count == 1 else f"{sign}{hours:02d}" + (f":{rest:02d}" if count > 2 else "")


def _named(number: int, count: int, short: Any, long: Any, index: int | None = None) -> str:
    if count <= 2:
        return f"{number:0{count}d}"
    return str((short if count == 3 else long)[number if index is None else index])


def _date_time_add(arguments: list[Any]) -> str:
    text, duration, *given = arguments
    moment = parse_moment(text)
    if moment is None:
        raise _invalid(f"The first parameter '{text}' is not a valid ISO8601 DateTime string.")
    ticks = parse_duration(duration)
    if ticks is None:
        raise _invalid(f"The second parameter '{duration}' is not a valid ISO8601 Duration string.")
    pattern = given[0] if given else _ISO_DEFAULT
    try:
        later, rest = (moment + ticks).to_datetime()
    except OverflowError as error:
        message = "The added or subtracted value results in an un-representable DateTime. (Parameter 't')"
        raise refusal(message) from error
    try:
        return format_time(later, pattern, tenths=rest)
    except ValueError as error:
        fault = f"The third parameter '{pattern}' is not a valid DateTime format string."
        raise _invalid(fault, see="https://aka.ms/arn-template#functions") from error


def _invalid(
    fault: str, *, name: str = "dateTimeAdd", see: str = "https://aka.ms/arm-syntax-functions"
) -> ExpressionError:
    return refusal(f"The template function '{name}' has an invalid parameter. {fault} Please see {see} .")


def _to_epoch(arguments: list[Any]) -> int:
    text = require("dateTimeToEpoch", arguments, 0, str, only=True)
    moment = parse_moment(text)
    if moment is None:
        raise _invalid("The parameter is not a valid ISO8601 DateTime string.", name="dateTimeToEpoch")
    return moment.epoch


def _from_epoch(arguments: list[Any]) -> str:
    given = arguments[0]
    if not isinstance(given, str | float):
        require("dateTimeFromEpoch", arguments, 0, int, only=True)
    try:
        seconds = int(str(given))
        return format_time(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds), _ISO_DEFAULT)
    except (ValueError, OverflowError) as error:
        raise _invalid("The parameter is not a valid epoch time integer.", name="dateTimeFromEpoch") from error


def _utc_now(scope: Scope, arguments: list[Any]) -> str:
    pattern = require("utcNow", arguments, 0, str, only=True) if arguments else _UTC_NOW_DEFAULT
    try:
        return format_time(scope.utc_now(), pattern)
    except ValueError as error:
        raise refusal_with_help(f"The template function 'utcNow' has an invalid format string '{pattern}'.") from error


FUNCTIONS: tuple[Function, ...] = (
    pure("dateTimeAdd", 2, 3, _date_time_add, each=(str,)),
    pure("dateTimeToEpoch", 1, 1, _to_epoch),
    pure("dateTimeFromEpoch", 1, 1, _from_epoch),
    Function("utcNow", 0, 1, Kind.DEPLOYMENT, _utc_now),
)
