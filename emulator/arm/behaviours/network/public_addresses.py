"""Public addresses: one of TEST-NET-3 told by the id, a name, and whoever uses it.

Source: Public IP Addresses reference 2024-05-01.
"""

import hashlib
import uuid
from typing import Any

from emulator.arm.behaviours.generic import Behaviour, Surroundings
from emulator.arm.behaviours.rules import of_type, parsed, value_at
from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import Resource

ADDRESS = "Microsoft.Network/publicIPAddresses"
_USERS = ("ipConfigurations", "frontendIPConfigurations")


def _name_of(resource: Resource) -> str | None:
    label = value_at(resource.properties, "dnsSettings.domainNameLabel")
    location = str(resource.document.get("location")).replace(" ", "")
    return f"{label}.{location}.cloudapp.azure.com".lower() if label else None


def _check(resource: Resource, surroundings: Surroundings) -> None:
    wanted = _name_of(resource)
    if wanted is None:
        return
    for other in of_type(ADDRESS, surroundings):
        if other.id.key != resource.id.key and _name_of(other) == wanted:
            raise ArmError(400, "DnsRecordInUse", f"DNS record {wanted} is already used by another public IP.")


def _provision(resource: Resource, surroundings: Surroundings) -> None:
    """A static address exists at once; a dynamic one only when it is used."""
    document, properties = resource.document, resource.properties
    document["sku"] = {"name": "Basic", "tier": "Regional"} | (document.get("sku") or {})
    properties.setdefault("publicIPAllocationMethod", "Dynamic")
    properties.setdefault("publicIPAddressVersion", "IPv4")
    properties.setdefault("idleTimeoutInMinutes", 4)
    properties.setdefault("ipTags", [])
    properties["resourceGuid"] = resource.secrets.setdefault("resourceGuid", str(uuid.uuid4()))
    if properties["publicIPAllocationMethod"] == "Static":
        properties["ipAddress"] = _address(resource)
    if name := _name_of(resource):
        properties["dnsSettings"] = properties["dnsSettings"] | {"fqdn": name}


def _address(resource: Resource) -> str:
    return f"203.0.113.{hashlib.sha256(resource.id.key.encode()).digest()[0]}"


def _user(resource: Resource, surroundings: Surroundings) -> str | None:
    """The id of the IP configuration that uses the address."""
    for other in surroundings.state.resources(ResourceId(resource.id.subscription)):
        for kind in _USERS:
            for configuration in other.properties.get(kind) or []:
                named = parsed(value_at(configuration, "properties.publicIPAddress.id"))
                if named and named.key == resource.id.key:
                    return str(other.id.child(kind, str(configuration.get("name"))))
    return None


def _present(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    user = _user(resource, surroundings)
    if user is None:
        return resource.document
    extra: dict[str, Any] = {"ipConfiguration": {"id": user}, "ipAddress": _address(resource)}
    return resource.document | {"properties": resource.properties | extra}


def _check_removal(resource: Resource, surroundings: Surroundings) -> None:
    if user := _user(resource, surroundings):
        message = (
            f"Public IP address {resource.id} can not be deleted since it is still allocated to resource {user}. In "
            "order to delete the public IP, disassociate/detach the Public IP address from the resource. To learn how "
            "to do this, see aka.ms/deletepublicip."
        )
        raise ArmError(400, "PublicIPAddressCannotBeDeleted", message)


BEHAVIOURS = {
    ADDRESS: Behaviour(
        seconds=5,
        check=_check,
        provision=_provision,
        present=_present,
        check_removal=_check_removal,
        is_preflighted=True,
    ),
}
