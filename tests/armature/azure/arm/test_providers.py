"""Registration and versions of resource providers."""

import pytest

from armature.azure.arm import ArmGateway, providers
from armature.errors import FailureError
from tests.armature.azure.canned import Answer, CannedArm
from tests.armature.azure.conftest import SUBSCRIPTION
from tests.waiting import wait_until

NETWORK = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Network"


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    providers._served.clear()


def served(**versions: list[str]) -> Answer:
    types = [{"resourceType": name.replace("__", "/"), "apiVersions": given} for name, given in versions.items()]
    return Answer(200, {"registrationState": "Registered", "resourceTypes": types})


def test_the_newest_version_that_is_no_preview_is_taken(canned_arm: CannedArm) -> None:
    versions = ["2023-09-01", "2025-01-01-preview", "2024-05-01", "2024-05-01-alpha"]
    gateway, _ = canned_arm({("GET", NETWORK): served(virtualNetworks=versions, drafts=["2020-01-01-preview"])})

    assert gateway.api_version("microsoft.network/VirtualNetworks") == "2024-05-01"
    assert gateway.api_version("Microsoft.Network/drafts") == "2020-01-01-preview"


def test_a_child_that_the_provider_does_not_list_is_served_in_its_parents_versions(canned_arm: CannedArm) -> None:
    gateway, _ = canned_arm({("GET", NETWORK): served(a=["2020-01-01"], a__b=["2021-01-01"])})

    assert gateway.api_version("Microsoft.Network/a/b/c/d") == "2021-01-01"
    assert gateway.api_version("Microsoft.Network/a/x") == "2020-01-01"


def test_a_provider_is_asked_once(canned_arm: CannedArm) -> None:
    gateway, adapter = canned_arm({("GET", NETWORK): served(a=["2020-01-01"], b=["2021-01-01"])})

    for _ in range(2):
        gateway.api_version("Microsoft.Network/a")
        gateway.api_version("Microsoft.Network/b")

    assert len(adapter.requests) == 1


def test_a_type_that_is_not_served_is_a_failure(canned_arm: CannedArm) -> None:
    gateway, _ = canned_arm({("GET", NETWORK): served(a=["2020-01-01"])})

    with pytest.raises(FailureError) as caught:
        gateway.api_version("Microsoft.Network/z")

    assert caught.value.failure.code == "InvalidResourceType"


def test_a_provider_is_registered_once_asked_for(arm: ArmGateway) -> None:
    namespace = "Microsoft.Batch"
    assert arm.provider_state(namespace) == "NotRegistered"

    arm.register_provider(namespace)
    arm.register_provider(namespace)

    wait_until(lambda: arm.provider_state(namespace) == "Registered")
