"""A typical stack deployed in parallel and one template at a time: seconds of each and the time saved, one JSON line.

    python -m bench.parallel [--rounds 2] [--scale 0.05]

The stack has ten templates in four tiers (network, identities, storage, data, sites, monitoring) with the provisioning
times of their resource types; both ways are measured in turn, in one run.
"""

import argparse
import json
import tempfile
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from emulator.stack import Stack, StackOptions
from tests.end_to_end.bundles import manifest, template
from tests.end_to_end.client import Caller, zipped

ROOT = Path(__file__).resolve().parents[1]
RESOURCES = {
    "network": ("Microsoft.Network/virtualNetworks", []),
    "identity": ("Microsoft.ManagedIdentity/userAssignedIdentities", []),
    "logs": ("Microsoft.OperationalInsights/workspaces", []),
    "vault": ("Microsoft.KeyVault/vaults", ["network", "identity"]),
    "storage": ("Microsoft.Storage/storageAccounts", ["network"]),
    "sql": ("Microsoft.Sql/servers", ["network"]),
    "plan": ("Microsoft.Web/serverfarms", []),
    "api": ("Microsoft.Web/sites", ["plan", "storage", "sql", "vault"]),
    "web": ("Microsoft.Web/sites", ["plan", "storage", "vault"]),
    "alerts": ("Microsoft.Insights/components", ["api", "web", "logs"]),
}


def stack_bundle(project: str) -> bytes:
    """The typical stack, under names of its own."""
    files: dict[str, Any] = {}
    items = []
    for name, (kind, needs) in RESOURCES.items():
        resource = {"type": kind, "apiVersion": "2023-05-01", "name": f"{project}{name}", "location": "eastus2"}
        extra = {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}} if name == "storage" else {}
        files[f"{name}.json"] = template([{**resource, **extra, "properties": {}}])
        items.append({"name": name, "path": f"{name}.json", "dependsOn": needs})
    return zipped({"manifest.json": manifest(project, items), **files})


def seconds_of(caller: Caller, project: str, *, parallel: bool) -> float:
    """How long the phase deploying of one deployment took, by its own account."""
    state = caller.ended(caller.start(stack_bundle(project), options={"parallel": parallel, "force": True}))
    assert state["status"] == "completed", state
    begun, ended = state["phases"]["deploying"], state["finishedAt"]
    return float(_moment(ended) - _moment(begun))


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--scale", type=float, default=0.05)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = {"ARMATURE_POLL_INTERVAL_SECONDS": str(5 * options.scale)}
        stack_options = StackOptions(state=Path(folder), app_root=ROOT, scale=options.scale, extra_settings=settings)
        with Stack(stack_options) as stack:
            caller = Caller(stack)
            seconds_of(caller, "warmup", parallel=True)
            together, apart = [], []
            for number in range(options.rounds):
                together.append(seconds_of(caller, f"together{number}", parallel=True))
                apart.append(seconds_of(caller, f"apart{number}", parallel=False))
    result = {
        "bench": "parallel",
        "templates": len(RESOURCES),
        "parallelSeconds": round(median(together), 2),
        "sequentialSeconds": round(median(apart), 2),
        "saved": round(1 - median(together) / median(apart), 3),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
