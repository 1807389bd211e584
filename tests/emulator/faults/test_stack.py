"""The stack with faults: what a rule kills is started again, and the state folder tells what happened."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from emulator.faults.folder import FaultFolder
from emulator.faults.model import FaultFileError, read_faults, read_rule
from emulator.processes import ChildError
from emulator.stack import Stack, StackOptions
from tests.running import ROOT
from tests.waiting import wait_until


def metadata(stack: Stack) -> int | None:
    """The status of ARM's metadata; None when nobody answers."""
    try:
        return requests.get(
            f"{stack.arm_url}/metadata/endpoints?api-version=2022-09-01",
            verify=stack.app_settings["REQUESTS_CA_BUNDLE"],
            timeout=30,
        ).status_code
    except requests.ConnectionError:
        return None


def test_what_a_rule_kills_is_started_again_and_what_nobody_revives_is_told(app: Path, tmp_path: Path) -> None:
    path, state = tmp_path / "faults.json", tmp_path / "state"
    path.write_text('{"rules": [{"id": "k", "service": "arm", "fault": "killed", "match": {"operation": "GetGroup"}}]}')

    with Stack(StackOptions(state=state, app_root=app, scale=0, faults=path, revive=True)) as stack:
        rule = {"id": "m", "service": "arm", "fault": "killed", "match": {"operation": "GetMetadata"}, "times": 1}
        stack.faults.add(read_rule(rule))
        killed, before = metadata(stack), stack.supervisor.children["arm"].pid
        wait_until(lambda: metadata(stack) == 200)
        stack.check()
        told = json.loads((state / "stack.json").read_text())["processes"]

        assert (killed, stack.revived) == (None, ["arm"])
        assert [entry["rule"] for entry in stack.faults.happened()] == ["m"]
        assert [one.id for one in stack.faults.read().rules] == ["k", "m"]
        assert told["arm"] == stack.supervisor.children["arm"].pid != before

        identity = stack.supervisor.children["identity"]
        os.kill(identity.pid, signal.SIGKILL)
        wait_until(lambda: not identity.is_running)
        with pytest.raises(ChildError, match="identity has ended"):
            stack.check()


def test_a_wrong_file_starts_nothing(app: Path, tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    path.write_text('{"rules": [{"id": "k", "service": "arm", "fault": "kiled"}]}')
    stack = Stack(StackOptions(state=tmp_path / "state", app_root=app, faults=path))

    with pytest.raises(FaultFileError, match="Did you mean 'killed'"):
        stack.start()

    assert stack.supervisor.children == {}


def test_the_rules_of_an_earlier_run_stay_until_others_are_given(app: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    rule = {"id": "s", "service": "identity", "fault": "slow"}
    FaultFolder(state).load(read_faults({"rules": [rule]}))

    stack = Stack(StackOptions(state=state, app_root=app))

    assert [one.id for one in stack.faults.read().rules] == ["s"]


def test_up_takes_a_file_and_tells_what_is_wrong_with_it(app: Path, tmp_path: Path) -> None:
    (tmp_path / "faults.json").write_text('{"seeds": 1}')
    command = [sys.executable, "-m", "emulator", "up", "--state", str(tmp_path / "state"), "--app-root", str(app)]

    ended = subprocess.run(
        [*command, "--port", "0", "--faults", str(tmp_path / "faults.json")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ended.returncode, ended.stderr) == (
        1,
        "seeds: Extra inputs are not permitted. Take it out, or correct its name.\n",
    )
