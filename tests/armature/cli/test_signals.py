"""Signals as a process really gets them."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from armature.cli.exits import ExitCode
from tests.armature.cli.commands import begin
from tests.armature.cli.fake_api import FakeApi
from tests.armature.cli.states import SUBSCRIPTION, a_cancelled_state, a_state
from tests.waiting import wait_until

INTERRUPTED_AT_AN_IMPORT = """
import os, signal, sys

module = sys.argv[1]
sys.argv[1:] = ["version"]

class Interrupter:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupter())
from armature.cli.main import main
main()
"""


@pytest.mark.parametrize("module", ["armature.cli.commands", "typer", "pydantic", "requests", "rich.console"])
def test_ctrl_c_while_the_command_is_still_loading_ends_it_without_a_traceback(module: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_AT_AN_IMPORT, module], capture_output=True, timeout=60, check=False
    )

    assert (ended.returncode, ended.stdout) == (ExitCode.INTERRUPTED, b"")
    assert ended.stderr == b"Interrupted; nothing was started.\n"


@pytest.fixture
def deploying(api: FakeApi, bundle: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`armature deploy` as a process of its own, which watches a deployment that does not end."""
    api.states = [a_state()]
    command = ("deploy", bundle, "--api", api.address, "--deployment-id", "shop-1", "--subscription", SUBSCRIPTION)
    with begin(*command) as process:
        wait_until(lambda: bool(api.of("GET", "/deployments/shop-1/events")))
        yield process
        process.kill()


def is_asked_to_cancel(api: FakeApi) -> bool:
    return bool(api.of("POST", "/deployments/shop-1/cancel"))


def test_sigint_asks_to_cancel_and_the_process_watches_to_the_end(
    api: FakeApi, deploying: subprocess.Popen[bytes]
) -> None:
    api.after = {"cancel": [a_state(), a_cancelled_state()]}

    deploying.send_signal(signal.SIGINT)
    out, err = deploying.communicate(timeout=60)

    assert is_asked_to_cancel(api)
    assert deploying.returncode == ExitCode.CANCELLED, err
    assert b"shop-1 cancelled" in out
    assert b"Traceback" not in err


def test_a_second_sigint_ends_the_process_and_leaves_the_deployment(
    api: FakeApi, deploying: subprocess.Popen[bytes]
) -> None:
    deploying.send_signal(signal.SIGINT)
    wait_until(lambda: is_asked_to_cancel(api))
    looks = len(api.received)
    wait_until(lambda: len(api.received) > looks)

    deploying.send_signal(signal.SIGINT)
    _, err = deploying.communicate(timeout=60)

    assert deploying.returncode == ExitCode.INTERRUPTED
    assert b"armature status shop-1 --watch" in err
    assert b"Traceback" not in err


def test_sigterm_asks_to_cancel_and_ends_the_process(api: FakeApi, deploying: subprocess.Popen[bytes]) -> None:
    deploying.send_signal(signal.SIGTERM)
    _, err = deploying.communicate(timeout=60)

    assert is_asked_to_cancel(api)
    assert deploying.returncode == ExitCode.INTERRUPTED
    assert b"Asked to cancel." in err
    assert b"Traceback" not in err
