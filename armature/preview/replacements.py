"""Properties that can't change in place, and elements of arrays that are resources of their own.

Resource Manager has no replacement: it hands the PUT to the provider, which refuses the change, or makes the resource
anew and loses what was in it. Either way the resource has to go before it can be as the template wants it, and a person
should know beforehand. The tables are short on purpose: only what the pages named say can't be changed.
"""

from collections.abc import Mapping
from typing import Any

from armature.preview.answers import Difference
from armature.preview.model import PropertyChangeKind

_EVERY_TYPE: Mapping[tuple[str, ...], str] = {("location",): "a resource can't move to another location"}
"""Moving across regions: https://learn.microsoft.com/azure/resource-mover/overview (2025-11)."""

_IMMUTABLE: Mapping[str, Mapping[tuple[str, ...], str]] = {
    # PropertyChangeNotAllowed: https://learn.microsoft.com/troubleshoot/azure/virtual-machines (2025-11)
    "microsoft.compute/virtualmachines": {
        ("properties", "osprofile", "adminusername"): "the administrator of a machine is set when it is made",
        ("properties", "osprofile", "computername"): "the computer name is set when the machine is made",
        ("properties", "osprofile", "customdata"): "custom data is read when the machine is made",
        ("properties", "osprofile", "linuxconfiguration", "ssh", "publickeys"): "keys are set when it is made",
        ("properties", "storageprofile", "imagereference"): "the image is written to the disk when it is made",
        ("properties", "storageprofile", "osdisk", "createoption"): "how the disk is made can't change afterwards",
        ("properties", "storageprofile", "osdisk", "name"): "the disk of the operating system has its name for good",
        ("properties", "availabilityset"): "a machine joins an availability set when it is made",
        ("zones",): "a machine stays in its zone",
    },
    # https://learn.microsoft.com/rest/api/compute/disks (2025-11)
    "microsoft.compute/disks": {
        ("properties", "creationdata"): "what a disk is made from can't change afterwards",
        ("properties", "ostype"): "the operating system of a disk can't change",
        ("zones",): "a disk stays in its zone",
    },
    # https://learn.microsoft.com/azure/storage/common/storage-account-overview and …/storage-account-upgrade (2025-11)
    "microsoft.storage/storageaccounts": {
        ("properties", "ishnsenabled"): "the hierarchical namespace is chosen when the account is made",
        ("properties", "isnfsv3enabled"): "NFS 3.0 is chosen when the account is made",
        ("properties", "encryption", "requireinfrastructureencryption"): "it is chosen when the account is made",
    },
    # https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-addresses (2025-11)
    "microsoft.network/publicipaddresses": {
        ("properties", "publicipaddressversion"): "the version of an address can't change",
        ("zones",): "an address stays in its zones",
    },
    # https://learn.microsoft.com/rest/api/aks/managed-clusters/create-or-update (2025-11)
    "microsoft.containerservice/managedclusters": {
        ("properties", "dnsprefix"): "the DNS prefix is set when the cluster is made",
        ("properties", "fqdnsubdomain"): "the subdomain is set when the cluster is made",
        ("properties", "noderesourcegroup"): "the group of the nodes is set when the cluster is made",
        ("properties", "networkprofile", "servicecidr"): "the range of the services is set when the cluster is made",
    },
    # https://learn.microsoft.com/rest/api/sql/servers and …/databases (2025-11)
    "microsoft.sql/servers": {
        ("properties", "administratorlogin"): "the administrator's name is set when the server is made",
    },
    "microsoft.sql/servers/databases": {("properties", "collation"): "the collation is set when it is made"},
    "microsoft.dbforpostgresql/flexibleservers": {
        ("properties", "administratorlogin"): "the administrator's name is set when the server is made",
    },
    "microsoft.dbformysql/flexibleservers": {
        ("properties", "administratorlogin"): "the administrator's name is set when the server is made",
    },
    # https://learn.microsoft.com/azure/cosmos-db/nosql/manage-with-templates (2025-11)
    "microsoft.documentdb/databaseaccounts": {("kind",): "the API of an account is chosen when it is made"},
    "microsoft.documentdb/databaseaccounts/sqldatabases/containers": {
        ("properties", "resource", "partitionkey"): "the partition key is chosen when the container is made",
    },
    # https://learn.microsoft.com/azure/container-instances/container-instances-update (2025-11)
    "microsoft.containerinstance/containergroups": {
        ("properties", "ostype"): "the operating system of a group can't change",
        ("properties", "ipaddress", "type"): "its address is chosen when the group is made",
        ("properties", "subnetids"): "its network is chosen when the group is made",
    },
}

_STORAGE_ACCOUNTS = "microsoft.storage/storageaccounts"
_UPGRADES = {("storage", "storagev2"), ("blobstorage", "storagev2")}
"""Kinds of storage accounts that can become another one in place (Upgrade to a general-purpose v2 account, 2025-11)."""

_CHILDREN: Mapping[tuple[str, str], str] = {
    ("microsoft.network/virtualnetworks", "subnets"): "Microsoft.Network/virtualNetworks/subnets",
    ("microsoft.network/virtualnetworks", "virtualnetworkpeerings"): (
        "Microsoft.Network/virtualNetworks/virtualNetworkPeerings"
    ),
    ("microsoft.network/networksecuritygroups", "securityrules"): (
        "Microsoft.Network/networkSecurityGroups/securityRules"
    ),
    ("microsoft.network/routetables", "routes"): "Microsoft.Network/routeTables/routes",
}
"""Arrays of a type's properties whose elements are resources: what a PUT leaves out is deleted (Azure Resource Manager
deployment modes, 2025-11: the properties of a resource are replaced as a whole, also in Incremental mode)."""


_KEPT_SINCE = {("microsoft.network/virtualnetworks", "subnets"): "2024-05-01"}
"""The API version since which a PUT that does not mention an array leaves it as it is; an empty one still empties it
(Azure Virtual Network now supports updates without subnet property, 2024)."""

_LEFT_ALONE = {("microsoft.network/virtualnetworks", "virtualnetworkpeerings")}
"""Arrays that no PUT which does not mention them is known to empty."""


def why_replaced(resource_type: str, difference: Difference) -> str | None:
    """Why a resource can't take a difference in place; None when it can, or when nobody says that it can't.

    A property that the template does not mention any more is left as it is by these providers, and one that comes to a
    resource which has none may be taken: only another value counts.
    """
    kind, names = resource_type.lower(), difference.names
    if difference.kind is not PropertyChangeKind.MODIFY or difference.before is None or difference.after is None:
        is_zone = names == ("zones",) and difference.path != ("zones",)
        if not is_zone:
            return None
    if kind == _STORAGE_ACCOUNTS and names == ("kind",):
        step = (str(difference.before).lower(), str(difference.after).lower())
        return None if step in _UPGRADES else "an account of this kind can't become one of that kind"
    known = [*_EVERY_TYPE.items(), *_IMMUTABLE.get(kind, {}).items()]
    return next((why for path, why in known if names[: len(path)] == path), None)


def is_kept_when_unmentioned(resource_type: str, difference: Difference, api_version: str) -> bool:
    """Whether a whole array of children goes that its provider leaves as it is when a template says nothing of it."""
    since = _KEPT_SINCE.get(_array_of(resource_type, difference)) if len(difference.path) == 2 else None
    return since is not None and api_version >= since


def removed_children(
    resource_type: str, resource_id: str, difference: Difference, api_version: str
) -> list[tuple[str, str]]:
    """Id and type of each resource that goes with an element of an array, or with the whole of it.

    Azure tells the element that goes whole, with its name; and the whole array when the template does not mention it.
    Without the `api_version` by which the template writes it nobody can tell what then becomes of the array.
    """
    array = _array_of(resource_type, difference)
    child_type = _CHILDREN.get(array)
    if child_type is None or not difference.is_unmentioned:
        return []
    if len(difference.path) == 3 and isinstance(difference.path[2], int):
        gone = [difference.before]
    elif len(difference.path) == 2 and array not in _LEFT_ALONE and api_version:
        gone = difference.before if isinstance(difference.before, list) else []
    else:
        gone = []
    names = [name for element in gone if (name := _name_in(element)) is not None]
    return [(f"{resource_id}/{child_type.rpartition('/')[2]}/{name}", child_type) for name in names]


def _array_of(resource_type: str, difference: Difference) -> tuple[str, str]:
    """The type and the array in its `properties` that a difference is of, in lower case; "" when it is of none."""
    above, array, *_ = (*(str(part).lower() for part in difference.path), "", "")
    return resource_type.lower(), array if above == "properties" else ""


def _name_in(element: Any) -> str | None:
    name = element.get("name") if isinstance(element, Mapping) else None
    return name if isinstance(name, str) and name else None
