"""Locks hold for all that is in their scope."""

import pytest

from tests.emulator.arm.governance.asking import SUBSCRIPTION_PATH, THING, put, refusal
from tests.emulator.arm.running import GROUP_PATH, Arm, template

DEPLOYMENT = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/d"
LOCK = "/providers/Microsoft.Authorization/locks/l"


async def lock(arm: Arm, scope: str, level: str) -> None:
    await put(arm, f"{scope}{LOCK}", {"properties": {"level": level}})


@pytest.mark.parametrize("scope", [THING, GROUP_PATH, SUBSCRIPTION_PATH])
async def test_what_is_locked_is_not_deleted(arm: Arm, scope: str) -> None:
    await put(arm, THING)
    await lock(arm, scope, "CanNotDelete")

    status, error = await refusal(arm, "DELETE", THING)

    assert (status, error["code"]) == (409, "ScopeLocked")
    assert error["message"] == (
        f"The scope '{THING}' cannot perform delete operation because following scope(s) are locked: '{scope}'. Please "
        "remove the lock and try again."
    )
    await put(arm, THING, {"tags": {"still": "written"}})


async def test_a_group_that_holds_something_locked_is_not_deleted(arm: Arm) -> None:
    await put(arm, THING)
    await lock(arm, THING, "CanNotDelete")

    status, error = await refusal(arm, "DELETE", GROUP_PATH)

    assert (status, error["code"]) == (409, "ScopeLocked")
    assert f"'{THING}'" in error["message"]


@pytest.mark.parametrize(("method", "path"), [("PUT", THING), ("PATCH", THING), ("DELETE", THING), ("PUT", GROUP_PATH)])
async def test_what_is_read_only_is_neither_written_nor_deleted(arm: Arm, method: str, path: str) -> None:
    await put(arm, THING)
    await lock(arm, GROUP_PATH, "ReadOnly")

    status, error = await refusal(arm, method, path, {"location": "eastus2"})

    assert (status, error["code"]) == (409, "ScopeLocked")


async def test_keys_of_what_is_read_only_are_not_told(arm: Arm) -> None:
    account = f"{GROUP_PATH}/providers/Microsoft.Storage/storageAccounts/stcontoso"
    await put(arm, account, {"location": "eastus2", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"})
    await lock(arm, GROUP_PATH, "ReadOnly")

    status, error = await refusal(arm, "POST", f"{account}/listKeys")

    assert (status, error["code"]) == (409, "ScopeLocked")


async def test_a_lock_can_be_taken_away(arm: Arm) -> None:
    await put(arm, THING)
    await lock(arm, GROUP_PATH, "ReadOnly")

    removed, _ = await arm.request("DELETE", f"{GROUP_PATH}{LOCK}")
    deleted, _ = await arm.request("DELETE", THING)

    assert (removed, deleted) == (200, 200)


async def test_a_level_that_there_is_none_of_is_refused(arm: Arm) -> None:
    status, error = await refusal(arm, "PUT", f"{GROUP_PATH}{LOCK}", {"properties": {"level": "Sometimes"}})

    assert (status, error["code"]) == (400, "InvalidLockLevel")


async def test_locks_of_a_group_are_listed_with_those_inside_it(arm: Arm) -> None:
    await put(arm, THING)
    await lock(arm, GROUP_PATH, "CanNotDelete")
    await lock(arm, THING, "CanNotDelete")

    locks = f"{GROUP_PATH}/providers/Microsoft.Authorization/locks"

    _, inside = await arm.request("GET", locks)
    _, own = await arm.request("GET", locks, params={"$filter": "atScope()"})

    assert [entry["id"] for entry in inside["value"]] == [f"{GROUP_PATH}{LOCK}", f"{THING}{LOCK}"]
    assert [entry["id"] for entry in own["value"]] == [f"{GROUP_PATH}{LOCK}"]


async def test_nothing_is_deployed_into_what_is_read_only(arm: Arm) -> None:
    await lock(arm, GROUP_PATH, "ReadOnly")
    content = {"properties": {"mode": "Incremental", "template": template()}}

    status, error = await refusal(arm, "PUT", DEPLOYMENT, content)

    assert (status, error["code"]) == (409, "ScopeLocked")
    assert f"The scope '{DEPLOYMENT}' cannot perform write operation" in error["message"]


async def test_the_history_of_what_is_locked_stays(arm: Arm) -> None:
    await arm.deploy(template(), name="d")
    await lock(arm, GROUP_PATH, "CanNotDelete")

    status, error = await refusal(arm, "DELETE", DEPLOYMENT)

    assert (status, error["code"]) == (409, "ScopeLocked")


async def test_a_template_is_not_told_the_keys_of_what_is_read_only(arm: Arm) -> None:
    account = "/subscriptions/{}/resourceGroups/other/providers/Microsoft.Storage/storageAccounts/stcontoso"
    account = account.format(GROUP_PATH.split("/")[2])
    await put(arm, account.partition("/providers/")[0], {"location": "eastus2"})
    await put(arm, account, {"location": "eastus2", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"})
    await lock(arm, account, "ReadOnly")
    told = {"type": "string", "value": f"[listKeys('{account}', '2023-05-01').keys[0].value]"}

    deployment = await arm.deploy(template(outputs={"told": told}))

    assert "ScopeLocked" in str(deployment["properties"]["error"])
