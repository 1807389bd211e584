"""Address ranges: parseCidr, cidrSubnet, cidrHost.

What the engine's network library takes for an address is taken here too: other characters are dropped, IPv4 addresses
may be short or octal, a range without a length has that of its class. Source: "CIDR functions for Bicep" (Microsoft
Learn), checked against Microsoft's engine.
"""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Any

from armature.templates.functions.signature import Function, pure, refusal, require, small

_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network

_NO_ADDRESS_CHARACTER = re.compile(r"[^0-9a-fA-F./:\s]")
_IPV4_PART = re.compile(r"0[0-7]*|[1-9][0-9]*")
_IPV6_LENGTH = 64


def _network(text: str) -> _Network | None:
    """The range that a text means, None when it means none."""
    parts = _NO_ADDRESS_CHARACTER.sub("", text).replace("/", " ").split()
    address = _address(parts[0]) if parts else None
    if address is None:
        return None
    length = _length(parts[1], address) if len(parts) > 1 else _length_of_class(address)
    return ip_network((address, length), strict=False) if length is not None else None


def _address(text: str) -> _Address | None:
    if ":" in text:
        try:
            return IPv6Address(text)
        except ValueError:
            return None
    return ipv4_address(text)


def ipv4_address(text: str) -> IPv4Address | None:
    """An IPv4 address of one to four parts, of which the last fills the rest; octal with a leading zero."""
    parts = text.split(".")
    if len(parts) > 4 or not all(_IPV4_PART.fullmatch(part) for part in parts):
        return None
    *high, low = [int(part, 8 if part.startswith("0") else 10) for part in parts]
    if any(part > 255 for part in high) or low >= 256 ** (4 - len(high)):
        return None
    return IPv4Address(sum(part << (24 - 8 * index) for index, part in enumerate(high)) + low)


def _length(text: str, address: _Address) -> int | None:
    """A length in digits, or as a mask whose ones come before its zeros."""
    if text.count(".") == 3 or ":" in text:
        mask = _address(text)
        if mask is None or mask.version != address.version:
            return None
        zeros = (1 << mask.max_prefixlen) - 1 - int(mask)
        return mask.max_prefixlen - zeros.bit_length() if zeros & (zeros + 1) == 0 else None
    if not text.isdecimal() or len(text) > 9 or int(text) > address.max_prefixlen:
        return None
    return int(text)


def _length_of_class(address: _Address) -> int:
    if isinstance(address, IPv6Address):
        return _IPV6_LENGTH
    first = int(address) >> 24
    return 8 if first < 128 else 16 if first < 192 else 24


def _required_network(text: str) -> _Network:
    network = _network(text)
    if network is None:
        raise refusal(f"The specified CIDR '{text}' is not valid.")
    return network


def _text(address: _Address) -> str:
    """An address as .NET writes it: an IPv6 address that holds an IPv4 one ends in its four numbers."""
    if isinstance(address, IPv4Address):
        return str(address)
    number = int(address)
    words = [number >> 16 * (7 - index) & 0xFFFF for index in range(8)]
    has_prefix = words[:4] == [0] * 4 and words[6] and (words[4:6] in ([0, 0], [0, 0xFFFF], [0xFFFF, 0]))
    if has_prefix or words[4:6] == [0, 0x5EFE]:
        low = str(IPv4Address(number & 0xFFFFFFFF))
        ones = IPv6Address(number & ~0xFFFFFFFF | 0x1_0001)  # the last two words stand for the address
        return f"{str(ones).removesuffix('1:1')}{low}"
    return str(address)


def _parse_cidr(arguments: list[Any]) -> dict[str, Any]:
    network = _required_network(require("parseCidr", arguments, 0, str, only=True))
    first, last = network.network_address, network.broadcast_address
    described = {"network": _text(first), "netmask": _text(network.netmask)}
    if isinstance(network, IPv4Network):
        described["broadcast"] = _text(last)
        first, last = (first, first) if network.prefixlen >= 31 else (first + 1, last - 1)
    return {**described, "firstUsable": _text(first), "lastUsable": _text(last), "cidr": network.prefixlen}


def _cidr_subnet(arguments: list[Any]) -> str:
    text = require("cidrSubnet", arguments, 0, str)
    length, index = require("cidrSubnet", arguments, 1, int), require("cidrSubnet", arguments, 2, int)
    if not 0 <= small(length) <= 255:
        raise refusal(f"The specified byte '{length}' is not a valid byte value (0-255).")
    network = _required_network(text)
    if not network.prefixlen <= length <= network.max_prefixlen:
        raise refusal(f"Could not generate subnet for network '{_range_text(network)}' and CIDR value '{length}'.")
    count = 2 ** (length - network.prefixlen)
    if not 0 <= small(index) < count:
        raise refusal(f"The specified subnetIndex '{index}' is not a valid index of the subnet size '{count}'.")
    size = 2 ** (network.max_prefixlen - length)
    return f"{_text(network.network_address + index * size)}/{length}"


def _cidr_host(arguments: list[Any]) -> str:
    text, index = require("cidrHost", arguments, 0, str), require("cidrHost", arguments, 1, int)
    network = _required_network(text)
    if small(index) >= max(network.num_addresses - 2, 0):
        raise refusal(
            f"Could not calculate the CidrHost for network '{_range_text(network)}' and CIDR value '{index}'."
        )
    number = (int(network.network_address) + index + 1) % 2**network.max_prefixlen
    return _text(type(network.network_address)(number))


def _range_text(network: _Network) -> str:
    return f"{_text(network.network_address)}/{network.prefixlen}"


FUNCTIONS: tuple[Function, ...] = (
    pure("parseCidr", 1, 1, _parse_cidr),
    pure("cidrSubnet", 3, 3, _cidr_subnet),
    pure("cidrHost", 2, 2, _cidr_host),
)
