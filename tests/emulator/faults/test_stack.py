"""The stack with faults: what a rule kills is started again, and the state folder tells what happened."""

import subprocess
import sys
from pathlib import Path

import pytest
import requests

from emulator.faults.folder import FaultFolder
from emulator.faults.model import FaultFile, FaultFileError, read_faults, read_rule
from emulator.processes import ChildError
from emulator.stack import Stack, StackOptions
from tests.running import ROOT
from tests.waiting import wait_until

FUNCTION_APP = """
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

@app.route(route="hello")
def hello(req: func.HttpRequest) -> str:
    return "hello"
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "function_app.py").write_text(FUNCTION_APP)
    (folder / "host.json").write_text('{"version": "2.0"}')
    return folder


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


def test_what_a_rule_kills_is_started_again(app: Path, tmp_path: Path) -> None:
    file = FaultFile(seed=3)

    with Stack(StackOptions(state=tmp_path / "state", app_root=app, scale=0, faults=file, revive=True)) as stack:
        rule = {"id": "k", "service": "arm", "fault": "killed", "match": {"operation": "GetMetadata"}, "times": 1}
        stack.faults.add(read_rule(rule))
        killed = metadata(stack)
        wait_until(lambda: metadata(stack) == 200)
        stack.kill_host()
        stack.start_host()
        stack.check()

        assert (killed, stack.revived) == (None, ["arm"])
        assert [entry["rule"] for entry in stack.faults.happened()] == ["k"]
        assert requests.get(f"{stack.api_url}/hello", timeout=30).text == "hello"


def test_without_reviving_a_death_is_an_error(app: Path, tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    path.write_text('{"rules": [{"id": "k", "service": "arm", "fault": "killed", "match": {"operation": "GetGroup"}}]}')

    with Stack(StackOptions(state=tmp_path / "state", app_root=app, scale=0, faults=path)) as stack:
        assert [rule.id for rule in stack.faults.read().rules] == ["k"]
        with pytest.raises(requests.ConnectionError):
            requests.get(
                f"{stack.arm_url}/subscriptions/x/resourceGroups/y?api-version=2021-04-01",
                verify=stack.app_settings["REQUESTS_CA_BUNDLE"],
                timeout=30,
            )

        wait_until(lambda: not stack.supervisor.children["arm"].is_running)
        with pytest.raises(ChildError, match="arm has ended"):
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
