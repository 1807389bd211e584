"""`python -m emulator env` and `token`: what a shell takes from them."""

import json
import subprocess
from pathlib import Path

import jwt
import pytest

from emulator.stack import SUBSCRIPTION, Stack
from tests.emulator.commands.running import Run


def test_a_shell_takes_the_environment(run: Run, small_stack: Stack) -> None:
    code, exports, _ = run("env", "--state", str(small_stack.state))

    script = f'{exports}\nprintf "%s\\n" "$ARM_ENDPOINT" "$AZURE_SUBSCRIPTION_ID" "$IDENTITY_HEADER" "$CURL_CA_BUNDLE"'
    taken = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.splitlines()
    settings = small_stack.app_settings
    assert code == 0
    assert taken == [small_stack.arm_url, SUBSCRIPTION, settings["IDENTITY_HEADER"], settings["REQUESTS_CA_BUNDLE"]]


@pytest.mark.parametrize("audience", ["https://management.azure.com/", "https://storage.azure.com"])
def test_a_token_is_printed_alone(run: Run, small_stack: Stack, audience: str) -> None:
    code, token, _ = run("token", "--state", str(small_stack.state), "--resource", audience)

    claims = jwt.decode(token.strip(), options={"verify_signature": False})
    assert (code, claims["aud"], claims["oid"]) == (0, audience, small_stack.options.principal)


def test_an_audience_that_there_is_none_of_is_told(run: Run, small_stack: Stack) -> None:
    code, out, told = run("token", "--state", str(small_stack.state), "--resource", "https://nowhere.example")

    assert (code, out) == (1, "")
    assert "the identity endpoint answers 400" in told
    assert "AADSTS500011" in told


@pytest.mark.parametrize("command", ["env", "token", "look"])
def test_nothing_runs(run: Run, tmp_path: Path, command: str) -> None:
    code, out, told = run(command, "--state", str(tmp_path))

    assert (code, out) == (1, "")
    assert told == (
        f"no emulator runs in {tmp_path}: start one with `python -m emulator up`, or name its --state folder\n"
    )


@pytest.mark.parametrize("command", ["token", "look"])
def test_an_emulator_that_was_killed_is_told(run: Run, small_stack: Stack, tmp_path: Path, command: str) -> None:
    addresses = json.loads((small_stack.state / "stack.json").read_text())
    (tmp_path / "stack.json").write_text(json.dumps(addresses | {"identity": "http://127.0.0.1:1/msi/token"}))
    (tmp_path / "identity-header").write_text("secret")

    code, out, told = run(command, "--state", str(tmp_path))

    assert (code, out) == (1, "")
    assert told.startswith("nothing answers at http://127.0.0.1:1/msi/token: the emulator has ended")
