import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.templates.evaluation import StaticScope
from armature.templates.name_patterns import name_pattern
from armature.templates.places import DeployedTemplates, Place
from armature.templates.reading import pointer_to
from armature.templates.template import Template

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
GROUP = "/subscriptions/1/resourceGroups/rg"
WEB = f"{GROUP}/providers/Microsoft.Web"
DEPLOYMENTS = f"{GROUP}/providers/Microsoft.Resources/deployments"
ROOT = "templates/main.json"


def template(*resources: Any, file: str = ROOT, **more: Any) -> Template:
    body = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": list(resources), **more}
    return Template.read(json.dumps(body, indent=2), file=file)


def site(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "Microsoft.Web/sites", "apiVersion": "2022-09-01", "name": name, "properties": {}, **more}


def deployment(name: str, **properties: Any) -> dict[str, Any]:
    kind = "Microsoft.Resources/deployments"
    return {"type": kind, "apiVersion": "2022-09-01", "name": name, "properties": {"mode": "Incremental", **properties}}


def linked(name: str, path: str, **parameters: Any) -> dict[str, Any]:
    values = {key: {"value": value} for key, value in parameters.items()}
    return deployment(name, templateLink={"relativePath": path}, parameters=values)


def nested(name: str, *resources: Any, **properties: Any) -> dict[str, Any]:
    inner = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": list(resources)}
    return deployment(name, template=inner, **properties)


def parameter(**more: Any) -> dict[str, Any]:
    return {"type": "string", **more}


def deployed(root: Template, *others: Template, **parameters: Any) -> DeployedTemplates:
    return DeployedTemplates({one.document.file: one for one in (root, *others)}, ROOT, parameters)


def test_a_resource_is_found_by_its_name() -> None:
    templates = deployed(template(site("other"), site("shop")))

    assert templates.place_of_resource(f"{WEB}/sites/Shop") == Place(ROOT, "/resources/1")
    assert str(templates.place_of_resource(f"{WEB}/sites/shop")) == "templates/main.json#/resources/1"


def test_a_name_that_parameters_tell_is_evaluated() -> None:
    root = template(
        site("[concat(parameters('prefix'), '-a')]"),
        site("[variables('name')]"),
        parameters={"prefix": parameter(), "suffix": parameter(defaultValue="b")},
        variables={"name": "[format('{0}-{1}', parameters('prefix'), parameters('suffix'))]"},
    )

    assert deployed(root, prefix="x").place_of_resource(f"{WEB}/sites/x-b") == Place(ROOT, "/resources/1")


def test_a_name_that_nothing_tells_is_matched_by_what_of_it_is_literal() -> None:
    root = template(
        site("[concat('api-', uniqueString(resourceGroup().id))]"),
        site("[format('web-{0}', reference('x').y)]"),
        site("[parameters('any')]"),
        parameters={"any": parameter()},
    )

    templates = deployed(root)

    assert templates.place_of_resource(f"{WEB}/sites/web-9abc") == Place(ROOT, "/resources/1")
    assert templates.place_of_resource(f"{WEB}/sites/api-9abc") == Place(ROOT, "/resources/0")
    assert templates.place_of_resource(f"{WEB}/sites/something") == Place(ROOT, "/resources/2")


def test_a_name_made_of_the_target_is_evaluated_where_the_target_is_known() -> None:
    root = template(site("a"), site("[concat('shop', resourceGroup().name)]"))

    templates = DeployedTemplates({ROOT: root}, ROOT, {}, GROUP)

    assert templates.place_of_resource(f"{WEB}/sites/shoprg") == Place(ROOT, "/resources/1")
    assert templates.place_of_resource(f"{WEB}/sites/shopother") is None


def test_where_several_fit_as_well_as_each_other_no_place_is_told() -> None:
    root = template(site("[reference('x').a]"), site("[reference('x').b]"))

    assert deployed(root).place_of_resource(f"{WEB}/sites/shop") is None


def test_of_two_with_opposite_conditions_the_one_that_is_deployed_is_told() -> None:
    root = template(
        site("shop", condition="[equals(parameters('kind'), 'a')]"),
        site("shop", condition="[not(equals(parameters('kind'), 'a'))]"),
        parameters={"kind": parameter()},
    )

    assert deployed(root, kind="b").place_of_resource(f"{WEB}/sites/shop") == Place(ROOT, "/resources/1")


def test_every_copy_leads_to_what_is_copied() -> None:
    root = template(
        site("one"),
        site("[concat('web', copyIndex(1))]", copy={"name": "webs", "count": "[parameters('count')]"}),
        parameters={"count": {"type": "int"}},
    )

    assert deployed(root, count=3).place_of_resource(f"{WEB}/sites/web3") == Place(ROOT, "/resources/1")
    assert deployed(root).place_of_resource(f"{WEB}/sites/web17") == Place(ROOT, "/resources/1")


def test_a_child_is_found_inside_of_its_parent_and_beside_it() -> None:
    child = {"type": "config", "apiVersion": "2022-09-01", "name": "web", "properties": {}}
    beside = {**child, "type": "Microsoft.Web/sites/config", "name": "shop/logs"}
    templates = deployed(template(site("shop", resources=[child]), beside))

    assert templates.place_of_resource(f"{WEB}/sites/shop/config/web") == Place(ROOT, "/resources/0/resources/0")
    assert templates.place_of_resource(f"{WEB}/sites/shop/config/logs") == Place(ROOT, "/resources/1")


def test_a_child_that_is_a_property_of_its_parent_is_where_the_parent_is() -> None:
    assert deployed(template(site("shop"))).place_of_resource(f"{WEB}/sites/shop/slots/b") == Place(
        ROOT, "/resources/0"
    )


def test_a_resource_by_its_symbolic_name_stands_under_it() -> None:
    root = template(languageVersion="2.0")
    root = Template.read(
        json.dumps({**root.value, "resources": {"a/b": site("shop"), "old": site("shop", existing=True)}}), file=ROOT
    )

    assert deployed(root).place_of_resource(f"{WEB}/sites/shop") == Place(ROOT, "/resources/a~1b")


def test_a_resource_of_a_nested_template_is_told_in_the_users_file() -> None:
    inner = nested(
        "inner",
        site("[concat(parameters('x'), '-web')]"),
        parameters={"x": {"value": "a"}},
        expressionEvaluationOptions={"scope": "inner"},
    )
    inner["properties"]["template"]["parameters"] = {"x": parameter()}
    root = template(site("b-web"), inner)

    found = deployed(root).place_of_resource(f"{WEB}/sites/a-web")

    assert found == Place(ROOT, "/resources/1/properties/template/resources/0")


def test_a_resource_of_a_linked_template_is_told_in_that_file_with_what_it_is_handed() -> None:
    web = template(site("[parameters('title')]"), file="templates/nested/web.json", parameters={"title": parameter()})
    data = template(site("[parameters('title')]"), file="templates/nested/data.json", parameters={"title": parameter()})
    root = template(
        linked("web", "nested/web.json", title="[concat(parameters('env'), '-web')]"),
        linked("data", "nested/data.json", title="[concat(parameters('env'), '-data')]"),
        parameters={"env": parameter()},
    )

    found = deployed(root, web, data, env="prod").place_of_resource(f"{WEB}/sites/prod-data")

    assert found == Place("templates/nested/data.json", "/resources/0")


def test_a_file_that_no_link_is_known_to_lead_to_is_looked_into_all_the_same() -> None:
    web = template(site("shop"), file="templates/web.json")
    root = template(deployment("web", templateLink={"uri": "[parameters('where')]"}), parameters={"where": parameter()})

    assert deployed(root, web).place_of_resource(f"{WEB}/sites/shop") == Place("templates/web.json", "/resources/0")


def test_templates_that_link_to_each_other_are_followed_to_an_end() -> None:
    a = template(linked("b", "b.json"), file=ROOT)
    b = template(linked("a", "main.json"), linked("c", "b.json"), site("shop"), file="templates/b.json")

    assert deployed(a, b).place_of_resource(f"{WEB}/sites/shop") == Place("templates/b.json", "/resources/2")


def test_a_property_is_told_where_it_is_written_and_else_its_resource() -> None:
    templates = deployed(template(site("shop", sku={"name": "P1"}, properties={"siteConfig": {"alwaysOn": True}})))
    shop = f"{WEB}/sites/shop"

    assert templates.place_of_resource(shop, "sku.name") == Place(ROOT, "/resources/0/sku/name")
    assert templates.place_of_resource(shop, "SiteConfig.AlwaysOn") == Place(
        ROOT, "/resources/0/properties/siteConfig/alwaysOn"
    )
    assert templates.place_of_resource(shop, "plan", "location") == Place(ROOT, "/resources/0")


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("resources[1].properties.siteConfig", "/resources/1/properties/siteConfig"),
        ("properties.template.resources[1].name", "/resources/1/name"),
        ("resources[1].properties['a.b']", "/resources/1/properties/a.b"),
        ("Resources[1].Properties.none", "/resources/1/properties"),
        ("variables.x", "/variables/x"),
    ],
)
def test_a_violation_is_placed_by_its_path(path: str, pointer: str) -> None:
    root = template(site("a"), site("b", properties={"siteConfig": {}, "a.b": 1}), variables={"x": 1})

    assert deployed(root).place_of_violation(path, 0, 0) == Place(ROOT, pointer)


def test_a_violation_without_a_path_is_placed_by_line_and_column() -> None:
    root = template(site("a"), site("b"))
    position = root.document.position("/resources/1/name")

    assert deployed(root).place_of_violation("", position.line, position.column) == Place(ROOT, "/resources/1/name")
    assert deployed(root).place_of_violation("", position.line, 999) == Place(ROOT, "/resources/1/name")


def test_a_violation_that_says_nothing_has_no_place() -> None:
    assert deployed(template(site("a"))).place_of_violation("", 0, 0) is None
    assert deployed(template(site("a"))).place_of_violation("nothing.here", 0, 0) is None
    assert deployed(template(site("a"))).place_of_violation("", 5000, 1) is None


def test_a_violation_of_a_linked_deployment_is_in_the_file_that_it_links_to() -> None:
    web = template(site("a"), file="templates/web.json")

    found = deployed(template(linked("web", "web.json")), web).place_of_violation(
        "resources[0]", 1, 1, f"{DEPLOYMENTS}/web"
    )

    assert found == Place("templates/web.json", "/resources/0")


def test_a_violation_in_a_template_that_was_sent_inside_another_is_in_the_file_that_it_came_from() -> None:
    deep = template(site("b"), file="templates/deep.json")
    web = template(nested("inner", linked("deep", "deep.json")), file="templates/web.json")
    templates = deployed(template(site("a"), linked("web", "web.json")), web, deep)
    within = "properties.template.resources[1].properties.template.resources[0].properties.template"

    found = [
        templates.place_of_violation(f"{within}{path}", 1, 9)
        for path in ("", ".resources[0].properties.template.resources[0].name")
    ]

    assert found == [
        Place("templates/web.json", "/resources/0/properties/template"),
        Place("templates/deep.json", "/resources/0/name"),
    ]


def test_a_violation_of_a_nested_deployment_is_in_the_users_file_whether_told_from_within_or_from_the_root() -> None:
    templates = deployed(template(site("a"), nested("inner", site("b"))))
    place = Place(ROOT, "/resources/1/properties/template/resources/0/name")

    assert templates.place_of_violation("resources[0].name", 0, 0, f"{DEPLOYMENTS}/inner") == place
    assert templates.place_of_violation("resources[1].properties.template.resources[0].name", 0, 0) == place


def test_a_parameter_is_where_it_is_defined() -> None:
    web = template(file="templates/web.json", parameters={"Sku": parameter()})
    templates = deployed(template(linked("web", "web.json"), parameters={"a/b": parameter()}), web)

    assert templates.place_of_parameter("A/B") == Place(ROOT, "/parameters/a~1b")
    assert templates.place_of_parameter("sku", f"{DEPLOYMENTS}/web") == Place("templates/web.json", "/parameters/Sku")
    assert templates.place_of_parameter("none") is None


@pytest.mark.parametrize(
    "resource_id", ["", "/", "shop", "/providers/", "/providers/a/b", GROUP, f"{WEB}/sites", "/x/y"]
)
def test_what_is_no_id_of_a_resource_has_no_place(resource_id: str) -> None:
    assert deployed(template(site("shop"))).place_of_resource(resource_id) is None


def test_a_resource_group_that_a_template_makes_has_a_place() -> None:
    group = {"type": "Microsoft.Resources/resourceGroups", "apiVersion": "2022-09-01", "name": "rg", "location": "x"}

    assert deployed(template(group)).place_of_resource(GROUP) == Place(ROOT, "/resources/0")


def test_no_templates_have_no_places() -> None:
    none = DeployedTemplates({}, ROOT)

    assert none.place_of_resource(f"{WEB}/sites/a") is None
    assert none.place_of_violation("resources[0]", 1, 1) is None
    assert none.place_of_parameter("a") is None


names = st.lists(st.sampled_from(["web", "api", "data", "x1"]), min_size=1, max_size=3).map("-".join)


@given(st.lists(names, min_size=1, max_size=6, unique=True), st.data())
def test_a_resource_is_found_at_its_place_however_it_is_nested(taken: list[str], data: st.DataObject) -> None:
    resources: list[Any] = []
    where: dict[str, str] = {}
    for name in taken:
        if data.draw(st.booleans()):
            where[name] = pointer_to("resources", len(resources), "properties", "template", "resources", 0)
            resources.append(nested(f"deploy-{name}", site(name)))
        else:
            where[name] = pointer_to("resources", len(resources))
            resources.append(site(f"[concat('{name[:2]}', '{name[2:]}')]"))

    templates = deployed(template(*resources))

    assert {name: templates.place_of_resource(f"{WEB}/sites/{name}") for name in taken} == {
        name: Place(ROOT, pointer) for name, pointer in where.items()
    }


@given(st.text(max_size=40), st.integers(-5, 50), st.integers(-5, 200))
def test_no_path_line_or_column_is_too_odd(path: str, line: int, column: int) -> None:
    templates = deployed(template(site("a")))

    found = templates.place_of_violation(path, line, column)

    assert found is None or found.pointer.startswith("/")


@pytest.mark.parametrize(
    ("name", "fitting", "other"),
    [
        ("plain", "PLAIN", "plainer"),
        ("[[x]", "[x]", "x"),
        ("[concat('a', parameters('p'), 'b')]", "axyzb", "axyz"),
        ("[toLower(concat('A', parameters('p')))]", "axyz", "bxyz"),
        ("[format('{0}-{1}', parameters('p'), 'z')]", "q-z", "q-y"),
        ("[concat('w', copyIndex())]", "w12", "wx"),
        ("[variables('v')]", "v-1", "w-1"),
        ("[broken(", "[broken(", "x"),
    ],
)
def test_a_pattern_fits_what_the_name_can_become(name: str, fitting: str, other: str) -> None:
    scope = StaticScope({}, {"v": "[concat('v-', parameters('p'))]"})

    pattern = name_pattern(name, scope)

    assert pattern.fits(fitting)
    assert not pattern.fits(other)
