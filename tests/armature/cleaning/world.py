"""Resource groups as their lists show them, for the tests of mode Complete."""

from datetime import UTC, datetime, timedelta
from typing import Any

from armature.cleaning import CleanUpList, Facts, FoundResource, doomed_list

NOW = datetime(2026, 1, 2, tzinfo=UTC)
MADE = datetime(2026, 1, 1, tzinfo=UTC)
CHANGED = MADE + timedelta(hours=1)
GROUP = "/subscriptions/s-1/resourceGroups/rg-shop"
OTHER_GROUP = "/subscriptions/s-1/resourceGroups/rg-data"

SITE = f"{GROUP}/providers/Microsoft.Web/sites/shop"
SLOT = f"{SITE}/slots/blue"
PLAN = f"{GROUP}/providers/Microsoft.Web/serverfarms/plan"
SERVER = f"{GROUP}/providers/Microsoft.Sql/servers/sql"
MASTER = f"{SERVER}/databases/master"
ORDERS = f"{SERVER}/databases/orders"
ACCOUNT = f"{OTHER_GROUP}/providers/Microsoft.Storage/storageAccounts/stshop"
MACHINE = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm"
DISK = f"{GROUP}/providers/Microsoft.Compute/disks/vm-os"
CARD = f"{GROUP}/providers/Microsoft.Network/networkInterfaces/nic"
NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet"
ENDPOINT = f"{GROUP}/providers/Microsoft.Network/privateEndpoints/pe"


def found(resource_id: str, **parts: Any) -> FoundResource:
    """A resource in the list of its group."""
    provider, *names = resource_id.rpartition("/providers/")[2].split("/")
    base = {"created_at": MADE, "changed_at": CHANGED, "location": "eastus2"}
    kind = "/".join([provider, *names[::2]])
    return FoundResource(id=resource_id, type=kind, name="/".join(names[1::2]), **{**base, **parts})


def listed(*resources: FoundResource, ours: tuple[str, ...] = (), **facts: Any) -> CleanUpList:
    """The list of what would go of these resources."""
    facts = {"groups": (GROUP, OTHER_GROUP), **facts}
    return doomed_list("d-01", Facts(found=resources, ours=ours, **facts), NOW)


def doomed_ids(listed: CleanUpList) -> set[str]:
    """The ids on a list."""
    return {each.id for each in listed.resources}
