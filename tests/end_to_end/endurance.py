"""Deployments under fire: hosts and ARM are killed every few seconds until every deployment has ended."""

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import requests

from emulator.running import ArmReader, RunningEmulator
from emulator.stack import Stack
from tests.end_to_end.bundles import graph_bundle, layered_edges
from tests.end_to_end.client import SUBSCRIPTION, Caller
from tests.end_to_end.evidence import accepted_attempts

RESOURCES_VERSION = "2021-04-01"
PATIENCE_SECONDS = 600
OPTIONS = {"force": True, "retryPolicy": {"maxAttempts": 6}}
"""ARM is away for a third of the time: three attempts in a row may meet that."""


class PersistentCaller(Caller):
    """Asks the hosts in turn, and again when one is away, as a client behind a load balancer does."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(stack)
        self._hosts = [f"{url}/api" for url in stack.host_urls]

    def upload(self, bundle: bytes) -> str:
        answer = self._insist("POST", "bundles", data=bundle)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["bundleId"])

    def post(self, request: Any) -> requests.Response:
        return self._insist("POST", "deployments", json=request)

    def get(self, path: str, **headers: str) -> requests.Response:
        return self._insist("GET", path, headers=headers)

    def _insist(self, method: str, path: str, **content: Any) -> requests.Response:
        deadline = time.monotonic() + PATIENCE_SECONDS
        for host in itertools.cycle(self._hosts):
            try:
                answer = self.session.request(method, f"{host}/{path}", timeout=30, **content)
            except (requests.ConnectionError, requests.Timeout):
                time.sleep(0.1)
            else:
                if answer.status_code < 500:
                    return answer
                time.sleep(0.1)
            assert time.monotonic() < deadline, f"{method} {path} was answered by no host"
        raise AssertionError("there is no host")


@dataclass
class Kills:
    """How often each part was killed."""

    counts: Counter[str] = field(default_factory=Counter)


@contextmanager
def under_fire(stack: Stack, *, every_seconds: float, seed: int) -> Iterator[Kills]:
    """Within it a host or ARM is killed (SIGKILL) at every tick and started again, in rounds of a seeded order.

    A part that is still starting at its tick is spared until the next.
    """
    kills, over, choice = Kills(), threading.Event(), random.Random(seed)
    parts: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {"ARM": (stack.kill_arm, stack.start_arm)}
    for index in range(len(stack.host_urls)):
        parts[f"host {index}"] = (partial(stack.kill_host, index), partial(stack.start_host, index))

    def rounds() -> Iterator[str]:
        while True:
            yield from choice.sample(sorted(parts), len(parts))

    def fire(starters: ThreadPoolExecutor) -> None:
        starting: dict[str, Future[None]] = {}
        for name in rounds():
            if over.wait(every_seconds):
                break
            kill, start = parts[name]
            if name not in starting or starting[name].done():
                kill()
                kills.counts[name] += 1
                starting[name] = starters.submit(start)
        for started in starting.values():
            started.result()

    with ThreadPoolExecutor(len(parts) + 1) as pool:
        firing = pool.submit(fire, pool)
        try:
            yield kills
        finally:
            over.set()
        firing.result()


def deploy_all(stack: Stack, names: list[str], templates: int) -> list[dict[str, Any]]:
    """Start a deployment of `templates` templates for each name; the states once all have ended."""
    caller = PersistentCaller(stack)
    for name in names:
        caller.start(graph_bundle(name, layered_edges(templates)), deploymentId=name, options=OPTIONS)
    waiting, states = dict.fromkeys(names), []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while waiting:
        for name in list(waiting):
            answer = caller.get(f"deployments/{name}")
            if answer.status_code == 200:
                states.append(answer.json())
                del waiting[name]
        assert time.monotonic() < deadline, f"{len(waiting)} deployments did not end: {sorted(waiting)[:5]}"
        time.sleep(0.5)
    return states


@dataclass(frozen=True)
class Evidence:
    """What ARM holds in the end, and what it took twice."""

    deployments: Counter[str]
    resources: int
    taken_twice: dict[tuple[str, str], int]


def evidence_of(stack: Stack, names: list[str]) -> Evidence:
    """ARM's deployments by state and its resources, of the resource groups that the deployments went to."""
    arm = ArmReader(RunningEmulator.find(stack.state))
    states: Counter[str] = Counter()
    resources = 0
    there = {one["name"] for one in arm.list(f"/subscriptions/{SUBSCRIPTION}/resourcegroups", RESOURCES_VERSION)}
    for name in there & {f"rg-{name}" for name in names}:
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}"
        listed = arm.list(f"{group}/providers/Microsoft.Resources/deployments", RESOURCES_VERSION)
        states.update(one["properties"]["provisioningState"] for one in listed)
        resources += sum(1 for _ in arm.list(f"{group}/resources", RESOURCES_VERSION))
    twice = {key: count for key, count in accepted_attempts(stack.state).items() if count > 1}
    return Evidence(states, resources, twice)
