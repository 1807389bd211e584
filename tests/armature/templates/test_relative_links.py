"""Links made from a template's own URI become relative in the copy that is uploaded."""

import json
from typing import Any

import pytest

from armature.templates.links import linked_templates
from armature.templates.relative_links import link_rewrites, own_link_rewrites, rewritten
from armature.templates.template import Template
from tests.armature.templates.building import deployment, linked, template

LOCATION = {"_artifactsLocation": {"type": "string"}, "_artifactsLocationSasToken": {"type": "securestring"}}
OWN = "deployment().properties.templateLink.uri"
LINK = "/resources/0/properties/templateLink"


@pytest.mark.parametrize(
    ("uri", "relative"),
    [
        (f"[uri({OWN}, 'child.json')]", "child.json"),
        ("[URI(Deployment().Properties.TemplateLink.Uri, 'child.json')]", "child.json"),
        (f"[uri({OWN}, concat('a', copyIndex(), '.json'))]", "[concat('a', copyIndex(), '.json')]"),
        ("[variables('v')]", "v.json"),
        (f"[uri({OWN}, concat('a.json', parameters('_artifactsLocationSasToken')))]", None),
        ("[uri(parameters('_artifactsLocation'), 'a.json')]", None),
        ("https://example.org/a.json", None),
        ("[uri(", None),
    ],
)
def test_links_made_from_the_templates_own_address_become_relative(uri: str, relative: str | None) -> None:
    link = {"uri": uri, "contentVersion": "1.0.0.0"}
    holder = template(
        parameters=LOCATION, variables={"v": f"[uri({OWN}, 'v.json')]"}, resources=[deployment(), linked(**link)]
    )

    rewrites = own_link_rewrites(holder)

    if relative is None:
        assert rewrites == {}
    else:
        copy = rewritten(holder, rewrites)
        value = json.loads(copy)
        wanted = {"relativePath": relative, "contentVersion": "1.0.0.0"}
        assert value["resources"][1]["properties"]["templateLink"] == wanted
        assert value["resources"][0] == deployment()
        assert linked_templates(Template.read(copy, file=holder.document.file))[0].kind == "relativePath"


def test_the_template_itself_is_not_changed_by_rewriting() -> None:
    holder = template(resources=[linked(uri=f"[uri({OWN}, 'child.json')]")])

    rewritten(holder, own_link_rewrites(holder))

    assert holder.value["resources"][0]["properties"]["templateLink"] == {"uri": f"[uri({OWN}, 'child.json')]"}


def test_the_copy_is_no_larger_than_a_template_that_is_written_without_spaces() -> None:
    holder = template(resources=[linked(uri=f"[uri({OWN}, 'child.json')]")], variables={"rows": [[0]] * 1000})

    copy = rewritten(holder, own_link_rewrites(holder))

    assert len(copy) < len(json.dumps(holder.value, separators=(",", ":")))


# A link that is handed on: main.json links to parts/child.json and gives it the URI of other.json.


def giver(value: str = f"[uri({OWN}, 'other.json')]", *, file: str = "main.json") -> Template:
    resource = linked(uri=f"[uri({OWN}, 'parts/child.json')]")
    resource["properties"]["parameters"] = {"next/uri": {"value": value}}
    return template(file=file, resources=[resource])


def follower(*more: dict[str, Any]) -> Template:
    resources = [linked(uri="[parameters('Next/Uri')]", contentVersion="1.0.0.0"), *more]
    return template(file="parts/child.json", parameters={"next/uri": {"type": "string"}}, resources=resources)


def rewrites_of(*templates: Template, roots: tuple[str, ...] = ("main.json",)) -> dict[str, dict[str, Any]]:
    return link_rewrites({one.document.file: one for one in templates}, roots)


def test_a_link_that_is_handed_on_is_made_relative_to_the_template_that_follows_it() -> None:
    rewrites = rewrites_of(giver(), follower())

    assert rewrites["parts/child.json"] == {
        LINK: {"relativePath": "[parameters('Next/Uri')]", "contentVersion": "1.0.0.0"}
    }
    assert rewrites["main.json"] == {
        LINK: {"relativePath": "parts/child.json"},
        "/resources/0/properties/parameters/next~1uri/value": "../other.json",
    }
    copy = json.loads(rewritten(giver(), rewrites["main.json"]))
    assert copy["resources"][0]["properties"]["parameters"] == {"next/uri": {"value": "../other.json"}}


@pytest.mark.parametrize(
    "templates",
    [
        (giver(), follower({"type": "a/b", "name": "[last(split(parameters('next/uri'), '/'))]"})),
        (giver("https://example.org/other.json"), follower()),
        (giver(f"[uri({OWN}, concat(copyIndex(), '.json'))]"), follower()),
        (giver(), giver("https://example.org/other.json", file="second.json"), follower()),
        (giver(), template(file="second.json", resources=[linked(relativePath="parts/child.json")]), follower()),
    ],
    ids=["used otherwise", "foreign", "only known to ARM", "foreign from another parent", "left out by another parent"],
)
def test_a_parameter_that_may_be_something_else_stays_as_it_is(templates: tuple[Template, ...]) -> None:
    rewrites = rewrites_of(*templates)

    assert "parts/child.json" not in rewrites
    assert "/resources/0/properties/parameters/next~1uri/value" not in rewrites.get("main.json", {})


def test_a_root_gets_its_parameters_from_elsewhere() -> None:
    assert "parts/child.json" not in rewrites_of(giver(), follower(), roots=("main.json", "parts/child.json"))
