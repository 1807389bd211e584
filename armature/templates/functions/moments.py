"""Times and durations in text, as .NET reads them: DateTimeOffset.Parse and XmlConvert.ToTimeSpan.

In the invariant culture, time zone UTC unless the text has one. Source: "Parsing date and time strings in .NET"
(Microsoft Learn), checked against Microsoft's engine. Forms that lean on today's date are not taken.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

TICKS_A_SECOND = 10_000_000
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_LAST_TICK = 3_652_059 * 86_400 * TICKS_A_SECOND - 1  # the end of the year 9999
_MOST_OFFSET_MINUTES = 14 * 60
_MOST_FIELD = 2**31 - 1
_MOST_DURATION_TICKS = 2**63 - 1
_PIVOT_YEAR = 49  # two digits up to this are of the century after 2000

_MONTHS = "|".join((*calendar.month_name[1:], *calendar.month_abbr[1:]))
_WEEKDAYS = "|".join((*calendar.day_name, *calendar.day_abbr))
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<year>\d{3,5})(?P<mark>[-/. ])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?!\d)",
        r"(?P<month>\d{1,2})(?P<mark>[-/.])(?P<day>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})(?!\d)",
        r"(?P<year>\d{4})[-/](?P<month>\d{1,2})(?![-/.\d])",
        rf"(?P<day>\d{{1,2}})[ -](?P<name>{_MONTHS})[ ,-]+(?P<year>\d{{4}}|\d{{2}})(?!\d)",
        rf"(?P<name>{_MONTHS}) (?P<day>\d{{1,2}})(?:, ?| )(?P<year>\d{{4}})(?!\d)",
        rf"(?P<name>{_MONTHS}) (?P<year>\d{{4}})(?!\d)",
        rf"(?P<year>\d{{4}}) (?P<name>{_MONTHS})\b",
    )
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(?![\d.])")
_WEEKDAY = re.compile(rf"(?P<weekday>{_WEEKDAYS}),? +", re.IGNORECASE)
_TIME = re.compile(
    r"(?:T(?P<strict>\d\d:\d\d(?::\d\d)?)|\s+(?P<loose>\d{1,2}:\d{1,2}(?::\d{1,2})?))(?:[.,](?P<fraction>\d+))?"
    r"(?: ?(?P<half>AM|PM))?",
    re.IGNORECASE,
)
_ZONE = re.compile(r"\s*(?:(?P<utc>Z|GMT)|(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d\d))?)\s*", re.IGNORECASE)
_DURATION = re.compile(
    r"(?P<sign>-)?P(?=.)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=.)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?"
    r"(?:(?P<seconds>\d*)(?P<point>\.(?P<fraction>\d*))?(?<=[\d.])S)?)?",
    re.ASCII,
)


@dataclass(frozen=True)
class Moment:
    """A time in ticks of 100 ns since the year 1 in its own time zone, which is `offset` minutes ahead of UTC."""

    ticks: int
    offset: int = 0

    def __add__(self, ticks: int) -> "Moment":
        """The time later by so many ticks; raises OverflowError outside of the years 1 to 9999."""
        later = Moment(self.ticks + ticks, self.offset)
        if not (0 <= later.ticks <= _LAST_TICK and 0 <= later.utc_ticks <= _LAST_TICK):
            raise OverflowError
        return later

    @property
    def utc_ticks(self) -> int:
        """The same time in UTC."""
        return self.ticks - self.offset * 60 * TICKS_A_SECOND

    @property
    def epoch(self) -> int:
        """Whole seconds since 1970, rounded down."""
        return self.utc_ticks // TICKS_A_SECOND - 719_162 * 86_400

    def to_datetime(self) -> tuple[datetime, int]:
        """The same time in microseconds, and the tenths of a microsecond left over."""
        zone = timezone(timedelta(minutes=self.offset)) if self.offset else UTC
        microseconds, rest = divmod(self.ticks, 10)
        return (_FIRST + timedelta(microseconds=microseconds)).replace(tzinfo=zone), rest


def parse_moment(text: str) -> Moment | None:
    """The time that a text means, None when .NET would not read it."""
    text = _COMPACT.sub(r"\1-\2-\3T\4:\5:\6", text.strip())
    weekday = _WEEKDAY.match(text)
    text = text[weekday.end() :] if weekday else text
    date = next((match for match in (pattern.match(text) for pattern in _DATES) if match), None)
    if date is None:
        return None
    time = _TIME.match(text, date.end())
    zone = _ZONE.fullmatch(text, time.end() if time else date.end())
    if zone is None and (time.end() if time else date.end()) != len(text):
        return None
    try:
        day = _day(date)
        ticks = _ticks_of_day(time) if time else 0
    except ValueError:
        return None
    if weekday and calendar.day_abbr[day.weekday()].lower() != weekday["weekday"][:3].lower():
        return None
    offset = _offset(zone)
    if abs(offset) > _MOST_OFFSET_MINUTES:
        return None
    try:
        return Moment((day - _FIRST).days * 86_400 * TICKS_A_SECOND, offset) + ticks
    except OverflowError:
        return None


def _day(date: re.Match[str]) -> datetime:
    parts = date.groupdict()
    year = int(parts["year"])
    if len(parts["year"]) == 2:
        year += 2000 if year <= _PIVOT_YEAR else 1900
    name = parts.get("name")
    month = list(calendar.month_abbr).index(name[:3].title()) if name else int(parts["month"])
    return datetime(year, month, int(parts.get("day") or 1), tzinfo=UTC)


def _ticks_of_day(time: re.Match[str]) -> int:
    hours, minutes, seconds = (*map(int, (time["strict"] or time["loose"]).split(":")), 0)[:3]
    if time["fraction"] and (time["strict"] or time["loose"]).count(":") < 2:
        raise ValueError
    if time["half"]:
        if not 1 <= hours <= 12:
            raise ValueError
        hours = hours % 12 + (12 if time["half"].upper() == "PM" else 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueError
    fraction = Decimal(f"0.{time['fraction'] or 0}") * TICKS_A_SECOND
    return (hours * 3600 + minutes * 60 + seconds) * TICKS_A_SECOND + int(fraction.to_integral_value(ROUND_HALF_UP))


def _offset(zone: re.Match[str] | None) -> int:
    if zone is None or zone["utc"]:
        return 0
    minutes = int(zone["hours"]) * 60 + int(zone["minutes"] or 0)
    return -minutes if zone["sign"] == "-" else minutes


def parse_duration(text: str) -> int | None:
    """The ticks of an ISO 8601 duration, None when it is none; a year has 365 days here and a month 30."""
    match = _DURATION.fullmatch(text.strip())
    if not match:
        return None
    fields = [int(match[name] or 0) for name in ("years", "months", "days", "hours", "minutes", "seconds")]
    if max(fields) > _MOST_FIELD:
        return None
    years, months, days, hours, minutes, seconds = fields
    whole = (years * 365 + months * 30 + days) * 86_400 + hours * 3600 + minutes * 60 + seconds
    ticks = whole * TICKS_A_SECOND + int((match["fraction"] or "").ljust(7, "0")[:7])
    if ticks > _MOST_DURATION_TICKS:
        return None
    return -ticks if match["sign"] else ticks
