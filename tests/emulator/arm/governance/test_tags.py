"""Tags of subscriptions, groups and resources."""

import pytest

from emulator.arm.errors import ArmError
from emulator.arm.governance.tags import check_tags
from tests.emulator.arm.governance.asking import SUBSCRIPTION_PATH, THING, put, refusal
from tests.emulator.arm.running import GROUP_PATH, Arm

TAGS = "/providers/Microsoft.Resources/tags/default"


@pytest.mark.parametrize("scope", [SUBSCRIPTION_PATH, GROUP_PATH, THING])
@pytest.mark.parametrize(
    ("operation", "given", "expected"),
    [
        ("Merge", {"A": "9", "c": "3"}, {"a": "9", "b": "2", "c": "3"}),
        ("Replace", {"c": "3"}, {"c": "3"}),
        ("Delete", {"a": "1", "b": "other"}, {"b": "2"}),
    ],
)
async def test_tags_are_changed(
    arm: Arm, scope: str, operation: str, given: dict[str, str], expected: dict[str, str]
) -> None:
    await put(arm, THING)
    await put(arm, f"{scope}{TAGS}", {"properties": {"tags": {"a": "1", "b": "2"}}})

    changed, _ = await arm.request("PATCH", f"{scope}{TAGS}", {"operation": operation, "properties": {"tags": given}})
    _, kept = await arm.request("GET", f"{scope}{TAGS}")
    deleted, _ = await arm.request("DELETE", f"{scope}{TAGS}")
    _, none = await arm.request("GET", f"{scope}{TAGS}")

    assert (changed, kept["properties"]["tags"], deleted) == (200, expected, 200)
    assert none["properties"]["tags"] == {}


async def test_tags_of_a_resource_are_those_that_it_shows(arm: Arm) -> None:
    await put(arm, THING, {"tags": {"a": "1"}})

    await put(arm, f"{THING}{TAGS}", {"properties": {"tags": {"b": "2"}}})
    _, shown = await arm.request("GET", THING)
    _, names = await arm.request("GET", f"{SUBSCRIPTION_PATH}/tagNames")

    assert shown["tags"] == {"b": "2"}
    assert [(name["tagName"], name["count"]["value"]) for name in names["value"]] == [("b", 1)]


async def test_what_takes_no_tags_is_told_by_its_provider_and_refuses_them(arm: Arm) -> None:
    network = f"{GROUP_PATH}/providers/Microsoft.Network/virtualNetworks/vnet"
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    subnet = {"name": "web", "properties": {"addressPrefix": "10.0.0.0/24"}}
    await put(arm, network, {"location": "eastus2", "properties": {**space, "subnets": [subnet]}})
    given = {"operation": "Merge", "properties": {"tags": {"a": "1"}}}

    _, provider = await arm.request("GET", f"{SUBSCRIPTION_PATH}/providers/Microsoft.Network")
    refused, _ = await refusal(arm, "PATCH", f"{network}/subnets/web{TAGS}", given)
    taken, _ = await arm.request("PATCH", f"{network}{TAGS}", given)

    capabilities = {kind["resourceType"]: kind["capabilities"] for kind in provider["resourceTypes"]}
    assert (refused, taken) == (405, 200)
    assert "SupportsTags" in capabilities["virtualNetworks"]
    assert "SupportsTags" not in capabilities["virtualNetworks/subnets"]


async def test_an_operation_that_there_is_none_of_is_refused(arm: Arm) -> None:
    status, _ = await refusal(arm, "PATCH", f"{GROUP_PATH}{TAGS}", {"operation": "Add", "properties": {"tags": {}}})

    assert status == 400


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({str(number): "" for number in range(51)}, "TooManyTags"),
        ({"n" * 513: ""}, "InvalidTagNameLength"),
        ({"n": "v" * 257}, "InvalidTagValueLength"),
        ({"a/b": ""}, "InvalidTagNameCharacters"),
        ({"a": "1", "A": "2"}, "DuplicateTagNames"),
        (["a"], "InvalidRequestContent"),
    ],
)
def test_tags_beyond_the_limits_are_refused(tags: object, code: str) -> None:
    with pytest.raises(ArmError) as refused:
        check_tags(tags)

    assert (refused.value.status, refused.value.code) == (400, code)


def test_tags_up_to_the_limits_are_taken() -> None:
    check_tags({f"{number:0>512}": "v" * 256 for number in range(50)})


async def test_a_resource_with_too_many_tags_is_refused(arm: Arm) -> None:
    _, error = await refusal(arm, "PUT", THING, {"tags": {str(number): "" for number in range(51)}})

    assert error["code"] == "TooManyTags"
