"""What providers read a request into: objects, lists of objects and texts; what has another shape is refused.

The code is ARM's for a body that can't be read; which code a provider has for it is told by none of their references.
"""

from collections.abc import Mapping
from typing import Any

from emulator.arm.errors import ArmError, invalid_request_content
from emulator.arm.state import Resource

OBJECTS = frozenset(
    "sku plan identity siteConfig osProfile consistencyPolicy administrators attributes networkAcls "
    "encryption addressSpace config configuration functionAppConfig hardwareProfile networkProfile".split()
)
LISTS = frozenset("locations permissions accessPolicies emailReceivers virtualNetworkRules appSettings".split()) | {
    "connectionStrings"
}
NAMED = frozenset(
    "ipConfigurations frontendIPConfigurations backendAddressPools loadBalancingRules probes inboundNatRules "
    "inboundNatPools outboundRules securityRules routes subnets delegations privateDnsZoneConfigs "
    "privateLinkServiceConnections manualPrivateLinkServiceConnections".split()
)
"""Lists whose entries have a name, and `properties` beside it."""
TEXT, TEXTS, NUMBERS = frozenset({"addressPrefix"}), frozenset({"addressPrefixes"}), frozenset({"diskSizeGB"})
_FREE = ("microsoft.web/sites/config", "microsoft.web/sites/slots/config")
"""Their properties are settings, whose names mean nothing."""


def check_shape(resource: Resource) -> None:
    """Raise `ArmError` (400 InvalidRequestContent) when a part of the document is not what its name says.

    Looked at are the document, its properties, and one level below where the names are the same everywhere.
    """
    if resource.id.type.lower() in _FREE:
        return
    for name in ("sku", "identity", "plan"):
        _check(name, resource.document.get(name), name)
    is_site = resource.id.namespace.lower() == "microsoft.web"  # whose `properties.sku` is a text
    for name, value in resource.properties.items():
        if not (is_site and name == "sku"):
            _check(name, value, f"properties.{name}")
    space = resource.properties.get("addressSpace") or {}
    _check("addressPrefixes", space.get("addressPrefixes"), "properties.addressSpace.addressPrefixes")


def _check(name: str, value: Any, path: str) -> None:
    if value is None:
        return
    if name in OBJECTS:
        _object(value, path)
    elif name in LISTS or name in NAMED:
        for number, entry in enumerate(_list(value, path)):
            _object(entry, f"{path}[{number}]")
            if name in NAMED:
                _check_entry(entry, f"{path}[{number}]")
    elif name in TEXT and not isinstance(value, str):
        raise _unfit(path, "a text")
    elif name in TEXTS and not all(isinstance(entry, str) for entry in _list(value, path)):
        raise _unfit(path, "a list of texts")
    elif name in NUMBERS and not isinstance(value, int):
        raise _unfit(path, "a number")


def _check_entry(entry: Mapping[str, Any], path: str) -> None:
    if not isinstance(entry.get("name"), str):
        raise invalid_request_content(f"Required property 'name' not found in JSON. Path '{path}'")
    inside = _object(entry.get("properties", {}), f"{path}.properties")
    for name in TEXT | TEXTS:
        _check(name, inside.get(name), f"{path}.properties.{name}")


def _object(value: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _unfit(path, "an object")
    return value


def _list(value: Any, path: str) -> list[Any]:
    if not isinstance(value, list):
        raise _unfit(path, "a list")
    return value


def _unfit(path: str, wanted: str) -> ArmError:
    return invalid_request_content(f"Error converting value to {wanted}. Path '{path}'")
