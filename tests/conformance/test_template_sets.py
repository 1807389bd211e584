"""Published sets of linked templates, deployed through the command line from private storage."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import requests

from emulator.running import RunningEmulator
from emulator.stack import Stack
from tests.conformance.test_assemblies import armature, deployed
from tests.end_to_end.bundles import manifest
from tests.end_to_end.client import SUBSCRIPTION
from tests.figures import Figures
from tests.waiting import wait_until

QUICKSTART = "qs-webapp-vnet-pe/301-web-app-regional-vnet-private-endpoint-sql-storage"
VIRTUAL_NETWORK = "avm-vnet/avm/res/network/virtual-network"
VAULT = "kv-template-sets"
NETWORK_VERSION = "2023-09-01"
READER = "11111111-2222-3333-4444-555555555555"


def bundled(folder: Path, root: str, parameters: dict[str, Any], name: str, destination: Path) -> Path:
    """A bundle of our own manifest around a folder of templates."""
    shutil.copytree(folder, destination / "templates")
    items = [{"name": "root", "path": f"templates/{root}", "parameters": parameters}]
    (destination / "manifest.json").write_text(json.dumps(manifest(name, items)))
    return destination


def literal(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: {"value": value} for name, value in parameters.items()}


class Cloud:
    """Reads and writes resources of the emulator as the deployment's owner would."""

    def __init__(self, stack: Stack) -> None:
        self._emulator = RunningEmulator.find(stack.state)
        self._headers = {"Authorization": f"Bearer {self._emulator.token()}"}

    def make(self, path: str, version: str, body: Any) -> None:
        """Write a resource, and wait until it is made."""
        self.call("PUT", path, version, body)
        wait_until(lambda: self.call("GET", path, version)["properties"]["provisioningState"] == "Succeeded")

    def call(self, method: str, path: str, version: str, body: Any = None) -> Any:
        answer = requests.request(
            method,
            f"{self._emulator.arm}/subscriptions/{SUBSCRIPTION}{path}",
            params={"api-version": version},
            json=body,
            headers=self._headers,
            verify=str(self._emulator.trust),
            timeout=30,
        )
        assert answer.ok, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def cloud(stack: Stack) -> Cloud:
    return Cloud(stack)


@pytest.fixture(scope="module")
def password(cloud: Cloud) -> dict[str, Any]:
    """A secret in a vault, as a manifest names it."""
    group = "/resourceGroups/rg-template-sets-vault"
    cloud.call("PUT", group, "2021-04-01", {"location": "eastus2"})
    vault = f"{group}/providers/Microsoft.KeyVault/vaults/{VAULT}"
    properties = {
        "tenantId": "00000000-0000-0000-0000-000000000002",
        "sku": {"family": "A", "name": "standard"},
        "enabledForTemplateDeployment": True,
        "accessPolicies": [],
    }
    cloud.make(vault, "2023-07-01", {"location": "eastus2", "properties": properties})
    cloud.make(f"{vault}/secrets/sql", "2023-07-01", {"properties": {"value": "Cor-rect!Horse7"}})
    return {"keyVault": {"id": f"/subscriptions/{SUBSCRIPTION}{vault}"}, "secretName": "sql"}


def outputs(cloud: Cloud, state: dict[str, Any]) -> dict[str, Any]:
    """What ARM holds as the outputs of the bundle's one template."""
    (template,) = state["templates"]
    scope = template["scope"].removeprefix(f"/subscriptions/{SUBSCRIPTION}")
    path = f"{scope}/providers/Microsoft.Resources/deployments/{template['deploymentName']}"
    told = cloud.call("GET", path, "2022-09-01")["properties"]["outputs"]
    return {name: output["value"] for name, output in told.items()}


def linked(state: dict[str, Any]) -> list[dict[str, Any]]:
    (template,) = state["templates"]
    children: list[dict[str, Any]] = template["linkedDeployments"]
    assert {child["status"] for child in children} <= {"Succeeded"}
    return children


def resources(state: dict[str, Any]) -> list[str]:
    (template,) = state["templates"]
    return [resource.rsplit("/providers/", 1)[1] for resource in template["resources"]]


def test_the_quickstart_of_a_web_app_with_private_endpoints(
    shared: Path, stack: Stack, cloud: Cloud, password: dict[str, Any], tmp_path: Path, figures: Figures
):
    folder = shared / "templates" / QUICKSTART
    given = json.loads((folder / "azuredeploy.parameters.json").read_text())["parameters"]
    parameters = {
        "vNets": given["vNets"],
        **literal({"sqlAdministratorLoginName": "administrator7"}),
        "sqlAdministratorLoginPassword": {"reference": password},
    }

    state = deployed(stack, bundled(folder, "azuredeploy.json", parameters, "quickstart", tmp_path / "bundle"))

    found = resources(state)
    figures(f"{len(found)} resources, {len(linked(state))} linked deployments, completed")
    assert len(linked(state)) >= 14
    assert sum(one.startswith("Microsoft.Network/privateEndpoints/") for one in found) == 2
    records = [one for one in found if one.startswith("Microsoft.Network/privateDnsZones/") and "/A/" in one]
    assert records
    for record in records:
        zone = f"/resourceGroups/rg-quickstart/providers/{record}"
        addresses = cloud.call("GET", zone, "2020-06-01")["properties"]["aRecords"]
        assert [address["ipv4Address"].split(".")[:3] for address in addresses] == [["10", "1", "1"]]


def test_the_collector_pattern(shared: Path, stack: Stack, cloud: Cloud, tmp_path: Path, figures: Figures):
    folder = shared / "templates" / "mspnp-collector" / "example4-collector"
    given = json.loads((folder / "deploy.parameters.json").read_text())["parameters"]

    state = deployed(stack, bundled(folder, "deploy.json", given, "collector", tmp_path / "bundle"))

    figures(f"{len(resources(state))} resource, {len(linked(state))} linked deployments, completed")
    assert [rule["name"] for rule in outputs(cloud, state)["instance"]] == ["RDPAllow", "HTTPAllow"]


@pytest.mark.parametrize(("example", "expected"), [("example1-update", 2), ("example3-object-param", 4)])
def test_the_other_patterns(shared: Path, stack: Stack, tmp_path: Path, example: str, expected: int):
    folder = shared / "templates" / "mspnp-collector" / example
    file = folder / "deploy.parameters.json"
    given = json.loads(file.read_text())["parameters"] if file.exists() else {}

    state = deployed(stack, bundled(folder, "deploy.json", given, example, tmp_path / "bundle"))

    assert len(set(resources(state))) == expected


def test_the_verified_module_of_a_virtual_network(
    shared: Path, stack: Stack, cloud: Cloud, tmp_path: Path, figures: Figures
):
    subnets = [{"name": name, "addressPrefix": f"10.0.{index}.0/24"} for index, name in enumerate(("web", "data"))]
    parameters = literal(
        {
            "name": "vnet-avm",
            "addressPrefixes": ["10.0.0.0/16"],
            "subnets": subnets,
            "lock": {"kind": "CanNotDelete", "name": "keep"},
            "roleAssignments": [{"principalId": READER, "roleDefinitionIdOrName": "Reader"}],
            "enableTelemetry": False,
        }
    )
    bundle = bundled(shared / "templates" / VIRTUAL_NETWORK, "main.json", parameters, "avm", tmp_path / "bundle")

    state = deployed(stack, bundle)

    found = resources(state)
    figures(f"{len(found)} resources, {len(linked(state))} nested deployments, completed")
    network = "/resourceGroups/rg-avm/providers/Microsoft.Network/virtualNetworks/vnet-avm"
    shown = cloud.call("GET", network, NETWORK_VERSION)["properties"]
    assert [(one["name"], one["properties"]["addressPrefix"]) for one in shown["subnets"]] == [
        ("web", "10.0.0.0/24"),
        ("data", "10.0.1.0/24"),
    ]
    assert [one.rsplit("/", 1)[-1] for one in outputs(cloud, state)["subnetResourceIds"]] == ["web", "data"]
    assert any(one.startswith("Microsoft.Authorization/locks/") for one in found)
    assert any(one.startswith("Microsoft.Authorization/roleAssignments/") for one in found)


def test_what_a_set_needs_and_was_not_given_is_told(shared: Path, stack: Stack, tmp_path: Path):
    bundle = bundled(shared / "templates" / VIRTUAL_NETWORK, "main.json", {}, "avm-bare", tmp_path / "bundle")

    done = armature(stack, "deploy", str(bundle), "--json")

    assert done.returncode == 3
    problems = json.loads(done.stdout)["problems"]
    assert {problem["code"] for problem in problems} == {"ParameterMissing"}
