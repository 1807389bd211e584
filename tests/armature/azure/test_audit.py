"""The audit trail: read page by page, the newest first, each fact once."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.audit import AuditAction, AuditEntry, AuditFilter
from armature.azure.audit import DAYS_IN_A_PAGE, AuditTrail
from tests.memory import MemoryDocuments

DAY = datetime(2026, 1, 10, 12, tzinfo=UTC)


def entry(number: int, at: datetime = DAY, action: AuditAction = AuditAction.START, **parts: str) -> AuditEntry:
    return AuditEntry(key=f"k-{number}", at=at, action=action, deployment_id=f"d-{number}", **parts)


def trail(*entries: AuditEntry) -> AuditTrail:
    found = AuditTrail(MemoryDocuments())  # type: ignore[arg-type]
    for each in entries:
        found.append(each)
    return found


def read(found: AuditTrail, size: int = 100, wanted: AuditFilter | None = None) -> list[str]:
    """All keys, page after page."""
    keys: list[str] = []
    continuation = None
    while True:
        page = found.page(wanted or AuditFilter(), size=size, continuation=continuation)
        assert len(page.entries) <= size
        keys += [each.key for each in page.entries]
        continuation = page.continuation
        if continuation is None:
            return keys


def test_an_entry_that_is_written_twice_is_read_once() -> None:
    assert read(trail(entry(1), entry(2), entry(1))) == ["k-2", "k-1"]


@given(days=st.lists(st.integers(0, 4), max_size=12), size=st.integers(1, 5))
def test_pages_tell_everything_once_the_newest_day_first(days: list[int], size: int) -> None:
    entries = [entry(number, DAY + timedelta(days=day)) for number, day in enumerate(days)]

    keys = read(trail(*entries), size)

    by_day = sorted(range(len(days)), key=lambda number: (days[number], number), reverse=True)
    assert keys == [f"k-{number}" for number in by_day]


def test_what_is_written_meanwhile_does_not_move_the_pages_that_follow() -> None:
    found = trail(*map(entry, range(4)))
    first = found.page(AuditFilter(), size=2)
    found.append(entry(9))

    rest = found.page(AuditFilter(), size=5, continuation=first.continuation)

    assert [each.key for each in (*first.entries, *rest.entries)] == ["k-3", "k-2", "k-1", "k-0"]


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        (AuditFilter(action=AuditAction.CANCEL), ["k-2"]),
        (AuditFilter(deployment_id="d-1"), ["k-1"]),
        (AuditFilter(by="ada"), ["k-3"]),
        (AuditFilter(since=DAY), ["k-3", "k-2"]),
        (AuditFilter(until=DAY), ["k-1"]),
        (AuditFilter(since=DAY, until=DAY + timedelta(hours=1)), ["k-2"]),
    ],
)
def test_entries_are_filtered(wanted: AuditFilter, keys: list[str]) -> None:
    found = trail(
        entry(1, DAY - timedelta(days=1)),
        entry(2, DAY, AuditAction.CANCEL),
        entry(3, DAY + timedelta(hours=1), by="ada"),
    )

    assert read(found, 2, wanted) == keys


def test_the_moments_of_a_filter_are_those_of_its_own_time_zone() -> None:
    at = datetime(2026, 1, 11, 2, tzinfo=UTC)
    west, east = timezone(timedelta(hours=-5)), timezone(timedelta(hours=9))
    found = trail(entry(1, at))

    assert read(found, wanted=AuditFilter(until=datetime(2026, 1, 10, 22, tzinfo=west))) == ["k-1"]
    assert read(found, wanted=AuditFilter(until=datetime(2026, 1, 10, 21, tzinfo=west))) == []
    assert read(found, wanted=AuditFilter(since=datetime(2026, 1, 11, 11, tzinfo=east))) == ["k-1"]
    assert read(found, wanted=AuditFilter(since=datetime(2026, 1, 11, 12, tzinfo=east))) == []


def test_a_page_reads_so_many_days_and_no_more() -> None:
    found = trail(*(entry(number, DAY - timedelta(days=number)) for number in range(DAYS_IN_A_PAGE + 1)))
    wanted = AuditFilter(deployment_id=f"d-{DAYS_IN_A_PAGE}")

    first = found.page(wanted, size=5)
    second = found.page(wanted, size=5, continuation=first.continuation)

    assert (first.entries, [each.key for each in second.entries]) == ((), [f"k-{DAYS_IN_A_PAGE}"])
    assert second.continuation is None
    assert found.page(AuditFilter(since=DAY - timedelta(days=DAYS_IN_A_PAGE - 1)), size=99).continuation is None


@pytest.mark.parametrize("token", ["", "x", "2026-01-10", "2026-01-10.", "2026-01-10.-1", "2026-13-10.1", "../x.1"])
def test_a_token_of_another_list_is_refused(token: str) -> None:
    with pytest.raises(ValueError):
        trail(entry(1)).page(AuditFilter(), size=1, continuation=token)
