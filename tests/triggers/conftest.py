"""Triggers in tests: the platform vouches for who is calling, unless a test is about that."""

from collections.abc import Iterator

import pytest

from armature.settings import load_settings


@pytest.fixture(autouse=True)
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """An app of the platform whose authentication is on."""
    monkeypatch.setenv("ARMATURE_STORAGE_BLOB_ENDPOINT", "https://a.example/app")
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "True")
    load_settings.cache_clear()
    yield monkeypatch
    load_settings.cache_clear()
