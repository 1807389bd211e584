"""uniqueString() and guid(): the two functions whose every bit must be Microsoft's.

The algorithms are those of Azure's engine, checked against it: uniqueString() is a 64-bit variant of MurmurHash3 over
the arguments joined with `-`, in base 32; guid() is a version 5 UUID of the same text in a namespace of Azure's own.
"""

import uuid

from armature.templates.functions.signature import Function, pure
from armature.templates.values import encodable

_GUID_NAMESPACE = uuid.UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_MASK = 0xFFFFFFFF


def unique_string(*values: str) -> str:
    """Thirteen characters that are the same for the same values everywhere."""
    number = murmur_hash(_joined(values).encode())
    return "".join(_ALPHABET[number >> 59 - 5 * index & 31 if index < 12 else number << 1 & 31] for index in range(13))


def guid(*values: str) -> str:
    """The identifier that is the same for the same values everywhere."""
    return str(uuid.uuid5(_GUID_NAMESPACE, _joined(values)))


def _joined(values: tuple[str, ...]) -> str:
    """The text that is hashed; half of a character is replaced, as .NET encodes it."""
    return encodable("-".join(values))


def _rotate(value: int, bits: int) -> int:
    return (value << bits | value >> 32 - bits) & _MASK


def _mix(value: int, first: int, bits: int, second: int) -> int:
    return _rotate(value * first & _MASK, bits) * second & _MASK


def _finish(value: int) -> int:
    value = (value ^ value >> 16) * 0x85EBCA6B & _MASK
    value = (value ^ value >> 13) * 0xC2B2AE35 & _MASK
    return value ^ value >> 16


def murmur_hash(data: bytes) -> int:
    """The 64-bit variant of MurmurHash3."""
    low = high = 0
    whole = len(data) - len(data) % 8
    for index in range(0, whole, 8):
        first = int.from_bytes(data[index : index + 4], "little")
        second = int.from_bytes(data[index + 4 : index + 8], "little")
        low = _rotate(low ^ _mix(first, 0x239B961B, 15, 0xAB0E9789), 19)
        low = ((low + high) * 5 + 0x561CCD1B) & _MASK
        high = _rotate(high ^ _mix(second, 0xAB0E9789, 17, 0x239B961B), 13)
        high = ((high + low) * 5 + 0x0BCAA747) & _MASK
    rest = data[whole:]
    low ^= _mix(int.from_bytes(rest[:4], "little"), 0x239B961B, 15, 0xAB0E9789)
    high ^= _mix(int.from_bytes(rest[4:], "little"), 0xAB0E9789, 17, 0x239B961B)
    low, high = low ^ len(data), high ^ len(data)
    low = (low + high) & _MASK
    high = (high + low) & _MASK
    low, high = _finish(low), _finish(high)
    low = (low + high) & _MASK
    high = (high + low) & _MASK
    return high << 32 | low


FUNCTIONS: tuple[Function, ...] = (
    pure("uniqueString", 1, None, lambda arguments: unique_string(*arguments), each=(str,)),
    pure("guid", 1, None, lambda arguments: guid(*arguments), each=(str,)),
)
