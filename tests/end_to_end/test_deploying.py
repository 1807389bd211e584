"""A bundle becomes resources: through HTTP, real storage, real tokens, and ARM."""

import pytest

from emulator.stack import Stack
from tests.clouds import LOCATION
from tests.end_to_end.bundles import graph_bundle, layered_edges, manifest, template, workspace
from tests.end_to_end.client import SUBSCRIPTION, Caller, zipped


@pytest.fixture(scope="module")
def caller(stack: Stack) -> Caller:
    return Caller(stack)


def test_a_bundle_deploys_in_dependency_order_and_lists_its_resources(caller):
    deployment = caller.start(graph_bundle("order", {"a": [], "b": ["a"], "c": ["b"]}))

    state = caller.ended(deployment)

    assert state["status"] == "completed"
    assert state["progress"]["percent"] == 100
    resources = [resource for item in state["templates"] for resource in item["resources"]]
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-order/providers/Microsoft.OperationalInsights/workspaces"
    assert resources == [f"{group}/log-order-{name}" for name in "abc"]
    succeeded = [event["template"] for event in caller.events(deployment) if event["code"] == "TemplateSucceeded"]
    assert succeeded == ["a", "b", "c"]


def test_outputs_feed_parameters_of_later_templates(caller):
    first = template(
        [workspace("log-feed-first")],
        {"answer": {"type": "string", "value": "[concat('from-', 'first')]"}},
    )
    second = template(
        [workspace("[parameters('name')]")],
        {"echo": {"type": "string", "value": "[parameters('name')]"}},
        parameters={"name": {"type": "string"}},
    )
    items = [
        {"name": "first", "path": "first.json"},
        {"name": "second", "path": "second.json", "parameters": {"name": {"output": "first.ANSWER"}}},
    ]
    bundle = zipped({"manifest.json": manifest("feed", items), "first.json": first, "second.json": second})

    state = caller.ended(caller.start(bundle))

    assert state["status"] == "completed", state
    assert state["templates"][1]["resources"][0].endswith("/workspaces/from-first")


def test_the_same_request_again_answers_the_same_deployment_and_another_one_is_a_conflict(caller):
    bundle_id = caller.upload(graph_bundle("again", {"a": []}))
    request = {
        "bundle": {"id": bundle_id},
        "target": {"subscription": SUBSCRIPTION},
        "deploymentId": "again-1",
    }

    first = caller.post(request)
    second = caller.post({**request, "options": {}})
    other = caller.post({**request, "options": {"maxConcurrency": 2}})

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["deploymentId"] == second.json()["deploymentId"] == "again-1"
    assert first.headers["Location"].endswith("/api/deployments/again-1")
    assert first.headers["Retry-After"] == "5"
    assert other.status_code == 409
    assert other.headers["Content-Type"].startswith("application/problem+json")
    caller.ended("again-1")
    assert len([e for e in caller.events("again-1") if e["code"] == "DeploymentAccepted"]) == 1


def test_status_is_202_while_running_200_when_final_and_304_when_known(caller):
    deployment = caller.start(graph_bundle("etag", {"a": [], "b": ["a"]}))

    running = caller.get(f"deployments/{deployment}")
    caller.ended(deployment)
    final = caller.get(f"deployments/{deployment}")
    known = caller.get(f"deployments/{deployment}", **{"If-None-Match": final.headers["ETag"]})

    assert running.status_code == 202
    assert running.headers["Retry-After"] == "5"
    assert final.status_code == 200
    assert final.headers["ETag"].startswith('W/"')
    assert known.status_code == 304
    assert known.content == b""


def test_lists_are_filtered_and_paged_newest_first(caller):
    ids = []
    for number in range(3):
        ids.append(caller.start(graph_bundle("listed", {"a": []}), deploymentId=f"listed-{number}"))
        caller.ended(ids[-1])

    everything = caller.get("deployments?project=listed").json()["value"]
    first = caller.get("deployments?project=listed&limit=2").json()
    rest = caller.get(f"deployments?project=listed&limit=2&continuationToken={first['continuationToken']}").json()

    assert [item["deploymentId"] for item in everything] == ids[::-1]
    assert [item["deploymentId"] for item in first["value"]] == ids[:0:-1]
    assert [item["deploymentId"] for item in rest["value"]] == ids[:1]
    assert "continuationToken" not in rest
    assert caller.get("deployments?project=listed&status=failed").json()["value"] == []
    assert caller.get("deployments?project=listed&environment=other").json()["value"] == []


def test_events_are_numbered_and_read_on_from_where_the_reader_was(caller):
    deployment = caller.start(graph_bundle("log", {"a": [], "b": ["a"]}))
    caller.ended(deployment)

    everything = caller.events(deployment)
    page = caller.get(f"deployments/{deployment}/events?after=2&limit=3").json()

    assert [event["sequence"] for event in everything] == list(range(1, len(everything) + 1))
    assert [event["sequence"] for event in page["value"]] == [3, 4, 5]
    assert page["next"] == 5
    assert everything[0]["code"] == "DeploymentAccepted"
    assert everything[-1]["code"] == "DeploymentCompleted"


def test_deployments_of_one_lineage_wait_for_one_another(caller):
    bundle = graph_bundle("turns", layered_edges(4, width=1))
    first = caller.start(bundle, deploymentId="turns-1")
    second = caller.start(bundle, deploymentId="turns-2")

    states = [caller.ended(first), caller.ended(second)]

    assert [state["status"] for state in states] == ["completed", "completed"]
    started = min(states, key=lambda state: state["phases"]["uploading"])
    waited = max(states, key=lambda state: state["phases"]["uploading"])
    assert waited["phases"]["uploading"] >= started["finishedAt"]
    assert "queued" in waited["phases"]


def test_what_fails_for_good_is_told_with_its_leaf_cause_and_skips_what_depends_on_it(caller):
    taken = {
        "type": "Microsoft.Storage/storageAccounts",
        "apiVersion": "2023-05-01",
        "name": "[concat('NotAllowed', '-here')]",
        "location": LOCATION,
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": {},
    }
    items = [
        {"name": "good", "path": "good.json"},
        {"name": "bad", "path": "bad.json"},
        {"name": "after", "path": "good2.json", "dependsOn": ["bad"]},
    ]
    bundle = zipped(
        {
            "manifest.json": manifest("failing", items),
            "good.json": template([workspace("log-failing-good")]),
            "good2.json": template([workspace("log-failing-after")]),
            "bad.json": template([taken]),
        }
    )

    state = caller.ended(caller.start(bundle, options={"force": True, "rollbackOnFailure": False}))

    statuses = {item["name"]: item["status"] for item in state["templates"]}
    assert state["status"] == "failed"
    assert statuses == {"good": "succeeded", "bad": "failed", "after": "skipped"}
    assert state["failures"][0]["code"] == "AccountNameInvalid"
    assert state["failures"][0]["suggestion"]


def test_health_says_what_the_app_can_reach(caller):
    answer = caller.get("health")

    assert answer.status_code == 200
    assert {check["name"]: check["isReached"] for check in answer.json()["checks"]} == {
        "identity": True,
        "storage": True,
        "arm": True,
    }


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"target": {"subscription": SUBSCRIPTION}}, "/bundle"),
        ({"bundle": {"id": "b-1"}, "target": {"subscription": "mine"}}, "/target/subscription"),
        ({"bundle": {}, "target": {"subscription": SUBSCRIPTION}}, "/bundle"),
        ({"bundle": {"id": "b-1"}, "target": {"subscription": SUBSCRIPTION}, "opts": {}}, "/opts"),
        (
            {"bundle": {"id": "b-1"}, "target": {"subscription": SUBSCRIPTION}, "options": {"maxConcurrency": 0}},
            "/options/maxConcurrency",
        ),
        ({"bundle": {"id": "b-1"}, "target": {"subscription": SUBSCRIPTION}, "deploymentId": "../x"}, "/deploymentId"),
        (
            {"bundle": {"uri": "https://h/b.zip?sig=s"}, "target": {"subscription": SUBSCRIPTION}},
            "/bundle/uri",
        ),
    ],
)
def test_a_request_that_is_not_valid_is_a_problem_that_points_at_the_fault(caller, body, pointer):
    answer = caller.post(body)

    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


def test_what_is_not_there_is_a_404_problem(caller):
    for path in ("deployments/never-used", "deployments/never-used/events", "deployments/Not%20An%20Id"):
        answer = caller.get(path)
        assert answer.status_code == 404
        assert answer.json()["title"] == "No such deployment"


def test_a_deployment_of_a_bundle_that_is_not_there_fails_and_says_so(caller):
    request = {"bundle": {"id": "bundle-nowhere"}, "target": {"subscription": SUBSCRIPTION}}

    state = caller.ended(caller.post(request).json()["deploymentId"])

    assert state["status"] == "failed"
    assert state["failures"][0]["code"] == "BundleNotFound"
