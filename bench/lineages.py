"""A lineage of many templates over several resource groups, for benches that look at all of it."""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from emulator.stack import Stack, StackOptions
from tests.end_to_end.bundles import manifest, template
from tests.end_to_end.client import zipped

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = 50
GROUPS = 5
ROW = 10
"""Templates of a row: each of the next gets an output of one of these."""

_IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"


def run(description: str | None, measured: Callable[[Stack, int, float], dict[str, Any]]) -> None:
    """Measure on a stack of its own, and print the figures; exit 1 unless they say that they are `isExact`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--templates", type=int, default=TEMPLATES)
    parser.add_argument("--scale", type=float, default=0.02)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = {"ARMATURE_POLL_INTERVAL_SECONDS": str(max(0.1, 5 * arguments.scale))}
        options = StackOptions(state=Path(folder), app_root=ROOT, scale=arguments.scale, extra_settings=settings)
        with Stack(options) as stack:
            result = measured(stack, arguments.templates, arguments.scale)
    print(json.dumps(result))
    sys.exit(0 if result["isExact"] else 1)


def group_of(project: str, number: int) -> str:
    """The resource group of the nth template."""
    return f"rg-{project}-{number % GROUPS}"


def lineage_bundle(project: str, count: int = TEMPLATES) -> bytes:
    """A bundle of `count` templates of two resources each: an identity, and a workspace that is told of another one."""
    files: dict[str, Any] = {}
    items = []
    for number in range(count):
        name, before = f"t{number}", number - ROW
        files[f"{name}.json"] = template(
            _resources(project, number),
            outputs={
                "identityId": {"type": "string", "value": f"[resourceId('{_IDENTITY}', 'id-{project}-{number}')]"}
            },
            parameters={"before": {"type": "string", "defaultValue": "none"}},
        )
        items.append(
            {
                "name": name,
                "path": f"{name}.json",
                "scope": {"resourceGroup": group_of(project, number)},
                **({"parameters": {"before": {"output": f"t{before}.identityId"}}} if before >= 0 else {}),
            }
        )
    return zipped({"manifest.json": manifest(project, items), **files})


def resources_of(project: str, count: int = TEMPLATES) -> set[str]:
    """The names of all that such a bundle deploys."""
    return {f"{kind}-{project}-{number}" for number in range(count) for kind in ("id", "log")}


def _resources(project: str, number: int) -> list[dict[str, Any]]:
    identity = {
        "type": _IDENTITY,
        "apiVersion": "2023-01-31",
        "name": f"id-{project}-{number}",
        "location": "eastus2",
    }
    workspace = {
        "type": "Microsoft.OperationalInsights/workspaces",
        "apiVersion": "2023-09-01",
        "name": f"log-{project}-{number}",
        "location": "eastus2",
        "tags": {"before": "[parameters('before')]"},
        "properties": {"retentionInDays": 30},
    }
    return [identity, workspace]
