"""Which addresses may be called."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.outbound import networks_of, refusal_of

EVERYTHING = networks_of(("0.0.0.0/0", "::/0"))


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.0.1",
        "169.254.169.254",
        "168.63.129.16",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:2::1",
        "2001:10::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_what_is_not_of_the_public_internet_is_refused(text: str) -> None:
    assert refusal_of(ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "20.50.2.1",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "168.63.129.15",
        "169.253.255.255",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "::ffff:1.1.1.1",
        "2001:200::1",
        "2603:1030::1",
        "2a01:111::1",
    ],
)
def test_the_public_internet_may_be_called(text: str) -> None:
    assert refusal_of(ip_address(text)) is None


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_that_the_library_knows_as_special_is_let_through(address: IPv4Address) -> None:
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert refusal_of(address)


@given(st.ip_addresses(v=6))
def test_no_ipv6_address_that_the_library_knows_as_special_is_let_through(address: IPv6Address) -> None:
    is_special = not address.is_global or address.is_multicast or address.is_reserved or address.is_site_local
    if is_special and address.ipv4_mapped is None:
        assert refusal_of(address)


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_judged_as_what_is_connected_to(address: IPv4Address) -> None:
    mapped = IPv6Address(f"::ffff:{address}")

    assert refusal_of(mapped) == refusal_of(address)
    assert refusal_of(mapped, EVERYTHING) == refusal_of(address, EVERYTHING)


@given(st.ip_addresses(v=4), st.sampled_from(["64:ff9b::{}", "::{}", "::ffff:0:{}"]))
def test_no_form_that_holds_an_ipv4_address_gets_around_the_rules(address: IPv4Address, form: str) -> None:
    assert refusal_of(ip_address(form.format(address)))


@given(st.ip_addresses(v=4))
def test_6to4_is_refused_whatever_it_holds(address: IPv4Address) -> None:
    assert refusal_of(IPv6Address((0x2002 << 112) | (int(address) << 80)))


@given(st.ip_addresses(network=ip_network("10.0.0.0/8")))
def test_an_allowed_network_is_all_that_is_allowed(address: IPv4Address) -> None:
    allowed = networks_of(("10.20.0.0/16",))

    assert (refusal_of(address, allowed) is None) == (address in ip_network("10.20.0.0/16"))


@pytest.mark.parametrize("text", ["169.254.169.254", "168.63.129.16", "::ffff:169.254.169.254", "fd00:ec2::254"])
def test_what_the_platform_keeps_for_itself_can_not_be_allowed(text: str) -> None:
    assert refusal_of(ip_address(text), EVERYTHING)


@pytest.mark.parametrize("text", ["10.0.0.1/8", "10.0.0.0/33", "everything", ""])
def test_a_network_that_is_none_is_not_taken(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        networks_of((text,))
