"""host.json and app settings."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from emulator.functions_host.errors import HostError
from emulator.functions_host.host_json import HostJson, parse_time_span, read_host_json, warnings_of
from emulator.functions_host.settings import HostSettings, new_batch_threshold, resolve_settings
from tests.running import ROOT

VERSION = {"version": "2.0"}


def document(path: str, value: object) -> dict[str, Any]:
    """A host.json with one setting, whose names are divided by dots."""
    *sections, name = path.split(".")
    found: dict[str, Any] = {}
    innermost = found
    for section in sections:
        innermost = innermost.setdefault(section, {})
    innermost[name] = value
    return VERSION | found


def test_host_json_is_read(tmp_path: Path) -> None:
    queues = {"visibilityTimeout": "00:00:02", "maxPollingInterval": "00:00:05", "batchSize": 4, "maxDequeueCount": 3}
    extensions = {
        "http": {"routePrefix": "v1"},
        "queues": {**queues, "messageEncoding": "None"},
        "durableTask": {
            "hubName": "Hub",
            "maxConcurrentActivityFunctions": 3,
            "maxConcurrentOrchestratorFunctions": 2,
            "storageProvider": {"partitionCount": 8},
        },
    }
    (tmp_path / "host.json").write_text(json.dumps(VERSION | {"functionTimeout": "00:00:07", "extensions": extensions}))

    settings = HostSettings.read(tmp_path)

    read, durable = settings.document.extensions, settings.document.extensions.durable_task
    assert settings.document.function_timeout == timedelta(seconds=7)
    assert (read.http.route_prefix, durable.hub_name, durable.storage_provider.partition_count) == ("v1", "Hub", 8)
    assert (durable.max_concurrent_activity_functions, durable.max_concurrent_orchestrator_functions) == (3, 2)
    assert settings.queues.visibility_timeout == timedelta(seconds=2)
    assert settings.queues.max_polling_interval == timedelta(seconds=5)
    assert (settings.queues.batch_size, settings.queues.max_dequeue_count) == (4, 3)
    assert settings.queues.message_encoding == "none"
    assert settings.warnings == ()


def test_what_host_json_does_not_say_has_its_default(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0"}')

    settings = HostSettings.read(tmp_path)

    assert settings.document.extensions.http.route_prefix == "api"
    assert (settings.queues.max_dequeue_count, settings.queues.message_encoding) == (5, "base64")
    assert settings.document.function_timeout == timedelta(minutes=30)


def test_the_app_s_host_json_asks_for_nothing_that_is_not_followed() -> None:
    assert HostSettings.read(ROOT).warnings == ()


def test_a_host_json_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0"}', encoding="utf-8-sig")

    assert HostSettings.read(tmp_path).warnings == ()


@pytest.mark.parametrize("content", [None, "{"])
def test_a_host_json_that_cannot_be_read_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "host.json").write_text(content)

    with pytest.raises(HostError, match=r"host\.json"):
        HostSettings.read(tmp_path)


@pytest.mark.parametrize("content", [{}, {"version": "1.0"}, [], {"version": "2.0", "extensions": 1}])
def test_a_host_json_of_another_shape_is_refused(content: object) -> None:
    with pytest.raises(HostError, match=r"host\.json is not valid"):
        read_host_json(content)


LIMITS: list[tuple[str, list[object], list[object]]] = [
    ("functionTimeout", ["00:00:01", "-1", "1.00:00:00"], ["00:00:00", 5, "soon", "-2"]),
    ("extensionBundle", [{"id": "a.b", "version": "[4.*, 5.0.0)"}], [{"id": "a.b"}, {"id": "a.b", "version": "new"}]),
    ("logging.logLevel", [{"default": "Trace"}, {"Function.x": "None"}], [{"default": "Loud"}, {"default": 1}]),
    ("extensions.http.routePrefix", ["", "api", "a/b"], [1, None]),
    ("extensions.http.maxOutstandingRequests", [-1, 200], [-2, "200", True]),
    ("extensions.http.maxConcurrentRequests", [-1, 100], [-2, 1.5]),
    ("extensions.queues.maxPollingInterval", ["00:00:00.1", "00:01:00"], ["00:00:00.0999999", 2]),
    ("extensions.queues.visibilityTimeout", ["00:00:00", "7.00:00:00"], ["7.00:00:01", "-00:00:01"]),
    ("extensions.queues.batchSize", [1, 32], [0, 33, "16"]),
    ("extensions.queues.maxDequeueCount", [1, 100], [0, "5"]),
    ("extensions.queues.newBatchThreshold", [0, 64], [-1, "8"]),
    ("extensions.queues.messageEncoding", ["base64", "none", "Base64"], ["utf-8", 1]),
    ("extensions.durableTask.hubName", ["Hub", "h" * 45], ["Hu", "h" * 46, "1Hub", "a-hub"]),
    ("extensions.durableTask.maxConcurrentActivityFunctions", [1, 500], [0, "10"]),
    ("extensions.durableTask.maxConcurrentOrchestratorFunctions", [1, 500], [0, True]),
    ("extensions.durableTask.storageProvider.partitionCount", [1, 16], [0, 17, "4"]),
    ("extensions.durableTask.storageProvider.type", ["AzureStorage"], ["mssql", "azureManaged"]),
    ("extensions.durableTask.extendedSessionsEnabled", [False, True], ["true", 1]),
    ("extensions.durableTask.tracing.traceInputsAndOutputs", [False, True], ["false", 0]),
]


@pytest.mark.parametrize(("path", "value"), [(path, value) for path, good, _ in LIMITS for value in good])
def test_a_setting_within_its_limits_is_taken(path: str, value: object) -> None:
    assert isinstance(read_host_json(document(path, value)), HostJson)


@pytest.mark.parametrize(("path", "value"), [(path, value) for path, _, bad in LIMITS for value in bad])
def test_a_setting_beyond_its_limits_is_refused_by_its_path(path: str, value: object) -> None:
    with pytest.raises(HostError) as refusal:
        read_host_json(document(path, value))

    assert f"{path}" in str(refusal.value)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    wrong = VERSION | {"functionTimeout": "soon", "extensions": {"queues": {"batchSize": 0}}}

    with pytest.raises(HostError, match=r"functionTimeout: .*; extensions\.queues\.batchSize: "):
        read_host_json(wrong)


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("extensions.queues.batchsize", 4, []),
        ("Extensions.Http.RoutePrefix", "", []),
        ("functionTimeOuts", "00:10:00", ["host.json: functionTimeOuts is not a setting that is known"]),
        ("extensions.queues.batchSizes", 4, ["host.json: extensions.queues.batchSizes is not a setting that is known"]),
        ("extensions.kafka", {"a": 1}, ["host.json: extensions.kafka is not a setting that is known"]),
        ("Logging.ApplicationInsights", {"samplingSettings": {"isEnabled": True}}, []),
        ("telemetryMode", "OpenTelemetry", []),
        ("extensions.durableTask.tracing.version", "V2", []),
        ("logging.console", {"isEnabled": False}, ["host.json: logging.console is not followed by this host"]),
        ("healthMonitor", {"enabled": True}, ["host.json: healthMonitor is not followed by this host"]),
        (
            "extensions.durableTask.storageProvider.controlQueueBatchSize",
            32,
            [
                "host.json: extensions.durableTask.storageProvider.controlQueueBatchSize is not followed by this host",
            ],
        ),
        (
            "extensions.durableTask.extendedSessionsEnabled",
            True,
            ["host.json: extensions.durableTask.extendedSessionsEnabled is not followed: Python has none"],
        ),
        (
            "extensions.durableTask.tracing.traceInputsAndOutputs",
            True,
            ["host.json: extensions.durableTask.tracing.traceInputsAndOutputs is not followed by this host"],
        ),
    ],
)
def test_what_is_unknown_or_not_followed_is_reported_by_its_path(path: str, value: object, told: list[str]) -> None:
    assert warnings_of(read_host_json(document(path, value))) == told


@pytest.mark.parametrize(
    ("given", "expected"), [({"batchSize": 16}, 8), ({"batchSize": 16, "newBatchThreshold": 3}, 3)]
)
def test_the_next_batch_is_fetched_at_half_a_batch_unless_it_is_said(given: dict[str, int], expected: int) -> None:
    assert (
        new_batch_threshold(read_host_json(VERSION | {"extensions": {"queues": given}}).extensions.queues) == expected
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("00:00:02", timedelta(seconds=2)),
        ("1.02:03:04", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("00:00:00.5", timedelta(milliseconds=500)),
    ],
)
def test_a_time_span_is_read(text: str, expected: timedelta) -> None:
    assert parse_time_span(text) == expected


def test_what_is_no_time_span_is_refused() -> None:
    with pytest.raises(HostError, match="time span"):
        parse_time_span("2 s")


def test_settings_in_percent_signs_are_resolved() -> None:
    assert resolve_settings("a-%QUEUE%-b", {"QUEUE": "in"}) == "a-in-b"


def test_a_setting_that_does_not_exist_is_named() -> None:
    with pytest.raises(HostError, match="'QUEUE'"):
        resolve_settings("%QUEUE%", {})
