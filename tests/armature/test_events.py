"""The progress log: each fact once, numbered in the order in which it was first written."""

from datetime import UTC, datetime, timedelta

from armature.events import Event, EventCode, numbered

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def line(key: str, seconds: int = 0) -> str:
    event = Event(
        key=key, time=NOW + timedelta(seconds=seconds), code=EventCode.DEPLOYMENT_PHASE, message=f"{key} {seconds}"
    )
    return event.model_dump_json(by_alias=True)


def test_a_fact_that_was_written_twice_is_read_once_as_it_was_first_written():
    events = numbered([line("a"), line("b", 1), line("a", 2), line("c", 3)])

    assert [(event.sequence, event.message) for event in events] == [(1, "a 0"), (2, "b 1"), (3, "c 3")]


def test_numbers_stay_when_more_is_appended():
    lines = [line("a"), line("b"), line("a")]

    assert numbered([*lines, line("c")])[:2] == numbered(lines)


def test_an_empty_log_has_no_events():
    assert numbered([]) == []
