"""What a rollback can't undo at once is told by its id, with the reason, and undone when that is gone."""

from collections.abc import Iterator

import pytest

from emulator.stack import Stack
from tests.clouds import LOCATION
from tests.end_to_end import hindrances
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import SUBSCRIPTION, zipped
from tests.end_to_end.hindrances import hindered
from tests.end_to_end.rollback_world import World, broken, group_id, told
from tests.end_to_end.snapshots import arm_call, differences
from tests.waiting import wait_until

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    """The stack, where whatever is called broken-… can't be made."""
    with hindered(stack, hindrances.broken("broken-*")):
        yield World(stack)


def test_what_another_lineage_has_deployed_since_is_left_to_it_which_is_told(world):
    project, other = "undo-shared", "undo-sharing"
    world.group(project)
    shared, own = workspace(f"log-{project}"), workspace(f"log-{project}-own")
    world.deploy(project, {"a": ([], [shared, own])})
    item = {"name": "a", "path": "a.json", "scope": {"resourceGroup": f"rg-{project}"}}
    bundle = zipped({"manifest.json": manifest(other, [item]), "a.json": template([shared])})
    second = world.caller.ended(world.caller.start(bundle, deploymentId=f"{other}-1"))
    assert second["status"] == "completed", told(second)

    state = world.roll_back(f"{project}-1")

    assert state["rollback"]["status"] == "partial", told(state)
    leftovers = state["rollback"]["leftovers"]
    assert [leftover["id"].rpartition("/")[2] for leftover in leftovers] == [shared["name"]]
    assert f"{other}-1" in leftovers[0]["reason"]
    left = {id_.rpartition("/")[2] for id_ in world.snapshot(project) if "/workspaces/" in id_}
    assert left == {shared["name"].lower()}


def test_what_is_locked_is_told_and_gone_once_the_lock_is_removed_and_the_rollback_asked_for_again(world):
    project = "undo-locked"
    world.group(project)
    before = world.snapshot(project)
    lock = f"{group_id(project)}/providers/Microsoft.Authorization/locks/keep"
    arm_call(world.stack, "PUT", lock, version="2020-05-01", body={"properties": {"level": "CanNotDelete"}})

    state = world.deploy(project, {"a": ([], [workspace(f"log-{project}")]), "b": (["a"], [broken(project)])})

    assert state["status"] == "failed", told(state)
    assert state["rollback"]["status"] == "partial"
    leftover = state["rollback"]["leftovers"][0]
    assert leftover["id"].lower().endswith(f"/log-{project}")
    assert "ScopeLocked" in leftover["reason"]
    assert "Remove the lock" in leftover["suggestion"]

    arm_call(world.stack, "DELETE", lock, version="2020-05-01")
    again = world.roll_back(f"{project}-1")

    assert again["status"] == "rolledBack", told(again)
    assert again["rollback"]["number"] == 2
    assert differences(before, world.snapshot(project)) == []


def test_asked_for_again_the_previous_versions_are_deployed_once_more(world):
    project = "undo-again"
    log = f"log-{project}"
    world.deploy(project, {"a": ([], [{**workspace(log), "tags": {"version": "1"}}])})
    before = world.snapshot(project)
    lock = f"{group_id(project)}/providers/Microsoft.Authorization/locks/keep"
    arm_call(world.stack, "PUT", lock, version="2020-05-01", body={"properties": {"level": "CanNotDelete"}})
    changed = {**workspace(log), "tags": {"version": "2"}}

    state = world.deploy(project, {"a": ([], [changed, workspace(f"{log}-new"), broken(project)])}, 2)

    assert [leftover["id"].rpartition("/")[2] for leftover in state["rollback"]["leftovers"]] == [f"{log}-new"]
    first = state["rollback"]["templates"][0]
    assert (first["status"], first["deploymentName"]) == ("succeeded", f"a.{project}-2.r1")

    arm_call(world.stack, "DELETE", lock, version="2020-05-01")
    again = world.roll_back(f"{project}-2")

    assert again["status"] == "rolledBack", told(again)
    second = again["rollback"]["templates"][0]
    assert (second["status"], second["deploymentName"]) == ("succeeded", f"a.{project}-2.r2")
    assert differences(before, world.snapshot(project)) == []


def test_a_lock_that_the_deployment_itself_made_keeps_nothing(world):
    project = "undo-own-lock"
    lock = {
        "type": "Microsoft.Authorization/locks",
        "apiVersion": "2020-05-01",
        "name": "keep",
        "scope": f"[resourceId('Microsoft.OperationalInsights/workspaces', 'log-{project}')]",
        "dependsOn": [f"log-{project}"],
        "properties": {"level": "CanNotDelete"},
    }

    state = world.deploy(project, {"a": ([], [workspace(f"log-{project}"), lock]), "b": (["a"], [broken(project)])})

    assert state["status"] == "rolledBack", told(state)
    assert world.snapshot(project) == {}


@pytest.mark.parametrize(("is_protected", "warned"), [(False, 0), (True, 1)])
def test_the_name_of_a_vault_is_let_go_unless_it_is_protected_which_is_told(world, is_protected, warned):
    project = f"undo-kv{int(is_protected)}"
    vault = {
        "type": "Microsoft.KeyVault/vaults",
        "apiVersion": "2023-07-01",
        "name": f"kv-{project}",
        "location": LOCATION,
        "properties": {
            "tenantId": "[subscription().tenantId]",
            "sku": {"family": "A", "name": "standard"},
            "accessPolicies": [],
            **({"enablePurgeProtection": True} if is_protected else {}),
        },
    }

    state = world.deploy(project, {"a": ([], [vault]), "b": (["a"], [broken(project)])})

    assert state["status"] == "rolledBack", told(state)
    assert world.snapshot(project) == {}
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.KeyVault/deletedVaults"
    kept = [each["name"] for each in arm_call(world.stack, "GET", path, version="2023-07-01")["value"]]
    assert (f"kv-{project}" in kept) == is_protected
    assert len(state["warnings"]) == warned
    assert all(f"az keyvault purge --name kv-{project}" in warning["message"] for warning in state["warnings"])


def test_a_vault_that_was_recovered_is_deleted_again_and_not_purged(world):
    project = "undo-recovered"
    world.group(project)
    vault = {
        "type": "Microsoft.KeyVault/vaults",
        "apiVersion": "2023-07-01",
        "name": f"kv-{project}",
        "location": LOCATION,
        "properties": {
            "tenantId": "[subscription().tenantId]",
            "sku": {"family": "A", "name": "standard"},
            "accessPolicies": [],
        },
    }
    by_hand = {**vault, "properties": {**vault["properties"], "tenantId": "00000000-0000-0000-0000-00000000000a"}}
    vault_id = world.put(by_hand, project)
    arm_call(world.stack, "DELETE", vault_id, version="2023-07-01")
    wait_until(lambda: vault_id.lower() not in world.snapshot(project))
    recovering = {**vault, "properties": {**vault["properties"], "createMode": "recover"}}

    state = world.deploy(project, {"a": ([], [recovering]), "b": (["a"], [broken(project)])})

    assert state["status"] == "rolledBack", told(state)
    assert [warning["code"] for warning in state["warnings"]] == ["NameStaysTaken"]
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.KeyVault/deletedVaults"
    kept = [each["name"] for each in arm_call(world.stack, "GET", path, version="2023-07-01")["value"]]
    assert f"kv-{project}" in kept
