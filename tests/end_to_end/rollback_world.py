"""The app and ARM as they are before and after a rollback, and the templates that are rolled back."""

from typing import Any

from emulator.stack import Stack
from tests.clouds import LOCATION
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import SUBSCRIPTION, Caller, zipped
from tests.end_to_end.snapshots import arm_call, arm_snapshot
from tests.waiting import wait_until

SUBSCRIPTION_SCHEMA = "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#"
ROLES = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
READER = f"{ROLES}/acdd72a7-3385-48ef-bd42-f606fba81ae7"
QUICKLY = {"force": True, "retryPolicy": {"maxAttempts": 1, "firstIntervalSeconds": 0.3}}

Templates = dict[str, tuple[list[str], list[dict[str, Any]]]]
"""For each template what it depends on, and its resources."""


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
        arm_call(self.stack, "PUT", group_id(project), body={"location": LOCATION, "tags": tags})

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
        "location": LOCATION,
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
