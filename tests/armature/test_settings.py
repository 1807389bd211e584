import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from armature.options import AssemblyOrder, Options, Scheduling
from armature.settings import Settings, load_settings, options_with_defaults, settings_page

ROOT = Path(__file__).resolve().parents[2]
ENDPOINT = "https://app.blob.core.windows.net"


def settings(**values: object) -> Settings:
    """Settings with the fields of these names set, as if by their environment variables."""
    named = {str(Settings.model_fields[name].validation_alias): value for name, value in values.items()}
    return Settings.model_validate({"ARMATURE_STORAGE_BLOB_ENDPOINT": ENDPOINT, **named})


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for field in Settings.model_fields.values():
        monkeypatch.delenv(str(field.validation_alias), raising=False)
    load_settings.cache_clear()
    yield monkeypatch
    load_settings.cache_clear()


def test_the_settings_come_from_the_environment_and_are_read_once(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ARMATURE_STORAGE_BLOB_ENDPOINT", f"{ENDPOINT}/")
    environment.setenv("ARMATURE_MAX_CONCURRENCY", "7")
    environment.setenv("ARMATURE_ALLOWED_BUNDLE_HOSTS", "One.blob.core.windows.net, two.example ,")
    environment.setenv("AZURE_CLIENT_ID", "")

    first = load_settings()
    environment.setenv("ARMATURE_MAX_CONCURRENCY", "8")

    assert load_settings() is first
    assert first.storage_blob_endpoint == ENDPOINT
    assert first.max_concurrency == 7
    assert first.allowed_bundle_hosts == ("one.blob.core.windows.net", "two.example")
    assert first.azure_client_id is None
    assert first.azure_cloud == "AzureCloud"


def test_a_variable_of_somebody_else_is_not_taken_for_a_setting(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ARMATURE_STORAGE_BLOB_ENDPOINT", ENDPOINT)
    for name in Settings.model_fields:
        if name not in ("azure_cloud", "azure_client_id"):  # these two are Azure's own names
            environment.setenv(name.upper(), "7")

    assert load_settings() == settings()


def test_a_missing_storage_endpoint_is_named(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match="ARMATURE_STORAGE_BLOB_ENDPOINT"):
        load_settings()


@pytest.mark.parametrize(
    "url",
    [
        "http://x",
        "https://",
        "x.blob.core.windows.net",
        "https://x?sig=1",
        "https://x y",
        "https://x\n",
        "https://a:b@x",
    ],
)
def test_an_endpoint_is_an_https_address(url: str) -> None:
    with pytest.raises(ValidationError):
        settings(storage_blob_endpoint=url)


@pytest.mark.parametrize(
    ("name", "low", "high", "below", "above"),
    [
        ("max_concurrency", 1, 50, 0, 51),
        ("poll_interval_seconds", 0.1, 300, 0.09, 301),
        ("retry_max_attempts", 1, 10, 0, 11),
        ("retry_backoff_multiplier", 1, 10, 0.9, 10.1),
        ("retry_first_interval_seconds", 0.1, 300, 0, 300.1),
    ],
)
def test_numbers_have_limits_on_both_sides(name: str, low: float, high: float, below: float, above: float) -> None:
    assert getattr(settings(**{name: low}), name) == low
    assert getattr(settings(**{name: high}), name) == high
    for refused in (below, above):
        with pytest.raises(ValidationError):
            settings(**{name: refused})


def test_the_settings_can_not_be_changed() -> None:
    with pytest.raises(ValidationError):
        settings().max_concurrency = 9  # type: ignore[misc]


def test_what_a_request_leaves_out_takes_the_settings_defaults() -> None:
    ours = settings(max_concurrency=3, poll_interval_seconds=1, retry_max_attempts=4, retry_backoff_multiplier=3)

    options = options_with_defaults({"retryPolicy": {"maxAttempts": 2}, "scheduling": "tier"}, ours)

    assert (options.max_concurrency, options.poll_interval_seconds) == (3, 1)
    assert options.retry_policy.max_attempts == 2
    assert options.retry_policy.backoff_multiplier == 3
    assert options.scheduling is Scheduling.TIER
    assert options.assembly_order is AssemblyOrder.INFERRED


def test_what_a_request_says_wins_even_where_it_says_the_default() -> None:
    ours = settings(max_concurrency=3)

    assert options_with_defaults({"maxConcurrency": 5}, ours).max_concurrency == 5
    assert options_with_defaults(Options().dump(), ours) == Options()


def test_options_of_the_wrong_shape_are_refused() -> None:
    with pytest.raises(ValidationError):
        options_with_defaults({"maxConcurency": 5}, settings())


def test_the_page_of_settings_is_what_the_code_says() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")

    assert page == settings_page(), "run: python -m armature.settings > docs/settings.md"


def test_the_sample_of_local_settings_lists_every_setting_with_its_default() -> None:
    values = json.loads((ROOT / "local.settings.sample.json").read_text(encoding="utf-8"))["Values"]
    ours = {name: value for name, value in values.items() if name.startswith(("ARMATURE_", "AZURE_"))}

    assert list(ours) == [str(field.validation_alias) for field in Settings.model_fields.values()]
    given = Settings.model_validate({name: value for name, value in ours.items() if value})
    assert given == settings(storage_blob_endpoint=ours["ARMATURE_STORAGE_BLOB_ENDPOINT"], default_location="eastus2")
