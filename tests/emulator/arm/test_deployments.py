"""Deployments through the real Azure SDK: what a client sees from PUT to the end."""

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from tests.emulator.arm.running import (
    GROUP_PATH,
    SUBSCRIPTION_SCHEMA,
    Arm,
    failing,
    nested,
    resource,
    storage,
    template,
)

DEPLOYMENTS = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments"


async def test_a_deployment_runs_to_its_end_through_the_sdk(arm: Arm) -> None:
    content = template(
        storage(),
        outputs={"endpoint": {"type": "string", "value": "[reference('stcontoso').primaryEndpoints.blob]"}},
    )

    poller = await arm.deployments.begin_create_or_update(
        "rg", "main", {"properties": {"mode": "Incremental", "template": content}, "tags": {"attempt": "1"}}
    )
    deployment = await poller.result()

    assert deployment.properties.provisioning_state == "Succeeded"
    assert deployment.properties.outputs == {"endpoint": {"type": "String", "value": "https://127.0.0.1:1/stcontoso/"}}
    assert [r.id for r in deployment.properties.output_resources] == [
        f"{GROUP_PATH}/providers/Microsoft.Storage/storageAccounts/stcontoso"
    ]
    assert deployment.tags == {"attempt": "1"}
    assert deployment.properties.duration is not None
    assert deployment.properties.template_hash.isdigit()


async def test_the_first_answer_says_where_to_ask_for_the_end(arm: Arm) -> None:
    body = {"properties": {"mode": "Incremental", "template": template(resource("a"))}}

    async with arm.http.put(f"{arm.url}{DEPLOYMENTS}/main?api-version=2021-04-01", json=body) as response:
        first, status_url = await response.json(), response.headers["Azure-AsyncOperation"]
    await arm.ended(f"{DEPLOYMENTS}/main")
    async with arm.http.get(status_url) as response:
        status = await response.json()
    async with arm.http.put(f"{arm.url}{DEPLOYMENTS}/main?api-version=2021-04-01", json=body) as response:
        second = response.status

    assert first["properties"]["provisioningState"] == "Accepted"
    assert status_url.startswith(f"{arm.url}{DEPLOYMENTS}/main/operationStatuses/")
    assert status == {"status": "Succeeded"}
    assert second == 200


async def test_answers_name_a_time_to_ask_again_when_things_take_time(slow_arm: Arm) -> None:
    body = {"properties": {"mode": "Incremental", "template": template(resource("a"))}}

    async with slow_arm.http.put(f"{slow_arm.url}{DEPLOYMENTS}/main?api-version=2021-04-01", json=body) as response:
        status, retry_after = response.status, response.headers["Retry-After"]

    assert (status, retry_after) == (201, "15000")


async def test_a_name_that_still_runs_is_refused(slow_arm: Arm) -> None:
    body = {"properties": {"mode": "Incremental", "template": template(resource("a"))}}
    await slow_arm.request("PUT", f"{DEPLOYMENTS}/main", body)

    status, answer = await slow_arm.request("PUT", f"{DEPLOYMENTS}/main", body)

    assert (status, answer["error"]["code"]) == (409, "DeploymentActive")


async def test_what_runs_is_listed_and_shows_no_outputs_yet(slow_arm: Arm) -> None:
    body = {"properties": {"mode": "Incremental", "template": template(resource("a"))}}
    await slow_arm.request("PUT", f"{DEPLOYMENTS}/main", body)

    running = [
        d async for d in slow_arm.deployments.list_by_resource_group("rg", filter="provisioningState eq 'Running'")
    ]
    failed = [
        d async for d in slow_arm.deployments.list_by_resource_group("rg", filter="provisioningState eq 'Failed'")
    ]

    assert [deployment.name for deployment in running] == ["main"]
    assert running[0].properties.outputs is None
    assert failed == []


async def test_a_failure_is_told_in_an_envelope_and_in_the_operation(arm: Arm) -> None:
    content = template(failing("Not_Valid"), resource("after", dependsOn=["Not_Valid"]), resource("beside"))

    poller = await arm.deployments.begin_create_or_update(
        "rg", "main", {"properties": {"mode": "Incremental", "template": content}}
    )
    with pytest.raises(HttpResponseError) as failure:
        await poller.result()
    deployment = await arm.deployments.get("rg", "main")
    operations = [operation async for operation in arm.operations.list("rg", "main")]

    error = failure.value.error
    assert error is not None
    assert error.code == "DeploymentFailed"
    assert "Please list deployment operations for details" in error.message
    assert [detail.code for detail in error.details] == ["InvalidRoleAssignmentId"]
    assert deployment.properties.provisioning_state == "Failed"
    states = {o.properties.target_resource.resource_name: o.properties for o in operations}
    assert states.keys() == {"Not_Valid", "beside"}
    assert states["beside"].provisioning_state == "Succeeded"
    assert states["Not_Valid"].status_code == "BadRequest"
    assert states["Not_Valid"].status_message.error.code == "InvalidRoleAssignmentId"
    assert [r.id.rpartition("/")[2] for r in deployment.properties.output_resources] == ["beside"]


async def test_a_nested_failure_is_told_only_by_the_nested_deployment(arm: Arm) -> None:
    content = template(nested("child", template(failing("Not_Valid"))))

    parent = await arm.deploy(content)

    error = parent["properties"]["error"]
    assert error["code"] == "DeploymentFailed"
    assert [detail["code"] for detail in error["details"]] == ["DeploymentFailed"]
    assert error["details"][0]["target"] == f"{DEPLOYMENTS}/child"
    assert "InvalidRoleAssignmentId" not in str(parent)
    [operation] = await arm.operations_of("child")
    assert operation["statusMessage"]["error"]["code"] == "InvalidRoleAssignmentId"


async def test_outputs_are_evaluated_in_an_operation_of_their_own(arm: Arm) -> None:
    await arm.deploy(template(resource("a")))

    operations = await arm.operations_of()

    assert [operation["provisioningOperation"] for operation in operations] == ["Create", "EvaluateDeploymentOutput"]


async def test_an_output_that_cannot_be_told_fails_the_deployment(arm: Arm) -> None:
    content = template(resource("a"), outputs={"o": {"type": "string", "value": "[reference('a').nothing]"}})

    deployment = await arm.deploy(content)

    assert deployment["properties"]["provisioningState"] == "Failed"
    assert deployment["properties"]["error"]["code"] == "DeploymentOutputEvaluationFailed"
    assert deployment["properties"]["error"]["details"][0]["target"] == "o"


async def test_secure_values_are_in_no_answer(arm: Arm) -> None:
    content = template(
        resource("a", properties={"name": "[length(parameters('password'))]"}),
        parameters={"password": {"type": "securestring"}, "size": {"type": "int", "defaultValue": 2}},
        outputs={"secret": {"type": "securestring", "value": "[parameters('password')]"}},
    )

    deployment = await arm.deploy(content, parameters={"password": "hunter2-hunter2"})
    operations = await arm.operations_of()

    properties = deployment["properties"]
    assert properties["parameters"] == {"password": {"type": "SecureString"}, "size": {"type": "Int", "value": 2}}
    assert properties["outputs"] == {"secret": {"type": "SecureString"}}
    assert "hunter2" not in str(deployment) + str(operations) + (arm.folder / "requests.log").read_text()


async def test_a_subscription_deployment_makes_groups_and_fills_them(arm: Arm) -> None:
    group = {
        "type": "Microsoft.Resources/resourceGroups",
        "apiVersion": "2022-09-01",
        "name": "made",
        "location": "westus",
    }
    made_first = ["[subscriptionResourceId('Microsoft.Resources/resourceGroups', 'made')]"]
    inside = template(resource("a", location="[resourceGroup().location]"))
    content = template(group, nested("inside", inside, resourceGroup="made", dependsOn=made_first))
    content["$schema"] = SUBSCRIPTION_SCHEMA

    poller = await arm.deployments.begin_create_or_update_at_subscription_scope(
        "main", {"location": "eastus2", "properties": {"mode": "Incremental", "template": content}}
    )
    deployment = await poller.result()

    assert deployment.properties.provisioning_state == "Succeeded"
    assert deployment.location == "eastus2"
    made = await arm.groups.resource_groups.get("made")
    assert made.location == "westus"
    [found_inside] = [found async for found in arm.groups.resources.list_by_resource_group("made")]
    assert (found_inside.name, found_inside.location) == ("a", "westus")


@pytest.mark.parametrize("location", [None, "westus"])
async def test_a_subscription_deployment_has_one_location(arm: Arm, location: str | None) -> None:
    path = f"/subscriptions/{GROUP_PATH.split('/')[2]}/providers/Microsoft.Resources/deployments/main"
    body = {"location": "eastus2", "properties": {"mode": "Incremental", "template": template()}}
    await arm.request("PUT", path, body)
    await arm.ended(path)

    status, answer = await arm.request("PUT", path, body | {"location": location})

    expected = (409, "InvalidDeploymentLocation") if location else (400, "InvalidDeployment")
    assert (status, answer["error"]["code"]) == expected


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"mode": "Incremental"}, "InvalidRequestContent"),
        ({"mode": "Incremental", "template": {}, "templateLink": {"uri": "https://a"}}, "InvalidRequestContent"),
        ({"template": template()}, "InvalidRequestContent"),
        ({"mode": "Incremental", "template": [1]}, "InvalidRequestContent"),
        ({"mode": "Incremental", "template": template(), "surprise": 1}, "InvalidRequestContent"),
        ({"mode": "Incremental", "template": template(resource("[concat('a']"))}, "InvalidTemplate"),
        ({"mode": "Incremental", "template": template(), "parameters": {"x": {"value": 1}}}, "InvalidTemplate"),
        ({"mode": "Incremental", "template": template(parameters={"x": {"type": "int"}})}, "InvalidTemplate"),
        ({"mode": "Incremental", "template": {"resources": []}}, "InvalidTemplate"),
        ({"mode": "Incremental", "templateLink": {"relativePath": "a.json"}}, "InvalidTemplateLink"),
        ({"mode": "Incremental", "templateLink": {"uri": "ftp://a"}}, "InvalidContentLink"),
    ],
)
async def test_what_is_wrong_is_found_before_anything_runs(arm: Arm, properties: object, code: str) -> None:
    status, answer = await arm.request("PUT", f"{DEPLOYMENTS}/main", {"properties": properties})

    assert (status, answer["error"]["code"]) == (400, code)
    assert (await arm.request("GET", f"{DEPLOYMENTS}/main"))[0] == 404


async def test_a_refused_template_says_where(arm: Arm) -> None:
    content = template(parameters={"x": {"type": "int"}})

    _, answer = await arm.request(
        "PUT", f"{DEPLOYMENTS}/main", {"properties": {"mode": "Incremental", "template": content}}
    )

    [info] = answer["error"]["additionalInfo"]
    assert info["type"] == "TemplateViolation"
    assert info["info"]["path"] == "properties.template.parameters.x"


@pytest.mark.parametrize(
    ("name", "is_good"), [("a" * 64, True), ("a-b.c_(d)", True), ("a" * 65, False), ("a b", False)]
)
async def test_names_follow_the_rules(arm: Arm, name: str, is_good: bool) -> None:
    body = {"properties": {"mode": "Incremental", "template": template()}}

    status, answer = await arm.request("PUT", f"{DEPLOYMENTS}/{name}", body)

    assert status == (201 if is_good else 400)
    assert is_good or answer["error"]["code"] == "InvalidDeploymentName"


async def test_a_request_of_more_than_4_mb_is_refused(arm: Arm) -> None:
    body = {"properties": {"mode": "Incremental", "template": template(variables={"v": "x" * 4 * 1024 * 1024})}}

    status, answer = await arm.request("PUT", f"{DEPLOYMENTS}/main", body)

    assert (status, answer["error"]["code"]) == (413, "RequestContentTooLarge")


async def test_an_absent_group_or_deployment_is_not_found(arm: Arm) -> None:
    body = {"properties": {"mode": "Incremental", "template": template()}}

    absent = f"{GROUP_PATH.removesuffix('rg')}absent/providers/Microsoft.Resources/deployments/main"
    status, answer = await arm.request("PUT", absent, body)
    with pytest.raises(ResourceNotFoundError) as missing:
        await arm.deployments.get("rg", "missing")

    assert (status, answer["error"]["code"]) == (404, "ResourceGroupNotFound")
    assert missing.value.error is not None
    assert missing.value.error.code == "DeploymentNotFound"
    assert not await arm.deployments.check_existence("rg", "missing")


async def test_operations_come_in_pages(arm: Arm) -> None:
    content = template(resource("[concat('a', copyIndex())]", copy={"name": "many", "count": 120}))
    await arm.deploy(content)

    operations = [operation async for operation in arm.operations.list("rg", "main")]
    _, first = await arm.request("GET", f"{DEPLOYMENTS}/main/operations")

    assert len(operations) == 121
    assert len(first["value"]) == 100


async def test_letter_case_of_a_path_does_not_matter(arm: Arm) -> None:
    await arm.deploy(template(resource("a")))

    status, answer = await arm.request("GET", f"{DEPLOYMENTS}/main".upper())

    assert (status, answer["id"]) == (200, f"{DEPLOYMENTS}/main")
