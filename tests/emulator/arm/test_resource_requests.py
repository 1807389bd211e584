"""Requests for resources by hand: what takes time, conditions, lists of a type, health."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from emulator.arm.throttling import READ_BUDGET
from emulator.certificates import Certificates
from tests.emulator.arm.governance.asking import SUBSCRIPTION_PATH, THING, put, refusal
from tests.emulator.arm.running import GROUP_PATH, Arm, running_arm

THINGS = f"{GROUP_PATH}/providers/Microsoft.Contoso/things"
VERSION = {"api-version": "2022-09-01"}


@pytest.fixture
async def timely(certificates: Certificates, tmp_path: Path) -> AsyncIterator[Arm]:
    """An ARM in which a second of Azure lasts a hundredth."""
    async with running_arm(certificates, tmp_path, scale=0.01) as running:
        await put(running, GROUP_PATH, {"location": "eastus2"})
        yield running


async def headers_of(arm: Arm, method: str, path: str, **options: object) -> tuple[int, Mapping[str, str]]:
    async with arm.http.request(method, arm.url + path, params=VERSION, **options) as response:  # type: ignore[arg-type]
        return response.status, response.headers


async def ended(arm: Arm, url: str) -> str:
    """The last status that an operation tells."""
    while True:
        async with arm.http.get(url) as response:
            if (status := (await response.json())["status"]) != "Running":
                return str(status)


async def test_a_put_that_takes_time_tells_where_to_ask(timely: Arm) -> None:
    status, headers = await headers_of(timely, "PUT", THING, json={"location": "eastus2"})

    outcome = await ended(timely, headers["Azure-AsyncOperation"])
    async with timely.http.get(headers["Location"]) as response:
        result = await response.json()

    assert (status, outcome, result["name"]) == (201, "Succeeded", "a")
    assert headers["Retry-After"] == "1"


async def test_another_write_meanwhile_is_refused(slow_arm: Arm) -> None:
    await put(slow_arm, THING, {"location": "eastus2"})

    status, error = await refusal(slow_arm, "PUT", THING, {"location": "eastus2"})
    deletion, again = await refusal(slow_arm, "DELETE", THING)

    assert (status, error["code"]) == (409, "AnotherOperationInProgress")
    assert (deletion, again["code"]) == (409, "AnotherOperationInProgress")


async def test_a_storage_account_is_accepted_without_a_body(slow_arm: Arm) -> None:
    path = f"{GROUP_PATH}/providers/Microsoft.Storage/storageAccounts/stcontoso"
    body = {"location": "eastus2", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}

    status, headers = await headers_of(slow_arm, "PUT", path, json=body)
    async with slow_arm.http.get(headers["Location"]) as response:
        asked = response.status

    assert (status, headers.get("Content-Length"), asked) == (202, "0", 202)


async def test_a_deletion_takes_time(timely: Arm) -> None:
    path = f"{GROUP_PATH}/providers/Microsoft.KeyVault/vaults/kv-contoso"
    body = {"location": "eastus2", "properties": {"tenantId": "00000000-0000-0000-0000-000000000002",
            "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}}  # fmt: skip
    _, made = await timely.request("PUT", path, body)
    while (await timely.request("GET", path))[1]["properties"]["provisioningState"] != "Succeeded":
        continue

    async with timely.http.delete(timely.url + path, params={"api-version": "2023-07-01"}) as response:
        status, headers = response.status, dict(response.headers)
    outcome = await ended(timely, headers["Azure-AsyncOperation"])
    gone, _ = await timely.request("GET", path)

    assert made["name"] == "kv-contoso"
    assert (status, outcome, gone) == (202, "Succeeded", 404)


async def test_a_write_is_for_the_state_that_it_names(arm: Arm) -> None:
    await put(arm, THING, {"tags": {"a": "1"}})
    _, first = await headers_of(arm, "GET", THING)

    known, _ = await headers_of(arm, "GET", THING, headers={"If-None-Match": first["ETag"]})
    matched, _ = await headers_of(arm, "PUT", THING, json={}, headers={"If-Match": first["ETag"]})
    stale, _ = await headers_of(arm, "PUT", THING, json={}, headers={"If-Match": first["ETag"]})
    made, _ = await headers_of(arm, "PUT", THING, json={}, headers={"If-None-Match": "*"})
    absent, _ = await headers_of(arm, "PUT", f"{THINGS}/b", json={}, headers={"If-Match": "*"})
    deleted, _ = await headers_of(arm, "DELETE", THING, headers={"If-Match": first["ETag"]})

    assert (known, matched, stale, made, absent, deleted) == (304, 200, 412, 412, 412, 412)


async def test_a_patch_merges_properties_and_replaces_tags(arm: Arm) -> None:
    await put(arm, THING, {"tags": {"a": "1"}, "properties": {"x": {"one": 1, "two": 2}, "y": 1}})

    _, patched = await arm.request("PATCH", THING, {"tags": {"b": "2"}, "properties": {"x": {"two": None}, "z": 3}})

    assert patched["tags"] == {"b": "2"}
    assert {key: patched["properties"].get(key) for key in "xyz"} == {"x": {"one": 1}, "y": 1, "z": 3}


async def test_resources_of_a_type_are_listed_in_their_scope(arm: Arm) -> None:
    await put(arm, f"{SUBSCRIPTION_PATH}/resourceGroups/other", {"location": "eastus2"})
    await put(arm, THING)
    await put(arm, f"{THING}/parts/p")
    await put(arm, THING.replace("/rg/", "/other/"))

    lists = [f"{SUBSCRIPTION_PATH}/providers/Microsoft.Contoso/things", THINGS, f"{THING}/parts"]
    found = [[entry["id"] for entry in (await arm.request("GET", path))[1]["value"]] for path in lists]

    assert found == [[THING.replace("/rg/", "/other/"), THING], [THING], [f"{THING}/parts/p"]]


async def test_what_a_parent_brings_with_it_is_listed(arm: Arm) -> None:
    account = f"{GROUP_PATH}/providers/Microsoft.Storage/storageAccounts/stcontoso"
    await put(arm, account, {"location": "eastus2", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"})

    _, services = await arm.request("GET", f"{account}/blobServices")

    assert [entry["name"] for entry in services["value"]] == ["default"]


async def test_a_new_resource_comes_into_the_index_a_little_later(slow_arm: Arm) -> None:
    await put(slow_arm, THING, {"location": "eastus2"})

    _, index = await slow_arm.request("GET", f"{GROUP_PATH}/resources")
    _, own = await slow_arm.request("GET", THINGS)

    assert (index["value"], len(own["value"])) == ([], 1)


async def test_the_health_of_a_resource_is_told(arm: Arm) -> None:
    await put(arm, THING)
    health = "/providers/Microsoft.ResourceHealth/availabilityStatuses/current"

    status, answer = await arm.request("GET", f"{THING}{health}")
    absent, _ = await refusal(arm, "GET", f"{THINGS}/gone{health}")

    assert (status, answer["properties"]["availabilityState"], absent) == (200, "Available", 404)


async def test_extension_resources_exist_at_every_scope(arm: Arm) -> None:
    name = "providers/Microsoft.Contoso/notes/n"
    root = "/providers/Microsoft.Management/managementGroups/00000000-0000-0000-0000-000000000002"
    await put(arm, THING)
    for scope in ("", root, SUBSCRIPTION_PATH, GROUP_PATH, THING):
        await put(arm, f"{scope}/{name}")

        status, shown = await arm.request("GET", f"{scope}/{name}")
        head, _ = await headers_of(arm, "HEAD", f"{scope}/{name}")
        deleted, _ = await arm.request("DELETE", f"{scope}/{name}")

        assert (status, shown["id"], head, deleted) == (200, f"{scope}/{name}", 204, 200)


async def test_too_many_requests_are_refused_with_the_time_to_wait(certificates: Certificates, tmp_path: Path) -> None:
    async with running_arm(certificates, tmp_path, scale=1000, throttle=True) as arm:
        answers = [await headers_of(arm, "GET", SUBSCRIPTION_PATH) for _ in range(READ_BUDGET + 1)]

    assert [status for status, _ in answers] == [200] * READ_BUDGET + [429]
    assert answers[0][1]["x-ms-ratelimit-remaining-subscription-reads"] == "249"
    assert int(answers[-1][1]["Retry-After"]) >= 1


async def test_the_health_of_a_group_lists_what_reports_it_and_can_be_set(arm: Arm) -> None:
    account = f"{GROUP_PATH}/providers/Microsoft.Storage/storageAccounts/sthealthy"
    await put(arm, account, {"location": "eastus2", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"})
    statuses = f"{GROUP_PATH}/providers/Microsoft.ResourceHealth/availabilityStatuses"
    ill = {"availabilityState": "Unavailable", "reasonType": "Unplanned", "summary": "It is down."}

    _, well = await arm.request("GET", statuses)
    await arm.request("PUT", f"/emulator/records/health{account}", ill)
    _, told = await arm.request("GET", statuses)

    assert [(each["id"], each["properties"]["availabilityState"]) for each in well["value"]] == [
        (f"{account}/providers/Microsoft.ResourceHealth/availabilityStatuses/current", "Available")
    ]
    assert {key: told["value"][0]["properties"][key] for key in ill} == ill
