"""The functions of the template language: all that ARM knows, and what they do.

Names and arities were asked of Microsoft's engine.
"""

from collections.abc import Mapping
from types import MappingProxyType

from armature.templates.functions import (
    collections,
    dates,
    encodings,
    hashes,
    iteration,
    lambdas,
    logic,
    networks,
    numbers,
    platform,
    resources,
    text,
    uri_parts,
    uris,
)
from armature.templates.functions.resources import LIST_NAME, list_function
from armature.templates.functions.signature import Function, Kind

_MODULES = (
    logic,
    numbers,
    text,
    collections,
    iteration,
    lambdas,
    encodings,
    uris,
    uri_parts,
    networks,
    hashes,
    dates,
    resources,
    platform,
)

FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {function.name.lower(): function for module in _MODULES for function in module.FUNCTIONS}
)
"""Every function by its name in lower case, but the `list*` family: see find_function()."""


def find_function(name: str) -> Function | None:
    """The function of that name without regard to case, or None when ARM knows none."""
    found = FUNCTIONS.get(name.lower())
    if found is None and LIST_NAME.fullmatch(name):
        return list_function(name)
    return found


__all__ = ["FUNCTIONS", "Function", "Kind", "find_function"]
