"""Whatever fails of a first deployment: everything is as it was before, or what is not is told by its id."""

from collections.abc import Iterator

import pytest

from emulator.stack import Stack
from tests.clouds import LOCATION
from tests.end_to_end import hindrances
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import zipped
from tests.end_to_end.hindrances import hindered
from tests.end_to_end.rollback_world import (
    QUICKLY,
    Templates,
    World,
    broken,
    group_id,
    nested,
    network,
    role_on,
    subnet,
    told,
)
from tests.end_to_end.snapshots import arm_snapshot, differences
from tests.waiting import wait_until

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    """The stack, where whatever is called broken-… can't be made."""
    with hindered(stack, hindrances.broken("broken-*")):
        yield World(stack)


def test_a_first_deployment_that_fails_leaves_what_was_there_and_nothing_else(world):
    project = "undo-first"
    world.group(project, owner="somebody")
    kept = world.put(workspace(f"log-{project}-kept"), project)
    before = world.snapshot(project)
    child = nested("inner", [workspace(f"log-{project}-inner")])
    templates: Templates = {
        "net": ([], [network(f"net-{project}", "front")]),
        "more": (
            ["net"],
            [
                subnet(f"net-{project}", "back", 9),
                role_on("Microsoft.OperationalInsights/workspaces", f"log-{project}-kept"),
                child,
            ],
        ),
        "last": (["more"], [broken(project)]),
    }

    state = world.deploy(project, templates)

    assert state["status"] == "rolledBack", told(state)
    assert state["rollback"]["status"] == "completed"
    assert state["rollback"]["toDelete"] == len(state["rollback"]["deleted"]) == 4
    assert differences(before, world.snapshot(project)) == []
    assert kept.lower() in before


def test_a_group_that_the_deployment_made_goes_too(world):
    project = "undo-group"

    state = world.deploy(project, {"a": ([], [workspace(f"log-{project}")]), "b": (["a"], [broken(project)])})

    assert state["status"] == "rolledBack", told(state)
    assert world.snapshot(project) == {}
    assert state["rollback"]["deleted"][-1].lower() == group_id(project).lower()


def test_groups_that_a_subscription_template_made_go_with_all_that_was_linked_into_them(world):
    project = "undo-wide"
    made = {"type": "Microsoft.Resources/resourceGroups", "apiVersion": "2022-09-01", "location": LOCATION}
    inner = nested("inner", [workspace(f"log-{project}-x"), network(f"net-{project}", "front")])
    wide = [
        {**made, "name": f"rg-{project}-other"},
        {**inner, "resourceGroup": f"rg-{project}-other", "dependsOn": [f"rg-{project}-other"]},
    ]

    state = world.deploy(project, {"wide": ([], wide), "last": (["wide"], [broken(project)])})

    assert state["status"] == "rolledBack", told(state)
    assert world.snapshot(project) == {}


def test_what_linked_templates_made_goes_with_the_rest(world):
    project = "undo-linked"
    link = {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": "linked",
        "properties": {"mode": "Incremental", "templateLink": {"relativePath": "parts/inner.json"}},
    }
    deeper = nested("deeper", [workspace(f"log-{project}-deep")], dependsOn=[f"net-{project}"])
    files = {
        "a.json": template([link, {**workspace(f"log-{project}"), "dependsOn": ["linked"]}]),
        "b.json": template([broken(project)]),
        "parts/inner.json": template([network(f"net-{project}", "front"), deeper]),
    }
    items = [{"name": "a", "path": "a.json"}, {"name": "b", "path": "b.json", "dependsOn": ["a"]}]

    started = world.caller.start(zipped({"manifest.json": manifest(project, items), **files}), options=QUICKLY)
    state = world.caller.ended(started)

    assert state["status"] == "rolledBack", told(state)
    assert world.snapshot(project) == {}
    assert len(state["rollback"]["deleted"]) == 4


def test_what_only_shows_when_it_runs_is_deleted_when_its_group_tells_that_it_is_new_and_else_told(world):
    project = "undo-late"
    world.group(project)
    world.put(network(f"net-{project}", "front"), project)
    before = world.snapshot(project)
    late = [
        workspace("[concat('log-', take(parameters('id'), 8))]"),
        subnet(f"net-{project}", "placeholder", 7)
        | {"name": f"[concat('net-{project}/s', take(parameters('id'), 8))]"},
    ]
    inner = nested("late", late, dependsOn=[f"log-{project}"])
    inner["properties"]["template"]["parameters"] = {"id": {"type": "string"}}
    inner["properties"]["expressionEvaluationOptions"] = {"scope": "inner"}
    inner["properties"]["parameters"] = {"id": {"value": f"[reference('log-{project}').customerId]"}}

    state = world.deploy(project, {"a": ([], [workspace(f"log-{project}"), inner]), "b": (["a"], [broken(project)])})

    assert state["rollback"]["status"] == "partial", told(state)
    left = [leftover["id"].lower() for leftover in state["rollback"]["leftovers"]]
    assert len(left) == 1
    assert f"/net-{project}/subnets/s" in left[0]
    assert "not known what was there before" in state["rollback"]["leftovers"][0]["reason"]
    added = set(world.snapshot(project)) - set(before)
    assert added == set(left)


def test_the_role_with_which_a_new_site_read_its_package_goes_with_the_site(world):
    project = "undo-package"
    site = {
        "type": "Microsoft.Web/sites",
        "apiVersion": "2023-12-01",
        "name": f"func-{project}",
        "location": LOCATION,
        "kind": "functionapp",
        "identity": {"type": "SystemAssigned"},
        "properties": {},
    }
    uri = {"packageUri": {"type": "string"}}
    files = {
        "a.json": template([site], parameters=uri),
        "b.json": template([broken(project)]),
        "data.zip": zipped({"host.json": {}}),
    }
    items = [
        {"name": "a", "path": "a.json", "parameters": {"packageUri": {"package": "data"}}},
        {"name": "b", "path": "b.json", "dependsOn": ["a"]},
    ]
    packages = [{"name": "data", "path": "data.zip"}]
    bundle = zipped({"manifest.json": manifest(project, items, packages=packages), **files})
    before = arm_snapshot(world.stack, "/containers/packages/")

    state = world.caller.ended(world.caller.start(bundle, options=QUICKLY))

    assert state["status"] == "rolledBack", told(state)
    assert world.snapshot(project) == {}
    assert arm_snapshot(world.stack, "/containers/packages/") == before
    assert any("/roleassignments/" in id_.lower() for id_ in state["rollback"]["deleted"])


def test_what_existed_and_was_changed_is_told_when_no_earlier_version_can_put_it_back(world):
    project = "undo-changed"
    world.group(project)
    old = workspace(f"log-{project}")
    old_id = world.put({**old, "tags": {"owner": "somebody"}}, project)

    state = world.deploy(project, {"a": ([], [old]), "b": (["a"], [broken(project)])})

    assert state["status"] == "failed", told(state)
    assert state["rollback"]["status"] == "partial"
    assert [leftover["id"].lower() for leftover in state["rollback"]["leftovers"]] == [old_id.lower()]
    assert "was changed by this deployment" in state["rollback"]["leftovers"][0]["reason"]
    assert old_id.lower() in world.snapshot(project)


def test_what_existed_and_was_written_as_it_was_is_no_leftover(world):
    project = "undo-same"
    world.group(project)
    world.put(workspace(f"log-{project}"), project)
    before = world.snapshot(project)

    state = world.deploy(project, {"a": ([], [workspace(f"log-{project}")]), "b": (["a"], [broken(project)])})

    assert state["status"] == "rolledBack", told(state)
    assert differences(before, world.snapshot(project)) == []


def test_settings_of_a_site_that_no_earlier_version_can_put_back_are_told_though_the_site_does_not_show_them(world):
    project = "undo-settings"
    world.group(project)
    site = {
        "type": "Microsoft.Web/sites",
        "apiVersion": "2023-12-01",
        "name": f"func-{project}",
        "location": LOCATION,
        "kind": "functionapp",
        "properties": {"siteConfig": {"appSettings": [{"name": "MODE", "value": "theirs"}]}},
    }
    site_id = world.put(site, project)
    changed = {**site, "properties": {"siteConfig": {"appSettings": [{"name": "MODE", "value": "ours"}]}}}

    state = world.deploy(project, {"a": ([], [changed]), "b": (["a"], [broken(project)])})

    assert state["rollback"]["status"] == "partial", told(state)
    assert [leftover["id"].lower() for leftover in state["rollback"]["leftovers"]] == [site_id.lower()]


def test_what_is_cancelled_amid_its_work_is_waited_for_and_undone(world):
    project = "undo-cancelled"
    world.group(project)
    before = world.snapshot(project)
    zones = {
        "type": "Microsoft.Network/privateDnsZones",
        "apiVersion": "2020-06-01",
        "name": f"[format('zone{{0}}.{project}.test', copyIndex())]",
        "location": "global",
        "copy": {"name": "zones", "count": 40, "mode": "serial", "batchSize": 2},
    }
    inner = nested("inner", [zones])
    inner["properties"]["expressionEvaluationOptions"] = {"scope": "inner"}
    files = {"a.json": template([inner])}
    bundle = zipped({"manifest.json": manifest(project, [{"name": "a", "path": "a.json"}]), **files})
    started = world.caller.start(bundle, options=QUICKLY)
    wait_until(lambda: len(world.snapshot(project)) > len(before) + 2)

    wish = {"comment": "wrong bundle", "rollback": True}
    answer = world.caller.session.post(f"{world.caller.api}/deployments/{started}/cancel", json=wish, timeout=30)
    state = world.caller.ended(started)

    assert answer.status_code == 202, answer.text
    assert state["status"] == "rolledBack", told(state)
    assert state["rollback"]["toDelete"] < 40
    assert differences(before, world.snapshot(project)) == []
