"""Azure Government: the same app in the emulator of that cloud; `make test-government` runs the other tests so too."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from armature.azure.services import Services
from armature.clouds import CLOUDS
from armature.errors import FailureClass, FailureError
from emulator.arm.catalogue import LOCATIONS
from emulator.clouds import GOVERNMENT, PUBLIC
from emulator.stack import Stack, StackOptions
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import SUBSCRIPTION, Caller, zipped
from tests.end_to_end.evidence import arm_writes, tokens_asked_for
from tests.end_to_end.snapshots import arm_call
from tests.running import ROOT, services_of


@dataclass
class Government:
    """The app in Azure Government, its callers, and its services in this process."""

    stack: Stack
    caller: Caller
    app: Services


@pytest.fixture(scope="module")
def government(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Government]:
    options = StackOptions(
        state=tmp_path_factory.mktemp("government"),
        app_root=ROOT,
        cloud=GOVERNMENT.name,
        scale=0.01,
        extra_settings={"ARMATURE_POLL_INTERVAL_SECONDS": "0.2"},
    )
    with Stack(options) as stack, services_of(stack.app_settings) as app:
        yield Government(stack, Caller(stack), app)


def bundle(project: str, cloud: str) -> bytes:
    """A template of one workspace, that tells what it sees of the cloud; in the region that is the app's default."""
    made = workspace(f"log-{project}") | {"location": "[resourceGroup().location]"}
    seen = {
        "cloud": "[environment().name]",
        "storage": "[environment().suffixes.storage]",
        "location": "[resourceGroup().location]",
    }
    outputs = {name: {"type": "string", "value": value} for name, value in seen.items()}
    items = [{"name": "log", "path": "log.json"}]
    described = manifest(project, items, cloud=cloud)
    del described["location"]
    return zipped({"manifest.json": described, "log.json": template([made], outputs)})


def test_a_deployment_in_government_is_there_from_token_to_portal_link(government: Government) -> None:
    stack, caller = government.stack, government.caller

    state = caller.ended(caller.start(bundle("gov", "AzureUSGovernment"), deploymentId="gov-1"))

    assert state["status"] == "completed", state["failures"]
    [log] = state["templates"]
    deployed = f"{log['scope']}/providers/Microsoft.Resources/deployments/{log['deploymentName']}"
    assert log["portalLink"].startswith("https://portal.azure.us/#")
    assert log["portalLink"].endswith(quote(deployed, safe=""))
    assert tokens_asked_for(stack.state) == {"https://management.usgovcloudapi.net", "https://storage.azure.com"}
    outputs = arm_call(stack, "GET", deployed)["properties"]["outputs"]
    assert {name: output["value"] for name, output in outputs.items()} == {
        "cloud": "AzureUSGovernment",
        "storage": "core.usgovcloudapi.net",
        "location": "usgovvirginia",
    }
    account = government.app.artifacts.find(government.app.arm(SUBSCRIPTION), "usgovvirginia")
    assert account is not None
    told = arm_call(stack, "GET", account.resource_id, version="2023-05-01")["properties"]["primaryEndpoints"]
    assert told["queue"] == f"https://{account.name}.queue.core.usgovcloudapi.net/"


def test_a_bundle_for_another_cloud_is_refused_before_anything_is_touched(government: Government) -> None:
    stack, caller = government.stack, government.caller
    written = len(arm_writes(stack.state))

    state = caller.ended(caller.start(bundle("strayed", "AzureCloud"), deploymentId="strayed-1"))

    assert (state["status"], state["failures"][0]["code"]) == ("failed", "BundleRefused")
    [problem] = [problem for problem in state["problems"] if problem["severity"] == "error"]
    assert (problem["code"], problem["pointer"]) == ("CloudMismatch", "/cloud")
    assert problem["message"] == "The bundle is for AzureCloud, the app runs in AzureUSGovernment."
    assert len(arm_writes(stack.state)) == written


def refusal_of(stack: Stack, cloud: str) -> Any:
    """What the ARM of a stack says to the app when its settings tell that it runs in `cloud`."""
    settings = {**stack.app_settings, "AZURE_CLOUD": cloud}
    with services_of(settings) as app, pytest.raises(FailureError) as refused:
        app.arm(SUBSCRIPTION).check_access()
    return refused.value.failure


def test_neither_cloud_takes_a_token_for_the_other(government: Government, stack: Stack) -> None:
    other = PUBLIC if stack.options.cloud == GOVERNMENT.name else GOVERNMENT

    in_government = refusal_of(government.stack, PUBLIC.name)
    elsewhere = refusal_of(stack, other.name)

    for failure, own in ((in_government, GOVERNMENT.name), (elsewhere, stack.options.cloud)):
        assert (failure.code, failure.failure_class) == (
            "InvalidAuthenticationTokenAudience",
            FailureClass.AUTHORIZATION,
        )
        assert CLOUDS[own].audience in failure.message


def test_no_test_that_deploys_names_a_region_of_one_cloud() -> None:
    """Such a test can't pass in the others; tests.clouds tells the region."""
    named = re.compile("|".join(f'"{name}"' for name in LOCATIONS))
    lines = [
        f"{file.name}: {line.strip()}"
        for file in sorted(Path(__file__).parent.glob("*.py"))
        for line in file.read_text(encoding="utf-8").splitlines()
        if named.search(line) and "CLOUD" not in line and file.name != Path(__file__).name
    ]

    assert lines == []
