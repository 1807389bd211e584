"""A running ARM for each test, clients of the real Azure SDKs, and a server for linked templates."""

from collections.abc import AsyncIterator

import pytest

from emulator.certificates import Certificates, ensure_certificates
from tests.emulator.arm.running import Arm, TemplateServer, running_arm, serving_templates


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return ensure_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
async def arm(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Arm]:
    """An ARM in which nothing takes time, with the resource group `rg` in eastus2."""
    async with running_arm(certificates, tmp_path_factory.mktemp("arm")) as running:
        await running.groups.resource_groups.create_or_update("rg", {"location": "eastus2"})
        yield running


@pytest.fixture
async def slow_arm(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Arm]:
    """An ARM in which provisioning does not end while a test runs."""
    async with running_arm(certificates, tmp_path_factory.mktemp("arm"), scale=1000) as running:
        await running.groups.resource_groups.create_or_update("rg", {"location": "eastus2"})
        yield running


@pytest.fixture
async def short_arm(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Arm]:
    """An ARM in which provisioning takes a moment: long enough to do something meanwhile."""
    async with running_arm(certificates, tmp_path_factory.mktemp("arm"), scale=0.06) as running:
        await running.groups.resource_groups.create_or_update("rg", {"location": "eastus2"})
        yield running


@pytest.fixture
async def templates(certificates: Certificates) -> AsyncIterator[TemplateServer]:
    async with serving_templates(certificates) as server:
        yield server
