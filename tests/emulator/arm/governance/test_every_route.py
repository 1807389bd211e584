"""Whoever has no right gets nothing out of any route, and nothing in."""

import re

import pytest
from aiohttp import web

from emulator.arm.routes import add_routes
from tests.emulator.arm.governance.asking import SUBSCRIPTION_PATH, as_stranger, assign, put, refusal
from tests.emulator.arm.running import GROUP_PATH, SUBSCRIPTION, Arm, storage

ACCOUNT = f"{GROUP_PATH}/providers/Microsoft.Storage/storageAccounts/stcontoso"
MANAGEMENT_GROUPS = "/providers/Microsoft.Management/managementGroups"
GOVERNING = ("permissions", "roledefinitions", "policydefinitions", "roleassignments", "locks")
BY_NAMESPACE = {
    *(f"{GROUP_PATH}/providers/Microsoft.Authorization/{kind}" for kind in GOVERNING),
    *(f"{GROUP_PATH}/providers/Microsoft.Authorization/{kind}/x" for kind in ("roleDefinitions", "policyDefinitions")),
    f"{ACCOUNT}/providers/Microsoft.Resources/tags/default",
    f"{ACCOUNT}/providers/Microsoft.ResourceHealth/availabilityStatuses/current",
}
"""Examples of the routes that begin with any scope; all others tell their own."""
FREE = {
    "/metadata/endpoints",
    "/tenants",
    "/providers",
    "/providers/Microsoft.Web",
    f"{GROUP_PATH}/providers/Microsoft.Authorization/permissions",
}
FILTERED = {"/subscriptions": "/subscriptions/", "/providers/Microsoft.Management/getEntities": "/"}
OF_OPERATIONS = re.compile(r"/operationresults/|/locations/eastus2/operationstatuses/")
NAMES = {
    "subscription": SUBSCRIPTION,
    "group": "rg",
    "management_group": "m",
    "namespace": "Microsoft.Web",
    "location": "eastus2",
    "resource_id": ACCOUNT.lstrip("/"),
    "_end": "",
}


def routes() -> list[tuple[str, str]]:
    """The method and a path of every route that there is."""
    router, found = web.UrlDispatcher(), set[tuple[str, str]]()
    add_routes(router)
    for route in router.routes():
        info = route.resource.get_info() if route.resource else {}
        shape = info.get("formatter") or info["path"]
        if "{_namespace}" in shape:
            paths = {path for path in BY_NAMESPACE if info["pattern"].fullmatch(path)}
            assert paths, f"{shape} has no example"
        else:
            paths = {_filled(shape, info["pattern"].pattern if "pattern" in info else "")}
        if shape == "/{resource_id}" and route.method == "POST":
            paths = {f"{ACCOUNT}/listKeys"}
        found |= {(route.method, path) for path in paths}
    return sorted(found)


def _filled(shape: str, pattern: str) -> str:
    """The shape with a value for each of its parts; what is matched in any case stands in the pattern."""
    literals = dict(re.findall(r"\(\?P<(\w+)>\(\?i:([^)]+)\)", pattern))
    return re.sub(r"\{(\w+)\}", lambda part: (literals | NAMES).get(part[1], "x"), shape).replace("\\", "")


@pytest.fixture
async def peopled_arm(arm: Arm) -> Arm:
    """An ARM with an account and a management group."""
    await put(arm, f"{MANAGEMENT_GROUPS}/m")
    account = storage()
    await put(arm, ACCOUNT, {key: account[key] for key in ("location", "sku", "kind")})
    return arm


async def test_no_route_tells_or_does_anything_for_a_stranger(peopled_arm: Arm) -> None:
    let_in, stranger = {}, as_stranger(peopled_arm)

    for method, path in routes():
        status, answer = await peopled_arm.request(method, path, {}, **stranger)
        is_refused = status == 403 and (method == "HEAD" or answer["error"]["code"] == "AuthorizationFailed")
        is_empty = path in FILTERED and (method == "HEAD" or answer == {"value": []})
        is_unknown = status == 404 and OF_OPERATIONS.search(path)
        if not (is_refused or is_empty or is_unknown or path in FREE):
            let_in[method, path] = status, answer

    assert let_in == {}
    assert (await peopled_arm.request("GET", ACCOUNT))[0] == 200


@pytest.mark.parametrize("name", ["operationresults", "operationstatuses"])
async def test_a_name_like_that_of_a_free_path_frees_nothing(arm: Arm, name: str) -> None:
    account = f"{GROUP_PATH}/providers/Microsoft.Storage/storageAccounts/{name}"
    body = storage()
    await put(arm, account, {key: body[key] for key in ("location", "sku", "kind")})

    status, error = await refusal(arm, "POST", f"{account}/listKeys", {}, **as_stranger(arm))

    assert (status, error["code"]) == (403, "AuthorizationFailed")


async def test_a_reader_reads_everything_but_secrets(peopled_arm: Arm) -> None:
    await assign(peopled_arm, "Reader", SUBSCRIPTION_PATH)

    read, _ = await peopled_arm.request("GET", ACCOUNT, **as_stranger(peopled_arm))
    keys, error = await refusal(peopled_arm, "POST", f"{ACCOUNT}/listKeys", {}, **as_stranger(peopled_arm))

    assert (read, keys, error["code"]) == (200, 403, "AuthorizationFailed")
    assert "action 'Microsoft.Storage/storageAccounts/listKeys/action'" in error["message"]


async def test_lists_show_where_the_caller_has_a_role(peopled_arm: Arm) -> None:
    await assign(peopled_arm, "Reader", GROUP_PATH)

    _, subscriptions = await peopled_arm.request("GET", "/subscriptions", **as_stranger(peopled_arm))
    path = "/providers/Microsoft.Management/getEntities"
    _, entities = await peopled_arm.request("POST", path, {}, **as_stranger(peopled_arm))

    assert [entry["subscriptionId"] for entry in subscriptions["value"]] == [SUBSCRIPTION]
    assert [entry["name"] for entry in entities["value"]] == [SUBSCRIPTION]


async def test_what_a_stranger_may_not_read_it_may_not_follow_either(slow_arm: Arm) -> None:
    body = storage()
    content = {key: body[key] for key in ("location", "sku", "kind")}
    parameters = {"api-version": "2023-05-01"}
    async with slow_arm.http.put(slow_arm.url + ACCOUNT, json=content, params=parameters) as response:
        links = [response.headers[name].removeprefix(slow_arm.url) for name in ("Azure-AsyncOperation", "Location")]

    answers = [await slow_arm.request("GET", link.partition("?")[0], **as_stranger(slow_arm)) for link in links]
    own = [await slow_arm.request("GET", link.partition("?")[0]) for link in links]

    assert [(status, answer["error"]["code"]) for status, answer in answers] == [(403, "AuthorizationFailed")] * 2
    assert [status for status, _ in own] == [200, 202]


async def test_who_has_a_role_inside_is_listed_what_it_may_read(peopled_arm: Arm) -> None:
    await put(peopled_arm, f"{SUBSCRIPTION_PATH}/resourceGroups/other", {"location": "eastus2"})
    await put(peopled_arm, f"{GROUP_PATH}/providers/Microsoft.Contoso/things/a")
    await assign(peopled_arm, "Reader", ACCOUNT)
    paths = [f"{SUBSCRIPTION_PATH}/resources", f"{GROUP_PATH}/resources", f"{SUBSCRIPTION_PATH}/resourceGroups"]

    of_account = [await peopled_arm.request("GET", path, **as_stranger(peopled_arm)) for path in paths]
    await assign(peopled_arm, "Reader", GROUP_PATH, 2)
    of_group = [await peopled_arm.request("GET", path, **as_stranger(peopled_arm)) for path in paths]

    names = [[[entry["name"] for entry in answer["value"]] for _, answer in seen] for seen in (of_account, of_group)]
    assert names == [[["stcontoso"], ["stcontoso"], []], [["a", "stcontoso"], ["a", "stcontoso"], ["rg"]]]
