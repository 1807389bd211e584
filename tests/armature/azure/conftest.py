"""The app's identity and storage for the gateways' tests: real Azurite, real tokens, real TLS."""

import uuid
from collections.abc import Callable, Iterator

import pytest
from azure.core.credentials import TokenCredential

from armature.azure.artifacts import ArtifactAccount
from armature.azure.identity import credential as app_credential
from armature.clouds import Cloud, cloud_of
from armature.settings import Settings
from tests.running import RunningAzurite


@pytest.fixture(scope="session")
def settings(azurite: RunningAzurite) -> Iterator[Settings]:
    """The app's settings, with its environment in place for as long as tests run."""
    with azurite.use_environment():
        yield Settings()


@pytest.fixture(scope="session")
def cloud(settings: Settings) -> Cloud:
    return cloud_of(settings)


@pytest.fixture(scope="session")
def credential(settings: Settings, cloud: Cloud) -> TokenCredential:
    return app_credential(settings, cloud)


@pytest.fixture(scope="session")
def account(settings: Settings) -> ArtifactAccount:
    """An account as ARM would tell it: Azurite's address ends in a slash, as a real account's does."""
    endpoint = f"{settings.storage_blob_endpoint}/"
    return ArtifactAccount(name="armatureapp", resource_id="/x", blob_endpoint=endpoint, is_ready=True)


@pytest.fixture
def fresh_name() -> Callable[[], str]:
    """Names of containers that no other test uses."""
    return lambda: f"t-{uuid.uuid4().hex[:12]}"
