"""The Azure CLI itself, in its own virtual environment (`make azure-cli` makes it), logged in to the emulator."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from emulator.foundation import machine_environment
from emulator.running import RunningEmulator
from emulator.stack import Stack
from tests.running import ROOT

CLOUD = "Local"
TIMEOUT_SECONDS = 100
PROGRAM = Path(os.environ.get("AZURE_CLI", ROOT / ".venv-azure-cli" / "bin" / "az"))


@dataclass(frozen=True)
class AzureCli:
    """Runs `az` with a configuration folder of its own and what `python -m emulator env` prints."""

    environment: dict[str, str]

    def run(self, *arguments: str) -> Any:
        """The command's answer, from JSON; None when it prints nothing. Fails the test when the command fails."""
        done = self._run(*arguments, "--output", "json")
        assert done.returncode == 0, f"az {' '.join(arguments)}\n{done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def refusal(self, *arguments: str) -> str:
        """What a command that has to fail says."""
        done = self._run(*arguments)
        assert done.returncode != 0, f"az {' '.join(arguments)} did not fail:\n{done.stdout}"
        return done.stderr

    def begin(self, *arguments: str) -> None:
        """A command that does not wait for the end (`--no-wait`)."""
        self.run(*arguments, "--no-wait")

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(PROGRAM), *arguments]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )


@pytest.fixture(scope="session")
def emulator(stack: Stack) -> RunningEmulator:
    """The running emulator, found as the command line finds it."""
    return RunningEmulator.find(stack.state)


@pytest.fixture(scope="session")
def az(emulator: RunningEmulator, tmp_path_factory: pytest.TempPathFactory) -> AzureCli:
    """The CLI with the emulator registered as its cloud, logged in by the managed identity."""
    assert PROGRAM.exists(), f"there is no Azure CLI at {PROGRAM}: run `make azure-cli`, which installs it"
    own = {
        "AZURE_CONFIG_DIR": str(tmp_path_factory.mktemp("azure-cli")),
        "AZURE_CORE_COLLECT_TELEMETRY": "no",
        "AZURE_CORE_NO_COLOR": "yes",
    }
    cli = AzureCli({**machine_environment(), **emulator.environment(), **own})
    cli.run("cloud", "register", "--name", CLOUD, "--endpoint-resource-manager", emulator.arm)
    cli.run("cloud", "set", "--name", CLOUD)
    cli.run("login", "--identity")
    return cli
