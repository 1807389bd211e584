"""What a template becomes, by our engine and by Microsoft's: resources, outputs, refusals.

All templates of the shared folders, and templates made at random, of which a third have something wrong. The engine
does not look at links, nor at what only ARM checks when it has the whole deployment: names in `dependsOn` and
`reference()`, circles, resources that are there twice, nesting levels. The generator makes none of that.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from armature.templates.errors import UnresolvedError
from armature.templates.reading import JsonSyntaxError, read_json
from armature.templates.scope import PartialObject
from emulator.arm.behaviours import Surroundings
from emulator.arm.engine.context import DeploymentContext
from emulator.arm.engine.links import Downloader
from emulator.arm.engine.template_link import TemplateLink
from tests.conformance.conftest import shared_folder
from tests.conformance.template_engine import SCOPES, Answer, Engine, compare, predicted, surroundings
from tests.conformance.template_generator import SCHEMAS, Generator
from tests.figures import Figures

SEEDS = (*range(240), *range(900_100, 900_160))
LEAST_AGREEMENT = 99.5  # percent
EXPLAINED = {
    "private_link_ipconfigs.json": "it does not look whether the template defines the name in a reference()",
}
SYNTHETIC = {
    "string": "contoso",
    "securestring": "hush",
    "int": 1,
    "bool": True,
    "array": [],
    "object": {},
}


class NoLinks(Downloader):
    """Follows no link, like the engine."""

    def __init__(self) -> None:
        """Without a network."""

    async def text(self, link: TemplateLink) -> str:
        raise UnresolvedError("a linked template")


@pytest.fixture(scope="module")
def engine(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    running = Engine(shared / "tools" / "bicep", tmp_path_factory.mktemp("engine"))
    yield running
    running.close()


@pytest.fixture
def world(tmp_path: Path) -> Surroundings:
    return surroundings(tmp_path)


@pytest.fixture(autouse=True)
def as_little_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the resource group and the deployment tell no more than the engine knows of them."""
    resource_group = DeploymentContext.resource_group

    def known_group(self: DeploymentContext, known: Any) -> Any:
        told = resource_group(self, known)
        return PartialObject("resourceGroup()", {k: told[k] for k in ("id", "name", "type", "location") if k in told})

    def known_deployment(self: DeploymentContext) -> dict[str, Any]:
        template = {"contentVersion": self.template.get("contentVersion")}
        told: dict[str, Any] = {"name": self.request.id.last_name, "properties": {"template": template}}
        return told | ({"location": self.request.location} if self.request.location else {})

    monkeypatch.setattr(DeploymentContext, "resource_group", known_group)
    monkeypatch.setattr(DeploymentContext, "deployment", known_deployment)


async def both(
    engine: Engine, world: Surroundings, text: str, parameters: dict[str, Any], scope: str
) -> tuple[Answer, Answer]:
    """Our answer and the engine's."""
    return await predicted(text, parameters, scope, world, NoLinks()), engine.answer(text, parameters, scope)


def report(figures: Figures, what: str, asked: int, differences: dict[str, list[str]]) -> None:
    """Show how far the two agree, and every difference with its reason."""
    agreement = 100 * (asked - len(differences)) / asked
    lines = [f"{what}: {asked} templates, {agreement:.2f} % agree"]
    for name, found in differences.items():
        lines.append(f"  {name}: {EXPLAINED.get(name, 'NOT EXPLAINED')}")
        lines += [f"    {one[:300]}" for one in found[:3]]
    figures("\n".join(lines))
    assert differences.keys() <= EXPLAINED.keys(), differences
    assert agreement >= LEAST_AGREEMENT or asked < 100


@pytest.mark.timeout(600)
async def test_generated_templates(engine: Engine, world: Surroundings, figures: Figures) -> None:
    asked, refused, differences = 0, 0, {}
    for seed in SEEDS:
        made = Generator(seed).make()
        ours, theirs = await both(engine, world, made.text, made.parameters, made.scope)
        if theirs.is_silent:
            continue
        asked += 1
        refused += theirs.refusal is not None
        if found := compare(ours, theirs):
            differences[str(seed)] = found

    assert asked > 150
    assert refused > 25
    report(figures, f"generated ({refused} refused)", asked, differences)


def shared_templates() -> list[Path]:
    """Every deployment template of the shared folders."""
    root = shared_folder()
    files = [file for folder in ("templates", "assemblies") for file in sorted((root / folder).rglob("*.json"))]
    return [file for file in files if "deploymenttemplate.json#" in file.read_text(encoding="utf-8-sig").lower()]


def parameters_for(file: Path, template: dict[str, Any]) -> dict[str, Any]:
    """Values for all parameters that need one: from the file beside it, or made up."""
    declared, given = template.get("parameters") or {}, {}
    for beside in (file.with_suffix(".parameters.json"), file.with_name("deploy.parameters.json")):
        if beside.is_file():
            document = read_json(beside.read_bytes(), file=beside.name).value
            entries = document.get("parameters", document).items()
            given = {
                name: e["value"] for name, e in entries if name in declared and isinstance(e, dict) and "value" in e
            }
    for name, body in declared.items():
        if name not in given and "defaultValue" not in body and not body.get("nullable"):
            kind = str(body.get("type", "object")).lower()
            usual = "https://files.example/" if name == "_artifactsLocation" else SYNTHETIC.get(kind, {})
            given[name] = body["allowedValues"][0] if body.get("allowedValues") else usual
    return given


async def test_shared_templates(engine: Engine, world: Surroundings, figures: Figures, shared: Path) -> None:
    asked, differences = 0, {}
    for file in shared_templates():
        text = file.read_text(encoding="utf-8-sig")
        try:
            template = read_json(text, file=file.name).value
        except JsonSyntaxError:
            continue
        schema = str(template.get("$schema", "")).rpartition("/")[2]
        scope = next((scope for scope, ends in SCHEMAS.items() if ends.rpartition("/")[2] == schema), None)
        if scope is None:
            continue
        ours, theirs = await both(engine, world, text, parameters_for(file, template), scope)
        if theirs.is_silent:
            continue
        asked += 1
        if found := compare(ours, theirs):
            differences[file.name] = found

    assert asked > 80
    report(figures, "shared", asked, differences)


async def test_the_comparison_sees_a_difference(engine: Engine, world: Surroundings) -> None:
    template = {"$schema": f"https://schema.management.azure.com/schemas/{SCHEMAS['resourceGroup']}"}
    body = {"type": "A.B/c", "apiVersion": "1", "name": "x", "properties": {"p": "[add(1,1)]"}}
    text = json.dumps(template | {"contentVersion": "1.0.0.0", "resources": [body]})

    ours, theirs = await both(engine, world, text, {}, "resourceGroup")

    assert compare(ours, theirs) == []
    ours.resources[0]["properties"]["p"] = 3
    assert compare(ours, theirs)
    assert compare(Answer(refusal="InvalidTemplate: x"), theirs)
    assert str(SCOPES["resourceGroup"]).lower() in theirs.resources[0]["id"].lower()
