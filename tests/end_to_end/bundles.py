"""Bundles for whole runs: small templates whose names and edges a test chooses."""

from typing import Any

from tests.clouds import CLOUD, LOCATION
from tests.end_to_end.client import zipped

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


def template(resources: list[dict[str, Any]], outputs: dict[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    """A deployment template at resource group scope."""
    return {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "resources": resources,
        "outputs": outputs or {},
        **parts,
    }


def workspace(name: str) -> dict[str, Any]:
    """A resource that is quick to make and has no rules to break."""
    return {
        "type": "Microsoft.OperationalInsights/workspaces",
        "apiVersion": "2023-09-01",
        "name": name,
        "location": LOCATION,
        "properties": {"retentionInDays": 30},
    }


def manifest(project: str, templates: list[dict[str, Any]], **parts: Any) -> dict[str, Any]:
    """A manifest of our own schema, into the resource group rg-{project}."""
    group = {"resourceGroup": f"rg-{project}"}
    return {
        "version": "1",
        "project": project,
        "environment": "test",
        "cloud": CLOUD.name,
        "location": LOCATION,
        "templates": [{"scope": group, **item} for item in templates],
        **parts,
    }


def graph_bundle(project: str, edges: dict[str, list[str]]) -> bytes:
    """A bundle of one workspace a template, with these dependencies."""
    files: dict[str, Any] = {f"templates/{name}.json": template([workspace(f"log-{project}-{name}")]) for name in edges}
    items = [
        {"name": name, "path": f"templates/{name}.json", "dependsOn": dependencies}
        for name, dependencies in edges.items()
    ]
    return zipped({"manifest.json": manifest(project, items), **files})


def layered_edges(count: int, width: int = 3) -> dict[str, list[str]]:
    """`count` templates in rows of `width`, each depending on two of the row before."""
    edges: dict[str, list[str]] = {}
    for number in range(count):
        row = number // width
        before = [f"t{n}" for n in range((row - 1) * width, row * width)] if row else []
        edges[f"t{number}"] = before[:2]
    return edges
