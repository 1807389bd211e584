"""When a timer last ran, and when it is due."""

from datetime import UTC, datetime, timedelta

import pytest

from emulator.functions_host.ncrontab import parse_schedule
from emulator.functions_host.schedule_status import NEVER, ScheduleStatus
from emulator.functions_host.timers import is_monitored

HOURLY = parse_schedule("0 0 * * * *")
DAILY = parse_schedule("0 0 6 * * *")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
STATUS = ScheduleStatus(NOON, NOON + HOUR, NOON)


def test_a_timer_that_is_new_has_never_run_and_is_due_next_time() -> None:
    assert ScheduleStatus.first(HOURLY, NOON) == ScheduleStatus(NEVER, NOON + HOUR, NOON)


@pytest.mark.parametrize(("late", "is_overdue"), [(timedelta(0), False), (timedelta(seconds=1), True)])
def test_a_status_that_is_kept_tells_whether_a_run_was_missed(late: timedelta, is_overdue: bool) -> None:
    now = NOON + HOUR + late

    status = ScheduleStatus.loads(STATUS.dumps()).under(HOURLY, now)

    assert (now > status.next) == is_overdue


def test_a_timer_that_has_never_run_can_have_missed_its_first_run() -> None:
    status = ScheduleStatus.first(HOURLY, NOON).under(HOURLY, NOON + 5 * HOUR)

    assert status.next == NOON + HOUR


def test_a_new_schedule_whose_time_has_gone_by_is_not_overdue() -> None:
    status = STATUS.under(DAILY, NOON + 24 * HOUR)

    assert status == ScheduleStatus.first(DAILY, NOON + 24 * HOUR)


def test_a_new_schedule_whose_time_is_still_to_come_is_due_then() -> None:
    assert STATUS.under(DAILY, NOON + HOUR).next == NOON + 18 * HOUR


def test_a_run_that_begins_early_does_not_come_twice() -> None:
    early = NOON + HOUR - timedelta(milliseconds=200)

    assert STATUS.after_run(HOURLY, early, is_scheduled=True).next == NOON + 2 * HOUR


def test_a_run_out_of_schedule_leaves_the_next_one_where_it_is() -> None:
    now = NOON + HOUR / 2

    assert STATUS.after_run(HOURLY, now, is_scheduled=False) == ScheduleStatus(now, NOON + HOUR, now)


@pytest.mark.parametrize(
    ("schedule", "wanted", "expected"),
    [("0 * * * * *", None, True), ("*/30 * * * * *", None, False), ("0 * * * * *", False, False)],
)
def test_a_timer_s_status_is_kept_unless_it_runs_more_than_once_a_minute(
    schedule: str, wanted: object, expected: bool
) -> None:
    assert is_monitored(parse_schedule(schedule), wanted, NOON) == expected
