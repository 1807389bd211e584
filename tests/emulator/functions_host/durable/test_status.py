"""The status document and the history in it."""

from datetime import UTC, datetime

import pytest

from emulator.functions_host.durable import history as rows
from emulator.functions_host.durable.history import Recorded
from emulator.functions_host.durable.instances import Instance, RuntimeStatus
from emulator.functions_host.durable.status import DuplicateKeyError, Shown, history_document, status_document

NOW = datetime(2026, 11, 24, 2, 9, 35, 211138, tzinfo=UTC)

EVERYTHING = Shown(input=True, history=True, history_output=True)


def instance(status: RuntimeStatus = RuntimeStatus.COMPLETED, output: str | None = '{"a":1}') -> Instance:
    return Instance("i", "e", "o", '"{\\"q\\": 1}"', status, '{"gen":1}', output, NOW, NOW)


def test_a_status_has_seconds_and_values() -> None:
    assert status_document(instance(), [], Shown()) == {
        "name": "o",
        "instanceId": "i",
        "runtimeStatus": "Completed",
        "input": '{"q": 1}',
        "customStatus": {"gen": 1},
        "output": {"a": 1},
        "createdTime": "2026-11-24T02:09:35Z",
        "lastUpdatedTime": "2026-11-24T02:09:35Z",
    }


def test_the_output_of_a_failure_is_its_text() -> None:
    assert status_document(instance(RuntimeStatus.FAILED, "no {json"), [], Shown())["output"] == "no {json"


def test_the_input_can_be_left_out() -> None:
    assert status_document(instance(), [], Shown(input=False))["input"] is None


def test_scheduling_rows_are_merged_into_what_completes_them() -> None:
    events = [
        rows.orchestrator_started(NOW),
        rows.task_scheduled(NOW, 0, "hello"),
        rows.task_scheduled(NOW, 1, "running"),
        rows.orchestrator_completed(NOW),
        rows.task_completed(NOW, 0, '"hi"'),
    ]

    assert history_document(events, EVERYTHING) == [
        {
            "EventType": "TaskScheduled",
            "Input": None,
            "ParentTraceContext": None,
            "Timestamp": "2026-11-24T02:09:35.211138Z",
            "FunctionName": "running",
        },
        {
            "EventType": "TaskCompleted",
            "Result": "hi",
            "Timestamp": "2026-11-24T02:09:35.211138Z",
            "ScheduledTime": "2026-11-24T02:09:35.211138+00:00",
            "FunctionName": "hello",
            "Input": None,
        },
    ]


def test_results_are_shown_on_request_only() -> None:
    history = [Recorded(rows.execution_completed(NOW, 0, "Completed", "1"), is_played=False)]

    hidden = status_document(instance(), history, Shown(history=True))["historyEvents"]

    assert "Result" not in hidden[0]


def test_two_rows_of_one_id_cannot_be_shown() -> None:
    events = [rows.task_scheduled(NOW, 0, "hello"), rows.task_scheduled(NOW, 0, "other")]

    with pytest.raises(DuplicateKeyError, match="Key: TaskScheduled_0"):
        history_document(events, EVERYTHING)
