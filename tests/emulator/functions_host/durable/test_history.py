"""Rows, timestamps and the context string."""

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from emulator.functions_host.durable import history as rows
from emulator.functions_host.durable.history import (
    HistoryEvent,
    ParentInstance,
    Recorded,
    compact,
    context_string,
    parse_timestamp,
    timestamp_text,
)

NOW = datetime(2026, 11, 24, 2, 9, 35, 211138, tzinfo=UTC)

MOMENTS = st.timedeltas(timedelta(0), timedelta(days=36_500)).map(lambda age: NOW + age)


def test_trailing_zeros_of_a_timestamp_are_trimmed() -> None:
    assert timestamp_text(NOW.replace(microsecond=355000)) == "2026-11-24T02:09:35.355Z"
    assert timestamp_text(NOW.replace(microsecond=0)) == "2026-11-24T02:09:35Z"


def test_a_timestamp_without_offset_is_utc_and_a_tenth_of_a_microsecond_is_dropped() -> None:
    assert parse_timestamp("2026-11-24T02:09:35.2111382Z") == NOW
    assert parse_timestamp("2026-11-24T02:09:35.211138") == NOW


@given(MOMENTS)
def test_a_written_timestamp_reads_as_the_same_moment(moment: datetime) -> None:
    assert parse_timestamp(timestamp_text(moment)) == moment


@given(MOMENTS, st.text(), st.none() | st.text())
def test_a_stored_event_reads_as_the_same_event(moment: datetime, name: str, value: str | None) -> None:
    event = rows.event_raised(moment, name, value)

    assert HistoryEvent.loads(event.dumps()) == event


def test_json_is_written_as_newtonsoft_writes_it() -> None:
    assert compact({"a": "é\u2028", "b": [1, None]}) == '{"a":"é\\u2028","b":[1,null]}'


def test_the_context_of_a_first_episode_has_the_recorded_shape() -> None:
    started = rows.execution_started(
        NOW, instance_id="i", execution_id="e", name="o", input_text='"{\\"q\\": 1}"', generation=0
    )
    history = [Recorded(rows.orchestrator_started(NOW), False), Recorded(started, False)]

    text = context_string(history, is_replaying=False)

    context = json.loads(text)
    assert text.startswith('{\n  "history": [\n    {\n      "EventType": 12,\n      "EventId": -1,\n')
    assert list(context) == [
        "history",
        "input",
        "instanceId",
        "isReplaying",
        "parentInstanceId",
        "upperSchemaVersion",
        "upperSchemaVersionNew",
        "longRunningTimerIntervalDuration",
        "maximumShortTimerDuration",
        "defaultHttpAsyncRequestSleepTimeMillseconds",
    ]
    assert context["input"] == '{"q": 1}'
    assert context["history"][1]["OrchestrationInstance"] == {"InstanceId": "i", "ExecutionId": "e"}
    assert context["parentInstanceId"] is None


def test_the_context_of_a_sub_orchestration_names_its_parent() -> None:
    parent = ParentInstance("p", "parent id", "parent execution", 3)
    started = rows.execution_started(NOW, instance_id="i", execution_id="e", name="o", input_text=None, parent=parent)

    context = json.loads(context_string([Recorded(started, False)], is_replaying=False))

    assert context["parentInstanceId"] == "parent id"
    assert ParentInstance.of(started) == parent


def test_a_row_is_written_anew_when_it_has_been_played() -> None:
    event = rows.task_completed(NOW, 0, "1")

    assert '"IsPlayed": false' in event.indented(is_played=False)
    assert '"IsPlayed": true' in event.indented(is_played=True)


def test_a_fired_timer_has_the_time_of_its_creation() -> None:
    row = rows.timer_fired(NOW, 4, NOW + timedelta(seconds=2)).row(is_played=False)

    assert row == {
        "EventType": 11,
        "TimerId": 4,
        "FireAt": "2026-11-24T02:09:37.211138Z",
        "EventId": -1,
        "IsPlayed": False,
        "Timestamp": "2026-11-24T02:09:35.211138Z",
    }
