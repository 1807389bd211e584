"""An ARM beside a real Azurite, for the types that reach it."""

from collections.abc import AsyncIterator

import pytest

from tests.emulator.arm.running import Arm, running_arm
from tests.running import RunningAzurite


@pytest.fixture
async def storing_arm(azurite: RunningAzurite, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Arm]:
    foundation = azurite.foundation
    folder = tmp_path_factory.mktemp("arm")
    async with running_arm(
        foundation.certificates, folder, accounts=foundation.accounts_file, blob=azurite.blob_endpoint
    ) as running:
        await running.groups.resource_groups.create_or_update("rg", {"location": "eastus2"})
        yield running
