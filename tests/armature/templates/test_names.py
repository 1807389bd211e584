"""What a template defines and names."""

import pytest

from armature.templates.names import created_resource_groups, defined_resources, named_resources
from tests.armature.templates.building import deployment, inline, resource, template, template_value

PARAMETERS = {"name": {"type": "string"}, "suffix": {"type": "string", "defaultValue": "x"}}


def test_resources_are_defined_by_type_and_full_name_in_lower_case() -> None:
    child = {"type": "slots", "apiVersion": "2023-01-01", "name": "Stage"}
    declared = template(
        parameters=PARAMETERS,
        resources=[
            resource(name="[concat('Site-', parameters('suffix'))]", resources=[child]),
            resource(name="[parameters('name')]"),
        ],
    )

    assert defined_resources(declared) == {
        ("microsoft.web/sites", "site-x"),
        ("microsoft.web/sites/slots", "site-x/stage"),
    }
    assert ("microsoft.web/sites", "given") in defined_resources(declared, {"NAME": "Given"})
    assert ("microsoft.web/sites", "site-y") in defined_resources(declared, {"suffix": "Y"})


def test_every_copy_is_defined() -> None:
    loop = {"name": "loop", "count": "[parameters('count')]"}
    declared = template(
        parameters={"count": {"type": "int", "defaultValue": 2}},
        resources=[resource(name="[concat('s', copyIndex(1), '-', copyIndex('LOOP'))]", copy=loop)],
    )

    assert defined_resources(declared) == {("microsoft.web/sites", "s1-0"), ("microsoft.web/sites", "s2-1")}


def test_existing_resources_are_named_and_not_defined() -> None:
    declared = template(languageVersion="2.0", resources={"there": resource(existing=True)})

    assert defined_resources(declared) == set()
    assert named_resources(declared) == {("microsoft.web/sites", "site")}


def test_ids_name_a_resource_and_its_parents() -> None:
    subnet = ("microsoft.network/virtualnetworks/subnets", "vnet/snet")
    vnet = ("microsoft.network/virtualnetworks", "vnet")
    declared = template(
        resources=[
            resource(
                dependsOn=["[resourceId('Microsoft.Web/serverfarms', 'Plan')]"],
                properties={
                    "subnet": "[resourceId('rg', 'Microsoft.Network/virtualNetworks/subnets', 'vnet', 'snet')]",
                    "literal": "/subscriptions/x/resourceGroups/y/providers/Microsoft.KeyVault/vaults/kv",
                    "role": "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'r')]",
                },
            )
        ]
    )

    assert named_resources(declared) == {
        ("microsoft.web/serverfarms", "plan"),
        subnet,
        vnet,
        ("microsoft.keyvault/vaults", "kv"),
        ("microsoft.authorization/roledefinitions", "r"),
    }


def test_references_by_name_or_id_name_a_resource() -> None:
    declared = template(
        resources=[resource(name="Own")],
        outputs={
            "byName": {"type": "string", "value": "[reference('own').state]"},
            "byId": {
                "type": "string",
                "value": "[listKeys('/subscriptions/x/resourceGroups/y/providers/A.B/c/d', '1').key]",
            },
        },
    )

    assert named_resources(declared) == {("microsoft.web/sites", "own"), ("a.b/c", "d")}


def test_what_can_not_be_told_is_left_out() -> None:
    declared = template(
        parameters=PARAMETERS,
        resources=[
            resource(
                name="[reference('x').name]",
                dependsOn=["[resourceId('A.B/c', parameters('name'))]", "[resourceId('A.B/c']", "bare"],
                copy={"name": "l", "count": "[parameters('name')]"},
            )
        ],
    )

    assert defined_resources(declared) == set()
    assert named_resources(declared) == set()


def test_templates_inside_define_and_name_with_their_own_parameters() -> None:
    inside = template_value(
        parameters={"n": {"type": "string"}},
        resources=[resource(name="[parameters('n')]", dependsOn=["[resourceId('A.B/c', parameters('n'))]"])],
    )
    declared = template(
        parameters=PARAMETERS,
        resources=[inline(inside, "inner", parameters={"n": {"value": "[parameters('suffix')]"}})],
    )

    assert defined_resources(declared) == {
        ("microsoft.resources/deployments", "linked"),
        ("microsoft.web/sites", "x"),
    }
    assert ("a.b/c", "x") in named_resources(declared)


def test_outer_templates_inside_see_the_parameters_around_them() -> None:
    inside = template_value(resources=[resource(name="[parameters('suffix')]")])

    assert ("microsoft.web/sites", "x") in defined_resources(
        template(parameters=PARAMETERS, resources=[inline(inside)])
    )


def test_the_resource_groups_that_a_template_creates_are_told_as_they_are_written() -> None:
    group = {"type": "Microsoft.Resources/resourceGroups", "apiVersion": "2022-09-01"}
    declared = template(
        parameters=PARAMETERS,
        resources=[
            {**group, "name": "RG-one"},
            {**group, "name": "[concat('rg-', parameters('suffix'))]"},
            {**group, "name": "[parameters('name')]"},
            deployment(),
        ],
    )

    assert created_resource_groups(declared) == {"RG-one", "rg-x"}
    assert created_resource_groups(declared, {"name": "rg-z"}) == {"RG-one", "rg-x", "rg-z"}


def test_defaults_that_name_one_another_twice_are_told_once_each() -> None:
    doubled = {
        f"p{number}": {
            "type": "string",
            "defaultValue": f"[take(concat(parameters('p{number - 1}'), parameters('p{number - 1}')), 1)]",
        }
        for number in range(1, 60)
    }
    declared = template(
        parameters={"p0": {"type": "string", "defaultValue": "x"}, **doubled},
        resources=[resource(name="[parameters('p59')]")],
    )

    assert defined_resources(declared) == {("microsoft.web/sites", "x")}


def test_a_template_of_more_copies_than_arm_takes_is_left_out() -> None:
    loop = {"name": "l", "count": 401}
    declared = template(resources=[resource(name=f"[concat('{n}', copyIndex())]", copy=loop) for n in ("a", "b")])

    assert defined_resources(declared) == named_resources(declared) == set()


@pytest.mark.parametrize("text", ["/providers/" + "a." * 100_000, "/providers/a.b" + "/c/d" * 100_000])
def test_what_only_looks_like_a_resource_id_is_looked_at_in_time(text: str) -> None:
    found = named_resources(template(resources=[resource(name="x", tags={"id": text})]))

    assert len(found) < 50
