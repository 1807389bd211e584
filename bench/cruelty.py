"""Each fault of the emulator's catalogue, one after the other, happens to a small deployment: how it ends, as a table.

    python -m bench.cruelty [--only GLOB] [--seconds 25] [--write]

`--write` writes docs/faults.md. One stack is started; a fault has `--seconds` before it is taken away and the
deployment is told as still running.
"""

import argparse
import fnmatch
import json
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from bench.cruelty_bundle import cruelty_bundle
from emulator.faults.catalogue import FAULTS
from emulator.faults.catalogue.kind import FaultKind
from emulator.faults.model import FaultFile, FaultRule, read_rule
from emulator.faults.table import markdown
from emulator.running import ArmReader, RunningEmulator
from emulator.stack import SUBSCRIPTION, Stack, StackOptions
from tests.end_to_end.client import Caller

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "faults.md"
SEED = 20251124
SCALE = 0.02
TIMEOUT_SECONDS = 18.0
SETTLE_SECONDS = 90.0  # for a deployment whose fault was taken away
SETTINGS = {"ARMATURE_POLL_INTERVAL_SECONDS": "0.2", "ARMATURE_RETRY_FIRST_INTERVAL_SECONDS": "2"}
REQUESTS = "deployment-requests"
MESSAGE_LENGTH = 160
PASSING = re.compile(
    r"\b[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b"
    r"|\d+/\d+/\d{4} [\d:]+ [AP]M"
    r"|(?<=-)[0-9a-f]{8}\b"
)
"""What is another one in each run: ids, times, the ends of the bundle's names."""

PREFACE = """\
# What can be made to go wrong, and what does the app do?

Every fault below happens on command: put its rule into the emulator, and deploy.

    .venv/bin/python -m emulator faults load FILE     # {{"seed": 1, "rules": [RULE, …]}}, each rule with an "id"
    .venv/bin/python -m emulator faults happened

`python -m emulator faults table` tells each fault with its parameters, `faults schema` what a file may say, and
[the emulator's page](../emulator/README.md) how rules match and how to start it. The last column is what a deployment
of two templates and a package did with the rule in place, up to three attempts a template, a timeout of {timeout:g}
seconds and no rollback, as `python -m bench.cruelty` measures it. [With a rollback](recovery-figures.md) what failed is
undone.

{summary}

"""


@dataclass
class Ending:
    """What became of one deployment under one fault."""

    kind: FaultKind
    rule: FaultRule
    text: str
    happened: int
    seconds: float
    notes: list[str] = field(default_factory=list)

    @property
    def told(self) -> str:
        """The last column of the table."""
        return "; ".join([*dict.fromkeys(self.notes), self.text])


class Cruelty:
    """One stack, to which one fault after the other is done."""

    def __init__(self, stack: Stack, seconds: float) -> None:
        self.stack = stack
        self.seconds = seconds
        self.caller = Caller(stack)

    def warm_up(self) -> None:
        """The first deployment provisions artifact storage; it is not what is looked at."""
        state = self.caller.ended(self.caller.start(cruelty_bundle("warmup"), deploymentId="warmup"))
        if state["status"] != "completed":
            raise SystemExit(f"without any fault the deployment failed: {json.dumps(state.get('failures'))}")

    def suffer(self, kind: FaultKind) -> Ending:
        """Do one fault to one deployment."""
        rule = read_rule(kind.example_rule())
        project = f"{kind.service}-{kind.name}".lower()
        bundle = self.caller.upload(cruelty_bundle(project))
        self.stack.faults.load(FaultFile(seed=SEED, rules=(rule,)))
        already = len(self.stack.faults.happened())
        revived = len(self.stack.revived)
        began = time.monotonic()
        notes: list[str] = []
        if kind.service == "identity" or kind.name == "slowStart":
            self.stack.kill_host()  # the app keeps its tokens for as long as it lives
            self.stack.start_host()
        if kind.name.startswith("message"):
            self._queue(project, bundle)
        else:
            notes += self._start(project, bundle)
        if kind.name == "cancelRefused":
            notes.append(f"a cancellation in ARM: {self._cancel_in_arm()}")
        state = self._wait(project, self.seconds)
        happened = len(self.stack.faults.happened()) - already
        ending = Ending(kind, rule, _ended(state), happened, time.monotonic() - began, notes)
        self.stack.faults.clear()
        if state.get("finishedAt") is None:
            self._settle(project, ending)
        if (count := len(self.stack.revived) - revived) > 0:
            ending.notes.append(f"{self.stack.revived[-1]} started again ({count})")
        return ending

    def _start(self, project: str, bundle: str) -> list[str]:
        """Ask for the deployment as the command line would; what had to be asked again is told."""
        notes: list[str] = []
        body = _request(project, bundle)
        deadline = time.monotonic() + self.seconds
        while time.monotonic() < deadline:
            try:
                answer = self.caller.post(body)
            except requests.ConnectionError:
                notes.append("the start was not answered")
                time.sleep(0.5)
                continue
            if answer.status_code == 202:
                return notes
            notes.append(f"the start was answered {answer.status_code}")
            time.sleep(0.5)
        return notes

    def _queue(self, project: str, bundle: str) -> None:
        settings = self.stack.app_settings
        with QueueClient.from_connection_string(
            settings["AzureWebJobsStorage"],
            REQUESTS,
            message_encode_policy=TextBase64EncodePolicy(),
            connection_verify=settings["REQUESTS_CA_BUNDLE"],
        ) as queue:
            body = _request(project, bundle)
            queue.send_message(json.dumps(body))
            if project.endswith("messagesoutoforder"):
                queue.send_message(json.dumps({**body, "deploymentId": f"{project}-2"}))

    def _wait(self, project: str, seconds: float) -> dict[str, Any]:
        """The state once it is final, or what it was when the time was over."""
        state: dict[str, Any] = {}
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                answer = self.caller.get(f"deployments/{project}")
            except requests.ConnectionError:
                time.sleep(0.2)
                continue
            state = answer.json() if answer.status_code in (200, 202) else {}
            if state.get("finishedAt"):
                break
            time.sleep(0.1)
        return state

    def _settle(self, project: str, ending: Ending) -> None:
        """The fault is gone: tell whether the deployment goes on, so that the next one does not suffer from it."""
        ending.text += f"; without the fault then {_ended(self._wait(project, SETTLE_SECONDS))}"

    def _cancel_in_arm(self) -> str:
        """Cancel what runs in ARM, as somebody else could; answers the status of the first refusal or success."""
        emulator = RunningEmulator.find(self.stack.state)
        arm = ArmReader(emulator)
        headers = {"Authorization": f"Bearer {emulator.token()}"}
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            for deployment in _running(arm):
                url = f"{emulator.arm}{deployment}/cancel?api-version=2022-09-01"
                answer = requests.post(url, headers=headers, verify=str(emulator.trust), timeout=30)
                return f"{answer.status_code} {answer.json()['error']['code'] if answer.content else ''}".strip()
        return "nothing ran"


def _request(project: str, bundle: str) -> dict[str, Any]:
    """What fails stays as it is, for the table is to tell of it; what never ends is given up at its timeout."""
    options = {"force": True, "rollbackOnFailure": False, "timeout": TIMEOUT_SECONDS / 60}
    target = {"subscription": SUBSCRIPTION}
    return {"bundle": {"id": bundle}, "target": target, "deploymentId": project, "options": options}


def _running(arm: ArmReader) -> Iterator[str]:
    for group in arm.list(f"/subscriptions/{SUBSCRIPTION}/resourcegroups", "2021-04-01"):
        for deployment in arm.list(f"{group['id']}/providers/Microsoft.Resources/deployments", "2022-09-01"):
            if deployment["properties"]["provisioningState"] in ("Accepted", "Running"):
                yield deployment["id"]


def _ended(state: dict[str, Any]) -> str:
    """How a deployment ended, in a few words."""
    attempts = max((template.get("attempt", 0) for template in state.get("templates", [])), default=0)
    if not state:
        return "no deployment was begun"
    if not state.get("finishedAt"):
        return f"still running ({state['phase']}) when the time was over"
    tries = "" if attempts <= 1 else f" after {attempts} attempts"
    if state["status"] == "completed":
        return f"completed{tries}"
    why = state["failures"][0]
    cause = why["causes"][-1] if why.get("causes") else why
    message = PASSING.sub("…", " ".join(str(cause.get("message", "")).split()))
    message = message if len(message) <= MESSAGE_LENGTH else f"{message[:MESSAGE_LENGTH]}…"
    return f"{state['status']}{tries}: {why['failureClass']} `{cause.get('code')}`, “{message}”"


def _page(endings: list[Ending]) -> str:
    deployed = sum(ending.text.startswith("completed") for ending in endings)
    failed = sum(ending.text.startswith("failed") for ending in endings)
    summary = (
        f"Of {len(endings)} faults, {deployed} ended with all deployed and {failed} with a failure that is told; "
        f"{len(endings) - deployed - failed} had not ended when its time was over."
    )
    return PREFACE.format(summary=summary, timeout=TIMEOUT_SECONDS) + _table(endings)


def _table(endings: list[Ending]) -> str:
    rows = [
        (ending.kind.service, f"`{ending.kind.name}`", ending.kind.what, f"`{_injection(ending.kind)}`", ending.told)
        for ending in endings
    ]
    return markdown(("where", "fault", "what happens", "the rule", "what the app does today"), rows)


def _injection(kind: FaultKind) -> str:
    return json.dumps({key: value for key, value in kind.example_rule().items() if key not in ("id",)})


def main() -> int:
    """Print the table; the exit code is 1 when a fault did not happen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="*", help="faults by SERVICE-NAME, with * for any text")
    parser.add_argument(
        "--seconds", type=float, default=25.0, help="that a deployment has before it is told as running"
    )
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    options = parser.parse_args()
    kinds = [kind for kind in FAULTS.values() if fnmatch.fnmatchcase(f"{kind.service}-{kind.name}", options.only)]
    endings = []
    with tempfile.TemporaryDirectory() as folder:
        stack_options = StackOptions(
            state=Path(folder), app_root=ROOT, scale=SCALE, extra_settings=SETTINGS, revive=True
        )
        with Stack(stack_options) as stack:
            cruelty = Cruelty(stack, options.seconds)
            cruelty.warm_up()
            for kind in kinds:
                ending = cruelty.suffer(kind)
                endings.append(ending)
                print(
                    f"{kind.service} {kind.name} ({ending.happened}, {ending.seconds:.1f} s): {ending.told}",
                    file=sys.stderr,
                )
    print(_table(endings), end="")
    if options.write:
        PAGE.write_text(_page(endings), encoding="utf-8")
    missed = [f"{ending.kind.service} {ending.kind.name}" for ending in endings if not ending.happened]
    if missed:
        print(f"did not happen: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
