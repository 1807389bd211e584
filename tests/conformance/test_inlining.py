"""Published sets of linked templates with all that they link to inside: Microsoft's engine makes of them what we do."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from armature.templates.inlining import LOCATION, inlined
from armature.templates.reading import read_json
from emulator.arm.engine.links import Downloader
from tests.conformance.template_engine import Engine, compare, predicted, surroundings

QUICKSTART = "templates/qs-webapp-vnet-pe/301-web-app-regional-vnet-private-endpoint-sql-storage"
BASICS = "templates/docs-linked-basics/azure-resource-manager/linkedtemplates"
LOCATED = {"_artifactsLocation": LOCATION, "_artifactsLocationSasToken": ""}
LOCATED_WITHOUT_SLASH = {**LOCATED, "_artifactsLocation": LOCATION.rstrip("/")}
SQL = {"sqlAdministratorLoginName": "administrator7", "sqlAdministratorLoginPassword": "Cor-rect!Horse7"}


@pytest.fixture(scope="module")
def engine(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    running = Engine(shared / "tools" / "bicep", tmp_path_factory.mktemp("engine"))
    yield running
    running.close()


@pytest.mark.parametrize(
    ("folder", "root", "parameters"),
    [
        ("templates/relpath-chain/linked-template-relpath", "mainTemplate.json", {}),
        (BASICS, "helloworldparent.json", {}),
        (BASICS, "public-ip-parentloadbalancer.json", {}),
        (QUICKSTART, "azuredeploy.json", {**LOCATED, **SQL}),
        ("templates/mspnp-collector/example4-collector", "deploy.json", {}),
        ("assemblies/v2/worker-3links-1pkg-repaired", "Worker.json", LOCATED_WITHOUT_SLASH),
    ],
)
async def test_what_is_inlined_means_the_same_to_microsofts_engine(
    shared: Path, engine: Engine, tmp_path: Path, folder: str, root: str, parameters: dict[str, Any]
) -> None:
    given = parameters | next(
        (
            {name: entry["value"] for name, entry in json.loads(file.read_text())["parameters"].items()}
            for file in (shared / folder).glob("*parameters.json")
            if root.startswith(file.name.split(".")[0]) and "value" in file.read_text()
        ),
        {},
    ) | parameters  # fmt: skip

    def read(path: str) -> Any:
        file = shared / folder / path
        if not file.is_file():
            raise LookupError(path)
        return read_json(file.read_bytes(), file=path).value

    template = inlined(root, read, parameters=given)
    declared = {name: value for name, value in given.items() if name in template.get("parameters", {})}

    text = json.dumps(template)
    theirs = engine.answer(text, declared, "resourceGroup")
    ours = await predicted(text, declared, "resourceGroup", surroundings(tmp_path), Downloader(tmp_path))

    assert '"templateLink"' not in text
    assert theirs.refusal is None
    assert theirs.resources or theirs.outputs
    assert Counter(one["type"] for one in ours.resources) == Counter(one["type"] for one in theirs.resources)
    if folder != QUICKSTART:  # its names come of reference(), of which we tell more than the engine
        assert compare(ours, theirs) == []
