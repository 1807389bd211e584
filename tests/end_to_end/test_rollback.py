"""Whatever fails: everything is as it was before, or what is not is told by its id, with the reason."""

from collections.abc import Iterator
from typing import Any

import pytest

from emulator.stack import Stack
from tests.end_to_end import hindrances
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import SUBSCRIPTION, Caller, zipped
from tests.end_to_end.hindrances import hindered
from tests.end_to_end.snapshots import arm_call, arm_snapshot, differences
from tests.waiting import wait_until

SUBSCRIPTION_SCHEMA = "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#"
ROLES = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
READER = f"{ROLES}/acdd72a7-3385-48ef-bd42-f606fba81ae7"
QUICKLY = {"retryPolicy": {"maxAttempts": 1, "firstIntervalSeconds": 0.3}}

Templates = dict[str, tuple[list[str], list[dict[str, Any]]]]
"""For each template what it depends on, and its resources."""


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator["World"]:
    """The stack, where whatever is called broken-… can't be made."""
    with hindered(stack, hindrances.broken("broken-*")):
        yield World(stack)


class World:
    """The app, and ARM as it is before and after."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.caller = Caller(stack)

    def deploy(self, project: str, templates: Templates, number: int = 1, **request: Any) -> dict[str, Any]:
        """The state of a deployment of these templates, once it has ended."""
        files = {f"{name}.json": _as_template(resources) for name, (_, resources) in templates.items()}
        items = [
            {"name": name, "path": f"{name}.json", "dependsOn": before, **_scope(files[f"{name}.json"])}
            for name, (before, _) in templates.items()
        ]
        bundle = zipped({"manifest.json": manifest(project, items), **files})
        name = f"{project}-{number}"
        return self.caller.ended(self.caller.start(bundle, deploymentId=name, options=QUICKLY, **request))

    def roll_back(self, deployment_id: str) -> dict[str, Any]:
        """The state after a rollback that was asked for by hand."""
        answer = self.caller.session.post(f"{self.caller.api}/deployments/{deployment_id}/rollback", timeout=30)
        assert answer.status_code == 202, answer.text
        return self.caller.ended(deployment_id)

    def group(self, project: str, **tags: str) -> None:
        """A resource group that was there before the app came."""
        arm_call(self.stack, "PUT", group_id(project), body={"location": "eastus2", "tags": tags})

    def put(self, resource: dict[str, Any], project: str) -> str:
        """A resource that somebody else made, once it is there; answers its id."""
        resource_id = f"{group_id(project)}/providers/{resource['type']}/{resource['name']}"
        body = {key: value for key, value in resource.items() if key in ("location", "tags", "properties")}
        version = resource["apiVersion"]
        arm_call(self.stack, "PUT", resource_id, version=version, body=body)

        def is_made() -> bool:
            made = arm_call(self.stack, "GET", resource_id, version=version)
            return bool(made["properties"]["provisioningState"] == "Succeeded")

        wait_until(is_made)
        return resource_id

    def snapshot(self, project: str) -> dict[str, dict[str, Any]]:
        """What ARM holds for a project."""
        return arm_snapshot(self.stack, project)


def _as_template(resources: list[dict[str, Any]]) -> dict[str, Any]:
    is_wide = any(resource["type"] == "Microsoft.Resources/resourceGroups" for resource in resources)
    return template(resources, **({"$schema": SUBSCRIPTION_SCHEMA} if is_wide else {}))


def _scope(content: dict[str, Any]) -> dict[str, Any]:
    return {"scope": None} if content["$schema"] == SUBSCRIPTION_SCHEMA else {}


def group_id(project: str) -> str:
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-{project}"


def broken(project: str) -> dict[str, Any]:
    return workspace(f"broken-{project}")


def network(name: str, *subnets: str, **parts: Any) -> dict[str, Any]:
    ranges = [{"name": s, "properties": {"addressPrefix": f"10.0.{i}.0/24"}} for i, s in enumerate(subnets)]
    return {
        "type": "Microsoft.Network/virtualNetworks",
        "apiVersion": "2023-09-01",
        "name": name,
        "location": "eastus2",
        "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": ranges},
        **parts,
    }


def subnet(of: str, name: str, number: int) -> dict[str, Any]:
    return {
        "type": "Microsoft.Network/virtualNetworks/subnets",
        "apiVersion": "2023-09-01",
        "name": f"{of}/{name}",
        "properties": {"addressPrefix": f"10.0.{number}.0/24"},
    }


def role_on(scope_type: str, scope_name: str) -> dict[str, Any]:
    return {
        "type": "Microsoft.Authorization/roleAssignments",
        "apiVersion": "2022-04-01",
        "name": f"[guid('{scope_name}')]",
        "scope": f"[resourceId('{scope_type}', '{scope_name}')]",
        "properties": {
            "roleDefinitionId": READER,
            "principalId": "99999999-0000-0000-0000-000000000001",
            "principalType": "ServicePrincipal",
        },
    }


def nested(name: str, resources: list[dict[str, Any]], **parts: Any) -> dict[str, Any]:
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": name,
        "properties": {"mode": "Incremental", "template": template(resources)},
        **parts,
    }


def told(state: dict[str, Any]) -> str:
    return f"{state['status']}: {state['message']} {state['failures']} {state['rollback']}"


# Without a previous version


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
    made = {"type": "Microsoft.Resources/resourceGroups", "apiVersion": "2022-09-01", "location": "eastus2"}
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
        "location": "eastus2",
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
        "location": "eastus2",
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


# With a previous version


def test_a_new_version_that_fails_is_replaced_by_the_one_before_to_the_last_property_and_tag(world):
    project = "undo-version"
    log, net = f"log-{project}", f"net-{project}"
    first: Templates = {
        "logs": ([], [{**workspace(log), "tags": {"version": "1", "only": "before"}}]),
        "net": (["logs"], [network(net, "front", tags={"version": "1"})]),
        "rest": (["net"], [workspace(f"{log}-removed"), workspace(f"{log}-rest")]),
    }
    changed = {**workspace(log), "tags": {"version": "2"}, "properties": {"retentionInDays": 90}}
    second: Templates = {
        "logs": ([], [changed, workspace(f"{log}-added")]),
        "net": (["logs"], [network(net, "front", "back", tags={"version": "2"}), workspace(f"{log}-beside")]),
        "new": (["net"], [subnet(net, "late", 7)]),
        "rest": (["new"], [workspace(f"{log}-rest"), broken(project)]),
    }
    assert world.deploy(project, first)["status"] == "completed"
    before = world.snapshot(project)

    state = world.deploy(project, second, 2)

    assert state["status"] == "rolledBack", told(state)
    assert differences(before, world.snapshot(project)) == []
    assert [item["name"] for item in state["rollback"]["templates"]] == ["logs", "net", "rest"]
    assert all(item["status"] == "succeeded" for item in state["rollback"]["templates"])
    assert state["rollback"]["previousDeploymentId"] == f"{project}-1"
    assert state["warnings"] == []


def test_what_somebody_had_changed_by_hand_is_as_the_previous_version_has_it_which_is_told(world):
    project = "undo-drift"
    log = {**workspace(f"log-{project}"), "tags": {"version": "1"}}
    world.deploy(project, {"a": ([], [log])})
    world.put({**log, "tags": {"version": "1", "by": "hand"}}, project)

    state = world.deploy(project, {"a": ([], [{**log, "tags": {"version": "2"}}, broken(project)])}, 2)

    assert state["status"] == "rolledBack", told(state)
    assert [warning["code"] for warning in state["warnings"]] == ["NotAsBefore"]
    assert "not quite what 1 resource had been" in state["message"]
    log_id = f"{group_id(project)}/providers/{log['type']}/{log['name']}".lower()
    assert log_id in state["warnings"][0]["message"].lower()
    assert world.snapshot(project)[log_id]["tags"] == {"version": "1"}


def test_templates_that_were_not_started_are_left_alone(world):
    project = "undo-untouched"
    first: Templates = {"a": ([], [workspace(f"log-{project}-a")]), "b": (["a"], [workspace(f"log-{project}-b")])}
    second: Templates = {"a": ([], [broken(project)]), "b": first["b"]}
    assert world.deploy(project, first)["status"] == "completed"
    before = world.snapshot(project)

    state = world.deploy(project, second, 2)

    assert state["status"] == "rolledBack", told(state)
    assert [item["name"] for item in state["rollback"]["templates"]] == ["a"]
    assert differences(before, world.snapshot(project)) == []


def test_what_a_write_took_from_a_template_that_was_not_started_is_put_back_too(world):
    project = "undo-robbed"
    net = f"net-{project}"
    first: Templates = {"net": ([], [network(net, "front")]), "late": (["net"], [subnet(net, "late", 7)])}
    second: Templates = {"net": ([], [network(net, "front"), broken(project)]), "late": first["late"]}
    assert world.deploy(project, first)["status"] == "completed"
    before = world.snapshot(project).keys()

    state = world.deploy(project, second, 2)

    assert state["status"] == "rolledBack", told(state)
    assert [item["name"] for item in state["rollback"]["templates"]] == ["net", "late"]
    assert world.snapshot(project).keys() == before


def test_a_completed_deployment_is_rolled_back_by_hand_to_the_one_before(world):
    project = "undo-hand"
    first: Templates = {"a": ([], [{**workspace(f"log-{project}"), "tags": {"version": "1"}}])}
    second: Templates = {
        "a": ([], [{**workspace(f"log-{project}"), "tags": {"version": "2"}}, network(f"net-{project}")])
    }
    world.deploy(project, first)
    before = world.snapshot(project)
    assert world.deploy(project, second, 2)["status"] == "completed"
    assert differences(before, world.snapshot(project))

    state = world.roll_back(f"{project}-2")

    assert state["status"] == "rolledBack", told(state)
    assert differences(before, world.snapshot(project)) == []


# What can't be undone at once


def test_what_another_lineage_has_deployed_since_is_left_to_it_which_is_told(world):
    project, other = "undo-shared", "undo-sharing"
    world.group(project)
    shared, own = workspace(f"log-{project}"), workspace(f"log-{project}-own")
    world.deploy(project, {"a": ([], [shared, own])})
    item = {"name": "a", "path": "a.json", "scope": {"resourceGroup": f"rg-{project}"}}
    bundle = zipped({"manifest.json": manifest(other, [item]), "a.json": template([shared])})
    second = world.caller.ended(world.caller.start(bundle, deploymentId=f"{other}-1"))
    assert second["status"] == "completed", told(second)

    state = world.roll_back(f"{project}-1")

    assert state["rollback"]["status"] == "partial", told(state)
    leftovers = state["rollback"]["leftovers"]
    assert [leftover["id"].rpartition("/")[2] for leftover in leftovers] == [shared["name"]]
    assert f"{other}-1" in leftovers[0]["reason"]
    left = {id_.rpartition("/")[2] for id_ in world.snapshot(project) if "/workspaces/" in id_}
    assert left == {shared["name"].lower()}


def test_what_is_locked_is_told_and_gone_once_the_lock_is_removed_and_the_rollback_asked_for_again(world):
    project = "undo-locked"
    world.group(project)
    before = world.snapshot(project)
    lock = f"{group_id(project)}/providers/Microsoft.Authorization/locks/keep"
    arm_call(world.stack, "PUT", lock, version="2020-05-01", body={"properties": {"level": "CanNotDelete"}})

    state = world.deploy(project, {"a": ([], [workspace(f"log-{project}")]), "b": (["a"], [broken(project)])})

    assert state["status"] == "failed", told(state)
    assert state["rollback"]["status"] == "partial"
    leftover = state["rollback"]["leftovers"][0]
    assert leftover["id"].lower().endswith(f"/log-{project}")
    assert "ScopeLocked" in leftover["reason"]
    assert "Remove the lock" in leftover["suggestion"]

    arm_call(world.stack, "DELETE", lock, version="2020-05-01")
    again = world.roll_back(f"{project}-1")

    assert again["status"] == "rolledBack", told(again)
    assert again["rollback"]["number"] == 2
    assert differences(before, world.snapshot(project)) == []


def test_asked_for_again_the_previous_versions_are_deployed_once_more(world):
    project = "undo-again"
    log = f"log-{project}"
    world.deploy(project, {"a": ([], [{**workspace(log), "tags": {"version": "1"}}])})
    before = world.snapshot(project)
    lock = f"{group_id(project)}/providers/Microsoft.Authorization/locks/keep"
    arm_call(world.stack, "PUT", lock, version="2020-05-01", body={"properties": {"level": "CanNotDelete"}})
    changed = {**workspace(log), "tags": {"version": "2"}}

    state = world.deploy(project, {"a": ([], [changed, workspace(f"{log}-new"), broken(project)])}, 2)

    assert [leftover["id"].rpartition("/")[2] for leftover in state["rollback"]["leftovers"]] == [f"{log}-new"]
    first = state["rollback"]["templates"][0]
    assert (first["status"], first["deploymentName"]) == ("succeeded", f"a.{project}-2.r1")

    arm_call(world.stack, "DELETE", lock, version="2020-05-01")
    again = world.roll_back(f"{project}-2")

    assert again["status"] == "rolledBack", told(again)
    second = again["rollback"]["templates"][0]
    assert (second["status"], second["deploymentName"]) == ("succeeded", f"a.{project}-2.r2")
    assert differences(before, world.snapshot(project)) == []


def test_a_lock_that_the_deployment_itself_made_keeps_nothing(world):
    project = "undo-own-lock"
    lock = {
        "type": "Microsoft.Authorization/locks",
        "apiVersion": "2020-05-01",
        "name": "keep",
        "scope": f"[resourceId('Microsoft.OperationalInsights/workspaces', 'log-{project}')]",
        "dependsOn": [f"log-{project}"],
        "properties": {"level": "CanNotDelete"},
    }

    state = world.deploy(project, {"a": ([], [workspace(f"log-{project}"), lock]), "b": (["a"], [broken(project)])})

    assert state["status"] == "rolledBack", told(state)
    assert world.snapshot(project) == {}


@pytest.mark.parametrize(("is_protected", "warned"), [(False, 0), (True, 1)])
def test_the_name_of_a_vault_is_let_go_unless_it_is_protected_which_is_told(world, is_protected, warned):
    project = f"undo-kv{int(is_protected)}"
    vault = {
        "type": "Microsoft.KeyVault/vaults",
        "apiVersion": "2023-07-01",
        "name": f"kv-{project}",
        "location": "eastus2",
        "properties": {
            "tenantId": "[subscription().tenantId]",
            "sku": {"family": "A", "name": "standard"},
            "accessPolicies": [],
            **({"enablePurgeProtection": True} if is_protected else {}),
        },
    }

    state = world.deploy(project, {"a": ([], [vault]), "b": (["a"], [broken(project)])})

    assert state["status"] == "rolledBack", told(state)
    assert world.snapshot(project) == {}
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.KeyVault/deletedVaults"
    kept = [each["name"] for each in arm_call(world.stack, "GET", path, version="2023-07-01")["value"]]
    assert (f"kv-{project}" in kept) == is_protected
    assert len(state["warnings"]) == warned
    assert all(f"az keyvault purge --name kv-{project}" in warning["message"] for warning in state["warnings"])


def test_a_vault_that_was_recovered_is_deleted_again_and_not_purged(world):
    project = "undo-recovered"
    world.group(project)
    vault = {
        "type": "Microsoft.KeyVault/vaults",
        "apiVersion": "2023-07-01",
        "name": f"kv-{project}",
        "location": "eastus2",
        "properties": {
            "tenantId": "[subscription().tenantId]",
            "sku": {"family": "A", "name": "standard"},
            "accessPolicies": [],
        },
    }
    by_hand = {**vault, "properties": {**vault["properties"], "tenantId": "00000000-0000-0000-0000-00000000000a"}}
    vault_id = world.put(by_hand, project)
    arm_call(world.stack, "DELETE", vault_id, version="2023-07-01")
    wait_until(lambda: vault_id.lower() not in world.snapshot(project))
    recovering = {**vault, "properties": {**vault["properties"], "createMode": "recover"}}

    state = world.deploy(project, {"a": ([], [recovering]), "b": (["a"], [broken(project)])})

    assert state["status"] == "rolledBack", told(state)
    assert [warning["code"] for warning in state["warnings"]] == ["NameStaysTaken"]
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.KeyVault/deletedVaults"
    kept = [each["name"] for each in arm_call(world.stack, "GET", path, version="2023-07-01")["value"]]
    assert f"kv-{project}" in kept
