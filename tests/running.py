"""What the fixtures of tests/conftest.py give: running parts of the emulator, and the environment to reach them."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from armature.azure import identity
from armature.azure.services import Services, services
from armature.settings import load_settings
from emulator.foundation import FOREIGN_SETTINGS, Foundation

NOTIFICATION_KEY = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
APPROVALS = {
    "ARMATURE_PROTECTED_TARGETS": "/subscriptions/*/resourceGroups/rg-protected-*",
    "ARMATURE_NOTIFICATION_HOSTS": "127.0.0.1",
    "ARMATURE_NOTIFICATION_NETWORKS": "127.0.0.0/8",
    "ARMATURE_NOTIFICATION_KEY": NOTIFICATION_KEY,
}
"""Settings of the shared app: what is protected there, and whom on this machine a request may have told."""

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def environment_of(settings: dict[str, str]) -> Iterator[None]:
    """This process's environment as the app's would be: its settings, and no other app's."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.upper().startswith(FOREIGN_SETTINGS):
                patch.delenv(name)
        for name, value in settings.items():
            patch.setenv(name, value)
        yield


@contextmanager
def services_of(settings: dict[str, str]) -> Iterator[Services]:
    """The services that an app of these settings has, in this process, whose environment is the app's meanwhile."""
    caches = (load_settings, services, identity._credential)
    with environment_of(settings):
        for cache in caches:
            cache.cache_clear()
        yield services()
    for cache in caches:
        cache.cache_clear()


@dataclass(frozen=True)
class RunningAzurite:
    """A running Azurite and identity endpoint, shared by the tests of a worker: use names of your own."""

    foundation: Foundation

    @property
    def blob_endpoint(self) -> str:
        """`https://127.0.0.1:PORT`, to be followed by an account's name."""
        return self.foundation.storage.blob

    @property
    def queue_endpoint(self) -> str:
        """`https://127.0.0.1:PORT`, to be followed by an account's name."""
        return self.foundation.storage.queue

    @property
    def settings(self) -> dict[str, str]:
        """The settings with which an app reaches both."""
        return self.foundation.settings

    def use_environment(self) -> AbstractContextManager[None]:
        """Within it the Azure SDKs of this process find the identity and trust the certificate."""
        return environment_of(self.settings)
