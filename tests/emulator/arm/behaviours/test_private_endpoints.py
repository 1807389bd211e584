"""Private endpoints: their interface, the target's connection, and the names in private zones."""

from typing import Any

import pytest

from tests.emulator.arm.behaviours.asking import PROVIDERS, get, put, refusal
from tests.emulator.arm.behaviours.test_networks import NET, make_network, subnet
from tests.emulator.arm.running import Arm

ACCOUNT = f"{PROVIDERS}/Microsoft.Storage/storageAccounts/stcontoso"
ENDPOINT = f"{PROVIDERS}/Microsoft.Network/privateEndpoints/pe"
ZONE = f"{PROVIDERS}/Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net"


def endpoint_to(target: str, group: str = "blob", **more: Any) -> dict[str, Any]:
    """The properties of an endpoint in subnet `a`."""
    link = {"name": "link", "properties": {"privateLinkServiceId": target, "groupIds": [group]}}
    return {"subnet": {"id": f"{NET}/subnets/a"}, "privateLinkServiceConnections": [link]} | more


@pytest.fixture
async def connected(arm: Arm) -> Arm:
    """A network, an account, and an endpoint between them."""
    await make_network(arm, subnet("a", "10.0.0.0/24"))
    await put(arm, ACCOUNT)
    await put(arm, ENDPOINT, properties=endpoint_to(ACCOUNT))
    return arm


async def test_an_endpoint_makes_an_interface_with_the_public_names(connected: Arm) -> None:
    endpoint = await get(connected, ENDPOINT)

    interface = await get(connected, endpoint["properties"]["networkInterfaces"][0]["id"])
    (configuration,) = interface["properties"]["ipConfigurations"]
    assert configuration["properties"]["privateIPAddress"] == "10.0.0.4"
    assert configuration["properties"]["privateLinkConnectionProperties"] == {
        "groupId": "blob",
        "requiredMemberName": "blob",
        "fqdns": ["stcontoso.blob.core.windows.net"],
    }
    assert endpoint["properties"]["customDnsConfigs"] == [
        {"fqdn": "stcontoso.blob.core.windows.net", "ipAddresses": ["10.0.0.4"]}
    ]
    state = endpoint["properties"]["privateLinkServiceConnections"][0]["properties"]
    assert state["privateLinkServiceConnectionState"]["status"] == "Approved"


async def test_the_target_shows_the_connection_until_the_endpoint_goes(connected: Arm) -> None:
    account = await get(connected, ACCOUNT)
    (connection,) = account["properties"]["privateEndpointConnections"]
    assert connection["properties"]["privateEndpoint"] == {"id": ENDPOINT}

    await connected.request("DELETE", ENDPOINT)

    assert (await get(connected, ACCOUNT))["properties"]["privateEndpointConnections"] == []
    assert (await connected.request("DELETE", f"{NET}/subnets/a"))[0] in (200, 202)


async def test_a_second_write_keeps_interface_and_address(connected: Arm) -> None:
    before = await get(connected, ENDPOINT)

    after = await put(connected, ENDPOINT, properties=endpoint_to(ACCOUNT), tags={"a": "1"})

    assert after["properties"]["networkInterfaces"] == before["properties"]["networkInterfaces"]
    assert after["properties"]["customDnsConfigs"] == before["properties"]["customDnsConfigs"]


async def test_the_interface_of_an_endpoint_is_not_for_deleting(connected: Arm) -> None:
    endpoint = await get(connected, ENDPOINT)

    interface = endpoint["properties"]["networkInterfaces"][0]["id"]

    assert await refusal(connected, "DELETE", interface) == (400, "NicInUseWithPrivateEndpoint")


async def test_an_endpoint_needs_its_subnet_and_target(arm: Arm) -> None:
    await make_network(arm, subnet("a", "10.0.0.0/24"))
    to_nothing = {"properties": endpoint_to(ACCOUNT)}
    from_nowhere = {"properties": endpoint_to(ACCOUNT, subnet={"id": f"{NET}/subnets/absent"})}
    unconnected = {"properties": {"subnet": {"id": f"{NET}/subnets/a"}}}

    assert await refusal(arm, "PUT", ENDPOINT, to_nothing) == (400, "InvalidResourceReference")
    assert await refusal(arm, "PUT", ENDPOINT, from_nowhere) == (400, "InvalidResourceReference")
    assert (await refusal(arm, "PUT", ENDPOINT, unconnected))[0] == 400


async def test_a_cosmos_account_has_an_address_for_each_region(arm: Arm) -> None:
    await make_network(arm, subnet("a", "10.0.0.0/24"))
    cosmos = f"{PROVIDERS}/Microsoft.DocumentDB/databaseAccounts/orders"
    await put(arm, cosmos, properties={"locations": [{"locationName": "northeurope", "failoverPriority": 0}]})

    endpoint = await put(arm, ENDPOINT, properties=endpoint_to(cosmos, "Sql"))

    assert endpoint["properties"]["customDnsConfigs"] == [
        {"fqdn": "orders.documents.azure.com", "ipAddresses": ["10.0.0.4"]},
        {"fqdn": "orders-northeurope.documents.azure.com", "ipAddresses": ["10.0.0.5"]},
    ]


async def test_a_zone_group_writes_records_and_takes_them_along(connected: Arm) -> None:
    await put(connected, ZONE, location="global")
    config = {"name": "blob", "properties": {"privateDnsZoneId": ZONE}}
    path = f"{ENDPOINT}/privateDnsZoneGroups/default"

    group = await put(connected, path, properties={"privateDnsZoneConfigs": [config]})
    record = await get(connected, f"{ZONE}/A/stcontoso")
    endpoint = await get(connected, ENDPOINT)
    await connected.request("DELETE", path)

    assert record["properties"]["aRecords"] == [{"ipv4Address": "10.0.0.4"}]
    assert record["properties"]["fqdn"] == "stcontoso.privatelink.blob.core.windows.net."
    (shown,) = group["properties"]["privateDnsZoneConfigs"][0]["properties"]["recordSets"]
    assert shown["ipAddresses"] == ["10.0.0.4"]
    assert endpoint["properties"]["customDnsConfigs"] == []
    assert (await connected.request("GET", f"{ZONE}/A/stcontoso"))[0] == 404


async def test_a_zone_is_global_and_stays_while_networks_are_linked(arm: Arm) -> None:
    await make_network(arm)
    assert await refusal(arm, "PUT", ZONE, {}) == (400, "LocationNotAvailableForResourceType")
    await put(arm, ZONE, location="global")

    link = await put(
        arm, f"{ZONE}/virtualNetworkLinks/net", location="global", properties={"virtualNetwork": {"id": NET}}
    )

    assert link["properties"]["virtualNetworkLinkState"] == "Completed"
    assert (await get(arm, ZONE))["properties"]["numberOfVirtualNetworkLinks"] == 1
    assert await refusal(arm, "DELETE", ZONE) == (409, "CannotDeleteResource")
    twice = {"location": "global", "properties": {"virtualNetwork": {"id": NET}}}
    assert await refusal(arm, "PUT", f"{ZONE}/virtualNetworkLinks/again", twice) == (409, "Conflict")
