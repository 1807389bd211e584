"""What the emulated ARM makes of real templates, against Microsoft's own engine (`arm-oracle template`)."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from armature.templates.reading import JsonSyntaxError
from armature.templates.relative_links import own_link_rewrites, rewritten
from armature.templates.template import Template, TemplateShapeError
from emulator.arm.behaviours import Surroundings
from emulator.arm.behaviours.storage import AccountsFile
from emulator.arm.engine.bodies import check_body
from emulator.arm.engine.links import Downloader
from emulator.arm.engine.preparation import Preparation
from emulator.arm.engine.request import DeploymentRequest
from emulator.arm.errors import ArmError
from emulator.arm.grouping import write_group
from emulator.arm.identifiers import ResourceId
from emulator.arm.settings import DEFAULT_SUBSCRIPTION, DEFAULT_TENANT
from emulator.arm.state import CloudState
from emulator.certificates import ensure_certificates
from tests.conformance.conftest import shared_folder
from tests.emulator.arm.running import running_arm, serving_templates

PARAMETERS: dict[str, dict[str, Any]] = {
    "azuredeploy.json": {"projectName": "contoso"},
    "linkedStorageAccount.json": {"storageAccountName": "stcontoso", "location": "eastus2"},
    "linkedStorageAccountSymbolic.json": {"storageAccountName": "stcontoso", "location": "eastus2"},
    "static-public-ip.json": {"publicIPAddresses_name": "ip"},
    "public-ip.json": {"publicIPAddresses_name": "ip"},
}
FOLDERS = ("assemblies", "templates/docs-linked-basics", "templates/relpath-chain")


def templates() -> list[Path]:
    """Every template of the assemblies and the small sets, but those that link others, which the oracle can't fetch."""
    root = shared_folder()
    files = [file for folder in FOLDERS for file in sorted((root / folder).rglob("*.json"))]
    return [file.relative_to(root) for file in files if _is_alone(file.read_text(encoding="utf-8-sig"))]


def _is_alone(text: str) -> bool:
    return "deploymenttemplate.json" in text.lower() and '"templateLink"' not in text


@pytest.fixture
def surroundings(tmp_path: Path) -> Surroundings:
    state = CloudState(DEFAULT_TENANT, (DEFAULT_SUBSCRIPTION,))
    write_group(state, ResourceId(DEFAULT_SUBSCRIPTION, "rg-oracle"), {"location": "eastus2"})
    return Surroundings(state, DEFAULT_TENANT, "https://127.0.0.1:1", AccountsFile(tmp_path / "accounts.json"))


def oracle(shared: Path, file: Path, group: str | None, parameters: dict[str, Any], folder: Path) -> tuple[Any, str]:
    """Microsoft's answer: the snapshot, or None with the reason."""
    values = folder / "parameters.json"
    values.write_text(json.dumps({"parameters": {name: {"value": value} for name, value in parameters.items()}}))
    command = [str(shared / "tools" / "arm-oracle"), "template", str(file), "--parameters", str(values)]
    command += ["--resource-group", group or ""]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (json.loads(done.stdout), "") if done.returncode == 0 else (None, done.stderr)


def same(ours: Any, theirs: Any) -> bool:
    """Equal, where an expression that neither could evaluate equals any other."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in theirs)
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(theirs, str) and isinstance(ours, str) and theirs.startswith("["):
        return ours.startswith("[")
    return bool(ours == theirs)


def without_places(message: str) -> str:
    """The reason alone: without the envelope around it, and without lines and columns, which only text has."""
    reason = re.sub(r"^(Deployment template validation failed: |.*for the following reason: )", "", message.strip())
    return re.sub(r" at line '\d+' and column '\d+'", "", reason).strip("'. ")


EVERY = 8
"""All templates are compared with the engine itself elsewhere; its tool needs a process and seconds for each."""


@pytest.mark.parametrize("name", templates()[::EVERY], ids=str)
async def test_a_template_is_expanded_as_microsoft_s_engine_expands_it(
    name: Path, shared: Path, surroundings: Surroundings, tmp_path: Path
) -> None:
    text = (shared / name).read_text(encoding="utf-8-sig")
    group = "rg-oracle" if "subscriptionDeploymentTemplate" not in text else None
    parameters = PARAMETERS.get(name.name, {})
    expected, reason = oracle(shared, shared / name, group, parameters, tmp_path)

    certificates = ensure_certificates(tmp_path / "certificates")
    deployment = ResourceId(DEFAULT_SUBSCRIPTION, group).resource("Microsoft.Resources/deployments", "main")
    request = DeploymentRequest(
        id=deployment,
        correlation_id="",
        template=json.loads(text),
        parameters={name: {"value": value} for name, value in parameters.items()},
        location=None if group else "eastus2",
    )
    preparation = Preparation(surroundings, Downloader(certificates.authority))
    if expected is None:
        with pytest.raises(ArmError) as refusal:
            await preparation.prepare_root(request)
        assert without_places(refusal.value.message) == without_places(reason)
        return
    prepared = await preparation.prepare_root(request)

    ours = {
        str(i.id).lower(): {"id": str(i.id), "type": i.type, "name": i.name, "apiVersion": i.api_version}
        | check_body(i)
        for i in prepared.resources()
    }
    theirs = {resource["id"].lower(): resource for resource in expected["predictedResources"]}
    assert ours.keys() == theirs.keys()
    for key, resource in theirs.items():
        assert same(ours[key], resource), json.dumps({"ours": ours[key], "theirs": resource}, indent=1)


LINKED_SETS = "templates/docs-linked-basics/azure-resource-manager/linkedtemplates"
OUTPUTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "templates/relpath-chain/linked-template-relpath/mainTemplate.json": ({}, {"fromSibling": "grandChild"}),
    "templates/docs-linked-basics/get-started-deployment/linked-template/azuredeploy.json": (
        {"projectName": "contoso"},
        {},
    ),
    f"{LINKED_SETS}/helloworldparent.json": ({}, {"messageFromLinkedTemplate": "Hello World"}),
    f"{LINKED_SETS}/static-public-ip-parent.json": ({}, {}),
    f"{LINKED_SETS}/public-ip-parentloadbalancer.json": ({}, {}),
}


@pytest.mark.parametrize("name", OUTPUTS)
async def test_a_set_of_linked_templates_deploys(name: str, shared: Path, tmp_path: Path) -> None:
    parameters, expected = OUTPUTS[name]
    certificates = ensure_certificates(tmp_path / "certificates")
    async with running_arm(certificates, tmp_path) as arm, serving_templates(certificates) as server:
        await arm.groups.resource_groups.create_or_update("rg", {"location": "eastus2"})
        for file in (shared / "templates").rglob("*.json"):
            server.files[f"/{file.relative_to(shared)}"] = with_relative_links_or_as_it_is(file)

        deployment = await arm.deploy(
            parameters=parameters, templateLink={"uri": f"{server.url}/{name}", "queryString": "sig=right"}
        )

    properties = deployment["properties"]
    assert properties["provisioningState"] == "Succeeded", properties["error"]
    outputs = {key: output["value"] for key, output in properties.get("outputs", {}).items()}
    assert expected.items() <= outputs.items()


def with_relative_links_or_as_it_is(file: Path) -> bytes:
    """The template as the app uploads it: links made from its own URI are relative, so that the SAS reaches them."""
    content = file.read_bytes()
    try:
        template = Template.read(content, file=file.name)
    except (TemplateShapeError, JsonSyntaxError):
        return content
    return rewritten(template, own_link_rewrites(template))
