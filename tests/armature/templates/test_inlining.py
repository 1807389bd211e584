"""A template with what it links to inside: the same deployment, without a download."""

import json
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.templates import inlining
from armature.templates.inlining import LOCATION, InliningError, inlined
from armature.templates.limits import MAX_NESTED_LEVELS
from armature.templates.reading import JsonSyntaxError
from tests.armature.templates.building import deployment, inline, linked, resource, template_value

OWN = "deployment().properties.templateLink.uri"
ROOT = "parameters('_artifactsLocation')"
LOCATED = {"_artifactsLocation": {"type": "string"}, "_artifactsLocationSasToken": {"type": "securestring"}}
NOBODY = template_value(resources=[resource(name="nobody")])
CHILD = template_value(resources=[resource(name="[parameters('name')]")], parameters={"name": {"type": "string"}})

Files = dict[str, Any]


def made(files: Files, path: str = "main.json", **known: Any) -> dict[str, Any]:
    """The template at `path`, the files' values being left as they are."""
    before = deepcopy(files)
    template = inlined(path, files.__getitem__, **known)
    assert files == before
    return template


def refusal(files: Files, path: str = "main.json", **known: Any) -> InliningError:
    with pytest.raises(InliningError) as refused:
        made(files, path, **known)
    return refused.value


def first(template: dict[str, Any]) -> dict[str, Any]:
    """The properties of the first deployment resource."""
    resources = template["resources"]
    properties: dict[str, Any] = (resources[0] if isinstance(resources, list) else next(iter(resources.values())))[
        "properties"
    ]
    return properties


# Links


@pytest.mark.parametrize(
    "link",
    [
        {"relativePath": "parts/child.json"},
        {"relativePath": "[concat('parts/', variables('file'))]"},
        {"relativePath": "parts/../parts/./child.json", "contentVersion": "1.0.0.0"},
        {"RelativePath": "parts/child.json"},
        {"uri": f"[uri({OWN}, 'parts/child.json')]"},
        {"uri": "[variables('own')]"},
        {"uri": f"[concat({ROOT}, '/parts/child.json', parameters('_artifactsLocationSasToken'))]"},
        {"uri": f"[uri(concat({ROOT}, '/'), 'parts/child.json')]"},
        {"uri": f"[if(equals(parameters('size'), 'large'), uri({OWN}, 'none.json'), uri({OWN}, 'parts/child.json'))]"},
        "[createObject('relativePath', 'parts/child.json')]",
    ],
)  # fmt: skip
def test_every_form_of_a_link_is_inlined(link: Any) -> None:
    given = {"name": {"value": "[concat('a', 'b')]"}}
    root = template_value(
        parameters={**LOCATED, "size": {"type": "string", "defaultValue": "small"}},
        variables={"file": "child.json", "own": f"[uri({OWN}, 'parts/child.json')]"},
        resources=[deployment(properties={"templateLink": link, "parameters": given})],
    )
    told = {"_artifactsLocation": LOCATION.rstrip("/"), "_artifactsLocationSasToken": "?sig=x"}

    template = made({"main.json": root, "parts/child.json": CHILD}, parameters=told)

    assert first(template) == {
        "mode": "Incremental",
        "parameters": given,
        "expressionEvaluationOptions": {"scope": "inner"},
        "template": CHILD,
    }


def test_what_else_a_deployment_resource_says_stays() -> None:
    said = {
        "name": "[concat('d', copyIndex())]",
        "apiVersion": "2021-04-01",
        "condition": "[equals(1, 1)]",
        "copy": {"name": "loop", "count": 2},
        "dependsOn": ["other"],
        "resourceGroup": "[concat('rg-', 'x')]",
        "subscriptionId": "00000000-0000-0000-0000-000000000001",
        "comments": "kept",
    }
    properties = {"templateLink": {"relativePath": "child.json"}, "debugSetting": {"detailLevel": "none"}}
    root = template_value(resources=[deployment(**said, properties=properties)], languageVersion="1.9")

    (found,) = made({"main.json": root, "child.json": NOBODY})["resources"]

    assert {name: found[name] for name in said} == said
    assert found["properties"]["debugSetting"] == {"detailLevel": "none"}
    assert found["properties"]["template"] == NOBODY


def test_resources_by_symbolic_name_and_children_inside_parents_are_inlined() -> None:
    link = linked(relativePath="child.json")
    parent = resource(resources=[link])
    root = template_value(languageVersion="2.0", resources={"a/b": link, "p": parent})

    resources = made({"main.json": root, "child.json": NOBODY})["resources"]

    assert resources["a/b"]["properties"]["template"] == NOBODY
    assert resources["p"]["resources"][0]["properties"]["template"] == NOBODY


def test_links_of_a_linked_template_are_relative_to_its_own_folder() -> None:
    files = {
        "t/main.json": template_value(resources=[linked(relativePath="a/one.json")]),
        "t/a/one.json": template_value(resources=[linked(relativePath="b/two.json")]),
        "t/a/b/two.json": template_value(resources=[linked(uri=f"[uri({OWN}, '../../three.json')]")]),
        "t/three.json": NOBODY,
    }

    template = made(files, "t/main.json")

    assert first(first(first(template)["template"])["template"])["template"] == NOBODY


def test_what_a_parent_hands_on_decides_the_links_of_its_child() -> None:
    handed = {
        "next": {"value": f"[uri({OWN}, 'other.json')]"},
        "_artifactsLocation": {"value": "[parameters('_artifactsLocation')]"},
        "secret": {"reference": {"secretName": "s"}},
    }
    root = template_value(
        parameters=LOCATED,
        resources=[deployment(properties={"templateLink": {"relativePath": "parts/child.json"}, "parameters": handed})],
    )
    child = template_value(
        parameters={"next": {"type": "string"}, "_artifactsLocation": {"type": "string"}, "secret": {"type": "string"}},
        resources=[
            linked(uri="[parameters('next')]"),
            linked(uri="[concat(parameters('_artifactsLocation'), '/other.json')]"),
        ],
    )
    files = {"main.json": root, "parts/child.json": child, "other.json": NOBODY}

    template = made(files, parameters={"_artifactsLocation": LOCATION.rstrip("/")})

    inside = first(template)["template"]["resources"]
    assert [one["properties"]["template"] for one in inside] == [NOBODY, NOBODY]
    assert first(template)["parameters"]["next"]["value"] == f"[uri('{LOCATION}main.json', 'other.json')]"


def test_files_with_odd_names_are_found() -> None:
    root = template_value(resources=[linked(uri=f"[uri({OWN}, 'a%20b/d%23.json')]"), linked(relativePath="é/x.json")])

    template = made({"o d/m.json": root, "o d/a b/d#.json": NOBODY, "o d/é/x.json": NOBODY}, "o d/m.json")

    assert [one["properties"]["template"] for one in template["resources"]] == [NOBODY, NOBODY]


@pytest.mark.parametrize(
    "link",
    [
        {"uri": "https://example.org/a.json"},
        {"uri": "[concat('https://example.org/', 'a.json')]"},
        {"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Resources/templateSpecs/t/versions/1"},
    ],
)
def test_what_lies_elsewhere_stays_a_link(link: dict[str, str]) -> None:
    root = template_value(resources=[linked(**link)])

    assert made({"main.json": root}) == root


# Scopes


def test_linked_templates_inside_inner_and_outer_templates_are_inlined() -> None:
    inner = template_value(
        parameters={"file": {"type": "string"}}, resources=[linked(relativePath="[parameters('file')]")]
    )
    outer = template_value(resources=[linked(relativePath="[parameters('file')]")])
    root = template_value(
        parameters={"file": {"type": "string", "defaultValue": "one.json"}},
        resources=[
            inline(inner, "inner", parameters={"file": {"value": "[concat('tw', 'o.json')]"}}),
            inline(outer),
        ],
    )
    one, two = template_value(outputs={"o": {"type": "int", "value": 1}}), NOBODY

    within, outside = made({"main.json": root, "one.json": one, "two.json": two})["resources"]

    assert first(within["properties"]["template"])["template"] == two
    assert first(outside["properties"]["template"])["template"] == one


def test_what_stands_in_an_outer_template_survives_the_evaluations_of_those_around_it() -> None:
    child = template_value(variables={"a": "[concat('x')]", "b": "[[literal]", "c": "plain"}, resources=[])
    inside = inline(template_value(resources=[linked(relativePath="child.json")]))
    root = template_value(resources=[inline(template_value(resources=[inside]))])

    template = made({"main.json": root, "child.json": child})

    deep = first(first(first(template)["template"])["template"])["template"]
    assert deep["variables"] == {"a": "[[[concat('x')]", "b": "[[[[literal]", "c": "plain"}


def test_a_condition_that_is_false_needs_no_template() -> None:
    dead = deployment(
        condition="[equals(parameters('size'), 'large')]",
        properties={"templateLink": {"uri": ""}, "parameters": {"x": {"value": 1}}},
    )
    root = template_value(parameters={"size": {"type": "string"}}, resources=[dead])

    properties = first(made({"main.json": root}, parameters={"SIZE": "small"}))

    assert properties["template"]["resources"] == []
    assert "parameters" not in properties


# The template's own address


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"[{OWN}]", f"['{LOCATION}t/main.json']"),
        ("[Deployment().Properties['templateLink'].URI]", f"['{LOCATION}t/main.json']"),
        (f"[uri({OWN}, 'scripts/x.sh')]", f"[uri('{LOCATION}t/main.json', 'scripts/x.sh')]"),
        (
            f"[if(contains(deployment().properties, 'templateLink'), {OWN}, '')]",
            f"[if(true(), '{LOCATION}t/main.json', '')]",
        ),
        ("[deployment().name]", "[deployment().name]"),
        ("[[deployment().properties.templateLink.uri]", "[[deployment().properties.templateLink.uri]"),
        ("[concat(variables('templateLink'))]", "[concat(variables('templateLink'))]"),
        ("templateLink", "templateLink"),
    ],
)
def test_a_template_that_asks_for_its_own_address_is_told_it(text: str, told: str) -> None:
    root = template_value(variables={"v": [text], "templateLink": "x"}, resources=[inline(template_value(), "inner")])

    assert made({"t/main.json": root}, "t/main.json")["variables"]["v"] == [told]


@pytest.mark.parametrize(
    "text",
    [
        "[deployment().properties.templateLink]",
        "[deployment().properties.templateLink.contentVersion]",
        "[string(deployment().properties['templateLink'])]",
    ],
)
def test_what_only_a_link_has_is_refused_with_its_place(text: str) -> None:
    error = refusal({"main.json": template_value(outputs={"o": {"type": "string", "value": text}})})

    assert (error.file, error.pointer) == ("main.json", "/outputs/o/value")
    assert "own link" in error.message


def test_a_template_inside_another_has_no_address_of_its_own() -> None:
    inner = template_value(outputs={"o": {"type": "string", "value": f"[{OWN}]"}})
    root = template_value(resources=[inline(inner, "inner")])

    assert made({"main.json": root}) == root


# Linked parameters


def test_a_linked_parameter_file_is_taken_in_as_literals() -> None:
    given = {
        "name": {"value": "[not an expression]"},
        "deep": {"value": {"[k]": ["[[x]", 1, None]}},
        "secret": {"reference": {"keyVault": {"id": "/v"}, "secretName": "s"}},
    }
    root = template_value(
        resources=[
            deployment(
                properties={
                    "templateLink": {"relativePath": "child.json"},
                    "parametersLink": {"relativePath": "p.json"},
                }
            )
        ]
    )

    properties = first(made({"main.json": root, "child.json": NOBODY, "p.json": {"parameters": given}}))

    assert "parametersLink" not in properties
    assert properties["parameters"] == {
        "name": {"value": "[[not an expression]"},
        "deep": {"value": {"[[k]": ["[[[x]", 1, None]}},
        "secret": given["secret"],
    }


# Refusals


def dynamic(**link: Any) -> Files:
    parameters = {"given": {"type": "string", "defaultValue": "child.json"}, "needed": {"type": "string"}}
    return {"main.json": template_value(parameters=parameters, resources=[linked(**link)]), "child.json": NOBODY}


@pytest.mark.parametrize(
    ("files", "known", "what"),
    [
        (dynamic(relativePath="[parameters('given')]"), {"unknown": ("Given",)}, "parameters('given')"),
        (dynamic(relativePath="[parameters('needed')]"), {}, "parameters('needed')"),
        (dynamic(relativePath="[concat(copyIndex(), '.json')]"), {}, "copyIndex('')"),
        (dynamic(uri="[reference('x').outputs.uri.value]"), {}, "reference('x')"),
        (dynamic(relativePath="[concat(newGuid(), '.json')]"), {}, "newGuid()"),
    ],
)
def test_a_link_that_only_arm_can_tell_is_refused(files: Files, known: dict[str, Any], what: str) -> None:
    error = refusal(files, **known)

    assert error.is_untold is what.startswith("parameters(")
    assert what in error.message
    assert error.pointer.startswith("/resources/0/properties/templateLink/")
    assert "delivery: sas" in error.next_step


def only(link: Any) -> Files:
    return {"main.json": template_value(resources=[deployment(properties={"templateLink": link})]), "a.json": NOBODY}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (only({"relativePath": "none.json"}), "none.json is not in the bundle"),
        (only({"relativePath": "../a.json"}), "leads out of the bundle"),
        (only({"uri": f"[uri({OWN}, '../../a.json')]", "relativePath": "x"}), "leads out of the bundle"),
        (only({"relativePath": ""}), "empty"),
        (only({}), "no `uri` and no `relativePath`"),
        (only(7), "no object"),
        (only({"uri": {}}), "no text"),
        (only({"uri": "https://["}), "no URI"),
        (only({"relativePath": "[concat(1"}), "concat(1 is not in the bundle"),
        (only({"relativePath": "[none()]"}), "can't be told"),
        (only({"relativePath": "a.json", "contentVersion": "2.0.0.0"}), "asks for contentVersion 2.0.0.0"),
        ({"main.json": template_value(resources=[linked(relativePath="a.json")]), "a.json": {}}, "no template"),
        ({"main.json": template_value(resources=[resource(type="Microsoft.Resources/deployments", properties="[x]")])},
         "properties are an expression"),
        ({"main.json": {"resources": []}}, "no `$schema`"),
        ({}, "not in the bundle"),
    ],
)  # fmt: skip
def test_a_link_that_leads_nowhere_is_refused(files: Files, words: str) -> None:
    error = refusal(files)

    assert words in error.message
    assert not error.is_untold
    assert error.next_step


def test_a_file_that_can_not_be_read_is_told_at_the_link() -> None:
    def read(path: str) -> Any:
        if path == "child.json":
            raise JsonSyntaxError("Expected a value", 1, 1)
        return template_value(resources=[linked(relativePath="child.json")])

    with pytest.raises(InliningError, match="no template: Expected a value") as refused:
        inlined("main.json", read)

    assert refused.value.pointer == "/resources/0/properties/templateLink"


def test_templates_that_link_to_one_another_in_a_circle_are_refused() -> None:
    files = {
        "main.json": template_value(resources=[linked(relativePath="a.json")]),
        "a.json": template_value(resources=[linked(relativePath="main.json")]),
    }

    error = refusal(files)

    assert "main.json -> a.json -> main.json" in error.message
    assert error.file == "a.json"


@pytest.mark.parametrize("levels", [MAX_NESTED_LEVELS, MAX_NESTED_LEVELS + 1])
def test_arms_levels_of_nesting_are_kept(levels: int) -> None:
    files = {f"{n}.json": template_value(resources=[linked(relativePath=f"{n + 1}.json")]) for n in range(levels)}
    files |= {f"{levels}.json": NOBODY}

    if levels == MAX_NESTED_LEVELS:
        assert json.dumps(made(files, "0.json")).count('"template"') == levels
    else:
        assert "6th level" in refusal(files, "0.json").message


def test_links_of_links_can_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [linked(relativePath="1.json")] * 4
    files = {f"{n}.json": template_value(resources=[linked(relativePath=f"{n + 1}.json")] * 20) for n in range(1, 5)}
    files |= {"0.json": template_value(resources=many), "5.json": NOBODY}
    monkeypatch.setattr(inlining, "MAX_INLINED_BYTES", 50_000)

    assert "more than 50,000 bytes" in refusal(files, "0.json").message


@pytest.mark.parametrize(("depth", "is_refused"), [(10, False), (60, True), (95, True)])
def test_templates_that_are_too_deep_together_are_refused(depth: int, is_refused: bool) -> None:
    def deep(number: int) -> dict[str, Any]:
        link = linked(relativePath=f"{number + 1}.json")
        for _ in range(depth):
            link = resource(resources=[link])
        return template_value(resources=[link])

    files = {f"{number}.json": deep(number) for number in range(MAX_NESTED_LEVELS)}
    files |= {f"{MAX_NESTED_LEVELS}.json": NOBODY}

    if is_refused:
        assert "more than 200 levels" in refusal(files, "0.json").message
    else:
        assert made(files, "0.json")


# Every bundle


@st.composite
def linked_sets(draw: st.DrawFn) -> tuple[Files, int]:
    """Files in folders that link to later ones, and the number of links that a deployment of the first follows."""
    count = draw(st.integers(1, 5))
    folders = [draw(st.sampled_from(["", "a/", "a/b/", "c d/"])) for _ in range(count)]
    paths = [f"{folder}{number}.json" for number, folder in enumerate(folders)]
    files: Files = {}
    followed = [0] * count
    for number in reversed(range(count)):
        targets = draw(st.lists(st.sampled_from(range(number + 1, count)), max_size=2)) if number + 1 < count else []
        up = "../" * paths[number].count("/")
        links = [
            draw(
                st.sampled_from(
                    [
                        {"relativePath": f"{up}{paths[target]}"},
                        {"uri": f"[uri({OWN}, '{up}{paths[target]}')]"},
                        {"uri": f"[concat('{LOCATION}', '{paths[target]}')]"},
                    ]
                )
            )
            for target in targets
        ]
        followed[number] = sum(1 + followed[target] for target in targets)
        own = resource(name=f"r{number}", tags={"text": draw(st.text(max_size=8))})
        files[paths[number]] = template_value(resources=[own, *(linked(**link) for link in links)])
    return files, followed[0]


@given(linked_sets())
def test_every_link_is_followed_and_every_template_stays_as_it_is(drawn: tuple[Files, int]) -> None:
    files, count = drawn
    path = next(path for path in files if path.endswith("0.json"))

    template = made(files, path)

    nested = list(_nested(template))
    assert len(nested) == count
    assert '"templateLink"' not in json.dumps(template)
    originals = {value["resources"][0]["name"]: value for value in files.values()}
    for one in (template, *nested):
        original = originals[one["resources"][0]["name"]]
        assert one["resources"][0] == original["resources"][0]
        assert len(one["resources"]) == len(original["resources"])


def _nested(template: dict[str, Any]) -> Any:
    for one in template["resources"][1:]:
        assert one["properties"]["expressionEvaluationOptions"] == {"scope": "inner"}
        yield one["properties"]["template"]
        yield from _nested(one["properties"]["template"])


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(
        [
            "",
            "child.json",
            "../child.json",
            f"[{OWN}]",
            f"[uri({OWN}, 'child.json')]",
            "[parameters('p')]",
            "[variables('v')]",
            "[deployment()]",
            "[deployment().properties.templateLink]",
            "[concat(",
            "[[x]",
            "https://[",
            "//x",
            "%2e%2e/child.json",
            "child.json#x",
            "child.json?x",
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["uri", "relativePath", "id", "contentVersion", "value", "parameters", "copy", "[x]"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(["templateLink", "parametersLink", "parameters", "template", "mode"]), ODD), ODD)
def test_nothing_that_a_deployment_says_is_too_odd(properties: dict[str, Any], condition: Any) -> None:
    odd = deployment(condition=condition, properties=properties)
    root = template_value(
        parameters={"p": {"type": "string", "defaultValue": "[variables('v')]"}},
        variables={"v": "[parameters('p')]"},
        resources=[odd],
    )
    files = {"t/main.json": root, "t/child.json": NOBODY}

    with suppress(InliningError):
        assert made(files, "t/main.json")["$schema"] == root["$schema"]
