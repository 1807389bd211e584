"""What a template declares."""

import json
from typing import Any

import pytest

from armature.templates.evaluation import StaticScope, evaluate
from armature.templates.reading import JsonSyntaxError, Position
from armature.templates.template import DeploymentScope, OutputDefinition, Template, TemplateShapeError, joined_name
from tests.armature.templates.building import SCHEMAS, deployment, inline, resource, template, template_value


@pytest.mark.parametrize(
    ("schema", "scope"),
    [
        ("deploymentTemplate.json#", DeploymentScope.RESOURCE_GROUP),
        ("DeploymentTemplate.json", DeploymentScope.RESOURCE_GROUP),
        ("subscriptionDeploymentTemplate.json#", DeploymentScope.SUBSCRIPTION),
        ("managementGroupDeploymentTemplate.json#", DeploymentScope.MANAGEMENT_GROUP),
        ("tenantDeploymentTemplate.json#", DeploymentScope.TENANT),
    ],
)
def test_the_schema_says_what_a_template_is_deployed_to(schema: str, scope: DeploymentScope) -> None:
    assert template(**{"$schema": f"{SCHEMAS}/{schema}"}).scope is scope


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"$schema": None}, ""),
        ({"$schema": f"{SCHEMAS}/deploymentParameters.json#"}, "/$schema"),
        ({"resources": None}, "/resources"),
        ({"resources": "none"}, "/resources"),
    ],
)
def test_what_is_no_template_is_told_apart(change: dict[str, Any], pointer: str) -> None:
    with pytest.raises(TemplateShapeError) as caught:
        template(**change)

    assert caught.value.pointer == pointer


def test_a_list_is_no_template() -> None:
    with pytest.raises(TemplateShapeError) as caught:
        Template.read(b"\n [1]", file="main.json")

    assert caught.value.position == Position(2, 2)


def test_what_is_no_json_is_no_template() -> None:
    with pytest.raises(JsonSyntaxError):
        Template.read(b"{", file="main.json")


def test_parameters_are_found_without_regard_to_case() -> None:
    declared = template(
        parameters={
            "Name": {"type": "String", "allowedValues": ["a", "b"], "minLength": 1, "maxLength": 3},
            "secret": {"type": "secureString", "defaultValue": ""},
            "count": {"type": "int", "minValue": 1, "maxValue": 5},
        }
    )

    name, secret, count = (declared.parameter(each) for each in ("NAME", "SECRET", "Count"))

    assert name is not None
    assert secret is not None
    assert count is not None
    assert (name.name, name.type, name.allowed_values, name.min_length, name.max_length) == (
        "Name",
        "string",
        ("a", "b"),
        1,
        3,
    )
    assert (name.secure, name.is_required) == (False, True)
    assert (secret.type, secret.secure, secret.has_default, secret.default, secret.is_required) == (
        "securestring",
        True,
        True,
        "",
        False,
    )
    assert (count.min_value, count.max_value) == (1, 5)
    assert declared.parameter("other") is None


def test_a_reference_to_a_definition_is_followed() -> None:
    declared = template(
        definitions={
            "base": {"type": "secureObject", "nullable": True},
            "middle": {"$ref": "#/definitions/base"},
            "round": {"$ref": "#/definitions/round"},
        },
        parameters={"a": {"$ref": "#/definitions/middle"}, "b": {"$ref": "#/definitions/round"}},
        outputs={"o": {"$ref": "#/definitions/base", "value": 1}},
    )

    a, b = declared.parameters["a"], declared.parameters["b"]

    assert (a.type, a.secure, a.nullable, a.is_required) == ("secureobject", True, True, False)
    assert b.type == ""
    assert declared.output("O") == OutputDefinition("o", "secureobject", secure=True)


def test_variables_that_loops_make_are_known_by_name() -> None:
    declared = template(variables={"Plain": 1, "copy": [{"name": "Made", "count": 2, "input": "[copyIndex('Made')]"}]})

    assert declared.variables == {"Plain": 1}
    assert declared.variable_names == {"plain", "made"}


def test_children_have_the_full_type_and_name() -> None:
    subnet = {"type": "subnets", "apiVersion": "2023-01-01", "name": "[parameters('subnet')]"}
    network = resource(type="Microsoft.Network/virtualNetworks", name="vnet", resources=[subnet])
    lock = resource(type="Microsoft.Authorization/locks", name="lock")
    full = resource(type="Microsoft.Network/virtualNetworks/peerings", name="p")
    network["resources"] += [lock, full]

    declared = template(resources=[network, resource()]).resources

    assert [(each.type, each.name, each.pointer, each.depth) for each in declared] == [
        ("Microsoft.Network/virtualNetworks", "vnet", "/resources/0", 0),
        (
            "Microsoft.Network/virtualNetworks/subnets",
            "[concat('vnet', '/', parameters('subnet'))]",
            "/resources/0/resources/0",
            1,
        ),
        ("Microsoft.Authorization/locks", "vnet/lock", "/resources/0/resources/1", 1),
        ("Microsoft.Network/virtualNetworks/peerings", "vnet/p", "/resources/0/resources/2", 1),
        ("Microsoft.Web/sites", "site", "/resources/1", 0),
    ]


def test_a_joined_name_evaluates_to_both_names() -> None:
    name = joined_name("[concat('a', 'b')]", "c'd")

    assert evaluate(name, StaticScope()) == "ab/c'd"
    assert joined_name("a", "[not( an expression]") == "a/[not( an expression]"


def test_resources_by_symbolic_name_are_declared_too() -> None:
    declared = template(
        languageVersion="2.0",
        resources={"a/b": resource(), "there": resource(existing=True, name="other")},
    )

    assert [(each.symbolic_name, each.pointer, each.is_existing) for each in declared.resources] == [
        ("a/b", "/resources/a~1b", False),
        ("there", "/resources/there", True),
    ]
    assert declared.resource_count == 1
    assert declared.language_version == "2.0"


def test_copies_of_a_constant_count_are_counted() -> None:
    loops = [
        resource(copy={"name": "a", "count": 3}),
        resource(copy={"name": "b", "count": "[parameters('n')]"}),
        resource(copy={"name": "c", "count": 0}),
    ]

    assert template(resources=loops).resource_count == 4


@pytest.mark.parametrize(
    ("language_version", "evaluation", "is_inner"),
    [(None, None, False), (None, "inner", True), (None, "Outer", False), ("2.0", None, True), ("2.0", "inner", True)],
)
def test_the_scope_of_an_inline_template_is_outer_unless_something_says_inner(
    language_version: str | None, evaluation: str | None, is_inner: bool
) -> None:
    sections = {"languageVersion": language_version} if language_version else {}
    declared = template(resources=[inline(template_value(), evaluation)], **sections)

    (found,) = declared.inline_templates

    assert found.is_inner is is_inner
    assert found.template.pointer == "/resources/0/properties/template"
    assert found.deployment.is_deployment


def test_only_deployments_have_inline_templates() -> None:
    other = resource(properties={"template": template_value()})

    assert template(resources=[other, deployment()]).inline_templates == []


def test_functions_of_the_template_are_known_by_namespace_and_name() -> None:
    member = {
        "parameters": [{"name": "a", "type": "string"}],
        "output": {"type": "String", "value": "[parameters('a')]"},
    }
    declared = template(functions=[{"namespace": "My", "members": {"same": member}}])

    function = declared.user_functions["my.same"]

    assert function.full_name == "My.same"
    assert [parameter.name for parameter in function.parameters] == ["a"]
    assert (function.output, function.output_type) == ("[parameters('a')]", "string")
    assert function.pointer == "/functions/0/members/same"


def test_a_template_that_is_told_its_location_is_known_by_its_parameter() -> None:
    assert template(parameters={"_ARTIFACTSLOCATION": {"type": "string"}}).uses_artifacts_location
    assert not template().uses_artifacts_location


def test_sections_of_the_wrong_kind_are_read_as_empty() -> None:
    declared = template(parameters=[1], variables="x", outputs=None, functions={"a": 1}, resources=[1, "x"])

    assert (declared.parameters, declared.variables, declared.outputs) == ({}, {}, {})
    assert (dict(declared.user_functions), declared.resources) == ({}, [])


def test_a_template_is_read_with_comments_and_a_byte_order_mark() -> None:
    text = "\ufeff" + json.dumps(template_value()).replace('"resources": []', '"resources": [/* none */] // yet\n')

    assert Template.read(text.encode(), file="main.json").resources == []
