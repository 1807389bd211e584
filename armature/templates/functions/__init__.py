"""The functions of the template language: all that ARM knows by name and arity, and most with what they do.

Names and arities were asked of Microsoft's engine.
"""

from collections.abc import Mapping
from types import MappingProxyType

from armature.templates.functions import collections, dates, encodings, hashes, logic, numbers, resources, text, uris
from armature.templates.functions.resources import LIST_NAME, list_function
from armature.templates.functions.signature import Function, Kind

_NOT_YET_EVALUATED = (
    Function("lambda", 1, None, Kind.PURE),
    Function("lambdaVariables", 1, 1, Kind.PURE),
    Function("map", 2, 2, Kind.PURE),
    Function("mapValues", 2, 2, Kind.PURE),
    Function("filter", 2, 2, Kind.PURE),
    Function("reduce", 3, 3, Kind.PURE),
    Function("sort", 2, 2, Kind.PURE),
    Function("toObject", 2, 3, Kind.PURE),
    Function("groupBy", 2, 3, Kind.PURE),
    Function("parseUri", 1, 1, Kind.PURE),
    Function("buildUri", 1, 1, Kind.PURE),
    Function("parseCidr", 1, 1, Kind.PURE),
    Function("cidrSubnet", 3, 3, Kind.PURE),
    Function("cidrHost", 2, 2, Kind.PURE),
    Function("roleDefinitions", 1, 1, Kind.PURE),
    Function("pickZones", 3, 5, Kind.RUNTIME),
    Function("toLogicalZone", 3, 3, Kind.RUNTIME),
    Function("toLogicalZones", 3, 3, Kind.RUNTIME),
    Function("toPhysicalZone", 3, 3, Kind.RUNTIME),
    Function("toPhysicalZones", 3, 3, Kind.RUNTIME),
    Function("extensions", 1, 1, Kind.DEPLOYMENT),
    Function("externalInputs", 1, 1, Kind.DEPLOYMENT),
)

_MODULES = (logic, numbers, text, collections, encodings, uris, hashes, dates, resources)

FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        function.name.lower(): function
        for function in (*_NOT_YET_EVALUATED, *(one for module in _MODULES for one in module.FUNCTIONS))
    }
)
"""Every function by its name in lower case, but the `list*` family: see find_function()."""


def find_function(name: str) -> Function | None:
    """The function of that name without regard to case, or None when ARM knows none."""
    found = FUNCTIONS.get(name.lower())
    if found is None and LIST_NAME.fullmatch(name):
        return list_function(name)
    return found


__all__ = ["FUNCTIONS", "Function", "Kind", "find_function"]
