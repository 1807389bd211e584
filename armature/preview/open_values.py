"""Values that can't be compared before something is deployed, so that nobody can tell whether they would change.

What an expression stands for that what-if leaves as it is ("What-if can't resolve the reference function"), and what a
provider takes but never shows: such a property is told as new at every what-if
(https://learn.microsoft.com/azure/azure-resource-manager/templates/deploy-what-if, 2025-11).
"""

from collections.abc import Mapping
from typing import Any

from armature.preview.answers import Difference
from armature.preview.model import Untold
from armature.templates.expressions import is_expression

_SITE = (
    ("properties", "siteconfig", "appsettings"),
    ("properties", "siteconfig", "azurestorageaccounts"),
    ("properties", "siteconfig", "connectionstrings"),
)
_MACHINE = (("properties", "osprofile", "adminpassword"), ("properties", "osprofile", "customdata"))
_SERVER = (("properties", "administratorloginpassword"),)

_NOT_SHOWN: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "microsoft.compute/virtualmachines": _MACHINE,
    "microsoft.compute/virtualmachines/extensions": (("properties", "protectedsettings"),),
    "microsoft.dbformysql/flexibleservers": _SERVER,
    "microsoft.dbforpostgresql/flexibleservers": _SERVER,
    "microsoft.keyvault/vaults/secrets": (("properties", "value"),),
    "microsoft.sql/servers": _SERVER,
    "microsoft.web/sites": _SITE,
    "microsoft.web/sites/slots": _SITE,
}
"""By type, what a GET leaves out (resource reference, 2025-11)."""


def why_untold(resource_type: str, difference: Difference) -> Untold | None:
    """Why nobody can tell whether a difference is one; None when it is."""
    if _is_open(difference.after):
        return Untold.WHEN_DEPLOYED
    hidden = _NOT_SHOWN.get(resource_type.lower(), ())
    if difference.before is None and any(difference.names[: len(path)] == path for path in hidden):
        return Untold.NOT_SHOWN
    return None


def _is_open(value: Any) -> bool:
    """Whether an expression is left in a value."""
    if isinstance(value, str):
        return is_expression(value)
    if isinstance(value, Mapping):
        return any(map(_is_open, value.values()))
    return isinstance(value, list) and any(map(_is_open, value))
