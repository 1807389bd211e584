"""Emulated ARMs of both clouds, in which nothing takes time."""

from pathlib import Path

import pytest

from emulator.certificates import Certificates, ensure_certificates


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return ensure_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where an ARM keeps what it knows."""
    return tmp_path_factory.mktemp("arm")
