"""What is deployed is the same whether templates are linked or stand inside the template: ARM's word on inlining."""

import json
from typing import Any
from urllib.parse import urljoin

import pytest

from armature.templates.inlining import inlined
from armature.templates.relative_links import link_rewrites, rewritten
from armature.templates.template import Template
from tests.emulator.arm.running import GROUP_PATH, Arm, TemplateServer, linked, nested, resource, template

Files = dict[str, dict[str, Any]]
OWN = "deployment().properties.templateLink.uri"
LOCATED = {"_artifactsLocation": {"type": "string"}, "_artifactsLocationSasToken": {"type": "securestring"}}
TEXT = {"type": "string"}


def told(expression: str) -> dict[str, Any]:
    return {"o": {"type": "string", "value": expression}}


def of(name: str) -> str:
    return f"reference('{name}').outputs.o.value"


CHAIN: Files = {
    "t/main.json": template(
        linked("one", {"relativePath": "a/one.json"}, parameters={"v": {"value": "[variables('v')]"}}),
        variables={"v": "root's"},
        outputs=told(f"[{of('one')}]"),
    ),
    "t/a/one.json": template(
        linked("two", {"uri": f"[uri({OWN}, 'b/two.json')]"}, parameters={"v": {"value": "[variables('v')]"}}),
        parameters={"v": TEXT},
        variables={"v": "[concat(parameters('v'), '/one')]"},
        outputs=told(f"[{of('two')}]"),
    ),
    "t/a/b/two.json": template(
        resource("[concat('r-', uniqueString(parameters('v')))]", tags={"literal": "[[x]"}),
        parameters={"v": TEXT},
        outputs=told("[concat(parameters('v'), '/two')]"),
    ),
}
QUICKSTART: Files = {
    "t/main.json": template(
        linked(
            "one",
            {"uri": "[variables('one')]"},
            parameters={name: {"value": f"[parameters('{name}')]"} for name in LOCATED},
        ),
        parameters={**LOCATED, "size": {**TEXT, "defaultValue": "small"}},
        variables={
            "one": "[uri(parameters('_artifactsLocation'), concat(parameters('size'), '.json', "
            "parameters('_artifactsLocationSasToken')))]"
        },
        outputs=told(f"[{of('one')}]"),
    ),
    "t/small.json": template(
        linked(
            "two", {"uri": "[uri(parameters('_artifactsLocation'), concat('two.json', variables('token')))]"}
        ),
        parameters=LOCATED,
        variables={"token": "[parameters('_artifactsLocationSasToken')]"},
        outputs=told("[parameters('_artifactsLocation')]"),
    ),
    "t/two.json": template(resource("two")),
}  # fmt: skip
LOOP: Files = {
    "t/main.json": template(
        linked(
            "[concat('turn-', copyIndex())]",
            {"relativePath": "turn.json"},
            copy={"name": "turns", "count": 3, "mode": "serial"},
            parameters={"n": {"value": "[copyIndex()]"}},
        ),
        linked("never", {"relativePath": "[parameters('absent')]"}, condition="[not(empty(parameters('absent')))]"),
        parameters={"absent": {**TEXT, "defaultValue": ""}},
        outputs=told(f"[concat({of('turn-0')}, {of('turn-2')})]"),
    ),
    "t/turn.json": template(
        resource("[concat('r', parameters('n'))]"),
        parameters={"n": {"type": "int"}},
        outputs=told("[string(parameters('n'))]"),
    ),
}
HANDED: Files = {
    "t/main.json": template(
        linked("one", {"relativePath": "a/one.json"}, parameters={"next": {"value": f"[uri({OWN}, 'two.json')]"}}),
    ),
    "t/a/one.json": template(linked("two", {"uri": "[parameters('next')]"}), parameters={"next": TEXT}),
    "t/two.json": template(resource("two")),
}
WITHIN_INNER: Files = {
    "t/main.json": template(
        nested(
            "inner",
            template(
                linked("one", {"uri": "[concat(parameters('at'), 'one.json', parameters('key'))]"}),
                parameters={"at": TEXT, "key": {"type": "securestring"}},
                outputs=told(f"[{of('one')}]"),
            ),
            scope="inner",
            parameters={
                "at": {"value": "[parameters('_artifactsLocation')]"},
                "key": {"value": "[parameters('_artifactsLocationSasToken')]"},
            },
        ),
        parameters=LOCATED,
        outputs=told(f"[{of('inner')}]"),
    ),
    "t/one.json": template(resource("one"), variables={"v": "its own"}, outputs=told("[variables('v')]")),
}
WITHIN_OUTER: Files = {
    "t/main.json": template(
        nested(
            "outer",
            template(
                linked(
                    "one",
                    {"uri": "[concat(parameters('_artifactsLocation'), 'one.json', variables('key'))]"},
                    parameters={"v": {"value": "[variables('v')]"}},
                )
            ),
            scope="outer",
        ),
        parameters=LOCATED,
        variables={"v": "root's", "key": "[parameters('_artifactsLocationSasToken')]"},
    ),
    "t/one.json": template(resource("one", tags={"v": "[parameters('v')]", "literal": "[[x]"}), parameters={"v": TEXT}),
}
SYMBOLIC: Files = {
    "t/main.json": template(languageVersion="2.0", outputs=told("[reference('first').outputs.o.value]"))
    | {"resources": {"first": linked("one", {"relativePath": "one.json"})}},
    "t/one.json": template(resource("one"), outputs=told("[deployment().name]")),
}
WITH_FILE = linked("one", {"relativePath": "one.json"})
WITH_FILE["properties"]["parametersLink"] = {"relativePath": "one.parameters.json"}
PARAMETER_FILE: Files = {
    "t/main.json": template(WITH_FILE, outputs=told(f"[{of('one')}]")),
    "t/one.json": template(resource("one"), parameters={"v": TEXT}, outputs=told("[parameters('v')]")),
    "t/one.parameters.json": {"parameters": {"v": {"value": "[no expression]"}}},
}


@pytest.mark.parametrize(
    "files",
    [CHAIN, QUICKSTART, LOOP, HANDED, WITHIN_INNER, WITHIN_OUTER, SYMBOLIC, PARAMETER_FILE],
    ids=["chain", "quickstart", "loop", "handed", "within inner", "within outer", "symbolic", "parameter file"],
)
async def test_linked_and_inlined_templates_give_the_same(arm: Arm, templates: TemplateServer, files: Files) -> None:
    location = f"{templates.url}/"
    templates.files |= {f"/{path}": content for path, content in uploaded(files).items()}
    values = {"_artifactsLocation": urljoin(location, "t/"), "_artifactsLocationSasToken": "?sig=right"}
    values = values if "_artifactsLocation" in files["t/main.json"].get("parameters", {}) else {}

    link = {"uri": f"{location}t/main.json", "queryString": "sig=right"}
    by_link = await deployed(arm, templateLink=link, parameters=values)
    templates.is_open.clear()  # whoever asks from here on waits for ever
    content = inlined("t/main.json", files.__getitem__, location=location, parameters=values)
    inside = await deployed(arm, content, parameters=values)

    assert by_link["outputs"] == inside["outputs"]
    assert by_link["written"] == inside["written"]
    assert by_link["resources"] == inside["resources"]


def uploaded(files: Files) -> dict[str, bytes]:
    """The files as they are uploaded: links made from a template's own address are relative."""
    read = {path: Template.read(json.dumps(value), file=path) for path, value in files.items() if "$schema" in value}
    changes = link_rewrites(read, {"t/main.json"})
    return {path: json.dumps(value).encode() for path, value in files.items()} | {
        path: rewritten(read[path], rewrites) for path, rewrites in changes.items()
    }


async def deployed(arm: Arm, content: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    """What a deployment gives and leaves, in the group."""
    done = (await arm.deploy(content, **properties))["properties"]
    assert done["provisioningState"] == "Succeeded", done["error"]
    _, listed = await arm.request("GET", f"{GROUP_PATH}/resources")
    found = [(await arm.request("GET", one["id"]))[1] for one in listed["value"]]
    return {
        "outputs": done.get("outputs"),
        "written": sorted(one["id"] for one in done["outputResources"]),
        "resources": sorted(found, key=lambda one: str(one["id"])),
    }
