"""A deployment that is stuck is ended by ARM after seven days of Azure's time."""

import pytest

from emulator.arm import provisioning
from emulator.arm.behaviours import Behaviour
from emulator.certificates import Certificates
from tests.emulator.arm.running import GROUP_PATH, resource, running_arm, template

DAY = 24 * 3600.0


async def test_what_is_stuck_is_ended_after_seven_days(
    certificates: Certificates, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = Behaviour(seconds=365 * DAY)
    monkeypatch.setattr(provisioning, "behaviour_of", lambda resource_type: stuck)

    async with running_arm(certificates, tmp_path_factory.mktemp("arm"), scale=0.3 / (7 * DAY)) as arm:
        await arm.groups.resource_groups.create_or_update("rg", {"location": "eastus2"})
        deployment = await arm.deploy(template(resource("a"), resource("b", dependsOn=["a"])))
        [operation] = await arm.operations_of()

    assert deployment["properties"]["provisioningState"] == "Failed"
    assert deployment["properties"]["error"]["code"] == "DeploymentTimedOut"
    assert operation["targetResource"]["id"] == f"{GROUP_PATH}/providers/Microsoft.Contoso/things/a"
