"""Times and durations in text."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.templates.functions.moments import TICKS_A_SECOND, parse_duration, parse_moment

EPOCH_OF_THE_DAY = 1_586_217_600  # 2020-04-07


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)))  # noqa: DTZ001 - any time
def test_an_iso_time_is_read_exactly(moment: datetime) -> None:
    found = parse_moment(moment.isoformat())

    assert found is not None
    assert found.to_datetime() == (moment.replace(tzinfo=UTC), 0)


@pytest.mark.parametrize(
    "text",
    [
        "2020-04-07",
        "2020/4/7",
        "04/07/2020",
        "7 April 2020",
        "Apr 7 2020",
        "April 7, 2020",
        "7-Apr-2020",
        "Tue, 07 Apr 2020",
    ],
)
def test_forms_of_a_date_that_dotnet_reads(text: str) -> None:
    found = parse_moment(text)

    assert found is not None
    assert found.epoch == EPOCH_OF_THE_DAY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "2020",
        "2020-13-01",
        "2019-02-29",
        "20200407",
        "Wed, 07 Apr 2020",
        "2020-04-07T1:2:3",
        "2020-04-07T24:00",
        "2020-04-07T00:00+15:00",
    ],
)
def test_what_dotnet_does_not_read(text: str) -> None:
    assert parse_moment(text) is None


def test_seven_digits_of_a_second_are_kept_and_the_eighth_rounds() -> None:
    found = parse_moment("2020-04-07T00:00:00.12345678Z")

    assert found is not None
    assert found.ticks % TICKS_A_SECOND == 1_234_568


@given(st.integers(0, 9999), st.integers(0, 9999), st.integers(0, 99), st.booleans())
def test_a_duration_is_the_sum_of_its_fields(days: int, hours: int, seconds: int, is_negative: bool) -> None:
    found = parse_duration(f"{'-' if is_negative else ''}P{days}DT{hours}H{seconds}.5S")

    expected = (days * 86_400 + hours * 3600 + seconds) * TICKS_A_SECOND + TICKS_A_SECOND // 2
    assert found == (-expected if is_negative else expected)


@pytest.mark.parametrize("text", ["", "P", "x", "P1W", "PT", "P1DT", "PT-1H", "P99999999999D"])
def test_what_is_no_duration(text: str) -> None:
    assert parse_duration(text) is None
