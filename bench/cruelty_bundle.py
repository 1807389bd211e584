"""The small bundle to which every fault is done: two templates, a linked one, a package, resources of many kinds."""

import random
from typing import Any

from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import zipped

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
PACKAGE_BYTES = 20_000


def cruelty_bundle(project: str) -> bytes:
    """The bundle, under names of its own."""
    short = random.Random(project).randbytes(4).hex()
    identity = {
        "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
        "apiVersion": "2023-01-31",
        "name": f"id-{short}",
        "location": "eastus2",
    }
    identity_id = f"resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-{short}')"
    base = [workspace(f"log-{short}-base"), identity, _assignment(identity_id), _security_group(short), _vault(short)]
    linked = {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": f"{short}-linked",
        "properties": {"mode": "Incremental", "templateLink": {"relativePath": "linked.json"}},
    }
    items: list[dict[str, Any]] = [
        {"name": "base", "path": "base.json"},
        {"name": "web", "path": "web.json", "dependsOn": ["base"]},
    ]
    packages = {"packages": [{"name": "code", "path": "packages/code.zip"}]}
    return zipped(
        {
            "manifest.json": manifest(project, items, **packages),
            "base.json": template(base),
            "web.json": template([linked]),
            "linked.json": template([workspace(f"log-{short}-web")]),
            "packages/code.zip": random.Random(project).randbytes(PACKAGE_BYTES),
        }
    )


def _assignment(identity_id: str) -> dict[str, Any]:
    return {
        "type": "Microsoft.Authorization/roleAssignments",
        "apiVersion": "2022-04-01",
        "name": f"[guid({identity_id}, 'reader')]",
        "dependsOn": [f"[{identity_id}]"],
        "properties": {
            "roleDefinitionId": f"[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '{READER}')]",
            "principalId": f"[reference({identity_id}, '2023-01-31').principalId]",
        },
    }


def _security_group(short: str) -> dict[str, Any]:
    return {
        "type": "Microsoft.Network/networkSecurityGroups",
        "apiVersion": "2023-11-01",
        "name": f"nsg-{short}",
        "location": "eastus2",
        "properties": {},
    }


def _vault(short: str) -> dict[str, Any]:
    return {
        "type": "Microsoft.KeyVault/vaults",
        "apiVersion": "2023-07-01",
        "name": f"kv-{short}",
        "location": "eastus2",
        "properties": {
            "tenantId": "[subscription().tenantId]",
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
        },
    }
