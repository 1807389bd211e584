"""A stack with many deployments on it at once: started, waited for, cancelled, and looked at from the outside."""

import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from bench.faults.inventory import ArmClient, Snapshot
from bench.faults.worlds import small_world
from emulator.faults.model import FaultFile, read_rule
from emulator.running import RunningEmulator
from emulator.stack import SUBSCRIPTION, Stack, StackOptions
from tests.end_to_end.client import Caller
from tests.end_to_end.endurance import PersistentCaller

ROOT = Path(__file__).resolve().parents[2]
SCALE = 0.02
SETTINGS = {"ARMATURE_POLL_INTERVAL_SECONDS": "0.5", "ARMATURE_RETRY_FIRST_INTERVAL_SECONDS": "0.5"}
"""Small, to be quick; attempts are the app's default."""

LOOK_SECONDS = 0.3
PATIENCE_SECONDS = 240.0

State = dict[str, Any]


class Ground:
    """What a goal's deployments stand on."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.emulator = RunningEmulator.find(stack.state)
        self.arm = ArmClient(self.emulator)
        self.caller: Caller = PersistentCaller(stack)

    def start(self, deployment_id: str, bundle: bytes, **options: Any) -> None:
        """Start a deployment without a look ahead; asks again while the API can't be reached."""
        self.caller.start(bundle, deploymentId=deployment_id, options={"force": True, **options})

    def ask(self, deployment_id: str, what: str, body: Mapping[str, Any] | None = None) -> int:
        """Ask for `cancel`, `rollback` or `resume`; the status of the answer, asked again while there is none."""
        url = f"{self.caller.api}/deployments/{deployment_id}/{what}"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = self.caller.session.post(url, json=dict(body or {}), timeout=30)
            except (requests.ConnectionError, requests.Timeout):
                if time.monotonic() > deadline:
                    raise
                time.sleep(LOOK_SECONDS)
            else:
                return answer.status_code

    def state(self, deployment_id: str) -> State:
        """The state document as it is; empty when there is none (yet)."""
        answer = self.caller.get(f"deployments/{deployment_id}")
        return dict(answer.json()) if answer.status_code in (200, 202) else {}

    def ended(self, deployment_ids: Iterable[str], seconds: float = PATIENCE_SECONDS) -> dict[str, State]:
        """The states once all are final, or what they were when the time was over."""
        waiting = list(deployment_ids)
        states: dict[str, State] = {name: {} for name in waiting}
        deadline = time.monotonic() + seconds
        while waiting and time.monotonic() < deadline:
            for deployment_id in list(waiting):
                states[deployment_id] = self.state(deployment_id)
                if is_final(states[deployment_id]):
                    waiting.remove(deployment_id)
            if waiting:
                time.sleep(LOOK_SECONDS)
        return states

    def deployed(self, bundles: Mapping[str, bytes], at_once: int, **options: Any) -> dict[str, State]:
        """Start a deployment for each bundle, at most `at_once` at a time; the states once all are final."""
        return self.each(bundles, at_once, lambda name: self.start(name, bundles[name], **options))

    def each(self, names: Iterable[str], at_once: int, begin: Callable[[str], None]) -> dict[str, State]:
        """Begin a deployment by each name, at most `at_once` at a time; the states once all are final."""
        left, running, states = list(names), dict[str, float](), dict[str, State]()
        while left or running:
            while left and len(running) < at_once:
                name = left.pop(0)
                begin(name)
                running[name] = time.monotonic() + PATIENCE_SECONDS
            for name, deadline in list(running.items()):
                states[name] = self.state(name)
                if is_final(states[name]) or time.monotonic() > deadline:
                    del running[name]
            if running:
                time.sleep(LOOK_SECONDS)
        return states

    def warm_up(self) -> None:
        """The first deployment provisions artifact storage, which is not what is looked at."""
        state = self.deployed({"warmup": small_world("warmup")}, 1)["warmup"]
        if state.get("status") != "completed":
            raise SystemExit(f"without any fault the deployment ended as {told(state)}")

    def snapshot(self, group: str) -> Snapshot:
        """What ARM holds of a resource group now."""
        return self.arm.inventory(group).snapshot()

    def load(self, seed: int, rules: Iterable[Mapping[str, Any]]) -> None:
        """Put these rules in place of all others, each with an id by its place unless it has one."""
        complete = [read_rule({"id": f"rule-{number}", **rule}) for number, rule in enumerate(rules)]
        self.stack.faults.load(FaultFile(seed=seed, rules=tuple(complete)))


@contextmanager
def ground(
    *, scale: float = SCALE, revive: bool = False, settings: Mapping[str, str] | None = None, hosts: int = 1
) -> Iterator[Ground]:
    """A stack of its own in a folder that is gone afterwards, warmed up."""
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        options = StackOptions(
            state=Path(folder),
            app_root=ROOT,
            scale=scale,
            revive=revive,
            hosts=hosts,
            extra_settings=SETTINGS if settings is None else settings,
        )
        with Stack(options) as stack:
            made = Ground(stack)
            made.warm_up()
            yield made


def is_final(state: State) -> bool:
    """True when nothing more will happen: also of a state that was read while the API was away, which is empty."""
    return bool(state.get("finishedAt"))


def status_of(state: State) -> str:
    """The status, with what is told of a rollback that was partial."""
    if not state:
        return "unknown"
    if not is_final(state):
        return f"still {state['status']}"
    partial = (state.get("rollback") or {}).get("status") == "partial"
    return f"{state['status']} (partial)" if partial else str(state["status"])


def told(state: State) -> str:
    """How a deployment ended, in a few words, with the leaf of its first failure."""
    causes = [cause for failure in state.get("failures", []) for cause in (failure.get("causes") or [failure])]
    why = f": {causes[-1].get('code')} {str(causes[-1].get('message'))[:160]}" if causes else ""
    leftovers = [f"{each['id']} ({each['reason']})" for each in (state.get("rollback") or {}).get("leftovers", [])]
    left = f"; left over: {json.dumps(leftovers)[:400]}" if leftovers else ""
    return f"{status_of(state)}{why}{left}"


def subscription_path(rest: str) -> str:
    """A path below the subscription."""
    return f"/subscriptions/{SUBSCRIPTION}/{rest}"
