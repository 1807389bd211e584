"""Which templates a template links to, and how it is told where they are."""

from typing import Any

import pytest

from armature.templates.links import artifacts_location_problems, artifacts_location_style, linked_templates
from tests.armature.templates.building import deployment, inline, linked, template, template_value

LOCATION = {"_artifactsLocation": {"type": "string"}, "_artifactsLocationSasToken": {"type": "securestring"}}
OWN = "deployment().properties.templateLink.uri"


def path_of(link: dict[str, Any], *, file: str = "apps/web/main.json", **sections: Any) -> tuple[str | None, bool]:
    (found,) = linked_templates(template(file=file, resources=[linked(**link)], **sections))
    return found.path, found.is_in_bundle


@pytest.mark.parametrize(
    ("relative", "path"),
    [
        ("child.json", "apps/web/child.json"),
        ("nested/child.json", "apps/web/nested/child.json"),
        ("../shared/child.json", "apps/shared/child.json"),
        ("./child.json", "apps/web/child.json"),
        ("../../../outside.json", "../outside.json"),
        ("[concat('child', '.json')]", "apps/web/child.json"),
        ("[parameters('file')]", "apps/web/default.json"),
        ("[parameters('unknown')]", None),
        ("[concat('child', copyIndex(), '.json')]", None),
    ],
)
def test_a_relative_link_is_relative_to_the_template_that_holds_it(relative: str, path: str | None) -> None:
    parameters = {"file": {"type": "string", "defaultValue": "default.json"}, "unknown": {"type": "string"}}

    assert path_of({"relativePath": relative}, parameters=parameters) == (path, True)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        (f"[uri({OWN}, 'child.json')]", "apps/web/child.json"),
        (f"[uri({OWN}, '../child.json')]", "apps/child.json"),
        ("[variables('viaVariable')]", "apps/web/v.json"),
        ("[uri(parameters('_artifactsLocation'), 'nested/c.json')]", "apps/web/nested/c.json"),
        (
            "[uri(parameters('_artifactsLocation'), concat('c.json', parameters('_artifactsLocationSasToken')))]",
            "apps/web/c.json",
        ),
        (
            "[concat(uri(parameters('_artifactsLocation'), 'c.json'), parameters('_artifactsLocationSasToken'))]",
            "apps/web/c.json",
        ),
        (
            "[concat(parameters('_artifactsLocation'), '/', 'c.json', parameters('_artifactsLocationSasToken'))]",
            "apps/web/c.json",
        ),
        ("[concat(parameters('_artifactsLocation'), '/nested/c.json')]", "apps/web/nested/c.json"),
        ("[format('{0}/c.json{1}', parameters('_artifactsLocation'), '')]", "apps/web/c.json"),
        ("[concat(parameters('_ARTIFACTSLOCATION'), 'c.json')]", "apps/web/c.json"),
        ("[concat(parameters('_artifactsLocation'), '/', parameters('file'))]", None),
        ("[if(equals(parameters('file'), 'x'), 'a', 'b')]", None),
    ],
)
def test_a_link_made_from_a_known_address_is_followed(uri: str, path: str | None) -> None:
    variables = {"viaVariable": f"[uri({OWN}, 'v.json')]"}
    parameters = {**LOCATION, "file": {"type": "string"}}

    assert path_of({"uri": uri}, variables=variables, parameters=parameters)[0] == path


@pytest.mark.parametrize(
    ("uri", "is_in_bundle"),
    [
        ("https://example.org/template.json", False),
        ("[concat('https://example.org/', 'template.json')]", False),
        ("[parameters('templateUri')]", True),
        ("[reference('x').outputs.uri.value]", True),
    ],
)
def test_a_link_that_can_not_be_followed_may_lead_into_the_bundle(uri: str, is_in_bundle: bool) -> None:
    assert path_of({"uri": uri}, parameters={"templateUri": {"type": "string"}}) == (None, is_in_bundle)


def test_known_parameter_values_count_more_than_defaults() -> None:
    parameters = {"file": {"type": "string", "defaultValue": "a.json"}}
    holder = template(file="main.json", parameters=parameters, resources=[linked(relativePath="[parameters('file')]")])

    (link,) = linked_templates(holder, parameters={"FILE": "b.json"})

    assert link.path == "b.json"


def test_the_artifacts_location_of_a_linked_template_is_that_of_its_root() -> None:
    uri = "[uri(parameters('_artifactsLocation'), 'nested/b.json')]"
    holder = template(file="app/nested/a.json", parameters=LOCATION, resources=[linked(uri=uri)])

    (link,) = linked_templates(holder, artifacts_folder="app")

    assert link.path == "app/nested/b.json"


def test_links_inside_inline_templates_are_found() -> None:
    inside = template_value(resources=[linked(relativePath="b.json")])
    holder = template(file="main.json", resources=[inline(inside), linked(relativePath="a.json")])

    links = linked_templates(holder)

    assert [(link.path, link.pointer) for link in links] == [
        ("a.json", "/resources/1/properties/templateLink/relativePath"),
        ("b.json", "/resources/0/properties/template/resources/0/properties/templateLink/relativePath"),
    ]


def test_template_specs_and_deployments_without_a_link_are_no_links() -> None:
    spec = linked(id="/subscriptions/x/resourceGroups/y/providers/Microsoft.Resources/templateSpecs/z/versions/1")

    assert linked_templates(template(resources=[spec, deployment()])) == []


@pytest.mark.parametrize(
    ("expressions", "style"),
    [
        (["[uri(parameters('_artifactsLocation'), 'a')]"], "slash"),
        (["[concat(parameters('_artifactsLocation'), '/a')]"], "no-slash"),
        (["[concat(parameters('_artifactsLocation'), '/', 'a')]"], "no-slash"),
        (["[concat(parameters('_artifactsLocation'), 'a')]"], "slash"),
        (["[format('{0}/a', parameters('_artifactsLocation'))]"], "no-slash"),
        (["[format('{0}a', parameters('_artifactsLocation'))]"], "slash"),
        (["[parameters('_artifactsLocation')]"], None),
        (["[concat(parameters('_artifactsLocation'), parameters('_artifactsLocationSasToken'))]"], None),
        (["[concat(variables('base'), '/a')]"], "no-slash"),
        (["[uri(variables('BASE'), 'a')]"], "slash"),
    ],
)
def test_the_style_of_the_artifacts_location_is_told_by_its_use(expressions: list[str], style: str | None) -> None:
    variables = {"base": "[parameters('_artifactsLocation')]", **dict(enumerate(expressions))}
    holder = template(parameters=LOCATION, variables={str(name): value for name, value in variables.items()})

    assert artifacts_location_style(holder) == style
    assert artifacts_location_problems(holder) == []


def test_both_styles_in_one_template_are_a_problem_at_the_second() -> None:
    variables = {
        "a": "[concat(parameters('_artifactsLocation'), '/a')]",
        "b": "[uri(parameters('_artifactsLocation'), 'b')]",
    }
    holder = template(parameters=LOCATION, variables=variables)

    (problem,) = artifacts_location_problems(holder)

    assert problem.pointer == "/variables/b"
    assert problem.line == 1


def test_defaults_that_name_one_another_twice_are_told_once_each() -> None:
    doubled = {
        f"p{number}": {
            "type": "string",
            "defaultValue": f"[take(concat(parameters('p{number - 1}'), parameters('p{number - 1}')), 1)]",
        }
        for number in range(1, 60)
    }
    holder = template(
        parameters={"p0": {"type": "string", "defaultValue": "x"}, **doubled},
        resources=[linked(relativePath="[concat(parameters('p59'), '.json')]")],
    )

    assert [link.path for link in linked_templates(holder)] == ["templates/x.json"]
