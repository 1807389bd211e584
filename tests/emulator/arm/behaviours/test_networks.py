"""Networks and subnets: ranges, both ways of writing subnets, what is in use; peerings, security groups, addresses."""

from typing import Any

import pytest

from tests.emulator.arm.behaviours.asking import PROVIDERS, get, put, refusal
from tests.emulator.arm.running import Arm

NETWORKS = f"{PROVIDERS}/Microsoft.Network/virtualNetworks"
NET = f"{NETWORKS}/net"
GROUP = f"{PROVIDERS}/Microsoft.Network/networkSecurityGroups/nsg"
SPACE = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}


def subnet(name: str, prefix: str, **properties: Any) -> dict[str, Any]:
    """An inline subnet."""
    return {"name": name, "properties": {"addressPrefix": prefix} | properties}


async def make_network(arm: Arm, *subnets: dict[str, Any], path: str = NET, space: str = "10.0.0.0/16") -> None:
    """A network with subnets."""
    properties = {"addressSpace": {"addressPrefixes": [space]}, "subnets": list(subnets)}
    await put(arm, path, properties=properties)


async def make_interface(arm: Arm, name: str = "nic", address: str | None = None, **more: Any) -> dict[str, Any]:
    """An interface in subnet `a`, with a static address when one is given."""
    inside: dict[str, Any] = {"subnet": {"id": f"{NET}/subnets/a"}} | more
    if address:
        inside |= {"privateIPAllocationMethod": "Static", "privateIPAddress": address}
    return await put(
        arm,
        f"{PROVIDERS}/Microsoft.Network/networkInterfaces/{name}",
        properties={"ipConfigurations": [{"name": "one", "properties": inside}]},
    )


def address_of(interface: dict[str, Any]) -> str:
    return str(interface["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"])


async def test_inline_subnets_are_children_and_children_are_inline(arm: Arm) -> None:
    await make_network(arm, subnet("a", "10.0.0.0/24"))
    await put(arm, f"{NET}/subnets/b", properties={"addressPrefix": "10.0.1.0/24"})

    inline = await get(arm, f"{NET}/subnets/a")
    again = await put(arm, NET, properties=SPACE)
    replaced = await put(arm, NET, properties=SPACE | {"subnets": []})

    assert inline["properties"]["addressPrefix"] == "10.0.0.0/24"
    assert [found["name"] for found in again["properties"]["subnets"]] == ["a", "b"]
    assert replaced["properties"]["subnets"] == []


async def test_a_subnet_needs_a_prefix(arm: Arm) -> None:
    await put(arm, NET)

    assert await refusal(arm, "PUT", f"{NET}/subnets/a", {}) == (400, "NoAddressPrefixOrPoolProvided")


@pytest.mark.parametrize(
    ("prefix", "code"),
    [
        ("10.0.0.128/25", "NetcfgSubnetRangesOverlap"),
        ("192.168.0.0/24", "NetcfgSubnetRangeOutsideVnet"),
        ("10.0.0.1/24", "InvalidCIDRNotation"),
    ],
)
async def test_a_subnet_has_a_range_of_its_own_inside_its_network(arm: Arm, prefix: str, code: str) -> None:
    await make_network(arm, subnet("a", "10.0.0.0/24"))
    inline = SPACE | {"subnets": [subnet("a", "10.0.0.0/24"), subnet("b", prefix)]}

    assert await refusal(arm, "PUT", f"{NET}/subnets/b", {"properties": {"addressPrefix": prefix}}) == (400, code)
    assert await refusal(arm, "PUT", NET, {"properties": inline}) == (400, code)


async def test_a_space_holds_the_subnets_that_a_network_has(arm: Arm) -> None:
    await make_network(arm, subnet("a", "10.0.0.0/24"))
    smaller = {"addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}}

    assert await refusal(arm, "PUT", NET, {"properties": smaller}) == (400, "NetcfgSubnetRangeOutsideVnet")


async def test_a_subnet_names_groups_and_tables_that_exist(arm: Arm) -> None:
    await make_network(arm)
    body = {"properties": {"addressPrefix": "10.0.0.0/24", "networkSecurityGroup": {"id": GROUP}}}

    assert await refusal(arm, "PUT", f"{NET}/subnets/a", body) == (400, "InvalidResourceReference")


async def test_a_subnet_in_use_stays_with_its_range(arm: Arm) -> None:
    await make_network(arm, subnet("a", "10.0.0.0/24"))
    await make_interface(arm)
    other = {"properties": {"addressPrefix": "10.0.9.0/24"}}

    assert await refusal(arm, "DELETE", f"{NET}/subnets/a") == (400, "InUseSubnetCannotBeDeleted")
    assert await refusal(arm, "DELETE", NET) == (400, "InUseSubnetCannotBeDeleted")
    assert await refusal(arm, "PUT", NET, {"properties": SPACE | {"subnets": []}}) == (
        400,
        "InUseSubnetCannotBeDeleted",
    )
    assert await refusal(arm, "PUT", f"{NET}/subnets/a", other) == (400, "InUsePrefixCannotBeDeleted")


async def test_a_subnet_that_nothing_uses_any_more_can_go(arm: Arm) -> None:
    await make_network(arm, subnet("a", "10.0.0.0/24"))
    interface = await make_interface(arm)

    await arm.request("DELETE", interface["id"])

    assert (await arm.request("DELETE", f"{NET}/subnets/a"))[0] in (200, 202)


# Interfaces and public addresses


async def test_interfaces_get_the_next_free_address_and_keep_it(arm: Arm) -> None:
    await make_network(arm, subnet("a", "10.0.0.0/24"))

    first, second = await make_interface(arm, "one"), await make_interface(arm, "two")
    await arm.request("DELETE", first["id"])
    again, third = await make_interface(arm, "two"), await make_interface(arm, "three")

    assert [address_of(nic) for nic in (first, second, again, third)] == [
        "10.0.0.4",
        "10.0.0.5",
        "10.0.0.5",
        "10.0.0.4",
    ]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("10.0.0.3", "PrivateIPAddressInReservedRange"),
        ("10.0.0.7", "PrivateIPAddressInReservedRange"),
        ("10.9.0.4", "PrivateIPAddressNotInSubnet"),
        ("10.0.0.4", "PrivateIPAddressIsAllocated"),
        ("ten", "InvalidPrivateIPAddressFormat"),
    ],
)
async def test_a_static_address_must_be_free_and_usable(arm: Arm, address: str, code: str) -> None:
    await make_network(arm, subnet("a", "10.0.0.0/29"))
    await make_interface(arm, "first")
    inside = {"subnet": {"id": f"{NET}/subnets/a"}, "privateIPAllocationMethod": "Static", "privateIPAddress": address}
    body = {"properties": {"ipConfigurations": [{"name": "one", "properties": inside}]}}

    path = f"{PROVIDERS}/Microsoft.Network/networkInterfaces/second"
    assert await refusal(arm, "PUT", path, body) == (400, code)


async def test_a_subnet_can_be_full(arm: Arm) -> None:
    await make_network(arm, subnet("a", "10.0.0.0/29"))
    for name in ("one", "two", "three"):
        await make_interface(arm, name)
    inside = {"subnet": {"id": f"{NET}/subnets/a"}}
    body = {"properties": {"ipConfigurations": [{"name": "one", "properties": inside}]}}

    path = f"{PROVIDERS}/Microsoft.Network/networkInterfaces/four"
    assert await refusal(arm, "PUT", path, body) == (400, "SubnetIsFull")
    assert (await arm.request("GET", path))[0] == 404


@pytest.mark.parametrize(("method", "has_address"), [("Static", True), ("Dynamic", False)])
async def test_a_static_public_address_exists_at_once(arm: Arm, method: str, has_address: bool) -> None:
    path = f"{PROVIDERS}/Microsoft.Network/publicIPAddresses/ip"
    settings = {"publicIPAllocationMethod": method, "dnsSettings": {"domainNameLabel": "Shop"}}

    address = await put(arm, path, properties=settings)

    assert ("ipAddress" in address["properties"]) is has_address
    assert address["properties"]["dnsSettings"]["fqdn"] == "shop.eastus2.cloudapp.azure.com"
    body = {"properties": settings}
    assert await refusal(arm, "PUT", f"{path}2", body) == (400, "DnsRecordInUse")


async def test_a_public_address_in_use_tells_by_whom_and_stays(arm: Arm) -> None:
    path = f"{PROVIDERS}/Microsoft.Network/publicIPAddresses/ip"
    await put(arm, path)
    await make_network(arm, subnet("a", "10.0.0.0/24"))
    interface = await make_interface(arm, publicIPAddress={"id": path})

    address = await get(arm, path)

    assert address["properties"]["ipConfiguration"] == {"id": f"{interface['id']}/ipConfigurations/one"}
    assert address["properties"]["ipAddress"]
    assert await refusal(arm, "DELETE", path) == (400, "PublicIPAddressCannotBeDeleted")


# Security groups, route tables, peerings


def rule(name: str, priority: int, **more: Any) -> dict[str, Any]:
    """An inbound security rule."""
    properties = {"protocol": "Tcp", "access": "Allow", "direction": "Inbound", "priority": priority} | more
    return {"name": name, "properties": properties}


async def test_a_security_group_has_its_default_rules(arm: Arm) -> None:
    group = await put(arm, GROUP, properties={"securityRules": [rule("https", 100)]})

    defaults = [found["name"] for found in group["properties"]["defaultSecurityRules"]]
    assert len(defaults) == 6
    assert "DenyAllInBound" in defaults
    assert [found["name"] for found in group["properties"]["securityRules"]] == ["https"]
    assert (await get(arm, f"{GROUP}/securityRules/https"))["properties"]["priority"] == 100


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (rule("other", 100), "SecurityRuleConflict"),
        (rule("other", 99), "SecurityRuleInvalidPriority"),
        (rule("other", 4097), "SecurityRuleInvalidPriority"),
        (rule("other", 200, access=None), "SecurityRuleParameterMissing"),
    ],
)
async def test_security_rules_have_a_priority_of_their_own(arm: Arm, wrong: dict[str, Any], code: str) -> None:
    await put(arm, GROUP, properties={"securityRules": [rule("https", 100)]})
    inline = {"securityRules": [rule("https", 100), wrong]}

    assert await refusal(arm, "PUT", GROUP, {"properties": inline}) == (400, code)
    assert (await refusal(arm, "PUT", f"{GROUP}/securityRules/other", {"properties": wrong["properties"]}))[1] == code


async def test_a_security_group_of_a_subnet_stays(arm: Arm) -> None:
    await put(arm, GROUP)
    await make_network(arm, subnet("a", "10.0.0.0/24", networkSecurityGroup={"id": GROUP}))

    group = await get(arm, GROUP)

    assert group["properties"]["subnets"] == [{"id": f"{NET}/subnets/a"}]
    assert await refusal(arm, "DELETE", GROUP) == (400, "InUseNetworkSecurityGroupCannotBeDeleted")


async def test_networks_are_connected_once_both_peer(arm: Arm) -> None:
    await make_network(arm)
    await make_network(arm, path=f"{NETWORKS}/other", space="10.1.0.0/16")
    there = {"remoteVirtualNetwork": {"id": f"{NETWORKS}/other"}}
    back = {"remoteVirtualNetwork": {"id": NET}}

    first = await put(arm, f"{NET}/virtualNetworkPeerings/there", properties=there)
    second = await put(arm, f"{NETWORKS}/other/virtualNetworkPeerings/back", properties=back)
    connected = await get(arm, f"{NET}/virtualNetworkPeerings/there")

    assert first["properties"]["peeringState"] == "Initiated"
    assert second["properties"]["peeringState"] == connected["properties"]["peeringState"] == "Connected"


async def test_networks_that_overlap_do_not_peer(arm: Arm) -> None:
    await make_network(arm)
    await make_network(arm, path=f"{NETWORKS}/other", space="10.0.128.0/17")
    there = {"properties": {"remoteVirtualNetwork": {"id": f"{NETWORKS}/other"}}}
    nowhere = {"properties": {"remoteVirtualNetwork": {"id": f"{NETWORKS}/absent"}}}

    peering = f"{NET}/virtualNetworkPeerings/there"
    assert await refusal(arm, "PUT", peering, there) == (400, "VnetAddressSpacesOverlap")
    assert await refusal(arm, "PUT", peering, nowhere) == (400, "InvalidResourceReference")


async def test_a_private_frontend_gets_an_address_and_parts_have_ids(arm: Arm) -> None:
    await make_network(arm, subnet("a", "10.0.0.0/24"))
    path = f"{PROVIDERS}/Microsoft.Network/loadBalancers/lb"
    frontend = {"name": "in", "properties": {"subnet": {"id": f"{NET}/subnets/a"}}}

    balancer = await put(
        arm, path, properties={"frontendIPConfigurations": [frontend], "backendAddressPools": [{"name": "pool"}]}
    )

    shown = balancer["properties"]
    assert shown["frontendIPConfigurations"][0]["properties"]["privateIPAddress"] == "10.0.0.4"
    assert shown["backendAddressPools"][0]["id"] == f"{path}/backendAddressPools/pool"
