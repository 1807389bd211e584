"""host.json and app settings."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from emulator.functions_host.errors import HostError
from emulator.functions_host.settings import HostSettings, parse_time_span, resolve_settings


def test_host_json_is_read(tmp_path: Path) -> None:
    queues = {"visibilityTimeout": "00:00:02", "maxPollingInterval": "00:00:05", "batchSize": 4, "maxDequeueCount": 3}
    extensions = {
        "http": {"routePrefix": "v1"},
        "queues": {**queues, "messageEncoding": "none"},
        "durableTask": {"hubName": "Hub", "maxConcurrentActivityFunctions": 3},
    }
    (tmp_path / "host.json").write_text(json.dumps({"version": "2.0", "extensions": extensions}))

    settings = HostSettings.read(tmp_path)

    assert (settings.route_prefix, settings.hub_name, settings.max_activities) == ("v1", "Hub", 3)
    assert settings.queues.visibility_timeout == timedelta(seconds=2)
    assert settings.queues.max_polling_interval == timedelta(seconds=5)
    assert (settings.queues.batch_size, settings.queues.max_dequeue_count, settings.queues.base64) == (4, 3, False)


def test_what_host_json_does_not_say_has_its_default(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0"}')

    settings = HostSettings.read(tmp_path)

    assert (settings.route_prefix, settings.queues.max_dequeue_count, settings.queues.base64) == ("api", 5, True)


@pytest.mark.parametrize("content", [None, "{"])
def test_a_host_json_that_cannot_be_read_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "host.json").write_text(content)

    with pytest.raises(HostError, match=r"host\.json"):
        HostSettings.read(tmp_path)


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
