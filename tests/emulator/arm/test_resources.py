"""Resources by id, their lists and their actions, and what single types do."""

from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from yarl import URL

from tests.emulator.arm.running import API_VERSION, GROUP_PATH, SUBSCRIPTION, Arm, resource, template

PROVIDERS = f"{GROUP_PATH}/providers"
THING = f"{PROVIDERS}/Microsoft.Contoso/things/a"
SITE = f"{PROVIDERS}/Microsoft.Web/sites/web"
ACCOUNT = f"{PROVIDERS}/Microsoft.Storage/storageAccounts/stcontoso"


async def put(arm: Arm, path: str, **body: Any) -> dict[str, Any]:
    """The resource that a PUT makes."""
    status, answer = await arm.request("PUT", path, {"location": "eastus2"} | body)
    assert status in (200, 201), answer
    made: dict[str, Any] = answer
    return made


async def error_code(arm: Arm, method: str, path: str, body: Any = None) -> str:
    """The code of a request that is refused."""
    _, answer = await arm.request(method, path, body)
    return str(answer["error"]["code"])


async def test_a_resource_is_made_read_changed_and_removed_through_the_sdk(arm: Arm) -> None:
    resources, version = arm.groups.resources, "2024-01-01"

    made = await (
        await resources.begin_create_or_update_by_id(
            THING, {"location": "eastus2", "tags": {"a": "1"}, "properties": {"size": 1}}, api_version=version
        )
    ).result()
    changed = await (await resources.begin_update_by_id(THING, {"tags": {"a": "2"}}, api_version=version)).result()
    read = await resources.get_by_id(THING, api_version=version)
    await (await resources.begin_delete_by_id(THING, api_version=version)).result()

    assert made.properties == {"size": 1, "provisioningState": "Succeeded"}
    assert (changed.tags, changed.properties["size"]) == ({"a": "2"}, 1)
    assert (read.id, read.name, read.type) == (THING, "a", "Microsoft.Contoso/things")
    assert not await resources.check_existence_by_id(THING, api_version=version)
    assert (await arm.request("DELETE", THING))[0] == 204


async def test_lists_hold_what_is_tracked_and_the_filter_lets_through(arm: Arm) -> None:
    await put(arm, THING, tags={"team": "web"})
    await put(arm, f"{THING}/parts/b")
    await put(arm, f"{THING}/parts/untracked", location=None)
    await put(arm, ACCOUNT)
    await arm.deploy(template())
    resources = arm.groups.resources

    everything = [r.name async for r in resources.list()]
    accounts = [r.name async for r in resources.list(filter="resourceType eq 'microsoft.storage/storageaccounts'")]
    tagged = [
        r.name async for r in resources.list_by_resource_group("rg", filter="tagName eq 'team' and tagValue eq 'web'")
    ]
    expanded = [r async for r in resources.list_by_resource_group("rg", expand="createdTime,provisioningState")]

    assert everything == ["a", "a/b", "stcontoso"]
    assert (accounts, tagged) == (["stcontoso"], ["a"])
    assert expanded[0].provisioning_state == "Succeeded"
    assert expanded[0].created_time is not None


@pytest.mark.parametrize("query", [{"$filter": "size eq 3"}, {"$expand": "everything"}, {"$top": "none"}])
async def test_a_list_that_cannot_be_told_is_refused(arm: Arm, query: dict[str, str]) -> None:
    status, answer = await arm.request("GET", f"{GROUP_PATH}/resources", params=query)

    assert status == 400
    assert answer["error"]["code"].startswith("Invalid")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"{THING}/parts/b", "ParentResourceNotFound"),
        (f"{THING}/providers/Microsoft.Authorization/locks/l", "ResourceNotFound"),
        (THING.replace("/rg/", "/absent/"), "ResourceGroupNotFound"),
        (THING.replace(SUBSCRIPTION, SUBSCRIPTION.replace("1", "2")), "SubscriptionNotFound"),
        ("/providers/Microsoft.Resources/deployments/main", "InvalidRequestContent"),
        ("/nowhere", "NotFound"),
    ],
)
async def test_a_resource_without_a_place_is_refused(arm: Arm, path: str, code: str) -> None:
    assert await error_code(arm, "PUT", path, {}) == code


async def test_what_is_not_there_is_not_found(arm: Arm) -> None:
    with pytest.raises(ResourceNotFoundError) as missing:
        await arm.groups.resources.get_by_id(THING, api_version="2024-01-01")

    assert missing.value.error is not None
    assert missing.value.error.code == "ResourceNotFound"
    assert "under resource group 'rg' was not found" in missing.value.error.message


async def test_a_resource_in_the_making_refuses_another_write(slow_arm: Arm) -> None:
    body = {"properties": {"mode": "Incremental", "template": template(resource("a"))}}
    await slow_arm.request("PUT", f"{PROVIDERS}/Microsoft.Resources/deployments/main", body)

    _, making = await slow_arm.request("GET", THING)

    assert making["properties"] == {"provisioningState": "Creating"}
    assert await error_code(slow_arm, "PUT", THING, {}) == "AnotherOperationInProgress"


async def test_an_identity_of_the_system_gets_a_principal_and_keeps_it(arm: Arm) -> None:
    first = await put(arm, THING, identity={"type": "SystemAssigned"})
    second = await put(arm, THING, identity={"type": "SystemAssigned"})

    assert first["identity"]["principalId"]
    assert first["identity"] == second["identity"]


@pytest.mark.parametrize("place", ["", "/resources"])
async def test_top_is_the_size_of_a_page_and_not_the_end_of_the_list(arm: Arm, place: str) -> None:
    for name in ("a", "b", "c"):
        await arm.request("PUT", f"{GROUP_PATH}/providers/Microsoft.Contoso/things/{name}", {"location": "eastus2"})
    path, names = f"{arm.url}{GROUP_PATH}{place or '/providers/Microsoft.Contoso/things'}", list[list[str]]()
    link: str | None = f"{path}?api-version={API_VERSION}&$top=2"

    while link:
        async with arm.http.get(URL(link, encoded=True)) as response:
            page = await response.json()
        names.append([entry["name"] for entry in page["value"]])
        link = page.get("nextLink")

    assert names == [["a", "b"], ["c"]]


@pytest.mark.parametrize("top", ["0", "-1", "1001", "many"])
async def test_a_page_has_between_one_and_a_thousand_entries(arm: Arm, top: str) -> None:
    status, answer = await arm.request("GET", f"{GROUP_PATH}/resources", params={"$top": top})

    assert (status, answer["error"]["code"]) == (400, "InvalidTopInQueryString")
