"""The whole emulator, with an app of a few lines."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from emulator.processes import ChildError, free_port, is_port_free
from emulator.running import NotRunningError, RunningEmulator
from emulator.stack import SUBSCRIPTION, Ports, Stack, StackError, StackOptions
from tests.running import ROOT
from tests.waiting import is_alive, wait_until


def processes_of(state: Path) -> dict[str, int]:
    processes: dict[str, int] = json.loads((state / "stack.json").read_text())["processes"]
    return processes


def test_the_app_runs_with_the_settings_of_the_stack(small_stack: Stack) -> None:
    settings = small_stack.app_settings

    answers = {
        name: requests.get(f"{small_stack.api_url}/settings/{name}", timeout=30).text
        for name in ("ARMATURE_ARM_ENDPOINT", "IDENTITY_ENDPOINT", "AzureWebJobsStorage", "GREETING")
    }

    assert answers == {name: settings[name] for name in answers}
    assert answers["GREETING"] == "hello"


def test_resource_manager_is_trusted_through_the_bundle(small_stack: Stack) -> None:
    bundle = small_stack.app_settings["REQUESTS_CA_BUNDLE"]

    response = requests.get(
        f"{small_stack.arm_url}/metadata/endpoints?api-version=2022-09-01", verify=bundle, timeout=30
    )

    assert response.status_code == 200


def test_the_addresses_are_written_for_the_owner_and_hold_no_secret(small_stack: Stack) -> None:
    file = small_stack.state / "stack.json"

    text = file.read_text()

    assert json.loads(text)["api"] == small_stack.api_url
    assert set(processes_of(small_stack.state)) == {"identity", "azurite", "arm", "functions-host"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert small_stack.app_settings["IDENTITY_HEADER"] not in text
    assert "AccountKey" not in text


def test_a_killed_host_is_started_again_where_it_was(small_stack: Stack) -> None:
    before = processes_of(small_stack.state)["functions-host"]

    small_stack.kill_host()
    with pytest.raises(requests.ConnectionError):
        requests.get(small_stack.api_url, timeout=30)
    small_stack.start_host()

    assert processes_of(small_stack.state)["functions-host"] != before
    assert requests.get(f"{small_stack.api_url}/settings/GREETING", timeout=30).text == "hello"


def test_a_killed_resource_manager_is_started_again_with_what_it_held(small_stack: Stack) -> None:
    settings, before = small_stack.app_settings, processes_of(small_stack.state)["arm"]
    asked = {"resource": "https://management.azure.com", "api-version": "2019-08-01"}
    secret = {"X-IDENTITY-HEADER": settings["IDENTITY_HEADER"]}
    token = requests.get(settings["IDENTITY_ENDPOINT"], params=asked, headers=secret, timeout=30).json()["access_token"]
    group = f"{small_stack.arm_url}/subscriptions/{SUBSCRIPTION}/resourcegroups/kept?api-version=2022-09-01"
    call = {
        "headers": {"Authorization": f"Bearer {token}"},
        "verify": settings["REQUESTS_CA_BUNDLE"],
        "timeout": 30,
    }
    made = requests.put(group, json={"location": "eastus2"}, **call)

    small_stack.kill_arm()
    with pytest.raises(requests.ConnectionError):
        requests.get(group, **call)
    small_stack.start_arm()

    assert processes_of(small_stack.state)["arm"] != before
    assert (made.status_code, requests.get(group, **call).status_code) == (201, 200)


@pytest.fixture
def guarded_pair(app: Path, tmp_path: Path) -> Iterator[Stack]:
    with Stack(StackOptions(state=tmp_path, app_root=app, hosts=2, require_keys=True)) as running:
        yield running


def test_two_hosts_that_ask_for_keys_serve_one_app(guarded_pair: Stack) -> None:
    urls = [f"{url}/api/guarded" for url in guarded_pair.host_urls]
    key = guarded_pair.function_key
    assert key is not None

    without = [requests.get(url, timeout=30) for url in urls]
    with_key = [requests.get(url, headers={"x-functions-key": key}, timeout=30) for url in urls]
    guarded_pair.kill_host(1)
    first = requests.get(urls[0], params={"code": key}, timeout=30)
    guarded_pair.start_host(1)
    second = requests.get(urls[1], params={"code": key}, timeout=30)

    assert [(answer.status_code, answer.content) for answer in without] == [(401, b"")] * 2
    assert [answer.text for answer in (*with_key, first, second)] == ["guarded"] * 4
    assert {"functions-host", "functions-host-1"} <= set(processes_of(guarded_pair.state))
    assert guarded_pair.client_settings["ARMATURE_FUNCTION_KEY"] == key
    assert RunningEmulator.find(guarded_pair.state).environment()["ARMATURE_FUNCTION_KEY"] == key
    assert stat.S_IMODE((guarded_pair.state / "function-key").stat().st_mode) == 0o600
    assert key not in (guarded_pair.state / "stack.json").read_text()


def test_a_state_folder_belongs_to_one_emulator_at_a_time(small_stack: Stack) -> None:
    second = Stack(small_stack.options)

    with pytest.raises(StackError, match="another emulator runs in"):
        second.start()


def test_one_that_is_started_again_has_its_addresses_again_by_which_what_it_holds_is_known(
    small_stack: Stack, app: Path, tmp_path: Path
) -> None:
    kept = json.loads((small_stack.state / "ports.json").read_text())
    later, beside = free_port(), Stack(small_stack.options)
    (tmp_path / "ports.json").write_text(json.dumps({"arm": later, "blob": later}))

    again = Stack(StackOptions(state=tmp_path, app_root=app))

    assert small_stack.arm_url == f"https://127.0.0.1:{kept['arm']}"
    assert small_stack.blob_endpoint == f"https://127.0.0.1:{kept['blob']}"
    assert again.arm_url == f"https://127.0.0.1:{later}"
    assert again.foundation.blob_port == later
    assert beside.arm_url != small_stack.arm_url  # whose port is taken


def test_a_port_that_is_taken_is_named(small_stack: Stack, app: Path, tmp_path: Path) -> None:
    taken = int(small_stack.host_url.rpartition(":")[2])
    second = Stack(StackOptions(state=tmp_path, app_root=app, ports=Ports(functions=taken)))

    with pytest.raises(StackError, match=f"port {taken} "):
        second.start()


def test_an_app_that_can_not_be_imported_is_an_error_with_the_host_s_last_lines(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "function_app.py").write_text("raise RuntimeError('no such luck')")
    (tmp_path / "app" / "host.json").write_text('{"version": "2.0"}')
    broken = Stack(StackOptions(state=tmp_path / "state", app_root=tmp_path / "app"))

    with pytest.raises(ChildError, match=r"functions-host can't run the app: .*no such luck"):
        broken.start()

    assert broken.supervisor.children == {}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_an_emulator_that_is_ended(app: Path, tmp_path: Path, number: signal.Signals) -> None:
    port = free_port()
    command = [sys.executable, "-m", "emulator", "up", "--state", str(tmp_path), "--app-root", str(app)]
    with subprocess.Popen([*command, "--port", str(port)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as emulator:
        assert emulator.stdout is not None
        assert emulator.stdout.readline() == f"API       http://127.0.0.1:{port}/api\n"
        children = processes_of(tmp_path).values()

        os.kill(emulator.pid, number)

    assert emulator.returncode == (0 if number == signal.SIGTERM else -signal.SIGKILL)
    wait_until(lambda: not any(is_alive(child) for child in children))
    if number == signal.SIGKILL:
        with pytest.raises(NotRunningError, match="the emulator has ended"):
            RunningEmulator.find(tmp_path).token()
    assert is_port_free(port)
