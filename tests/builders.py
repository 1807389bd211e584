"""Valid bundles, in memory: a test takes one and changes the one thing that it is about."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from armature.request import BundleReference, DeploymentRequest, Target

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
CONTENT = b"PK\x05\x06" + bytes(18)
"""The content of a package: an empty zip."""

Files = dict[str, bytes]
_SCHEMAS = {
    "resourceGroup": "2019-04-01/deploymentTemplate.json#",
    "subscription": "2018-05-01/subscriptionDeploymentTemplate.json#",
    "managementGroup": "2019-08-01/managementGroupDeploymentTemplate.json#",
    "tenant": "2019-08-01/tenantDeploymentTemplate.json#",
}


def dump(document: Any) -> bytes:
    """A document as a file: one property a line, so that lines tell places apart."""
    return json.dumps(document, indent=2).encode()


def template(*resources: dict[str, Any], scope: str = "resourceGroup", **parts: Any) -> dict[str, Any]:
    """A deployment template; `parts` are its other sections (parameters, variables, outputs)."""
    return {
        "$schema": f"https://schema.management.azure.com/schemas/{_SCHEMAS[scope]}",
        "contentVersion": "1.0.0.0",
        **deepcopy(parts),
        "resources": list(resources),
    }


def resource(name: str, kind: str = "Microsoft.ManagedIdentity/userAssignedIdentities", **parts: Any) -> dict[str, Any]:
    """A resource that the emulator provisions at once."""
    return {"type": kind, "apiVersion": "2023-01-31", "name": name, "location": "[resourceGroup().location]", **parts}


def resource_group(name: str) -> dict[str, Any]:
    """A resource group, for subscription templates."""
    return {
        "type": "Microsoft.Resources/resourceGroups",
        "apiVersion": "2022-09-01",
        "name": name,
        "location": "eastus2",
    }


def linked(name: str, link: str, **properties: Any) -> dict[str, Any]:
    """A linked deployment whose template lies at `link`, relative to the template that holds it."""
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": name,
        "properties": {"mode": "Incremental", "templateLink": {"relativePath": link}, **properties},
    }


def linked_by_location(name: str, file: str) -> dict[str, Any]:
    """A linked deployment as the Atakora framework writes it, by `_artifactsLocation`."""
    sas = "parameters('_artifactsLocationSasToken')"
    uri = f"[concat(parameters('_artifactsLocation'), '/', '{file}', {sas})]"
    link = linked(name, file)
    link["properties"]["templateLink"] = {"uri": uri}
    return link


ARTIFACTS_PARAMETERS = {
    "_artifactsLocation": {"type": "string"},
    "_artifactsLocationSasToken": {"type": "secureString", "defaultValue": ""},
}


def declared(name: str, path: str | None = None, **parts: Any) -> dict[str, Any]:
    """A template of a manifest."""
    return {"name": name, "path": path or f"templates/{name}.json", **parts}


def manifest(*templates: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """A manifest of version 1."""
    return {
        "version": "1",
        "project": "shop",
        "environment": "test",
        "cloud": "AzureCloud",
        "location": "eastus2",
        **parts,
        "templates": list(templates),
    }


def assembly(**stacks: dict[str, Any]) -> dict[str, Any]:
    """A cloud assembly, version 2.0.0; a stack is {} or holds what differs from its defaults."""
    return {
        "version": "2.0.0",
        "stacks": {
            name: {"name": name, "templatePath": f"{name}.json", "resourceCount": 1, "dependencies": [], **stack}
            for name, stack in stacks.items()
        },
        "directory": "/home/dev/app/arm.out",
    }


def checksum(content: bytes) -> str:
    """A checksum as manifests and assemblies write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def shop() -> dict[str, Any]:
    """The documents of a valid bundle by path, its package as bytes: two templates, one fed by the other's output.

    `network` has an output `subnetId`, a secure one `key`; `web` takes a string, the output, a package and a secret.
    """
    return {
        "manifest.json": manifest(
            declared("network", parameters={"prefix": {"value": "shop"}}),
            declared(
                "web",
                dependsOn=["network"],
                parameters={
                    "sku": {"value": "P1v3"},
                    "subnetId": {"output": "network.subnetId"},
                    "packageUri": {"package": "api"},
                    "adminPassword": {"reference": secret("admin")},
                },
            ),
            packages=[{"name": "api", "path": "packages/api.zip", "checksum": checksum(CONTENT)}],
        ),
        "templates/network.json": template(
            resource("[concat(parameters('prefix'), '-network')]"),
            parameters={"prefix": {"type": "string", "maxLength": 20}},
            outputs={
                "subnetId": {"type": "string", "value": "[resourceGroup().id]"},
                "key": {"type": "securestring", "value": "[uniqueString(resourceGroup().id)]"},
                "count": {"type": "int", "value": 3},
            },
        ),
        "templates/web.json": template(
            resource("web", tags={"sku": "[parameters('sku')]", "subnet": "[parameters('subnetId')]"}),
            parameters={
                "sku": {"type": "string", "allowedValues": ["B1", "P1v3"]},
                "subnetId": {"type": "string"},
                "packageUri": {"type": "string"},
                "adminPassword": {"type": "securestring"},
                "instances": {"type": "int", "defaultValue": 1, "minValue": 1, "maxValue": 9},
            },
            outputs={"url": {"type": "string", "value": "https://shop.example"}},
        ),
        "packages/api.zip": CONTENT,
    }


def secret(name: str) -> dict[str, Any]:
    """A reference to a secret in Key Vault."""
    vault = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-vaults/providers/Microsoft.KeyVault/vaults/kv"
    return {"keyVault": {"id": vault}, "secretName": name}


def files(documents: Mapping[str, Any]) -> Files:
    """The files of a bundle: JSON documents written out, bytes and text as they are."""
    return {
        path: content if isinstance(content, bytes) else content.encode() if isinstance(content, str) else dump(content)
        for path, content in documents.items()
    }


def zipped(documents: Mapping[str, Any]) -> bytes:
    """The bundle as a zip."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as target:
        for path, content in files(documents).items():
            target.writestr(path, content)
    return written.getvalue()


def write_folder(documents: Mapping[str, Any], folder: Path) -> Path:
    """The bundle as a folder on disk."""
    for path, content in files(documents).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def request(**parts: Any) -> DeploymentRequest:
    """A request to deploy a bundle into the resource group rg-shop."""
    target = {"subscription": SUBSCRIPTION, "resourceGroup": "rg-shop", **parts.pop("target", {})}
    return DeploymentRequest(bundle=BundleReference(id="bundle-1"), target=Target.load(target), **parts)
