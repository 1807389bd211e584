"""Armature deploys Armature: its template, and its package, from which the new function app then runs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from armature.cli.exits import ExitCode
from emulator.clouds import GOVERNMENT
from emulator.foundation import machine_environment
from emulator.stack import Stack
from infra import bundle
from tests.clouds import CLOUD
from tests.end_to_end.client import SUBSCRIPTION
from tests.end_to_end.snapshots import arm_call
from tests.running import ROOT
from tests.waiting import wait_until

pytestmark = pytest.mark.long

APP, GROUP = "func-armature-second", "rg-armature-second"
SITE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Web/sites/{APP}"
WEB = "2023-12-01"


def deploy(stack: Stack, folder: Path, *words: str) -> dict[str, Any]:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("armature")), "deploy", str(folder), "--json", *words],
        cwd=ROOT,
        env=machine_environment() | stack.client_settings,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == ExitCode.COMPLETED, done.stdout + done.stderr
    state: dict[str, Any] = json.loads(done.stdout)
    return state


def is_running(stack: Stack) -> bool:
    """Whether the functions host of the new app answers; its platform fetches the package by and by."""
    try:
        status = arm_call(stack, "GET", f"{SITE}/hostruntime/admin/host/status", version=WEB)
    except requests.HTTPError:
        return False
    return bool(status["state"] == "Running")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of what is here, without the libraries that Azure's Python would need."""
    made = tmp_path_factory.mktemp("armature")
    bundle.write_bundle(made, APP, GROUP, cloud=CLOUD.name, with_requirements=False)
    return made


def test_it_runs_from_the_package_with_its_functions_and_deploys_again_without_a_change(
    stack: Stack, folder: Path
) -> None:
    first = deploy(stack, folder, "--deployment-id", "itself-1")
    wait_until(lambda: is_running(stack))
    functions = arm_call(stack, "GET", f"{SITE}/functions", version=WEB)["value"]
    second = deploy(stack, folder, "--deployment-id", "itself-2")

    assert first["status"] == second["status"] == "completed"
    names = {function["name"].rpartition("/")[2] for function in functions}
    assert {"start_deployment", "start_from_queue", "tend_deployments", "deployment"} <= names
    site = arm_call(stack, "GET", SITE, version=WEB)["properties"]
    assert site["sku"] == ("PremiumV3" if CLOUD is GOVERNMENT else "FlexConsumption")
    assert site["defaultHostName"] == f"{APP}.azurewebsites.{'us' if CLOUD is GOVERNMENT else 'net'}"
    first_made, second_made = (sorted(state["templates"][0]["resources"]) for state in (first, second))
    assert first_made == second_made
