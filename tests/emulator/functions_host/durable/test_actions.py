"""Reading the SDK's answer."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from emulator.functions_host.durable.actions import (
    CallActivity,
    CallSubOrchestrator,
    CreateTimer,
    RetryPolicy,
    WaitForEvent,
    WhenAll,
    parse_answer,
)
from emulator.functions_host.errors import HostError


def answer(*actions: dict[str, Any], **fields: Any) -> str:
    return json.dumps({"isDone": False, "schemaVersion": 2, "actions": [list(actions)], **fields})


def test_actions_are_read_with_what_they_hold() -> None:
    retry = {"firstRetryIntervalInMilliseconds": 1500, "maxNumberOfAttempts": 3}
    text = answer(
        {
            "actionType": 12,
            "compoundActions": [{"actionType": 1, "functionName": "a", "input": "1", "retryOptions": retry}],
        },
        {"actionType": 2, "functionName": "o", "input": "2", "instanceId": ""},
        {"actionType": 5, "fireAt": "2026-11-24T02:09:41.295029Z", "isCanceled": True},
        {"actionType": 6, "externalEventName": "Go", "reason": "ExternalEvent"},
    )

    actions = parse_answer(text).actions

    fire_at = datetime(2026, 11, 24, 2, 9, 41, 295029, tzinfo=UTC)
    assert actions == (
        WhenAll((CallActivity("a", "1", RetryPolicy(timedelta(seconds=1.5), 3)),)),
        CallSubOrchestrator("o", "2", None),
        CreateTimer(fire_at, is_cancelled=True),
        WaitForEvent("Go"),
    )


def test_an_absent_output_or_status_is_none() -> None:
    parsed = parse_answer(answer(isDone=True))

    assert (parsed.is_done, parsed.output, parsed.custom_status, parsed.error) == (True, None, None, None)


def test_an_action_of_an_unknown_type_is_refused() -> None:
    with pytest.raises(HostError, match="type 99"):
        parse_answer(answer({"actionType": 99}))


@pytest.mark.parametrize("action_type", [7, 9, 10])
def test_entities_are_refused_by_name(action_type: int) -> None:
    with pytest.raises(HostError, match="durable entities"):
        parse_answer(answer({"actionType": action_type}))


def test_an_older_schema_is_refused() -> None:
    with pytest.raises(HostError, match="schema version"):
        parse_answer(json.dumps({"isDone": True, "actions": [[]]}))
