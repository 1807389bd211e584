"""What-if and validation through HTTP, queue and command line: all is told, and nothing is changed by it."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from armature.cli.exits import ExitCode
from emulator.foundation import machine_environment
from emulator.stack import Stack
from tests.clouds import LOCATION
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import SUBSCRIPTION, Caller, zipped
from tests.end_to_end.queues import Queue, collected
from tests.end_to_end.snapshots import arm_snapshot, differences
from tests.running import ROOT
from tests.waiting import wait_until

RENAMED = {
    "type": "Microsoft.OperationalInsights/workspaces",
    "apiVersion": "2023-09-01",
    "name": "[concat('log-', last(split(parameters('network'), '/')))]",
    "location": LOCATION,
    "properties": {"retentionInDays": 30},
}


def network(*subnets: str) -> dict[str, Any]:
    """A virtual network with these subnets."""
    return {
        "type": "Microsoft.Network/virtualNetworks",
        "apiVersion": "2023-09-01",
        "name": "vnet-preview",
        "location": LOCATION,
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [
                {"name": name, "properties": {"addressPrefix": f"10.0.{number}.0/24"}}
                for number, name in enumerate(subnets)
            ],
        },
    }


def bundle(project: str, *subnets: str, days: int = 30, more: tuple[str, ...] = ()) -> bytes:
    """A network whose id, known only when it is there, names a workspace; and workspaces beside."""
    outputs = {"id": {"type": "string", "value": "[reference('vnet-preview', '2023-09-01', 'Full').resourceId]"}}
    items = [
        {"name": "network", "path": "network.json"},
        {"name": "logs", "path": "logs.json", "parameters": {"network": {"output": "network.id"}}},
    ]
    kept = workspace(f"log-{project}") | {"properties": {"retentionInDays": days}}
    logs = [RENAMED, kept, *map(workspace, more)]
    files = {
        "network.json": template([network(*subnets)], outputs),
        "logs.json": template(logs, parameters={"network": {"type": "string"}}),
    }
    return zipped({"manifest.json": manifest(project, items), **files})


@pytest.fixture(scope="module")
def caller(stack: Stack) -> Caller:
    return Caller(stack)


def told(caller: Caller, deployment: str, **headers: str) -> Any:
    answer = caller.get(f"deployments/{deployment}/preview", **headers)
    assert answer.status_code == 200, answer.text
    return answer


def armature(stack: Stack, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("armature")), *words]
    environment = machine_environment() | stack.client_settings
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100, check=False)


def unpacked(content: bytes, folder: Path) -> str:
    zipfile.ZipFile(io.BytesIO(content)).extractall(folder)
    return str(folder)


def test_what_a_fresh_target_would_get_is_told_as_json_text_and_markdown_and_nothing_is_changed(stack, caller):
    before = arm_snapshot(stack)

    deployment = caller.start(bundle("prev-new", "web"), options={"mode": "WhatIf"})
    state = caller.ended(deployment)

    assert state["status"] == "completed", state
    assert differences(before, arm_snapshot(stack)) == []
    assert {name: state["preview"][name] for name in ("creates", "modifies", "deletions", "unsupported")} == {
        "creates": 3,
        "modifies": 0,
        "deletions": 0,
        "unsupported": 1,
    }
    assert {item["name"]: item["status"] for item in state["templates"]} == {
        "network": "succeeded",
        "logs": "succeeded",
    }
    document = told(caller, deployment).json()
    assert [part.get("needs") for part in document["templates"]] == [[], ["network = network.id"]]
    assert "vnet-preview" in {resource["name"] for resource in document["resources"]}
    assert (
        "+ Microsoft.Network/virtualNetworks vnet-preview  [network]"
        in told(caller, deployment, Accept="text/plain").text
    )
    markdown = told(caller, f"{deployment}", Accept="text/markdown")
    assert markdown.headers["Content-Type"].startswith("text/markdown")
    assert "| create | <code>vnet-preview</code> |" in markdown.text
    again = caller.get(
        f"deployments/{deployment}/preview?format=markdown", **{"If-None-Match": markdown.headers["ETag"]}
    )
    assert again.status_code == 304
    assert caller.get(f"deployments/{deployment}/preview?format=pdf").status_code == 400
    assert caller.session.post(f"{caller.api}/deployments/{deployment}/rollback", timeout=9).status_code == 409
    [listed] = caller.get("deployments?project=prev-new&mode=WhatIf").json()["value"]
    assert (listed["deploymentId"], listed["mode"]) == (deployment, "WhatIf")
    assert caller.get("deployments?project=prev-new&mode=Complete").json()["value"] == []


def test_a_second_version_is_told_with_its_predecessors_output_by_queue_command_line_and_the_gate(
    stack, caller, tmp_path
):
    first = caller.ended(caller.start(bundle("prev-next", "web", "data"), options={"force": True}))
    assert first["status"] == "completed", first
    second = bundle("prev-next", "web", days=60, more=("log-prev-more",))
    folder, before = unpacked(second, tmp_path / "second"), arm_snapshot(stack)
    request = {
        "bundle": {"id": caller.upload(second)},
        "target": {"subscription": SUBSCRIPTION},
        "options": {"mode": "WhatIf"},
        "deploymentId": "prev-next-queued",
    }

    Queue(stack, "deployment-requests").send(json.dumps(request))
    results = Queue(stack, "deployment-results")
    [result] = collected(results, lambda message: message.get("deploymentId") == "prev-next-queued", 1)
    command = armature(stack, "what-if", folder, "--detailed-exit-code", "--deployment-id", "prev-next-cli")
    validated = armature(stack, "validate", folder, "--format", "json")

    summary = (
        "What-if: 1 to create, 2 to modify (2 properties), 1 to delete, 1 unchanged. "
        "1 template previewed with its predecessor's output."
    )
    assert (result["status"], result["message"]) == ("completed", summary)
    assert command.returncode == ExitCode.CHANGES, command.stdout + command.stderr
    for line in (
        "  - Microsoft.Network/virtualNetworks/subnets vnet-preview/data  [network]",
        "  + Microsoft.OperationalInsights/workspaces log-prev-more  [logs]",
        "      ~ properties.retentionInDays: 30 -> 60",
        "  logs     accepted; with the predecessor's output network = network.id",
    ):
        assert line in command.stdout
    assert validated.returncode == ExitCode.COMPLETED
    assert [part["verdict"] for part in json.loads(validated.stdout)["templates"]] == ["accepted", "accepted"]
    assert differences(before, arm_snapshot(stack)) == []
    assert caller.state("prev-next-cli")["preview"]["digest"] == caller.state("prev-next-queued")["preview"]["digest"]

    waiting = caller.start(second)
    wait_until(lambda: caller.state(waiting)["status"] == "awaitingApproval")
    assert caller.state(waiting)["approval"]["reasons"] == ["deletions"]
    assert caller.session.post(f"{caller.api}/deployments/{waiting}/cancel", timeout=9).status_code == 202
    assert caller.ended(waiting)["status"] == "cancelled"
    assert differences(before, arm_snapshot(stack)) == []


def test_a_validation_tells_of_every_refused_template_at_once_and_fails_a_pipeline(stack, tmp_path):
    account = {
        "type": "Microsoft.Storage/storageAccounts",
        "apiVersion": "2023-05-01",
        "name": "[concat('NotAllowed', '-here')]",
        "location": LOCATION,
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": {},
    }
    items = [{"name": name, "path": f"{name}.json"} for name in ("one", "two", "fine")]
    files = {
        "one.json": template([account]),
        "two.json": template([workspace("log-two") | {"location": "nowhere"}]),
        "fine.json": template([workspace("log-fine")]),
    }
    folder = unpacked(zipped({"manifest.json": manifest("prev-bad", items), **files}), tmp_path / "bad")

    validated = armature(stack, "validate", folder, "--deployment-id", "prev-bad-1")

    assert validated.returncode == ExitCode.FAILED, validated.stdout + validated.stderr
    assert "Validation: 1 of 3 templates accepted. Azure refuses one, two." in validated.stdout
    assert "AccountNameInvalid at one.json#/resources/0/name" in validated.stdout
    assert "LocationNotAvailableForResourceType" in validated.stdout
