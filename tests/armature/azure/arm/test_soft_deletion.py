"""Names that deleted vaults, accounts and stores hold, on the emulated ARM."""

from collections.abc import Callable
from typing import Any

import pytest

from armature.errors import FailureError
from tests.armature.azure.arm.conftest import Group, identity, vault


def account(name: str) -> dict[str, Any]:
    return {
        "type": "Microsoft.CognitiveServices/accounts",
        "apiVersion": "2023-05-01",
        "name": name,
        "location": "eastus2",
        "kind": "TextAnalytics",
        "sku": {"name": "S"},
        "properties": {},
    }


def store(name: str) -> dict[str, Any]:
    return {
        "type": "Microsoft.AppConfiguration/configurationStores",
        "apiVersion": "2023-03-01",
        "name": name,
        "location": "eastus2",
        "sku": {"name": "standard"},
        "properties": {},
    }


@pytest.mark.parametrize("resource", [vault, account, store])
def test_a_deleted_name_is_held_until_it_is_purged(
    group: Group, fresh_name: Callable[[], str], resource: Callable[[str], dict[str, Any]]
) -> None:
    wanted = resource(fresh_name())
    resource_id = f"{group.id}/providers/{wanted['type']}/{wanted['name']}"
    assert group.deploy("main", wanted).is_succeeded
    assert not group.arm.soft_deleted_name(resource_id, "eastus2")

    group.deleted(resource_id)
    held = group.arm.soft_deleted_name(resource_id, "East US 2")
    listed = resource_id.lower() in group.arm.soft_deleted_ids(wanted["type"])
    first, second = (group.arm.purge_soft_deleted(resource_id, "eastus2") for _ in range(2))

    assert (held, listed, first, second) == (True, True, True, True)
    assert resource_id.lower() not in group.arm.soft_deleted_ids(wanted["type"])
    assert not group.arm.soft_deleted_name(resource_id, "eastus2")
    assert group.deploy("again", wanted).is_succeeded


def test_another_resource_of_that_name_is_left_alone(group: Group, fresh_name: Callable[[], str]) -> None:
    name = fresh_name()
    group.deploy("main", vault(name))
    vault_id = f"{group.id}/providers/Microsoft.KeyVault/vaults/{name}"
    group.deleted(vault_id)
    namesake = vault_id.replace(group.name, "another-group")

    held, purged = group.arm.soft_deleted_name(namesake, "eastus2"), group.arm.purge_soft_deleted(namesake, "eastus2")

    assert (held, purged) == (False, True)
    assert group.arm.soft_deleted_name(vault_id, "eastus2")


def test_what_is_protected_from_purging_is_a_failure(group: Group, fresh_name: Callable[[], str]) -> None:
    name = fresh_name()
    assert group.deploy("main", vault(name, enablePurgeProtection=True)).is_succeeded
    vault_id = f"{group.id}/providers/Microsoft.KeyVault/vaults/{name}"
    group.deleted(vault_id)

    with pytest.raises(FailureError) as caught:
        group.arm.purge_soft_deleted(vault_id, "eastus2")

    assert caught.value.failure.code == "PurgeProtectionEnabled"
    assert group.arm.soft_deleted_name(vault_id, "eastus2")


def test_types_without_soft_deletion_hold_no_names(group: Group) -> None:
    group.deploy("main", identity("id-a"))
    resource_id = f"{group.id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-a"
    group.deleted(resource_id)

    assert not group.arm.soft_deleted_name(resource_id, "eastus2")
    assert group.arm.purge_soft_deleted(resource_id, "eastus2")
