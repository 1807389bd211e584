"""Private zones with their links and records, and the zone groups through which endpoints write theirs.

Source: Private DNS reference 2024-06-01, Private DNS Zone Groups reference 2024-05-01.
"""

from collections.abc import Iterator
from typing import Any

from emulator.arm.behaviours.generic import Behaviour, Surroundings, new_document, parent_of
from emulator.arm.behaviours.network.private_endpoints import dns_configs
from emulator.arm.behaviours.rules import find, is_missing, parsed, value_at
from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import Resource

ZONE = "Microsoft.Network/privateDnsZones"
GROUP = "Microsoft.Network/privateEndpoints/privateDnsZoneGroups"
_RECORDS = ("A", "AAAA", "CNAME", "MX", "PTR", "SRV", "TXT")
_DEFAULT_TTL = 10  # seconds: what a zone group writes


def _check_zone(resource: Resource, surroundings: Surroundings) -> None:
    location = str(resource.document.get("location") or "").lower()
    if location != "global":
        message = (
            f"The provided location '{location}' is not available for resource type '{ZONE}'. List of available "
            "regions for the resource type is 'global'."
        )
        raise ArmError(400, "LocationNotAvailableForResourceType", message)


def _present_zone(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    state = surroundings.state
    links = state.children(resource.id, "virtualNetworkLinks")
    records = sum(len(state.children(resource.id, kind)) for kind in _RECORDS)
    numbers = {
        "maxNumberOfRecordSets": 25000,
        "maxNumberOfVirtualNetworkLinks": 1000,
        "maxNumberOfVirtualNetworkLinksWithRegistration": 100,
        "numberOfRecordSets": records + 1,
        "numberOfVirtualNetworkLinks": len(links),
        "numberOfVirtualNetworkLinksWithRegistration": sum(
            bool(x.properties.get("registrationEnabled")) for x in links
        ),
    }
    return resource.document | {"properties": resource.properties | numbers}


def _check_zone_removal(resource: Resource, surroundings: Surroundings) -> None:
    if surroundings.state.children(resource.id, "virtualNetworkLinks"):
        message = "Can not delete resource before nested resources are deleted."
        raise ArmError(409, "CannotDeleteResource", message)


def _check_link(resource: Resource, surroundings: Surroundings) -> None:
    network = value_at(resource.properties, "virtualNetwork.id")
    if not network or is_missing(network, surroundings):
        message = f"The virtual network '{network}' of the link '{resource.id.last_name}' was not found."
        raise ArmError(400, "BadRequest", message)
    zone = parent_of(resource, surroundings)
    for other in surroundings.state.children(zone.id, "virtualNetworkLinks") if zone else []:
        same = str(value_at(other.properties, "virtualNetwork.id")).lower() == str(network).lower()
        if same and other.id.key != resource.id.key and zone:
            message = (
                f"A virtual network link already exists between the virtual network '{network}' and the Private DNS "
                f"zone '{zone.id.last_name}'."
            )
            raise ArmError(409, "Conflict", message)


def _provision_link(resource: Resource, surroundings: Surroundings) -> None:
    resource.properties.setdefault("registrationEnabled", False)
    resource.properties.setdefault("resolutionPolicy", "Default")
    resource.properties["virtualNetworkLinkState"] = "Completed"


def _check_record(resource: Resource, surroundings: Surroundings) -> None:
    if resource.properties.get("ttl") is None:
        message = f"The TTL of the record set '{resource.id.last_name}' is missing."
        raise ArmError(400, "BadRequest", message)


def _provision_record(resource: Resource, surroundings: Surroundings) -> None:
    zone, name = resource.id.parts[-1].names[0], resource.id.last_name
    resource.properties["fqdn"] = f"{zone}." if name == "@" else f"{name}.{zone}."
    resource.properties["isAutoRegistered"] = False


# Zone groups


def _zones(group: Resource) -> Iterator[tuple[dict[str, Any], ResourceId]]:
    for config in group.properties.get("privateDnsZoneConfigs") or []:
        if zone := parsed(value_at(config, "properties.privateDnsZoneId")):
            yield config, zone


def _check_group(resource: Resource, surroundings: Surroundings) -> None:
    for _, zone in _zones(resource):
        if is_missing(str(zone), surroundings):
            message = f"Private DNS zone {zone} referenced by resource {resource.id} was not found."
            raise ArmError(400, "InvalidResourceReference", message)


def _provision_group(resource: Resource, surroundings: Surroundings) -> None:
    endpoint = parent_of(resource, surroundings)
    interfaces = (endpoint.properties.get("networkInterfaces") or []) if endpoint else []
    interface = find(interfaces[0]["id"], surroundings) if interfaces else None
    names = dns_configs(interface) if interface else []
    for config, zone in _zones(resource):
        config["id"] = str(resource.id.child("privateDnsZoneConfigs", str(config.get("name"))))
        config["type"] = f"{GROUP}/privateDnsZoneConfigs"
        sets = [_write_record(zone, name, resource, surroundings) for name in names if _name_in(zone, name["fqdn"])]
        config["properties"] |= {"provisioningState": "Succeeded", "recordSets": sets}


def _name_in(zone: ResourceId, fqdn: str) -> str | None:
    """The name of the record, when the zone is the private twin of where the public name lives."""
    public = zone.last_name.lower().removeprefix("privatelink.")
    suffix = f".{public}"
    return fqdn.removesuffix(suffix) if fqdn.endswith(suffix) else None


def _write_record(
    zone: ResourceId, name: dict[str, Any], group: Resource, surroundings: Surroundings
) -> dict[str, Any]:
    record_id = zone.child("A", _name_in(zone, name["fqdn"]) or "@")
    properties = {
        "ttl": _DEFAULT_TTL,
        "aRecords": [{"ipv4Address": address} for address in name["ipAddresses"]],
        "metadata": {"creator": f"created by private endpoint {group.id.parts[-1].names[0]}"},
    }
    record = Resource(record_id, group.api_version, new_document(record_id, {"properties": properties}))
    _provision_record(record, surroundings)
    surroundings.state.put_resource(record)
    return {
        "recordType": "A",
        "recordSetName": record_id.last_name,
        "fqdn": record.properties["fqdn"].removesuffix("."),
        "ttl": _DEFAULT_TTL,
        "ipAddresses": list(name["ipAddresses"]),
        "provisioningState": "Succeeded",
    }


def _removed_group(resource: Resource, surroundings: Surroundings) -> None:
    for config, zone in _zones(resource):
        for record in value_at(config, "properties.recordSets") or []:
            surroundings.state.drop_resource(zone.child(record["recordType"], record["recordSetName"]))


BEHAVIOURS = {
    ZONE: Behaviour(seconds=30, check=_check_zone, present=_present_zone, check_removal=_check_zone_removal),
    f"{ZONE}/virtualNetworkLinks": Behaviour(seconds=30, check=_check_link, provision=_provision_link),
    **{f"{ZONE}/{kind}": Behaviour(seconds=1, check=_check_record, provision=_provision_record) for kind in _RECORDS},
    GROUP: Behaviour(seconds=12, check=_check_group, provision=_provision_group, removed=_removed_group),
}
