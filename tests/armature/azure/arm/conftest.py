"""A resource group of the test's own in the emulated ARM, and what is deployed into it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from armature.azure.arm import ArmGateway
from armature.azure.models import ArmDeployment, DeploymentBody
from armature.plan import DeploymentScopeTarget
from tests.waiting import wait_until

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


@dataclass
class Group:
    """A resource group, and the gateway that sees it."""

    arm: ArmGateway
    name: str

    @property
    def id(self) -> str:
        return self.scope.resource_id

    @property
    def scope(self) -> DeploymentScopeTarget:
        return DeploymentScopeTarget(subscription=self.arm.subscription, resource_group=self.name)

    def deployment_id(self, name: str) -> str:
        return f"{self.id}/providers/Microsoft.Resources/deployments/{name}"

    def start(self, name: str, *resources: dict[str, Any], **tags: str) -> ArmDeployment:
        body = DeploymentBody(template=template(*resources), tags=tags)
        return self.arm.put_deployment(self.scope, name, body)

    def deploy(self, name: str, *resources: dict[str, Any], **tags: str) -> ArmDeployment:
        """Start it, wait for its end, and give it as it is then."""
        self.start(name, *resources, **tags)
        return self.ended(self.deployment_id(name))

    def ended(self, deployment_id: str) -> ArmDeployment:
        seen: list[ArmDeployment] = []

        def is_final() -> bool:
            found = self.arm.deployment_at(deployment_id)
            assert found is not None
            seen.append(found)
            return found.is_final

        wait_until(is_final)
        return seen[-1]

    def deleted(self, resource_id: str) -> None:
        wait_until(lambda: self.arm.delete_resource(resource_id))


@pytest.fixture
def group(arm: ArmGateway, fresh_name: Callable[[], str]) -> Group:
    name = fresh_name()
    arm.ensure_resource_group(name, "eastus2", {})
    return Group(arm, name)


def template(*resources: dict[str, Any], **sections: Any) -> dict[str, Any]:
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": list(resources)} | sections


def network(name: str, subnet: str = "web") -> dict[str, Any]:
    subnets = [{"name": subnet, "properties": {"addressPrefix": "10.0.0.0/24"}}]
    return {
        "type": "Microsoft.Network/virtualNetworks",
        "apiVersion": "2023-09-01",
        "name": name,
        "location": "eastus2",
        "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets},
    }


def identity(name: str) -> dict[str, Any]:
    return {
        "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
        "apiVersion": "2023-01-31",
        "name": name,
        "location": "eastus2",
    }


def vault(name: str, **properties: Any) -> dict[str, Any]:
    usual = {
        "tenantId": "[subscription().tenantId]",
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": True,
    }
    return {
        "type": "Microsoft.KeyVault/vaults",
        "apiVersion": "2023-07-01",
        "name": name,
        "location": "eastus2",
        "properties": usual | properties,
    }


def nested(name: str, *resources: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": name,
        "properties": {"mode": "Incremental", "template": template(*resources)},
    }
