"""The same bundle scheduled by Armature and by ARM: the same resources, outputs and states; and rolled back alike."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.stack import Stack
from tests.clouds import LOCATION
from tests.end_to_end import hindrances
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import SUBSCRIPTION, zipped
from tests.end_to_end.hindrances import hindered
from tests.end_to_end.rollback_world import QUICKLY, SUBSCRIPTION_SCHEMA, World, group_id, network
from tests.end_to_end.snapshots import arm_call, differences
from tests.waiting import wait_until

TAGS = {"owner": "[shop]"}


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    """The stack, where whatever is called broken-… can't be made."""
    with hindered(stack, hindrances.broken("broken-*")):
        yield World(stack)


def bundle(project: str, *, is_broken: bool = False) -> bytes:
    """Five templates: `web` takes outputs of two others, of which one links to a file; `last` may be one that fails."""
    last = workspace("broken-last" if is_broken else "log-last")
    text, note = {"type": "string"}, {"type": "object"}
    files: dict[str, Any] = {
        "base/network.json": template(
            [network("vnet", "web")],
            {"vnetId": {"type": "string", "value": "[resourceId('Microsoft.Network/virtualNetworks', 'vnet')]"}},
        ),
        "base/log.json": template(
            [
                {
                    "type": "Microsoft.Resources/deployments",
                    "apiVersion": "2022-09-01",
                    "name": f"linked-{project}",
                    "properties": {"mode": "Incremental", "templateLink": {"relativePath": "linked/workspace.json"}},
                }
            ],
            {"count": {"type": "int", "value": 3}},
        ),
        "base/linked/workspace.json": template([workspace("log-linked")]),
        "web.json": template(
            [
                {
                    **workspace("log-web"),
                    "tags": {"vnet": "[parameters('vnetId')]", "note": "[string(parameters('note'))]"},
                }
            ],
            {"echo": {"type": "string", "value": "[format('{0} {1}', parameters('text'), parameters('count'))]"}},
            parameters={"vnetId": text, "count": {"type": "int"}, "text": text, "note": note},
        ),
        "last.json": template([workspace("log-beside"), last]),
        "never.json": template([workspace("log-never")]),
    }
    items = [
        {"name": "network", "path": "base/network.json"},
        {"name": "log", "path": "base/log.json"},
        {
            "name": "web",
            "path": "web.json",
            "parameters": {
                "vnetId": {"output": "network.VNETID"},
                "count": {"output": "log.count"},
                "text": {"value": "[concat('not', 'evaluated')]"},
                "note": {"value": {"copy": [{"name": "a", "count": 2, "input": "x"}], "[b]": 1.5}},
            },
        },
        {"name": "last", "path": "last.json", "dependsOn": ["web"]},
        {"name": "never", "path": "never.json", "dependsOn": ["last"]},
    ]
    return zipped({"manifest.json": manifest(project, items), **files})


def deploy(world: World, project: str, number: int, strategy: str, *, is_broken: bool = False) -> dict[str, Any]:
    options = {**QUICKLY, "strategy": strategy, "tags": TAGS, "force": True}
    name = f"{project}-{number}"
    return world.caller.ended(
        world.caller.start(bundle(project, is_broken=is_broken), deploymentId=name, options=options)
    )


def comparable(value: Any, project: str) -> Any:
    """A document without moments, correlation ids and the name of the project."""
    text = json.dumps(value, sort_keys=True).replace(f"{project}-1", "DEPLOYMENT").replace(project, "PROJECT")

    def without(item: Any) -> Any:
        if isinstance(item, dict):
            moving = ("startedAt", "finishedAt", "correlationId", "made", "createdDate", "customerId", "resourceGuid")
            return {key: without(each) for key, each in item.items() if key not in moving}
        return [without(each) for each in item] if isinstance(item, list) else item

    return without(json.loads(text))


def outputs(world: World, project: str) -> dict[str, Any]:
    path = f"{group_id(project)}/providers/Microsoft.Resources/deployments"
    return {
        name: arm_call(world.stack, "GET", f"{path}/{name}.{project}-1")["properties"].get("outputs")
        for name in ("network", "log", "web", "last", "never")
    }


def test_a_root_gives_the_same_as_the_graph_on_the_same_bundle(world):
    by_graph = deploy(world, "strategy-graph", 1, "graph")
    by_root = deploy(world, "strategy-roots", 1, "root")

    assert (by_graph["status"], by_root["status"]) == ("completed", "completed"), by_root
    assert comparable(by_root["templates"], "strategy-roots") == comparable(by_graph["templates"], "strategy-graph")
    assert by_root["message"] == by_graph["message"]
    assert outputs(world, "strategy-roots")["web"]["echo"]["value"] == "[concat('not', 'evaluated')] 3"
    assert comparable(outputs(world, "strategy-roots"), "strategy-roots") == comparable(
        outputs(world, "strategy-graph"), "strategy-graph"
    )
    held = [comparable(world.snapshot(f"rg-{project}/"), project) for project in ("strategy-roots", "strategy-graph")]
    assert differences(*held) == []
    root = arm_call(
        world.stack, "GET", f"{group_id('strategy-roots')}/providers/Microsoft.Resources/deployments/strategy-roots-1"
    )
    assert root["tags"]["armature-deployment-id"] == "strategy-roots-1"
    assert len(root["properties"]["dependencies"]) == 3


def test_a_root_that_failed_is_rolled_back_to_what_was_there_before(world):
    project = "strategy-back"
    deploy(world, project, 1, "graph")
    before = world.snapshot(f"rg-{project}/")

    failed = deploy(world, project, 2, "root", is_broken=True)

    statuses = {shown["name"]: (shown["status"], shown["attempt"], shown["starts"]) for shown in failed["templates"]}
    assert failed["status"] == "rolledBack", failed
    done = ("succeeded", 1, 1)
    assert statuses == {
        "network": done,
        "log": done,
        "web": done,
        "last": ("failed", 1, 1),
        "never": ("skipped", 0, 0),
    }
    assert failed["templates"][3]["failure"]["causes"][0]["place"].startswith("last.json#/resources/1")
    assert {shown["name"] for shown in failed["rollback"]["templates"]} == {"network", "log", "web", "last"}
    assert differences(before, world.snapshot(f"rg-{project}/")) == []


def test_a_first_deployment_by_a_root_that_failed_leaves_nothing(world):
    project = "strategy-first"

    failed = deploy(world, project, 1, "root", is_broken=True)

    assert failed["status"] == "rolledBack", failed
    assert world.snapshot(f"rg-{project}") == {}


def test_what_azure_refuses_beforehand_is_told_of_the_template_that_it_is_in_and_nothing_begins(world):
    project = "strategy-refused"
    bad = {**workspace("log-bad"), "properties": {"retentionInDays": -1}}
    files = {"good.json": template([workspace("log-good")]), "bad.json": template([bad])}
    items = [{"name": name, "path": f"{name}.json"} for name in ("good", "bad")]
    options = {**QUICKLY, "strategy": "root", "force": True}

    failed = world.caller.ended(
        world.caller.start(zipped({"manifest.json": manifest(project, items), **files}), options=options)
    )

    shown = {template["name"]: template for template in failed["templates"]}
    assert failed["status"] == "rolledBack", failed
    assert (shown["good"]["status"], shown["bad"]["status"]) == ("skipped", "failed")
    assert shown["bad"]["failure"]["causes"][0]["place"].startswith("bad.json#/resources/0")
    assert world.snapshot(f"rg-{project}") == {}


def test_a_root_over_several_scopes_makes_a_group_that_another_template_waits_for(world):
    project = "strategy-scopes"
    group = {
        "type": "Microsoft.Resources/resourceGroups",
        "apiVersion": "2022-09-01",
        "name": f"rg-{project}-made",
        "location": LOCATION,
    }
    wide = {**template([group]), "$schema": SUBSCRIPTION_SCHEMA}
    files = {
        "wide.json": wide,
        "in.json": template([workspace("log-in")]),
        "own.json": template([workspace("log-own")]),
    }
    items = [
        {"name": "in", "path": "in.json", "scope": {"resourceGroup": f"rg-{project}-made"}},
        {"name": "wide", "path": "wide.json", "scope": None},
        {"name": "own", "path": "own.json", "dependsOn": ["in"]},
    ]
    options = {**QUICKLY, "strategy": "root", "delivery": "inline", "scheduling": "tier", "force": True}

    state = world.caller.ended(
        world.caller.start(
            zipped({"manifest.json": manifest(project, items), **files}), deploymentId=f"{project}-1", options=options
        )
    )

    assert state["status"] == "completed", [shown.get("failure") for shown in state["templates"]]
    assert {shown["delivery"] for shown in state["templates"]} == {"inline"}
    held = world.snapshot(f"rg-{project}")
    assert {id_.rsplit("/", 1)[-1] for id_ in held} == {f"rg-{project}", f"rg-{project}-made", "log-in", "log-own"}
    root = arm_call(
        world.stack,
        "GET",
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Resources/deployments/{project}-1",
    )
    assert root["properties"]["provisioningState"] == "Succeeded"
    assert "templateLink" not in json.dumps(root["properties"])


def test_a_root_that_is_cancelled_ends_with_all_that_it_has_begun_and_leaves_nothing(world):
    project = "strategy-cancel"
    files = {"slow.json": template([workspace("log-held")]), "after.json": template([workspace("log-after")])}
    items = [{"name": "slow", "path": "slow.json"}, {"name": "after", "path": "after.json", "dependsOn": ["slow"]}]
    options = {**QUICKLY, "strategy": "root", "force": True}
    with hindered(world.stack, hindrances.HELD):
        deployment = world.caller.start(
            zipped({"manifest.json": manifest(project, items), **files}), deploymentId=f"{project}-1", options=options
        )
        wait_until(lambda: world.caller.state(deployment)["templates"][0:1] != [] and started(world, deployment))
        answer = world.caller.session.post(
            f"{world.caller.api}/deployments/{deployment}/cancel", json={"rollback": True}, timeout=30
        )
        assert answer.status_code == 202, answer.text
        state = world.caller.ended(deployment)

    assert state["status"] == "rolledBack", state
    assert {shown["name"]: shown["status"] for shown in state["templates"]} == {"slow": "cancelled", "after": "skipped"}
    assert world.snapshot(f"rg-{project}") == {}


def started(world: World, deployment: str) -> bool:
    return world.caller.state(deployment)["templates"][0]["status"] == "running"


def test_a_resumed_root_holds_only_what_had_not_succeeded(world):
    project = "strategy-resume"
    options = {**QUICKLY, "strategy": "root", "force": True, "rollbackOnFailure": False}
    with hindered(world.stack, hindrances.broken("broken-*")):
        deployment = world.caller.start(bundle(project, is_broken=True), deploymentId=f"{project}-1", options=options)
        failed = world.caller.ended(deployment)
    assert failed["status"] == "failed", failed
    made = {shown["name"]: shown["finishedAt"] for shown in failed["templates"]}

    answer = world.caller.session.post(f"{world.caller.api}/deployments/{deployment}/resume", timeout=30)
    assert answer.status_code == 202, answer.text
    state = world.caller.ended(deployment)

    assert state["status"] == "completed", state
    starts = {shown["name"]: shown["starts"] for shown in state["templates"]}
    assert starts == {"network": 1, "log": 1, "web": 1, "last": 2, "never": 1}
    assert state["templates"][0]["finishedAt"] == made["network"]
    root = arm_call(world.stack, "GET", f"{group_id(project)}/providers/Microsoft.Resources/deployments/{project}-1")
    assert root["tags"]["armature-attempt"] == "2.1"
    assert len(root["properties"]["dependencies"]) == 1
