"""The app on two hosts that ask for function keys, as in Azure, used through the command line."""

import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.foundation import machine_environment
from emulator.stack import Stack, StackOptions
from tests.clouds import CLOUD
from tests.end_to_end.bundles import graph_bundle
from tests.running import ROOT


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    options = StackOptions(
        state=tmp_path_factory.mktemp("guarded"),
        app_root=ROOT,
        cloud=CLOUD.name,
        scale=0.01,
        extra_settings={"ARMATURE_POLL_INTERVAL_SECONDS": "0.2"},
        hosts=2,
        require_keys=True,
    )
    with Stack(options) as running:
        yield running


def armature(stack: Stack, *words: str, leave_out: str = "") -> subprocess.CompletedProcess[str]:
    """The command line with what the stack says that it needs."""
    settings = {name: value for name, value in stack.client_settings.items() if name != leave_out}
    command = [str(Path(sys.executable).with_name("armature")), *words]
    return subprocess.run(
        command, cwd=ROOT, env=machine_environment() | settings, capture_output=True, text=True, timeout=100
    )


def test_with_its_key_the_command_line_deploys(guarded: Stack, tmp_path: Path) -> None:
    zipfile.ZipFile(io.BytesIO(graph_bundle("guarded", {"a": [], "b": ["a"]}))).extractall(tmp_path)

    deployed = armature(guarded, "deploy", str(tmp_path))

    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    assert guarded.function_key not in deployed.stdout + deployed.stderr


def test_without_a_key_the_command_line_says_what_is_missing(guarded: Stack) -> None:
    refused = armature(guarded, "list", leave_out="ARMATURE_FUNCTION_KEY")

    assert refused.returncode != 0
    assert "ARMATURE_FUNCTION_KEY" in refused.stdout + refused.stderr
