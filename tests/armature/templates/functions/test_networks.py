"""Address ranges against Python's own, and what the engine takes besides."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from armature.templates.errors import ExpressionError
from armature.templates.evaluation import StaticScope, evaluate

NETWORKS = st.builds(
    lambda address, length: ip_network((int(address), length), strict=False),
    st.ip_addresses(v=4),
    st.integers(0, 32),
) | st.builds(
    lambda address, length: IPv6Network((int(address), length), strict=False),
    st.ip_addresses(v=6),
    st.integers(0, 128),
)


def value_of(expression: str) -> Any:
    return evaluate(expression, StaticScope())


@given(NETWORKS)
def test_a_range_is_described_as_python_does(network: IPv4Network | IPv6Network) -> None:
    found = value_of(f"[parseCidr('{network}')]")

    assert ip_address(found["network"]) == network.network_address
    assert ip_address(found["netmask"]) == network.netmask
    assert found["cidr"] == network.prefixlen
    assert ip_address(found.get("broadcast", found["lastUsable"])) == network.broadcast_address


@given(NETWORKS, st.integers(0, 12), st.integers(0, 4100))
def test_a_subnet_is_pythons_subnet(network: IPv4Network | IPv6Network, longer: int, index: int) -> None:
    assume(network.prefixlen + longer <= network.max_prefixlen and index < 2**longer)

    found = value_of(f"[cidrSubnet('{network}', {network.prefixlen + longer}, {index})]")

    subnets = network.subnets(prefixlen_diff=longer)
    assert ip_network(found) == next(subnet for at, subnet in enumerate(subnets) if at == index)


@given(NETWORKS, st.integers(0, 300))
def test_a_host_is_one_of_the_usable_addresses(network: IPv4Network | IPv6Network, index: int) -> None:
    if index < network.num_addresses - 2:
        found = value_of(f"[cidrHost('{network}', {index})]")
        assert ip_address(found) == network.network_address + index + 1
    else:
        with pytest.raises(ExpressionError, match="Could not calculate the CidrHost"):
            value_of(f"[cidrHost('{network}', {index})]")


@pytest.mark.parametrize(
    ("text", "network", "length"),
    [
        ("192.168.1.1", "192.168.1.0", 24),
        ("172.16.9.9", "172.16.0.0", 16),
        ("010.1/16", "8.0.0.0", 16),
        ("10.0.0.0/255.255.0.0", "10.0.0.0", 16),
        ("fd00::", "fd00::", 64),
        ("::ffff:1.2.3.4/120", "::ffff:1.2.3.0", 120),
        ("::abcd:1234/128", "::171.205.18.52", 128),
    ],
)
def test_forms_that_the_engines_library_takes(text: str, network: str, length: int) -> None:
    found = value_of(f"[parseCidr('{text}')]")

    assert (found["network"], found["cidr"]) == (network, length)


@pytest.mark.parametrize("text", ["", "x", "10.0.0.0/33", "256.0.0.0/8", "fd00::/129", "1.2.3.4.5/8", "08.0.0.0/8"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"The specified CIDR '.*' is not valid"):
        value_of(f"[parseCidr('{text}')]")
