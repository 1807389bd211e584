"""Six-field NCRONTAB schedules: ``second minute hour day month weekday``, in UTC.

A field is ``*``, a number, a name (month, weekday), ``a-b``, a list with commas, and any of them with ``/step``.
When both day and weekday are narrowed, both must fit, as in NCrontab.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from emulator.functions_host.errors import HostError

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS = (("second", 0, 59), ("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_LONGEST_SEARCH = timedelta(days=366 * 40)
"""29 February on a given weekday can be that far away (over 2100), and a day that never comes must end the search."""


@dataclass(frozen=True)
class Schedule:
    """A parsed schedule."""

    text: str
    seconds: frozenset[int]
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def next_after(self, moment: datetime) -> datetime:
        """Return the first occurrence after a moment.

        Raises `HostError` when there is none.
        """
        candidate = moment.replace(microsecond=0) + timedelta(seconds=1)
        last = moment + _LONGEST_SEARCH
        while candidate <= last:
            if not self._fits_day(candidate):
                candidate = candidate.replace(hour=0, minute=0, second=0) + timedelta(days=1)
            elif candidate.hour not in self.hours:
                candidate = candidate.replace(minute=0, second=0) + timedelta(hours=1)
            elif candidate.minute not in self.minutes:
                candidate = candidate.replace(second=0) + timedelta(minutes=1)
            elif candidate.second not in self.seconds:
                candidate += timedelta(seconds=1)
            else:
                return candidate
        raise HostError(f"the schedule '{self.text}' never occurs")

    def _fits_day(self, moment: datetime) -> bool:
        return (
            moment.month in self.months
            and moment.day in self.days
            and moment.isoweekday() % len(_WEEKDAYS) in self.weekdays
        )


def parse_schedule(text: str) -> Schedule:
    """Read a schedule; five fields mean second 0.

    Raises `HostError` when it is none.
    """
    fields = text.split()
    if len(fields) == len(_FIELDS) - 1:
        fields = ["0", *fields]
    if len(fields) != len(_FIELDS):
        raise HostError(f"the schedule '{text}' does not have six fields")
    values = [_field(field, *bounds, text) for field, bounds in zip(fields, _FIELDS, strict=True)]
    values[-1] = frozenset(value % len(_WEEKDAYS) for value in values[-1])
    return Schedule(text, *values)


def _field(field: str, name: str, low: int, high: int, text: str) -> frozenset[int]:
    values: set[int] = set()
    for part in field.split(","):
        span, _, step_text = part.partition("/")
        step = _number(step_text, name, text) if step_text else 1
        if span == "*":
            first, last = low, high if name != "weekday" else high - 1
        else:
            start, dash, end = span.partition("-")
            first = _number(start, name, text)
            last = _number(end, name, text) if dash else (high if step_text else first)
        if not (low <= first <= last <= high) or step < 1:
            raise HostError(f"the schedule '{text}' has '{part}' for its {name}")
        values.update(range(first, last + 1, step))
    return frozenset(values)


def _number(word: str, name: str, text: str) -> int:
    names = {"month": _MONTHS, "weekday": _WEEKDAYS}.get(name, ())
    if word[:3].lower() in names:
        return names.index(word[:3].lower()) + (1 if name == "month" else 0)
    if not word.isascii() or not word.isdigit():
        raise HostError(f"the schedule '{text}' has '{word}' in its {name}")
    return int(word)
