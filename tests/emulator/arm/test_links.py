"""Linked templates: fetched over HTTPS with what the link holds, found broken before anything runs where it can be."""

import pytest

from tests.emulator.arm.running import (
    GROUP_PATH,
    Arm,
    TemplateServer,
    failing,
    linked,
    nested,
    resource,
    template,
)

DEPLOYMENT = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/main"


async def refusal(arm: Arm, **properties: object) -> dict[str, object]:
    """The error of a PUT that is refused."""
    status, answer = await arm.request("PUT", DEPLOYMENT, {"properties": {"mode": "Incremental"} | properties})
    assert status == 400
    error: dict[str, object] = answer["error"]
    return error


async def test_a_root_template_is_fetched_with_its_query_string(arm: Arm, templates: TemplateServer) -> None:
    templates.files["/main.json"] = template(resource("a"))

    deployment = await arm.deploy(
        templateLink={"uri": f"{templates.url}/main.json", "queryString": "sig=right", "contentVersion": "1.0.0.0"}
    )

    assert deployment["properties"]["provisioningState"] == "Succeeded"
    assert deployment["properties"]["templateLink"] == {
        "uri": f"{templates.url}/main.json",
        "contentVersion": "1.0.0.0",
    }
    assert "right" not in str(deployment)


async def test_relative_links_follow_their_parents_folder_and_query_string(arm: Arm, templates: TemplateServer) -> None:
    up = {"r": {"type": "string", "value": "[reference('next').outputs.R.value]"}}
    templates.files |= {
        "/main.json": template(linked("next", {"relativePath": "one.json"}), outputs=up),
        "/one.json": template(linked("next2", {"relativePath": "deep/two.json"}), outputs={
            "r": {"type": "string", "value": "[reference('next2').outputs.r.value]"}}),
        "/deep/two.json": template(outputs={"R": {"type": "string", "value": "from below"}}),
    }  # fmt: skip

    deployment = await arm.deploy(templateLink={"uri": f"{templates.url}/main.json", "queryString": "?sig=right"})

    assert deployment["properties"]["outputs"]["r"]["value"] == "from below"
    assert templates.asked == ["/main.json?sig=right", "/one.json?sig=right", "/deep/two.json?sig=right"]


async def test_absolute_links_get_nothing_added(arm: Arm, templates: TemplateServer) -> None:
    link = {"uri": "[uri(deployment().properties.templateLink.uri, 'child.json')]"}
    templates.files |= {"/main.json": template(linked("child", link)), "/child.json": template()}

    error = await refusal(arm, templateLink={"uri": f"{templates.url}/main.json", "queryString": "sig=right"})

    assert error["code"] == "InvalidContentLink"
    assert f"'{templates.url}/child.json'" in str(error["message"])
    assert templates.asked[-1] == "/child.json"


async def test_links_with_the_token_of_a_parameter_work(arm: Arm, templates: TemplateServer) -> None:
    link = {
        "uri": "[concat(parameters('_artifactsLocation'), '/child.json', parameters('_artifactsLocationSasToken'))]"
    }
    parameters = {"_artifactsLocation": {"type": "string"}, "_artifactsLocationSasToken": {"type": "securestring"}}
    templates.files["/child.json"] = template(resource("a"))

    values = {"_artifactsLocation": templates.url, "_artifactsLocationSasToken": "?sig=right"}
    deployment = await arm.deploy(template(linked("child", link), parameters=parameters), parameters=values)
    child = await arm.deployments.get("rg", "child")

    assert deployment["properties"]["provisioningState"] == "Succeeded"
    assert child.properties.template_link.uri == f"{templates.url}/child.json"
    assert child.properties.correlation_id == deployment["properties"]["correlationId"]


async def test_several_broken_links_are_all_told(arm: Arm, templates: TemplateServer) -> None:
    links = [linked(name, {"uri": f"{templates.url}/{name}.json?sig=wrong"}) for name in ("a", "b")]

    error = await refusal(arm, template=template(*links))

    assert error["code"] == "MultipleErrorsOccurred"
    assert [detail["code"] for detail in error["details"]] == ["InvalidContentLink"] * 2  # type: ignore[attr-defined]


@pytest.mark.parametrize("content", [b"{ no json", b"[]", b'{"contentVersion": "1.0.0.0"}'])
async def test_a_linked_template_that_is_none_is_refused(arm: Arm, templates: TemplateServer, content: bytes) -> None:
    templates.files["/child.json"] = content

    error = await refusal(arm, template=template(linked("a", {"uri": f"{templates.url}/child.json?sig=right"})))

    assert error["code"] == "InvalidTemplate"


async def test_a_template_that_is_too_big_is_refused(arm: Arm, templates: TemplateServer) -> None:
    templates.files["/child.json"] = b" " * (4 * 1024 * 1024) + b"{}"

    error = await refusal(arm, template=template(linked("a", {"uri": f"{templates.url}/child.json?sig=right"})))

    assert error["code"] == "InvalidContentLink"
    assert "maximum size" in str(error["message"])


async def test_another_content_version_than_the_link_asks_for_is_refused(arm: Arm, templates: TemplateServer) -> None:
    templates.files["/child.json"] = template()
    link = {"uri": f"{templates.url}/child.json?sig=right", "contentVersion": "2.0.0.0"}

    error = await refusal(arm, template=template(linked("a", link)))

    assert error["code"] == "InvalidTemplate"


async def test_a_link_that_waits_for_a_resource_is_followed_in_its_turn(arm: Arm, templates: TemplateServer) -> None:
    templates.files["/child.json"] = template(failing("Not_Valid"))
    where = template(outputs={"path": {"type": "string", "value": "child.json?sig=right"}})
    link = {"uri": f"[concat('{templates.url}/', reference('where').outputs.path.value)]"}

    deployment = await arm.deploy(template(nested("where", where), linked("late", link)))
    operations = await arm.operations_of("late")

    assert deployment["properties"]["provisioningState"] == "Failed"
    assert operations[0]["statusMessage"]["error"]["code"] == "InvalidRoleAssignmentId"


async def test_a_broken_link_of_a_late_deployment_is_found_early(arm: Arm, templates: TemplateServer) -> None:
    parameters = {"x": {"value": "[reference('first').outputs.x.value]"}}
    first = nested("first", template(outputs={"x": {"type": "string", "value": "1"}}))

    error = await refusal(
        arm,
        template=template(
            first, linked("late", {"uri": f"{templates.url}/gone.json?sig=right"}, parameters=parameters)
        ),
    )

    assert error["code"] == "InvalidContentLink"


async def test_linked_parameters_are_fetched(arm: Arm, templates: TemplateServer) -> None:
    templates.files["/values.json"] = {"contentVersion": "1.0.0.0", "parameters": {"x": {"value": "far"}}}
    content = template(parameters={"x": {"type": "string"}})

    body = {
        "properties": {
            "mode": "Incremental",
            "template": content,
            "parametersLink": {"uri": f"{templates.url}/values.json?sig=right"},
        }
    }
    status, answer = await arm.request("PUT", DEPLOYMENT, body)

    assert status == 201
    assert answer["properties"]["parameters"] == {"x": {"type": "String", "value": "far"}}


async def test_a_template_that_links_itself_ends(arm: Arm, templates: TemplateServer) -> None:
    templates.files["/main.json"] = template(linked("again", {"relativePath": "main.json"}))

    error = await refusal(arm, templateLink={"uri": f"{templates.url}/main.json", "queryString": "sig=right"})

    assert error["code"] == "InvalidTemplate"
    assert "nesting limit" in str(error["message"])
