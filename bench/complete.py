"""Mode Complete over a lineage of many templates: seconds and requests of its list and its deletions, one JSON line.

    python -m bench.complete [--templates 50] [--scale 0.02]

The lineage is deployed; then strangers are put into its resource groups (servers with databases, networks with
interfaces, plans with sites and slots, identities), some of them locked, beside what another lineage has deployed. The
same bundle in mode Complete must delete exactly the others: exit code 1 when anything else is gone, or anything left.
Minutes are Azure's: seconds divided by the scale.
"""

import time
from datetime import datetime
from typing import Any

from bench.lineages import GROUPS, lineage_bundle, run
from emulator.stack import Stack
from tests.end_to_end.bundles import manifest, template
from tests.end_to_end.client import SUBSCRIPTION, Caller, zipped
from tests.end_to_end.evidence import arm_requests
from tests.end_to_end.rollback_world import network
from tests.end_to_end.snapshots import arm_call, arm_snapshot

PROJECT = "lineage"
BY_KIND = 6
"""Of each of the five kinds of strangers."""
LOCKED = 3
_LOCKS = "/providers/microsoft.authorization/locks/"


class World:
    """The strangers in the groups of the lineage."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.doomed: set[str] = set()
        self.locked: set[str] = set()

    def put(self, group: int, path: str, body: dict[str, Any], version: str) -> str:
        """Make a resource as somebody else; answers its id once it is there."""
        base = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-{PROJECT}-{group % GROUPS}"
        resource_id = path if path.startswith("/") else f"{base}/providers/{path}"
        arm_call(self._stack, "PUT", resource_id, version=version, body={"location": "eastus2", **body})
        while True:
            found = arm_call(self._stack, "GET", resource_id, version=version)
            if (found.get("properties") or {}).get("provisioningState", "Succeeded") == "Succeeded":
                self.doomed.add(resource_id.lower())
                return resource_id
            time.sleep(0.02)

    def fill(self) -> None:
        """Put in thirty strangers with their children, and lock some."""
        for number in range(BY_KIND):
            login = {"administratorLogin": "ada", "administratorLoginPassword": "Only-4-a-bench"}
            server = self.put(number, f"Microsoft.Sql/servers/stray{number}", {"properties": login}, "2021-11-01")
            self.put(number, f"{server}/databases/orders", {"properties": {}}, "2021-11-01")
            vnet = network("x", "web")["properties"]
            net = self.put(
                number, f"Microsoft.Network/virtualNetworks/stray{number}", {"properties": vnet}, "2023-09-01"
            )
            ip = {"name": "one", "properties": {"subnet": {"id": f"{net}/subnets/web"}}}
            card = {"properties": {"ipConfigurations": [ip]}}
            self.put(number, f"Microsoft.Network/networkInterfaces/stray{number}", card, "2023-09-01")
            plan = self.put(number, f"Microsoft.Web/serverfarms/stray{number}", {"sku": {"name": "S1"}}, "2023-12-01")
            site = {"properties": {"serverFarmId": plan}}
            self.put(number, f"Microsoft.Web/sites/stray-{PROJECT}-{number}", site, "2023-12-01")
            identity = self.put(
                number, f"Microsoft.ManagedIdentity/userAssignedIdentities/stray{number}", {}, "2023-01-31"
            )
            if number < LOCKED:
                lock = {"properties": {"level": "CanNotDelete"}}
                arm_call(self._stack, "PUT", f"{identity}{_LOCKS}keep", version="2016-09-01", body=lock)
                self.doomed.remove(identity.lower())
                self.locked.add(identity.lower())


def other_lineage() -> bytes:
    """What another lineage has in the first of the groups."""
    identity = {
        "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
        "apiVersion": "2023-01-31",
        "name": "id-other",
        "location": "eastus2",
    }
    items = [{"name": "other", "path": "other.json", "scope": {"resourceGroup": f"rg-{PROJECT}-0"}}]
    return zipped({"manifest.json": manifest("other", items), "other.json": template([identity])})


def waiting(caller: Caller, deployment_id: str) -> dict[str, Any]:
    """The state, once the list is there and waits for approval."""
    while True:
        state = caller.state(deployment_id)
        if state["status"] == "awaitingApproval":
            return state
        assert state["status"] not in ("completed", "failed", "cancelled", "rolledBack"), state
        time.sleep(0.1)


def seconds_between(state: dict[str, Any], phase: str, end: str) -> float:
    """From the beginning of a phase to that of another, or to the deployment's end."""
    until = state["finishedAt"] if end == "end" else state["phases"][end]
    return (datetime.fromisoformat(until) - datetime.fromisoformat(state["phases"][phase])).total_seconds()


def measured(stack: Stack, templates: int, scale: float) -> dict[str, Any]:
    """The figures of one deployment in mode Complete."""
    caller = Caller(stack)
    bundle = lineage_bundle(PROJECT, templates)
    options = {"force": True, "maxConcurrency": 10}
    first = caller.ended(caller.start(bundle, options=options))
    assert first["status"] == "completed", first
    assert caller.ended(caller.start(other_lineage(), options=options))["status"] == "completed"
    world = World(stack)
    world.fill()
    before = arm_snapshot(stack, f"rg-{PROJECT}")
    requests = len(arm_requests(stack.state))

    begun = time.monotonic()
    name = caller.start(bundle, options={"mode": "Complete", "maxConcurrency": 10})
    asked = waiting(caller, name)
    listing = time.monotonic() - begun
    requests_of_list = len(arm_requests(stack.state)) - requests
    listed = caller.get(f"deployments/{name}/cleanup?limit=5000").json()
    body = {"approvalId": asked["approval"]["approvalId"]}
    caller.session.post(f"{caller.api}/deployments/{name}/approve", json=body, timeout=30).raise_for_status()
    state = caller.ended(name)
    cleaning = seconds_between(state, "cleaningUp", "end")
    deletions = [each for each in arm_requests(stack.state)[requests:] if each["method"] == "DELETE"]

    after = arm_snapshot(stack, f"rg-{PROJECT}")
    gone = {id_ for id_ in before.keys() - after.keys() if "/subnets/" not in id_ and _LOCKS not in id_}
    told = {each["id"].lower() for each in listed["value"]}
    expected = world.doomed | {id_ for id_ in gone if any(id_.startswith(f"{owner}/") for owner in world.doomed)}
    is_exact = gone == expected and told == world.doomed | world.locked and world.doomed <= gone
    return {
        "bench": "complete",
        "templates": templates,
        "groups": GROUPS,
        "status": state["status"],
        "listed": len(told),
        "deleted": state["cleanUp"]["deleted"],
        "locked": state["cleanUp"]["locked"],
        "keptOfAnotherLineage": len(listed["kept"]),
        "listSeconds": round(listing, 1),
        "listRequests": requests_of_list,
        "deletionSeconds": round(cleaning, 1),
        "deletionMinutesOfAzure": round(cleaning / scale / 60, 1),
        "deleteRequests": len(deletions),
        "isExact": is_exact and state["status"] == "completed",
    }


if __name__ == "__main__":
    run(__doc__, measured)
