"""Nested templates: whose parameters and variables they see, where they go, and what comes back."""

import pytest

from tests.emulator.arm.running import GROUP_PATH, Arm, nested, resource, template

OUTPUT = {"o": {"type": "string", "value": "[variables('v')]"}}


async def output_of(arm: Arm, content: dict[str, object], name: str = "main") -> object:
    """The output `o` of a deployment that succeeds."""
    deployment = await arm.deploy(content, name=name)
    assert deployment["properties"]["provisioningState"] == "Succeeded", deployment["properties"]["error"]
    return deployment["properties"]["outputs"]["o"]["value"]


@pytest.mark.parametrize(("scope", "expected"), [("inner", "own"), ("outer", "parent's")])
async def test_an_expression_sees_the_variables_of_its_scope(arm: Arm, scope: str, expected: str) -> None:
    child = template(variables={"v": "own"}, outputs=OUTPUT)
    up = {"o": {"type": "string", "value": "[reference('child').outputs.o.value]"}}

    content = template(nested("child", child, scope=scope), variables={"v": "parent's"}, outputs=up)

    assert await output_of(arm, content) == expected


async def test_parameters_are_handed_down_and_outputs_up_without_regard_to_case(arm: Arm) -> None:
    child = template(
        parameters={"Size": {"type": "int"}},
        outputs={"Twice": {"type": "int", "value": "[mul(parameters('size'), 2)]"}},
    )
    up = {"o": {"type": "string", "value": "[string(reference('child').outputs.twice.value)]"}}

    assert await output_of(arm, template(nested("child", child, parameters={"SIZE": {"value": 4}}), outputs=up)) == "8"


async def test_the_output_of_one_nested_deployment_feeds_another(arm: Arm) -> None:
    first = template(outputs={"o": {"type": "string", "value": "made"}})
    second = template(
        parameters={"p": {"type": "string"}}, outputs={"o": {"type": "string", "value": "[parameters('p')]"}}
    )
    fed = {"p": {"value": "[concat('re', reference('first').outputs.o.value)]"}}
    up = {"o": {"type": "string", "value": "[reference('second').outputs.o.value]"}}

    content = template(nested("second", second, parameters=fed), nested("first", first), outputs=up)

    assert await output_of(arm, content) == "remade"


async def test_a_nested_template_is_checked_when_its_turn_comes(arm: Arm) -> None:
    second = template(parameters={"p": {"type": "int"}})
    fed = {"p": {"value": "[reference('first').outputs.o.value]"}}
    first = template(outputs={"o": {"type": "string", "value": "no number"}})

    deployment = await arm.deploy(template(nested("second", second, parameters=fed), nested("first", first)))

    [detail] = deployment["properties"]["error"]["details"]
    assert detail["code"] == "InvalidTemplate"
    assert "Expected a value of type 'Integer', but received a value of type 'String'" in detail["message"]


async def test_another_group_is_reached_by_name(arm: Arm) -> None:
    await arm.groups.resource_groups.create_or_update("other", {"location": "westus"})
    child = template(resource("a"), outputs={"o": {"type": "string", "value": "[resourceGroup().location]"}})
    up = {"o": {"type": "string", "value": "[reference(resourceId('other', 'Microsoft.Resources/deployments', 'child')).outputs.o.value]"}}  # fmt: skip # noqa: E501

    content = template(nested("child", child, resourceGroup="other"), outputs=up)

    assert await output_of(arm, content) == "westus"
    assert [r.name async for r in arm.groups.resources.list_by_resource_group("other")] == ["a"]
    assert [d.name async for d in arm.deployments.list_by_resource_group("other")] == ["child"]


async def test_a_group_that_is_absent_fails_its_nested_deployment(arm: Arm) -> None:
    deployment = await arm.deploy(template(nested("child", template(resource("a")), resourceGroup="absent")))

    assert [d["code"] for d in deployment["properties"]["error"]["details"]] == ["ResourceGroupNotFound"]


async def test_resources_of_nested_deployments_are_among_the_parents(arm: Arm) -> None:
    deployment = await arm.deploy(template(nested("child", template(resource("a"))), resource("b")))

    ids = {r["id"] for r in deployment["properties"]["outputResources"]}
    assert ids == {f"{GROUP_PATH}/providers/Microsoft.Contoso/things/{name}" for name in ("a", "b")}


async def test_nested_deployments_are_never_complete(arm: Arm) -> None:
    child = nested("child", template())
    child["properties"]["mode"] = "Complete"

    path = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/main"
    status, answer = await arm.request(
        "PUT", path, {"properties": {"mode": "Incremental", "template": template(child)}}
    )

    assert (status, answer["error"]["code"]) == (400, "InvalidTemplate")


async def test_a_loop_of_outer_scope_templates_sees_its_iteration(arm: Arm) -> None:
    child = template(resource("[concat('thing-', copyIndex())]"))
    loop = nested("[concat('child-', copyIndex())]", child, scope="outer", copy={"name": "loop", "count": 2})

    deployment = await arm.deploy(template(loop))

    names = sorted(r["id"].rpartition("/")[2] for r in deployment["properties"]["outputResources"])
    assert names == ["thing-0", "thing-1"]


async def test_an_outer_scope_template_waits_for_what_it_refers_to(arm: Arm) -> None:
    child = template(resource("b", properties={"kind": "[reference('a').kind]"}))
    content = template(nested("child", child, scope="outer"), resource("a", properties={"kind": "round"}))

    deployment = await arm.deploy(content)
    made = await arm.groups.resources.get_by_id(
        f"{GROUP_PATH}/providers/Microsoft.Contoso/things/b", api_version="2024-01-01"
    )

    assert deployment["properties"]["provisioningState"] == "Succeeded"
    assert made.properties["kind"] == "round"


async def test_loops_of_variables_properties_and_outputs_are_unrolled(arm: Arm) -> None:
    content = template(
        resource("a", properties={"copy": [{"name": "disks", "count": 2, "input": {"lun": "[copyIndex('disks')]"}}]}),
        variables={"copy": [{"name": "names", "count": 3, "input": "[concat('n', copyIndex('names', 1))]"}]},
        outputs={
            "o": {"type": "string", "value": "[join(variables('names'), ',')]"},
            "many": {"type": "array", "copy": {"count": 2, "input": "[copyIndex()]"}},
        },
    )

    assert await output_of(arm, content) == "n1,n2,n3"
    made = await arm.groups.resources.get_by_id(
        f"{GROUP_PATH}/providers/Microsoft.Contoso/things/a", api_version="2024-01-01"
    )
    deployment = await arm.deployments.get("rg", "main")
    assert made.properties["disks"] == [{"lun": 0}, {"lun": 1}]
    assert deployment.properties.outputs["many"]["value"] == [0, 1]


async def test_functions_of_the_template_see_their_arguments_only(arm: Arm) -> None:
    greet = {
        "namespace": "contoso",
        "members": {
            "greet": {
                "parameters": [{"name": "who", "type": "string"}],
                "output": {"type": "string", "value": "[concat('Hello ', parameters('who'))]"},
            }
        },
    }
    outputs = {"o": {"type": "string", "value": "[contoso.greet('world')]"}}

    assert await output_of(arm, template(functions=[greet], outputs=outputs)) == "Hello world"


@pytest.mark.parametrize(
    ("middle", "escapes", "expected"),
    [("inner", "", "parent's"), ("inner", "[", "own"), ("outer", "[", "between's"), ("outer", "[[", "own")],
)
async def test_what_stands_in_an_outer_template_is_evaluated_once_by_each_around_it(
    arm: Arm, middle: str, escapes: str, expected: str
) -> None:
    told = {"o": {"type": "string", "value": f"{escapes}[variables('v')]"}}
    deep = nested("deep", template(variables={"v": "own"}, outputs=told), scope="inner")
    between = template(nested("middle", template(deep), scope=middle), variables={"v": "between's"})
    content = template(nested("outer", between, scope="outer"), variables={"v": "parent's"})

    await arm.deploy(content)

    deployed = await arm.deployments.get("rg", "deep")
    assert deployed.properties.outputs["o"]["value"] == expected
