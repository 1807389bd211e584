"""The command line against the whole app: a person who loses patience, and one who puts things right afterwards."""

import io
import json
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from armature.cli.exits import ExitCode
from emulator.foundation import machine_environment
from emulator.stack import Stack
from tests.end_to_end.bundles import graph_bundle
from tests.end_to_end.client import SUBSCRIPTION, Caller
from tests.end_to_end.hindrances import HELD, broken, hindered
from tests.end_to_end.snapshots import arm_call
from tests.running import ROOT
from tests.waiting import wait_until


class Person:
    """Somebody at a terminal. Workspaces that end in `-held` never get made, and those in `-broken` can't be."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.stack = stack
        self.folder = folder
        self.caller = Caller(stack)

    def bundle(self, project: str, *templates: str) -> str:
        """The folder of a bundle with these templates, one after the other."""
        edges = {template: list(templates[:number])[-1:] for number, template in enumerate(templates)}
        zipfile.ZipFile(io.BytesIO(graph_bundle(project, edges))).extractall(self.folder / project)
        return str(self.folder / project)

    def types(self, *words: str) -> subprocess.CompletedProcess[str]:
        begun = self.begins(*words)
        out, err = begun.communicate(timeout=100)
        return subprocess.CompletedProcess(words, begun.returncode, out, err)

    def begins(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(Path(sys.executable).with_name("armature")), *words],
            cwd=ROOT,
            env=machine_environment() | self.stack.client_settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def is_running(self, deployment_id: str, template: str) -> bool:
        answer = self.caller.get(f"deployments/{deployment_id}")
        templates = answer.json().get("templates", []) if answer.ok else []
        return any(found["name"] == template and found["status"] == "running" for found in templates)

    def has_group(self, name: str) -> bool:
        groups = arm_call(self.stack, "GET", f"/subscriptions/{SUBSCRIPTION}/resourcegroups")["value"]
        return name in [group["name"] for group in groups]


@pytest.fixture
def person(stack: Stack, tmp_path: Path) -> Iterator[Person]:
    with hindered(stack, HELD, broken("*-broken")):
        yield Person(stack, tmp_path)


def test_ctrl_c_cancels_what_azure_is_at_and_the_command_ends_when_all_is_put_back(person: Person) -> None:
    bundle = person.bundle("cli-patience", "first", "held")
    deploying = person.begins("deploy", bundle, "--deployment-id", "cli-patience-1")
    wait_until(lambda: person.is_running("cli-patience-1", "held"))

    deploying.send_signal(signal.SIGINT)
    out, err = deploying.communicate(timeout=100)

    assert deploying.returncode == ExitCode.ROLLED_BACK, out + err
    assert "Asked to cancel" in err
    assert "cli-patience-1 rolledBack" in out
    assert not person.has_group("rg-cli-patience")


def test_a_failure_that_was_left_is_resumed_once_its_cause_is_gone_and_then_rolled_back(person: Person) -> None:
    bundle = person.bundle("cli-mending", "first", "broken")
    words = ("--deployment-id", "cli-mending-1", "--no-rollback-on-failure", "--max-attempts", "1")

    failed = person.types("deploy", bundle, *words)
    person.stack.faults.clear()
    resumed = person.types("resume", "cli-mending-1", "--comment", "mended")
    undone = person.types("rollback", "cli-mending-1", "--json")

    assert failed.returncode == ExitCode.FAILED, failed.stdout + failed.stderr
    assert "WorkspaceRefused: The workspace can't be made." in failed.stdout
    assert "armature resume cli-mending-1" in failed.stdout
    assert resumed.returncode == ExitCode.COMPLETED, resumed.stdout + resumed.stderr
    assert undone.returncode == ExitCode.COMPLETED, undone.stdout + undone.stderr
    assert json.loads(undone.stdout)["status"] == "rolledBack"
    assert not person.has_group("rg-cli-mending")


def test_locks_show_who_has_the_turn_and_a_cancellation_passes_it_on(person: Person) -> None:
    bundle = person.bundle("cli-turns", "held")
    for name in ("cli-turns-1", "cli-turns-2"):
        person.types("deploy", bundle, "--deployment-id", name, "--no-wait", "--no-rollback-on-failure")
    wait_until(lambda: person.is_running("cli-turns-1", "held"))
    wait_until(lambda: person.caller.state("cli-turns-2")["status"] == "queued")

    lock = lock_of(person, "cli-turns")
    first = person.types("cancel", "cli-turns-1", "--comment", "enough")
    wait_until(lambda: person.is_running("cli-turns-2", "held"))
    second = person.types("cancel", "cli-turns-2", "--rollback")

    assert lock["holder"] == "cli-turns-1"
    assert [waiting["deploymentId"] for waiting in lock["queue"]] == ["cli-turns-2"]
    assert first.returncode == second.returncode == ExitCode.COMPLETED, first.stderr + second.stderr
    assert "cli-turns-1 cancelled" in first.stdout
    assert "enough" in first.stdout
    assert "cli-turns-2 rolledBack" in second.stdout


def lock_of(person: Person, project: str) -> dict[str, Any]:
    found = json.loads(person.types("locks", "--json").stdout)["value"]
    return next((lock for lock in found if lock["project"] == project), {})


def test_a_dry_run_of_retention_tells_what_stays_and_why(person: Person) -> None:
    person.types("deploy", person.bundle("cli-keeping", "first"), "--deployment-id", "cli-keeping-1")

    run = person.types("retention", "--dry-run")

    assert run.returncode == ExitCode.COMPLETED, run.stderr
    kept = next(line for line in run.stdout.splitlines() if line.startswith("cli-keeping-1 "))
    assert "It was the last to have its lineage's turn" in kept
    assert "Nothing was removed" in run.stdout
