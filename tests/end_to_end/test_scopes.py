"""A bundle whose templates go to the tenant, a management group, the subscription and two resource groups of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from emulator.stack import Stack
from tests.clouds import CLOUD, LOCATION
from tests.end_to_end import hindrances
from tests.end_to_end.bundles import workspace
from tests.end_to_end.client import SUBSCRIPTION, zipped
from tests.end_to_end.hindrances import hindered
from tests.end_to_end.rollback_world import QUICKLY, World, broken, told
from tests.end_to_end.snapshots import arm_call, differences

SCHEMAS = {
    "tenant": "https://schema.management.azure.com/schemas/2019-08-01/tenantDeploymentTemplate.json#",
    "managementGroup": "https://schema.management.azure.com/schemas/2019-08-01/managementGroupDeploymentTemplate.json#",
    "subscription": "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#",
    "resourceGroup": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
}


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    """The stack, where whatever is called broken-… can't be made."""
    with hindered(stack, hindrances.broken("broken-*")):
        yield World(stack)


def template(scope: str, *resources: dict[str, Any], takes: str = "", **outputs: str) -> dict[str, Any]:
    """A template for a scope; `takes` is the name of a parameter that it asks for."""
    return {
        "$schema": SCHEMAS[scope],
        "contentVersion": "1.0.0.0",
        "parameters": {takes: {"type": "string"}} if takes else {},
        "resources": list(resources),
        "outputs": {name: {"type": "string", "value": value} for name, value in outputs.items()},
    }


def policy(name: str, description: str) -> dict[str, Any]:
    return {
        "type": "Microsoft.Authorization/policyDefinitions",
        "apiVersion": "2021-06-01",
        "name": name,
        "properties": {
            "policyType": "Custom",
            "mode": "All",
            "description": description,
            "policyRule": {"if": {"field": "name", "equals": "never"}, "then": {"effect": "audit"}},
        },
    }


def bundle(project: str, version: str, *, fails: bool) -> bytes:
    """From the tenant to a resource that takes an output of each: `version` is in all that a template writes."""
    corp = f"mg-{project}"
    tenant = template(
        "tenant",
        {
            "type": "Microsoft.Management/managementGroups",
            "apiVersion": "2021-04-01",
            "name": corp,
            "properties": {"displayName": f"Corp {version}"},
        },
        group=corp,
    )
    definitions = "managementGroup().id, 'Microsoft.Authorization/policyDefinitions'"
    rules = template(
        "managementGroup",
        policy(f"policy-{project}", f"Rule {version}"),
        policy(f"policy-{project}-{version}", "New"),
        takes="corp",
        rule=f"[extensionResourceId({definitions}, 'policy-{project}')]",
    )
    group = {
        "type": "Microsoft.Resources/resourceGroups",
        "apiVersion": "2022-09-01",
        "name": f"rg-{project}-made",
        "location": LOCATION,
        "tags": {"rule": "[parameters('rule')]"},
    }
    base = template("subscription", group, takes="rule", group=f"rg-{project}-made")
    log = workspace(f"log-{project}")
    app = template("resourceGroup", log, workspace(f"log-{project}-{version}"), log="[resourceGroup().name]")
    data = template(
        "resourceGroup",
        {**workspace(f"data-{project}"), "tags": {"app": "[parameters('app')]"}},
        *([broken(project)] if fails else []),
        takes="app",
    )
    templates = [
        {"name": "data", "scope": {"resourceGroup": f"rg-{project}"}, "parameters": {"app": {"output": "app.log"}}},
        {"name": "app", "scope": {"resourceGroup": f"rg-{project}-MADE"}},
        {"name": "base", "parameters": {"rule": {"output": "rules.rule"}}},
        {"name": "rules", "scope": {"managementGroup": corp}, "parameters": {"corp": {"output": "tenant.group"}}},
        {"name": "tenant", "scope": {"tenant": True}},
    ]
    manifest = {
        "version": "1",
        "project": project,
        "environment": "test",
        "cloud": CLOUD.name,
        "location": LOCATION,
        "templates": [{"path": f"{item['name']}.json", **item} for item in templates],
    }
    files = {"tenant": tenant, "rules": rules, "base": base, "app": app, "data": data}
    return zipped({"manifest.json": manifest, **{f"{name}.json": content for name, content in files.items()}})


def test_a_bundle_of_all_scopes_is_deployed_and_a_failing_version_of_it_undone(world: World) -> None:
    project, caller = "scopes", world.caller

    first = caller.ended(
        caller.start(bundle(project, "v1", fails=False), deploymentId="scopes-1", options=QUICKLY | {"force": True})
    )
    before = world.snapshot(project)
    second = caller.ended(
        caller.start(bundle(project, "v2", fails=True), deploymentId="scopes-2", options=QUICKLY | {"force": True})
    )

    assert first["status"] == "completed", told(first)
    assert {each["name"]: each["tier"] for each in first["templates"]} == {
        "tenant": 0,
        "rules": 1,
        "base": 2,
        "app": 3,
        "data": 4,
    }
    corp = f"/providers/Microsoft.Management/managementGroups/mg-{project}"
    scopes = {each["name"]: each["scope"] for each in first["templates"]}
    assert (scopes["tenant"], scopes["rules"], scopes["base"]) == ("", corp, f"/subscriptions/{SUBSCRIPTION}")
    made = arm_call(world.stack, "GET", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-{project}-made")
    assert made["tags"]["rule"] == f"{corp}/providers/Microsoft.Authorization/policyDefinitions/policy-{project}"
    assert second["status"] == "rolledBack", told(second)
    assert differences(before, world.snapshot(project)) == []
    again = {each["name"] for each in second["rollback"]["templates"] if each["status"] == "succeeded"}
    assert again == {"tenant", "rules", "base", "app", "data"}


def test_a_first_bundle_of_all_scopes_that_fails_leaves_nothing_at_any(world: World) -> None:
    project, caller = "scopeless", world.caller

    state = caller.ended(
        caller.start(bundle(project, "v1", fails=True), deploymentId="scopeless-1", options=QUICKLY | {"force": True})
    )

    assert state["status"] == "rolledBack", told(state)
    assert world.snapshot(project) == {}
    assert len(state["rollback"]["deleted"]) >= 8
