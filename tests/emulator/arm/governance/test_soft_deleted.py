"""Names that deleted vaults, accounts and stores hold."""

from datetime import timedelta
from typing import Any

import pytest

from emulator.arm import soft_deletion
from emulator.arm.clock import SimulatedTime, now
from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId
from emulator.arm.models import Resource
from emulator.arm.settings import DEFAULT_SUBSCRIPTION, DEFAULT_TENANT
from emulator.arm.state import CloudState
from tests.emulator.arm.governance.asking import SUBSCRIPTION_PATH, put, refusal
from tests.emulator.arm.running import GROUP_PATH, Arm

VAULT = f"{GROUP_PATH}/providers/Microsoft.KeyVault/vaults/kv-contoso"
ACCOUNT = f"{GROUP_PATH}/providers/Microsoft.CognitiveServices/accounts/ai-contoso"
VAULT_BODY: dict[str, Any] = {
    "location": "eastus2",
    "properties": {
        "tenantId": DEFAULT_TENANT,
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": True,
        "accessPolicies": [],
    },
}
ACCOUNT_BODY: dict[str, Any] = {"location": "eastus2", "kind": "OpenAI", "sku": {"name": "S0"}, "properties": {}}


async def deleted(arm: Arm, path: str, body: dict[str, Any]) -> None:
    await put(arm, path, body)
    status, _ = await arm.request("DELETE", path)
    assert status == 200


async def test_a_deleted_vault_holds_its_name_until_it_is_purged(arm: Arm) -> None:
    await deleted(arm, VAULT, VAULT_BODY)
    one = f"{SUBSCRIPTION_PATH}/providers/Microsoft.KeyVault/locations/eastus2/deletedVaults/kv-contoso"

    status, error = await refusal(arm, "PUT", VAULT, VAULT_BODY)
    _, listed = await arm.request("GET", f"{SUBSCRIPTION_PATH}/providers/Microsoft.KeyVault/deletedVaults")
    _, found = await arm.request("GET", one)
    purged, _ = await arm.request("POST", f"{one}/purge")
    gone, _ = await arm.request("GET", one)

    assert (status, error["code"]) == (409, "ConflictError")
    assert error["message"].startswith("A vault with the same name already exists in deleted state.")
    assert [entry["properties"]["vaultId"] for entry in listed["value"]] == [VAULT]
    assert (found["name"], purged, gone) == ("kv-contoso", 200, 404)
    await put(arm, VAULT, VAULT_BODY)


async def test_a_deleted_vault_is_recovered(arm: Arm) -> None:
    await deleted(arm, VAULT, VAULT_BODY | {"tags": {"a": "1"}})

    recovered = await put(arm, VAULT, {"location": "eastus2", "properties": {"createMode": "recover"}})

    assert recovered["properties"]["sku"] == {"family": "A", "name": "standard"}


async def test_a_deleted_account_is_restored_when_asked_for(arm: Arm) -> None:
    await deleted(arm, ACCOUNT, ACCOUNT_BODY)

    status, error = await refusal(arm, "PUT", ACCOUNT, ACCOUNT_BODY)

    assert (status, error["code"]) == (409, "FlagMustBeSetForRestore")
    assert "you must specify 'restore' to be 'true' in the property" in error["message"]
    await put(arm, ACCOUNT, ACCOUNT_BODY | {"properties": {"restore": True}})


def vault(**properties: Any) -> Resource:
    document: dict[str, Any] = {"location": "eastus2", "properties": properties}
    return Resource(ResourceId.parse(VAULT), "2023-07-01", document)


@pytest.mark.parametrize(("days", "is_held"), [(6.9, True), (7.1, False)])
def test_a_name_is_free_when_the_retention_has_passed(days: float, is_held: bool) -> None:
    state = CloudState(DEFAULT_TENANT, (DEFAULT_SUBSCRIPTION,))
    soft_deletion.keep(state, vault(softDeleteRetentionInDays=7))
    [(key, record)] = state.records("softDeleted").items()
    state.put_record("softDeleted", key, record | {"deleted": (now() - timedelta(days=days) * 0.05).isoformat()})

    found = soft_deletion.find(state, SimulatedTime(0.05), "Microsoft.KeyVault/vaults", "KV-Contoso")

    assert (found is not None) is is_held


def test_what_is_protected_is_not_purged() -> None:
    state = CloudState(DEFAULT_TENANT, (DEFAULT_SUBSCRIPTION,))
    soft_deletion.keep(state, vault(enablePurgeProtection=True))
    [held] = soft_deletion.every(state, SimulatedTime(1), "Microsoft.KeyVault/vaults")

    with pytest.raises(ArmError):
        soft_deletion.purge(state, held)


def test_without_soft_deletion_nothing_is_held() -> None:
    state = CloudState(DEFAULT_TENANT, (DEFAULT_SUBSCRIPTION,))

    soft_deletion.keep(state, vault(enableSoftDelete=False))

    assert soft_deletion.every(state, SimulatedTime(1), "Microsoft.KeyVault/vaults") == []


async def test_an_account_holds_its_name_in_its_own_group_alone(arm: Arm) -> None:
    elsewhere = ACCOUNT.replace("resourceGroups/rg", "resourceGroups/other")
    await put(arm, elsewhere.partition("/providers/")[0], {"location": "eastus2"})
    await deleted(arm, ACCOUNT, ACCOUNT_BODY)
    await deleted(arm, elsewhere, ACCOUNT_BODY)

    place = f"{SUBSCRIPTION_PATH}/providers/Microsoft.CognitiveServices/locations/eastus2/resourceGroups"
    purged, _ = await arm.request("DELETE", f"{place}/other/deletedAccounts/ai-contoso")
    gone, _ = await arm.request("GET", f"{place}/other/deletedAccounts/ai-contoso")
    kept, _ = await arm.request("GET", f"{place}/rg/deletedAccounts/ai-contoso")

    assert (purged, gone, kept) == (200, 404, 200)
    await put(arm, elsewhere, ACCOUNT_BODY)
