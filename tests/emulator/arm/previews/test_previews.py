"""What would be, told by validate, what-if and exported templates; nothing is changed by asking."""

import asyncio
from typing import Any

import pytest

from emulator.arm.engine import prediction
from tests.emulator.arm.governance.asking import as_stranger, assign
from tests.emulator.arm.running import (
    GROUP_PATH,
    SUBSCRIPTION,
    SUBSCRIPTION_SCHEMA,
    Arm,
    linked,
    nested,
    resource,
    storage,
    template,
)

THING = "Microsoft.Contoso/things"
REFERENCE = "[reference('first').colour]"


def body(content: dict[str, Any], *, mode: str = "Incremental", **properties: Any) -> dict[str, Any]:
    given = {name: {"value": value} for name, value in properties.pop("parameters", {}).items()}
    return {"properties": {"mode": mode, "template": content, "parameters": given, **properties}}


def path(action: str = "", scope: str = GROUP_PATH) -> str:
    return f"{scope}/providers/Microsoft.Resources/deployments/preview/{action}".rstrip("/")


async def what_if(arm: Arm, request: dict[str, Any], scope: str = GROUP_PATH) -> dict[str, Any]:
    """The result, followed as an SDK follows it."""
    address, version = arm.url + path("whatIf", scope), {"api-version": "2022-09-01"}
    async with arm.http.post(address, json=request, params=version) as begun:
        assert begun.status == 202, await begun.text()
        location = begun.headers["Location"]
    while True:
        async with arm.http.get(location) as answer:
            if answer.status == 200:
                result: dict[str, Any] = await answer.json()
                return result
            assert answer.status == 202
        await asyncio.sleep(0.02)


async def changes(arm: Arm, content: dict[str, Any], **request: Any) -> dict[str, dict[str, Any]]:
    """The changes by the last segment of their ids."""
    result = await what_if(arm, body(content, **request))
    assert result["status"] == "Succeeded", result
    return {change["resourceId"].rsplit("/", 1)[-1]: change for change in result["properties"]["changes"]}


def kinds(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: change["changeType"] for name, change in found.items()}


def delta(change: dict[str, Any]) -> list[tuple[str, str, Any, Any]]:
    return [(one["path"], one["propertyChangeType"], one["before"], one["after"]) for one in change["delta"]]


async def names_there(arm: Arm) -> list[str]:
    _, listed = await arm.request("GET", f"{GROUP_PATH}/resources")
    return [one["name"] for one in listed["value"]]


async def test_validation_shows_the_deployment_and_makes_nothing(arm: Arm) -> None:
    content = template(resource("a"), parameters={"secret": {"type": "securestring"}, "plain": {"type": "string"}})
    request = body(content, parameters={"secret": "hush", "plain": "x"})

    status, answer = await arm.request("POST", path("validate"), request)

    assert status == 200
    properties = answer["properties"]
    assert properties["provisioningState"] == "Succeeded"
    assert properties["validatedResources"] == [{"id": f"{GROUP_PATH}/providers/{THING}/a"}]
    assert properties["parameters"] == {"secret": {"type": "SecureString"}, "plain": {"type": "String", "value": "x"}}
    assert await names_there(arm) == []
    status, _ = await arm.request("GET", path())
    assert status == 404


async def test_validation_refuses_what_a_deployment_would_be_refused_for(arm: Arm) -> None:
    broken = template(resource("a", dependsOn=["nowhere"]))

    validated = await arm.request("POST", path("validate"), body(broken))
    deployed = await arm.request("PUT", path(), body(broken))

    assert validated == deployed
    assert (validated[0], validated[1]["error"]["code"]) == (400, "InvalidTemplate")


async def test_a_name_that_is_busy_may_be_validated(slow_arm: Arm) -> None:
    await slow_arm.request("PUT", path(), body(template(resource("a"))))

    status, _ = await slow_arm.request("POST", path("validate"), body(template(resource("a"))))

    assert status == 200


async def test_what_if_tells_of_what_is_new_same_changed_and_not_named(arm: Arm) -> None:
    def things(colour: str, *more: str) -> dict[str, Any]:
        same = resource("same", properties={"size": 1})
        changed = resource("changed", properties={"colour": colour, "size": 1}, tags={"a": "b"})
        return template(same, changed, *(resource(name) for name in more))

    await arm.deploy(things("red", "other"))

    found = await changes(arm, things("blue", "fresh"))

    assert kinds(found) == {"same": "NoChange", "changed": "Modify", "fresh": "Create", "other": "Ignore"}
    assert delta(found["changed"]) == [("properties.colour", "Modify", "red", "blue")]
    assert found["fresh"]["before"] is None
    assert found["fresh"]["after"]["id"] == f"{GROUP_PATH}/providers/{THING}/fresh"
    assert found["other"]["before"]["name"] == "other"
    assert sorted(await names_there(arm)) == ["changed", "other", "same"]


async def test_what_is_no_longer_asked_for_goes_and_what_the_provider_added_stays(arm: Arm) -> None:
    await arm.deploy(template(storage(properties={"allowBlobPublicAccess": False, "largeFileSharesState": "Enabled"})))

    found = await changes(arm, template(storage(properties={"allowBlobPublicAccess": False})))

    assert delta(found["stcontoso"]) == [("properties.largeFileSharesState", "Delete", "Enabled", None)]


async def test_deploying_the_same_network_again_changes_nothing(arm: Arm) -> None:
    def network(prefix: str) -> dict[str, Any]:
        subnet = {"name": "web", "properties": {"addressPrefix": prefix}}
        space = {"addressPrefixes": ["10.0.0.0/16"]}
        kind = "Microsoft.Network/virtualNetworks"
        return template(resource("vnet", kind, properties={"addressSpace": space, "subnets": [subnet]}))

    await arm.deploy(network("10.0.1.0/24"))

    same = await changes(arm, network("10.0.1.0/24"))
    moved = await changes(arm, network("10.0.2.0/24"))

    assert kinds(same) == {"vnet": "NoChange"}
    [subnets] = moved["vnet"]["delta"]
    assert (subnets["path"], subnets["propertyChangeType"]) == ("properties.subnets", "Array")
    assert [(one["path"], one["before"], one["after"]) for one in subnets["children"][0]["children"]] == [
        ("properties.addressPrefix", "10.0.1.0/24", "10.0.2.0/24")
    ]


async def test_a_complete_deployment_deletes_what_it_does_not_name(arm: Arm) -> None:
    await arm.deploy(template(resource("kept"), resource("lost")))

    found = await changes(arm, template(resource("kept")), mode="Complete")

    assert kinds(found) == {"kept": "NoChange", "lost": "Delete"}


async def test_a_condition_that_is_false_makes_nothing(arm: Arm) -> None:
    assert await changes(arm, template(resource("a", condition=False))) == {}


async def test_only_ids_are_told_when_only_ids_are_asked_for(arm: Arm) -> None:
    await arm.deploy(template(resource("there")))
    settings = {"resultFormat": "ResourceIdOnly"}

    found = await changes(arm, template(resource("there"), resource("fresh")), whatIfSettings=settings)

    assert kinds(found) == {"there": "Deploy", "fresh": "Create"}
    assert all("before" not in change and "after" not in change for change in found.values())


async def test_an_unknown_result_format_is_refused(arm: Arm) -> None:
    request = body(template(), whatIfSettings={"resultFormat": "Poem"})

    status, answer = await arm.request("POST", path("whatIf"), request)

    assert (status, answer["error"]["code"]) == (400, "InvalidRequestContent")


async def test_resources_of_nested_deployments_are_told_as_well(arm: Arm) -> None:
    found = await changes(arm, template(nested("child", template(resource("within")))))

    assert kinds(found) == {"within": "Create"}


async def test_what_a_reference_will_be_stays_an_expression(arm: Arm) -> None:
    content = template(resource("first"), resource("second", properties={"colour": REFERENCE}))

    found = await changes(arm, content)

    assert found["second"]["after"]["properties"]["colour"].startswith("[reference(")


async def test_a_resource_whose_name_is_only_known_later_is_unsupported(arm: Arm) -> None:
    child = template(resource("[parameters('name')]"), parameters={"name": {"type": "string"}})
    parameters = {"name": {"value": REFERENCE}}

    result = await what_if(arm, body(template(resource("first"), nested("child", child, parameters=parameters))))

    [unsupported] = [one for one in result["properties"]["changes"] if one["changeType"] == "Unsupported"]
    assert "aka.ms/WhatIfUnidentifiableResource" in unsupported["unsupportedReason"]


async def test_a_nested_template_that_cannot_be_expanded_is_a_diagnostic(arm: Arm) -> None:
    copied = resource("[concat('x', copyIndex())]", copy={"name": "loop", "count": "[parameters('count')]"})
    child = template(copied, parameters={"count": {"type": "int"}})
    parameters = {"count": {"value": "[reference('first').count]"}}

    result = await what_if(arm, body(template(resource("first"), nested("child", child, parameters=parameters))))

    [diagnostic] = result["properties"]["diagnostics"]
    assert (diagnostic["code"], diagnostic["level"]) == ("NestedDeploymentShortCircuited", "Warning")
    assert diagnostic["target"].endswith("/deployments/child")


async def test_nested_templates_beyond_the_limit_are_left_alone_and_told_of(
    arm: Arm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prediction, "MAX_NESTED_TEMPLATES", 2)
    children = [nested(f"child{number}", template(resource(f"within{number}"))) for number in range(3)]

    result = await what_if(arm, body(template(*children)))

    told = result["properties"]
    assert len(told["changes"]) == 2
    assert [one["code"] for one in told["diagnostics"]] == ["NestedDeploymentShortCircuited"]


async def test_secure_parameters_are_hidden(arm: Arm) -> None:
    content = template(
        resource("a", properties={"alone": "[parameters('s')]", "within": "[concat('key=', parameters('s'))]"}),
        parameters={"s": {"type": "securestring"}},
    )

    found = await changes(arm, content, parameters={"s": "open sesame"})

    assert found["a"]["after"]["properties"] == {"alone": "*******", "within": "*******"}


async def test_what_is_wrong_with_the_template_is_the_result(arm: Arm, templates: Any) -> None:
    gone = {"uri": f"{templates.url}/gone.json", "queryString": "sig=right"}

    result = await what_if(arm, body(template(linked("child", gone))))

    assert (result["status"], result["error"]["code"]) == ("Failed", "InvalidContentLink")


async def test_a_subscription_deployment_tells_of_its_groups(arm: Arm) -> None:
    group = {"type": "Microsoft.Resources/resourceGroups", "apiVersion": "2022-09-01", "location": "eastus2"}
    content = {
        "$schema": SUBSCRIPTION_SCHEMA,
        "contentVersion": "1.0.0.0",
        "resources": [{**group, "name": "rg", "tags": {"new": "tag"}}, {**group, "name": "another"}],
    }

    result = await what_if(arm, {"location": "eastus2", **body(content)}, f"/subscriptions/{SUBSCRIPTION}")

    found = {change["resourceId"].rsplit("/", 1)[-1]: change for change in result["properties"]["changes"]}
    assert kinds(found) == {"rg": "Modify", "another": "Create"}
    assert [one[:2] for one in delta(found["rg"])] == [("tags", "Create")]


async def test_the_sdk_gets_the_prediction(arm: Arm) -> None:
    poller = await arm.deployments.begin_what_if("rg", "preview", body(template(resource("a"))))
    result = await poller.result()

    assert [change.change_type for change in result.changes] == ["Create"]


@pytest.mark.parametrize("is_linked", [False, True])
async def test_the_template_of_a_deployment_is_exported_as_it_was(arm: Arm, templates: Any, is_linked: bool) -> None:
    content = template(resource("[concat('a', 'b')]"))
    templates.files["/main.json"] = content
    if is_linked:
        await arm.deploy(templateLink={"uri": f"{templates.url}/main.json", "queryString": "sig=right"})
    else:
        await arm.deploy(content)

    main = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/main"
    status, answer = await arm.request("POST", f"{main}/exportTemplate")

    assert (status, answer) == (200, {"template": content})


async def test_a_group_is_exported_as_a_template_that_deploys_the_same(arm: Arm) -> None:
    await arm.deploy(template(resource("a-1", properties={"size": 1}), resource("b", tags={"x": "y"})))

    status, answer = await arm.request("POST", f"{GROUP_PATH}/exportTemplate", {"resources": ["*"]})

    assert status == 200
    exported = answer["template"]
    assert exported["parameters"]["things_a_1_name"] == {"defaultValue": "a-1", "type": "String"}
    assert kinds(await changes(arm, exported)) == {"a-1": "NoChange", "b": "NoChange"}


async def test_chosen_resources_are_exported_with_plain_names_on_request(arm: Arm) -> None:
    await arm.deploy(template(resource("a"), resource("b")))
    request = {"resources": [f"{GROUP_PATH}/providers/{THING}/b"], "options": "SkipResourceNameParameterization"}

    _, answer = await arm.request("POST", f"{GROUP_PATH}/exportTemplate", request)

    assert [one["name"] for one in answer["template"]["resources"]] == ["b"]
    assert answer["template"]["parameters"] == {}


async def test_a_resource_that_is_not_there_is_not_exported(arm: Arm) -> None:
    request = {"resources": [f"{GROUP_PATH}/providers/{THING}/nothing"]}

    status, answer = await arm.request("POST", f"{GROUP_PATH}/exportTemplate", request)

    assert (status, answer["error"]["code"]) == (400, "ExportTemplateFailed")


async def test_a_password_is_not_exported(arm: Arm) -> None:
    properties = {"administratorLogin": "someone", "administratorLoginPassword": "Correct-Horse-9", "version": "12.0"}
    made = await arm.deploy(template(resource("sql-contoso", "Microsoft.Sql/servers", properties=properties)))
    assert made["properties"]["provisioningState"] == "Succeeded", made["properties"].get("error")

    _, answer = await arm.request("POST", f"{GROUP_PATH}/exportTemplate", {"resources": ["*"]})

    (server,) = answer["template"]["resources"]
    assert server["properties"] == {"administratorLogin": "someone", "version": "12.0"}


async def test_who_may_not_deploy_it_is_told_by_validation_and_what_if(arm: Arm) -> None:
    await assign(arm, "Website Contributor", GROUP_PATH)
    stranger = as_stranger(arm)

    status, answer = await arm.request("POST", path("validate"), body(template(resource("a"))), **stranger)
    begun, _ = await arm.request("POST", path("whatIf"), body(template(resource("a"))), **stranger)

    assert (status, answer["error"]["code"]) == (403, "InvalidTemplateDeployment")
    assert [detail["code"] for detail in answer["error"]["details"]] == ["AuthorizationFailed"]
    assert begun == 202


async def test_a_complete_deployment_keeps_what_the_template_calls_existing(arm: Arm) -> None:
    await arm.deploy(template(resource("kept"), resource("gone")))
    kept = {"type": THING, "apiVersion": "2022-09-01", "name": "kept", "existing": True}
    content = template() | {"languageVersion": "2.0", "resources": {"kept": kept}}

    found = kinds(await changes(arm, content, mode="Complete"))
    deployment = await arm.deploy(content, mode="Complete")

    assert found == {"kept": "Ignore", "gone": "Delete"}
    assert deployment["properties"]["provisioningState"] == "Succeeded"
    assert await names_there(arm) == ["kept"]


async def test_what_if_tells_of_every_deletion_of_a_complete_deployment(arm: Arm) -> None:
    here = {"location": "eastus2"}
    database = resource("server/lost", "Microsoft.Contoso/things/databases", dependsOn=["server"])
    part = {key: value for key, value in database.items() if key != "location"} | {"name": "server/part"}
    await arm.deploy(template(resource("server"), database | here, part))

    found = kinds(await changes(arm, template(resource("server")), mode="Complete"))
    await arm.deploy(template(resource("server")), mode="Complete")
    deleted = {o["targetResource"]["resourceName"] for o in await arm.operations_of() if "Delete" in str(o)}

    assert found == {"server": "NoChange", "lost": "Delete"}
    assert deleted == {"server/lost"}
    assert kinds(await changes(arm, template(resource("other")))) == {"server": "Ignore", "other": "Create"}
