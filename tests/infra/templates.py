"""Reading the compiled templates of infra/: their resources, those of nested deployments too."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

INFRA = Path(__file__).resolve().parents[2] / "infra"


def compiled(name: str) -> dict[str, Any]:
    """A compiled template by its file name."""
    document: dict[str, Any] = json.loads((INFRA / name).read_text())
    return document


def resources_of(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The resources that a template makes, at any depth; those that are only referred to are left out."""
    listed = template["resources"]
    for resource in listed.values() if isinstance(listed, dict) else listed:
        if resource["type"] == "Microsoft.Resources/deployments":
            yield from resources_of(resource["properties"]["template"])
        elif not resource.get("existing"):
            yield resource


def of_type(template: dict[str, Any], resource_type: str) -> list[dict[str, Any]]:
    """The resources of one type, at any depth."""
    return [resource for resource in resources_of(template) if resource["type"] == resource_type]
