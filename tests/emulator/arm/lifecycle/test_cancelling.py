"""Cancelling: nothing new starts, what is in flight ends by itself, what is nested goes on."""

import pytest
from azure.core.exceptions import HttpResponseError

from tests.emulator.arm.running import GROUP_PATH, Arm, TemplateServer, linked, nested, resource, template

DEPLOYMENTS = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments"


async def states_of(arm: Arm, name: str) -> dict[str, str]:
    return {o["targetResource"]["resourceName"]: o["provisioningState"] for o in await arm.operations_of(name)}


async def start(arm: Arm, content: dict[str, object], name: str = "main") -> None:
    body = {"properties": {"mode": "Incremental", "template": content}}
    status, answer = await arm.request("PUT", f"{DEPLOYMENTS}/{name}", body)
    assert status in (200, 201), answer
    while not await arm.operations_of(name):
        continue


async def test_a_cancelled_deployment_starts_nothing_more_and_frees_its_name(slow_arm: Arm) -> None:
    await start(slow_arm, template(resource("a"), resource("b", dependsOn=["a"])))

    await slow_arm.deployments.cancel("rg", "main")

    cancelled = await slow_arm.deployments.get("rg", "main")
    assert cancelled.properties.provisioning_state == "Canceled"
    assert await states_of(slow_arm, "main") == {"a": "Running"}
    await start(slow_arm, template(resource("c")))
    assert await states_of(slow_arm, "main") == {"c": "Running"}


async def test_what_was_in_flight_is_told_when_it_ends(short_arm: Arm) -> None:
    await start(short_arm, template(resource("a"), resource("b", dependsOn=["a"])))

    await short_arm.request("POST", f"{DEPLOYMENTS}/main/cancel")

    while (await states_of(short_arm, "main"))["a"] == "Running":
        continue
    _, made = await short_arm.request("GET", f"{GROUP_PATH}/providers/Microsoft.Contoso/things/a")
    assert made["properties"]["provisioningState"] == "Succeeded"
    assert await states_of(short_arm, "main") == {"a": "Succeeded"}


async def test_what_is_nested_goes_on_when_its_parent_is_cancelled(short_arm: Arm) -> None:
    inner = template(resource("a"), resource("b", dependsOn=["a"]))
    await start(short_arm, template(nested("inner", inner), resource("after", dependsOn=["inner"])))

    await short_arm.request("POST", f"{DEPLOYMENTS}/main/cancel")

    inner_end = await short_arm.ended(f"{DEPLOYMENTS}/inner")
    assert inner_end["properties"]["provisioningState"] == "Succeeded"
    assert (await short_arm.ended(f"{DEPLOYMENTS}/main"))["properties"]["provisioningState"] == "Canceled"
    assert "after" not in await states_of(short_arm, "main")


async def test_a_parent_fails_when_what_is_nested_is_cancelled(short_arm: Arm) -> None:
    inner = template(resource("a"), resource("b", dependsOn=["a"]))
    await start(short_arm, template(nested("inner", inner)))
    while (await short_arm.request("POST", f"{DEPLOYMENTS}/inner/cancel"))[0] != 204:
        continue

    parent = await short_arm.ended(f"{DEPLOYMENTS}/main")

    assert [detail["code"] for detail in parent["properties"]["error"]["details"]] == ["ResourceDeploymentFailure"]
    assert "terminal provisioning state 'Canceled'" in parent["properties"]["error"]["details"][0]["message"]


async def test_what_has_ended_cannot_be_cancelled(arm: Arm) -> None:
    await arm.deploy(template(resource("a")))

    with pytest.raises(HttpResponseError) as refusal:
        await arm.deployments.cancel("rg", "main")

    assert refusal.value.status_code == 409
    assert refusal.value.error is not None
    assert refusal.value.error.code == "DeploymentCannotBeCancelled"


async def test_what_is_linked_does_not_start_when_its_parent_is_cancelled_meanwhile(
    arm: Arm, templates: TemplateServer
) -> None:
    templates.files["/child.json"] = template(resource("inside"))
    templates.is_open.clear()
    link = {"uri": "[reference('a').address]", "queryString": "sig=right"}
    first = resource("a", properties={"address": f"{templates.url}/child.json"})
    await start(arm, template(first, linked("child", link)))
    while not templates.asked:
        await arm.operations_of()

    await arm.request("POST", f"{DEPLOYMENTS}/main/cancel")
    templates.is_open.set()

    while (await states_of(arm, "main"))["child"] == "Running":
        continue
    assert await states_of(arm, "main") == {"a": "Succeeded", "child": "Canceled"}
    assert (await arm.request("GET", f"{DEPLOYMENTS}/child"))[0] == 404
