"""The options of a deployment are what happens: the order, and how many are in flight, told from its log."""

import json
from typing import Any

import pytest

from emulator.stack import Stack
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import SUBSCRIPTION, Caller, zipped
from tests.end_to_end.evidence import arm_requests

SLOW = {
    "type": "Microsoft.Network/privateDnsZones",
    "apiVersion": "2020-06-01",
    "name": "[format('zone{0}.options.test', copyIndex())]",
    "location": "global",
    "copy": {"name": "zones", "count": 12, "mode": "serial", "batchSize": 1},
}
"""Twelve resources, one after the other, each of which takes Azure half a minute."""


@pytest.fixture(scope="module")
def caller(stack: Stack) -> Caller:
    return Caller(stack)


def bundle(project: str, edges: dict[str, list[str]]) -> bytes:
    """A workspace a template; the template `slow` has `SLOW`."""
    files = {f"{n}.json": template([SLOW if n == "slow" else workspace(f"log-{project}-{n}")]) for n in edges}
    items = [{"name": name, "path": f"{name}.json", "dependsOn": before} for name, before in edges.items()]
    return zipped({"manifest.json": manifest(project, items), **files})


def deployed(caller: Caller, project: str, edges: dict[str, list[str]], **options: Any) -> list[tuple[str, str]]:
    """What started and what succeeded, in order."""
    deployment = caller.start(bundle(project, edges), options=options)
    assert caller.ended(deployment)["status"] == "completed"
    kinds = {"TemplateStarted": "started", "TemplateSucceeded": "succeeded"}
    return [(kinds[event["code"]], event["template"]) for event in caller.events(deployment) if event["code"] in kinds]


def most_in_flight(log: list[tuple[str, str]]) -> int:
    most, now = 0, 0
    for kind, _ in log:
        now += 1 if kind == "started" else -1
        most = max(most, now)
    return most


EDGES = {"slow": [], "quick": [], "after-quick": ["quick"]}


def test_graph_scheduling_starts_a_template_as_soon_as_its_own_dependencies_are_done(caller):
    log = deployed(caller, "options-graph", EDGES, scheduling="graph")

    assert log.index(("started", "after-quick")) < log.index(("succeeded", "slow"))


def test_tier_scheduling_waits_for_all_of_the_tier_before(caller):
    log = deployed(caller, "options-tier", EDGES, scheduling="tier")

    assert log.index(("started", "after-quick")) > log.index(("succeeded", "slow"))


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("default", {}, 5),
        ("two", {"maxConcurrency": 2}, 2),
        ("all", {"maxConcurrency": 7}, 7),
        ("serial", {"parallel": False, "maxConcurrency": 7}, 1),
    ],
)
def test_as_many_are_in_flight_as_is_allowed(caller, name, options, expected):
    independent: dict[str, list[str]] = {f"t{number}": [] for number in range(7)}

    log = deployed(caller, f"options-{name}", independent, **options)

    assert len(log) == 14
    assert most_in_flight(log) == expected


def test_a_request_that_spells_a_default_out_asks_for_what_the_app_would_choose(caller):
    """The app of the tests polls every 0.2 s: 5 s, the model's default, is another request there."""
    body = {
        "bundle": {"id": caller.upload(bundle("options-default-poll", {"a": []}))},
        "target": {"subscription": SUBSCRIPTION},
        "deploymentId": "options-poll",
    }

    answers = [caller.post(body), caller.post({**body, "options": {"pollIntervalSeconds": 0.2}})]
    other = caller.post({**body, "options": {"pollIntervalSeconds": 5}})

    assert [answer.status_code for answer in answers] == [202, 202]
    assert other.status_code == 409
    assert caller.ended("options-poll")["options"]["pollIntervalSeconds"] == 0.2


def test_hostile_names_and_numbers_are_problems_and_never_faults(caller):
    for query in ("limit=0", "limit=501", "limit=x", "limit=" + "0" * 5000 + "1", "since=x", "status=x", "since=-1"):
        assert caller.get(f"deployments?{query}").status_code == 400, query
    for query in ("after=-1", "after=1e3", "after=" + "9" * 400, "limit=%D9%A3"):
        assert caller.get(f"deployments/some-id/events?{query}").status_code == 400, query
    for path in ("%00", "a" * 400, "..%2F..%2Fx", "%F0%9F%99%82", "A-B"):
        answer = caller.get(f"deployments/{path}")
        assert answer.status_code == 404, path
    for query in ("continuationToken=%00%F0", "project=%27%3B--", "since=0001-01-01T00:00:00%2B23:59"):
        assert caller.get(f"deployments?{query}").status_code == 200, query


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe{", b"null", b"[]", b"7", b'"x"', b"{" * 20_000, b'{"a": NaN}', b"x" * 70_000]
)
def test_a_body_that_is_no_request_is_a_problem(caller, body):
    answer = caller.session.post(
        f"{caller.api}/deployments", data=body, headers={"Content-Type": "image/png"}, timeout=9
    )

    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert len(answer.content) < 20_000


def test_a_body_of_thousands_of_mistakes_gets_a_short_answer(caller):
    answer = caller.post({f"key{number}": 1 for number in range(4000)})

    assert answer.status_code == 400
    assert len(answer.json()["errors"]) == 50
    assert len(answer.content) < 20_000


def test_stacks_of_any_name_deploy_and_their_outputs_stay_theirs(stack, caller):
    victim = caller.start(bundle("options-victim", {"a": []}), deploymentId="options-victim")
    before = caller.ended(victim)
    name = f"../../state/{victim}"
    outputs = {"x": {"type": "string", "value": "y"}}
    files = {
        "manifest.json": {"version": "2.0.0", "stacks": {name: {"name": "s", "templatePath": "s.json"}}},
        "s.json": template([workspace("log-options-names")], outputs),
    }

    deployment = caller.start(zipped(files), target={"resourceGroup": "rg-options-NAMES"})
    state = caller.ended(deployment)

    assert state["status"] == "completed", json.dumps(state)[:2000]
    assert caller.state(victim) == before
    assert any(request.get("name") == state["templates"][0]["deploymentName"] for request in arm_requests(stack.state))


def test_resource_groups_are_the_same_in_any_letter_case(caller):
    files: dict[str, Any] = {f"{n}.json": template([workspace(f"log-case-{n}")]) for n in "ab"}
    groups = {"a": "rg-options-case", "b": "RG-Options-CASE"}
    items = [{"name": n, "path": f"{n}.json", "scope": {"resourceGroup": group}} for n, group in groups.items()]

    first = caller.start(zipped({"manifest.json": manifest("options-case", items), **files}))
    swapped = [{**item, "scope": {"resourceGroup": item["scope"]["resourceGroup"].upper()}} for item in items]
    second = caller.start(zipped({"manifest.json": manifest("options-case", swapped), **files}))
    states = [caller.ended(first), caller.ended(second)]

    assert [state["status"] for state in states] == ["completed", "completed"]
    assert states[0]["lineage"]["key"] == states[1]["lineage"]["key"]
