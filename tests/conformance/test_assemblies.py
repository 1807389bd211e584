"""Real input through the command line: assemblies deploy or are refused as they should be; linked templates, from
private storage."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from emulator.running import RunningEmulator
from emulator.stack import Stack, StackOptions
from tests.end_to_end.bundles import manifest
from tests.end_to_end.client import SUBSCRIPTION
from tests.end_to_end.evidence import arm_writes
from tests.figures import Figures
from tests.running import ROOT
from tests.waiting import wait_until

ASSEMBLIES = {
    "v1/static-site": [],
    "v1/colorai-data": [],
    "v2/static-site": [],
    "v2/worker-3links-1pkg-repaired": [],
    "v2/colorai-data-split": [],
}
REFUSED = {"v1/order-platform": {"Data.json"}, "v2/orders-split": {"Data-configuration-13.json", "Compute.json"}}
ORDERS_GROUPS = [
    *("--stack-resource-group", "Network=rg-network-contoso-orders-prod-neu-02"),
    *("--stack-resource-group", "Data=rg-data-contoso-orders-prod-neu-02"),
    *("--stack-resource-group", "Compute=rg-compute-contoso-orders-prod-neu-02"),
]

BASICS = "docs-linked-basics/azure-resource-manager/linkedtemplates"
STARTED = "docs-linked-basics/get-started-deployment/linked-template"
LINKED: dict[str, tuple[str, str, dict[str, Any], int]] = {
    # name: folder, root template, parameters, resources (deployments not counted)
    "relpath-chain": ("relpath-chain/linked-template-relpath", "mainTemplate.json", {}, 0),
    "helloworldparent": (BASICS, "helloworldparent.json", {}, 0),
    "static-public-ip-parent": (BASICS, "static-public-ip-parent.json", {}, 3),
    "public-ip-parentloadbalancer": (BASICS, "public-ip-parentloadbalancer.json", {}, 2),
    "get-started": (STARTED, "azuredeploy.json", {"projectName": {"value": "armature"}}, 3),
}


def armature(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, as a user would run it against the stack."""
    command = [sys.executable, "-m", "armature.cli", *arguments]
    environment = {**stack.client_settings, "PATH": "/usr/bin:/bin", "ARMATURE_SUBSCRIPTION": SUBSCRIPTION}
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=environment,
        timeout=110,
        check=False,
        cwd=Path(__file__).resolve().parents[2],
    )


def deployed(stack: Stack, bundle: Path, *options: str) -> dict[str, Any]:
    """The state document of a deployment that completed."""
    done = armature(stack, "deploy", str(bundle), "--json", "--force", *options)  # a protected group is below its scope
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    state: dict[str, Any] = json.loads(done.stdout)
    assert state["status"] == "completed"
    return state


def resources_of(state: dict[str, Any]) -> list[str]:
    return [resource for template in state["templates"] for resource in template.get("resources", [])]


@pytest.fixture(scope="module")
def shared_plan(stack: Stack) -> None:
    """The plan that the worker's app stands on: it is somebody else's and was there before."""
    emulator = RunningEmulator.find(stack.state)
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-shared-plans"
    plan = f"{group}/providers/Microsoft.Web/serverfarms/asp-shared-linux"
    options = {"headers": {"Authorization": f"Bearer {emulator.token()}"}, "verify": str(emulator.trust), "timeout": 30}
    for path, version, more in ((group, "2021-04-01", {}), (plan, "2023-12-01", {"sku": {"name": "P1v3"}})):
        body = {"location": "northeurope"} | more
        answer = requests.put(f"{emulator.arm}{path}?api-version={version}", json=body, **options)
        assert answer.ok, answer.text
    address = f"{emulator.arm}{plan}?api-version=2023-12-01"
    wait_until(lambda: requests.get(address, **options).json()["properties"]["provisioningState"] == "Succeeded")


@pytest.mark.usefixtures("shared_plan")
@pytest.mark.parametrize("assembly", ASSEMBLIES)
def test_an_assembly_deploys_and_lists_its_resources(shared: Path, stack: Stack, assembly: str, figures: Figures):
    name = assembly.replace("/", "-")

    state = deployed(
        stack,
        shared / "assemblies" / assembly,
        *("--location", "eastus2", "--project", name, *ASSEMBLIES[assembly]),
    )

    expected = declared(shared / "assemblies" / assembly)
    found = resources_of(state)
    figures(f"{len(found)} resources, {len(state['templates'])} templates, completed")
    assert len(found) == expected
    for template in state["templates"]:
        linked = {child["status"] for child in template.get("linkedDeployments", [])}
        assert linked <= {"Succeeded"}


def test_an_assembly_for_government_deploys_there(shared: Path, tmp_path: Path, figures: Figures):
    folder = shared / "assemblies" / "v1" / "government-cloud"
    options = StackOptions(
        state=tmp_path,
        app_root=ROOT,
        cloud="AzureUSGovernment",
        scale=0.01,
        extra_settings={"ARMATURE_POLL_INTERVAL_SECONDS": "0.2"},
    )

    with Stack(options) as government:
        where = ("--location", "usgovvirginia", "--resource-group", "rg-govcloud")
        state = deployed(government, folder, *where, "--project", "v1-government-cloud")

    found = resources_of(state)
    figures(f"{len(found)} resources, {len(state['templates'])} templates, completed")
    assert len(found) == declared(folder)
    assert all(template["portalLink"].startswith("https://portal.azure.us/") for template in state["templates"])


def declared(folder: Path) -> int:
    """How many resources the templates of an assembly declare, children included, deployments aside."""
    count = 0
    for file in folder.glob("*.json"):
        resources = json.loads(file.read_text()).get("resources", [])
        resources += [child for resource in resources for child in resource.get("resources", [])]
        count += sum(resource["type"] != "Microsoft.Resources/deployments" for resource in resources)
    return count


@pytest.mark.parametrize("assembly", REFUSED)
def test_an_assembly_with_invalid_expressions_is_refused_before_anything_is_touched(
    shared: Path, stack: Stack, assembly: str, figures: Figures
):
    before = len(arm_writes(stack.state))

    done = armature(
        stack,
        *("deploy", str(shared / "assemblies" / assembly), "--location", "northeurope", "--json", *ORDERS_GROUPS),
    )

    assert done.returncode == 3, done.stderr
    problems = [p for p in json.loads(done.stdout)["problems"] if p["severity"] == "error"]
    assert problems
    for problem in problems:
        assert problem["code"] == "ExpressionSyntax"
        assert (shared / "assemblies" / assembly / problem["file"]).is_file()
        assert problem["pointer"].startswith("/resources/")
        assert problem["line"] > 0
        assert problem["column"] > 0
    places = [f"  {p['file']}:{p['line']}:{p['column']} {p['pointer']}: {p['message']}" for p in problems]
    figures("\n".join([f"refused, {len(problems)} problems", *places]))
    assert {problem["file"] for problem in problems} == REFUSED[assembly]
    assert len(arm_writes(stack.state)) == before


def bundle_of(folder: Path, root: str, parameters: dict[str, Any], name: str, destination: Path) -> Path:
    """A bundle of our own manifest around a folder of linked templates."""
    shutil.copytree(folder, destination / "templates")
    items = [{"name": "root", "path": f"templates/{root}", "parameters": parameters}]
    (destination / "manifest.json").write_text(json.dumps(manifest(name, items)))
    return destination


@pytest.mark.parametrize("name", LINKED)
def test_linked_templates_deploy_from_private_storage(shared: Path, stack: Stack, tmp_path: Path, name: str):
    folder, root, parameters, count = LINKED[name]
    bundle = bundle_of(shared / "templates" / folder, root, parameters, name, tmp_path / "bundle")

    state = deployed(stack, bundle)

    (template,) = state["templates"]
    assert len(template.get("resources", [])) == count
    assert template["linkedDeployments"]
    assert {child["status"] for child in template["linkedDeployments"]} == {"Succeeded"}


def test_a_root_whose_linked_files_are_missing_is_refused(shared: Path, stack: Stack, tmp_path: Path):
    bundle = bundle_of(shared / "templates" / BASICS, "linked-dependency.json", {}, "missing", tmp_path / "bundle")

    done = armature(stack, "deploy", str(bundle), "--json")

    assert done.returncode == 3
    missing = {p["message"] for p in json.loads(done.stdout)["problems"] if p["code"] == "LinkedTemplateMissing"}
    assert any("firstresources.json" in message for message in missing)
    assert any("secondresources.json" in message for message in missing)
