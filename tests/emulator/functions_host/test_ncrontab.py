"""Timer schedules."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.functions_host.errors import HostError
from emulator.functions_host.ncrontab import parse_schedule

NOON = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)  # a Tuesday


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("* * * * * *", NOON + timedelta(seconds=1)),
        ("0 */5 * * * *", NOON + timedelta(minutes=5)),
        ("30 0 * * * *", NOON + timedelta(seconds=30)),
        ("0 0 12 * * *", NOON + timedelta(days=1)),
        ("0 0 9-17 * * *", NOON + timedelta(hours=1)),
        ("0 0 0 1 * *", datetime(2026, 12, 1, tzinfo=UTC)),
        ("0 0 0 1 Jan *", datetime(2027, 1, 1, tzinfo=UTC)),
        ("0 0 0 * * Sun", datetime(2026, 11, 29, tzinfo=UTC)),
        ("0 0 0 * * 7", datetime(2026, 11, 29, tzinfo=UTC)),
        ("0 0 0 * * Mon-Fri", datetime(2026, 11, 25, tzinfo=UTC)),
        ("0 0 0 29 2 *", datetime(2028, 2, 29, tzinfo=UTC)),
        ("0 15,45 * * * *", NOON + timedelta(minutes=15)),
        ("0 10/20 * * * *", NOON + timedelta(minutes=10)),
        ("0 0 * * *", datetime(2026, 11, 25, tzinfo=UTC)),
    ],
)
def test_the_next_occurrence_is_found(schedule: str, expected: datetime) -> None:
    assert parse_schedule(schedule).next_after(NOON) == expected


@pytest.mark.parametrize(
    "text", ["", "* * * *", "60 * * * * *", "* * * 0 * *", "a * * * * *", "5-1 * * * * *", "*/0 * * * * *"]
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(HostError):
        parse_schedule(text)


def test_a_day_that_never_comes_is_refused() -> None:
    with pytest.raises(HostError, match="never occurs"):
        parse_schedule("0 0 0 31 2 *").next_after(NOON)


@given(
    second=st.integers(0, 59),
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
    age=st.timedeltas(timedelta(0), timedelta(days=900)),
)
def test_an_occurrence_is_later_and_within_a_day_of_a_daily_schedule(
    second: int, minute: int, hour: int, age: timedelta
) -> None:
    moment = NOON + age

    found = parse_schedule(f"{second} {minute} {hour} * * *").next_after(moment)

    assert moment < found <= moment + timedelta(days=1)
    assert (found.second, found.minute, found.hour) == (second, minute, hour)
