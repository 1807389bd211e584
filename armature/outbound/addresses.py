"""Which addresses may be called: those of the public internet, and what the operator allows beside them.

Special-purpose ranges: IANA IPv4 and IPv6 Special-Purpose Address Registries, 2025. They are written out, since what
the standard library counts as global differs between the releases of Python 3.11.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_IPV4 = {
    "0.0.0.0/8": "unspecified, this network",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "shared by a carrier's customers",
    "127.0.0.0/8": "loopback",
    "169.254.0.0/16": "link-local",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "reserved for protocols",
    "192.0.2.0/24": "for documentation",
    "192.88.99.0/24": "reserved, once for relays to IPv6",
    "192.168.0.0/16": "private",
    "198.18.0.0/15": "for benchmarks",
    "198.51.100.0/24": "for documentation",
    "203.0.113.0/24": "for documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
}
_IPV6 = {
    "::/128": "unspecified",
    "::1/128": "loopback",
    "64:ff9b::/96": "an IPv4 address in IPv6 (NAT64)",
    "64:ff9b:1::/48": "an IPv4 address in IPv6 (NAT64)",
    "2001::/32": "an IPv4 address in IPv6 (Teredo)",
    "2001::/23": "reserved for protocols",
    "2001:db8::/32": "for documentation",
    "2002::/16": "an IPv4 address in IPv6 (6to4)",
    "3fff::/20": "for documentation",
    "fc00::/7": "private",
    "fe80::/10": "link-local",
    "ff00::/8": "multicast",
}
_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All that IANA has given out for the public internet (RFC 4291, IPv6 Global Unicast Address Assignments, 2025)."""

_REFUSED: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), reason) for network, reason in (*_IPV4.items(), *_IPV6.items())
)
_PLATFORM = frozenset(map(ip_address, ("169.254.169.254", "168.63.129.16", "fd00:ec2::254")))
"""What a cloud tells its own machines, tokens among it: the metadata services of Azure and others, and Azure's
WireServer, whose address looks public (What is IP address 168.63.129.16?, 2025)."""


def networks_of(texts: Iterable[str]) -> tuple[Network, ...]:
    """The networks that are written as CIDR, such as `10.1.0.0/16`.

    Raises:
        ValueError: one of them is none, or has bits set beyond its prefix.
    """
    return tuple(ip_network(text) for text in texts)


def refusal_of(address: Address, allowed: Iterable[Network] = ()) -> str | None:
    """Why an address is not to be called, None when it may be. What the platform keeps for itself is never allowed.

    An IPv4 address that IPv6 maps is judged as the IPv4 address, which is what the system connects to.
    """
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address in _PLATFORM:
        return "kept by the platform for its own machines"
    if any(address in network for network in allowed):
        return None
    reason = next((reason for network, reason in _REFUSED if address in network), None)
    if reason is None and isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return "not of the public internet"
    return reason
