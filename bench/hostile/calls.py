"""Hostile requests: bodies, addresses, headers."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from bench.hostile.attack import Attack, Met, problem_of
from bench.hostile.ground import MARK, Answer, Ground
from emulator.stack import SUBSCRIPTION

TARGET = {"subscription": SUBSCRIPTION}
WHOLE = {"bundle": {"id": "bundle-1"}, "target": TARGET}
OTHER_KEY = "A" * 56


def met(answer: Answer) -> Met:
    """What an answer of the API says."""
    return Met(str(answer.status), problem_of(answer.document), answer.body)


def _body(text: bytes | str, ground: Ground) -> Met:
    return met(ground.call("POST", "deployments", text if isinstance(text, bytes) else text.encode()))


def _with(parts: dict[str, Any], ground: Ground) -> Met:
    return met(ground.post("deployments", {**WHOLE, **parts}))


def _called(method: str, path: str, ground: Ground, headers: dict[str, str] | None = None, key: str = "") -> Met:
    return met(ground.call(method, path, None if method == "GET" else b"{}", headers, key=key))


def _option(name: str, value: str) -> str:
    """A whole request whose option has that text as its value."""
    return json.dumps({**WHOLE, "options": {name: "HERE"}}).replace('"HERE"', value)


BODIES: dict[str, bytes | str] = {
    "a name twice in the body": json.dumps(WHOLE)[:-1] + ', "target": {}}',
    "a name twice, deep in the body": json.dumps(WHOLE).replace('"id"', '"id": "bundle-2", "id"'),
    "60,000 open brackets": b"[" * 60_000,
    "more than 64 KiB": json.dumps({**WHOLE, "project": "x" * 70_000}),
    "UTF-16": json.dumps(WHOLE).encode("utf-16"),
    "bytes that are no UTF-8": b'{"bundle": {"id": "\xff\xfe"}}',
    "half a character": b'{"bundle": {"id": "\\ud800"}}',
    "XML with an entity": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "an array": "[]",
    "a timeout that is no number": _option("timeout", "NaN"),
    "an endless timeout": _option("timeout", "1e999"),
    "a timeout of 5,000 digits": _option("timeout", "9" * 5000),
    "a concurrency of ten milliards": _option("maxConcurrency", "10000000000"),
    "a negative interval": _option("pollIntervalSeconds", "-1"),
    "a flag that is a text": _option("rollbackOnFailure", '"yes, please"'),
}

REQUESTS: dict[str, dict[str, Any]] = {
    "a bundle id that climbs": {"bundle": {"id": "../deployments/state/x"}},
    "a bundle id that is percent-encoded": {"bundle": {"id": "%2e%2e%2fstate"}},
    "a deployment id that climbs": {"deploymentId": "../../state/other"},
    "a deployment id in another alphabet": {"deploymentId": "depl\u043eyment-1"},
    "a deployment id with a line break": {"deploymentId": f"abc\r\n{MARK}: x"},
    "a deployment id of another orchestration": {"deploymentId": "other:rollout"},
    "a project that writes from right to left": {"project": "shop\u202eprod"},
    "a resource group that climbs": {"target": {**TARGET, "resourceGroup": "../../other"}},
    "a subscription that climbs": {"target": {"subscription": f"{SUBSCRIPTION}/../x"}},
    "a field that nobody knows": {"isAdmin": True},
    "an option that nobody knows": {"options": {"skipApproval": True}},
    "a tag with another's mark": {"options": {"tags": {"armature-deployment-id": "other"}}},
    "a tag with a line break": {"options": {"tags": {"team": f"x\n{MARK}"}}},
    "a prefix that climbs": {"options": {"deploymentNamePrefix": "../x"}},
    "a prefix of 17 characters": {"options": {"deploymentNamePrefix": "x" * 17}},
    "a prefix that is an expression": {"options": {"deploymentNamePrefix": "[uri()]"}},
    "46 tags": {"options": {"tags": {f"t{number}": "x" for number in range(46)}}},
    "a tag with HTML": {"options": {"tags": {"<script>": "x"}}},
    "a tag of Azure's own": {"options": {"tags": {"hidden-link:x": "x"}}},
    "two tags that differ in case": {"options": {"tags": {"team": "a", "Team": "b"}}},
    "a mode that nobody knows": {"options": {"mode": "Destroy"}},
    "a location that climbs": {"target": {**TARGET, "location": "../eastus"}},
    "a management group that climbs": {"target": {**TARGET, "managementGroup": "../x"}},
    "an http address": {"bundle": {"uri": "http://127.0.0.1/bundle.zip"}},
    "a file address": {"bundle": {"uri": "file:///etc/passwd"}},
    "an address with a signature": {"bundle": {"uri": "https://x.blob.core.windows.net/b/b.zip?sig=abc"}},
}

PATHS: dict[str, tuple[str, str]] = {
    "an address that climbs": ("GET", "deployments/..%2f..%2fstate"),
    "an address with a zero byte": ("GET", "deployments/x%00y"),
    "a lineage that climbs": ("POST", "locks/..%2f..%2faudit/break"),
    "a drift that climbs": ("GET", "lineages/..%2f..%2fstate/drift"),
    "a retention run that climbs": ("GET", "retention/..%2fstate"),
    "the log of an orchestration": ("GET", "deployments/x:rollout/events"),
    "a preview that climbs": ("GET", "deployments/..%2f..%2fstate/preview"),
    "the checks of an orchestration": ("GET", "deployments/x:validation/checks"),
    "a clean-up that climbs": ("GET", "deployments/..%2fcleanup/cleanup"),
    "an approval of an orchestration": ("POST", "deployments/x:approval-1/resume"),
}

QUERIES: dict[str, str] = {
    "a page of 10^20": "deployments?limit=100000000000000000000",
    "a status that nobody knows": "deployments?status=%3Cscript%3E",
    "a moment of the year 99999": "deployments?since=99999-01-01T00:00:00Z",
    "a place in the trail that climbs": "audit?continuationToken=..%2f..%2fstate.1",
    "events after a number of 400 digits": f"deployments/abc/events?after={'9' * 400}",
    "a place in the trail of a day that is none": "audit?continuationToken=2026-99-99.1",
    "a place in the trail in other digits": "audit?continuationToken=2026-01-01.%D9%A1",
    "a place in the trail before its beginning": "audit?continuationToken=2026-01-01.-1",
    "an action of the trail that nobody knows": "audit?action=%3Cscript%3E",
    "a mode with a line break": "deployments?mode=WhatIf%0d%0aX",
    "a format that climbs": "deployments/abc/preview?format=..%2fjson",
    "checks after a number below zero": "deployments/abc/checks?after=-1",
}


def attacks() -> Iterator[Attack]:
    """All of them."""
    refused = ("400", "invalid-request")
    for name, text in BODIES.items():
        yield Attack("request", name, partial(_body, text), *refused)
    for name, parts in REQUESTS.items():
        yield Attack("request", name, partial(_with, parts), *refused)
    for name, (method, path) in PATHS.items():
        yield Attack("request", name, partial(_called, method, path), "404", "not-found")
    for name, path in QUERIES.items():
        yield Attack("request", name, partial(_called, "GET", path), *refused)
    forged = partial(_called, "GET", f"deployments/x%0d%0a{MARK}")
    yield Attack("request", "an address with a line break", forged, "404", "")  # no route of the host's is like that
    yield Attack("request", "no function key", partial(_called, "POST", "deployments", key=" "), "401", "")
    yield Attack("request", "another function key", partial(_called, "POST", "deployments", key=OTHER_KEY), "401", "")
    yield Attack("request", "the id of another's deployment", _id_of_another, "409", "deployment-id-used", _STARTED)
    yield Attack(
        "request", "the rollback of another lineage's version", _foreign_rollback, "409", "nothing-started", _STARTED
    )
    yield Attack("request", "a comment that forges a line of the log", _forging_comment, "409", "not-running", _STARTED)


_STARTED = ("deployments/", "bundles/")


def _refused_deployment(ground: Ground, deployment_id: str) -> dict[str, Any]:
    """A deployment that has ended, since there is no such bundle."""
    return ground.ended(ground.start({"id": "bundle-nowhere"}, deploymentId=deployment_id))


def _id_of_another(ground: Ground) -> Met:
    _refused_deployment(ground, "hostile-used")
    return met(ground.start({"id": "bundle-other"}, deploymentId="hostile-used"))


def _foreign_rollback(ground: Ground) -> Met:
    _refused_deployment(ground, "hostile-refused")
    return met(ground.post("deployments/hostile-refused/rollback", {}))


def _forging_comment(ground: Ground) -> Met:
    _refused_deployment(ground, "hostile-ended")
    return met(ground.post("deployments/hostile-ended/cancel", {"comment": f"x\r\n{MARK}: all is well"}))
