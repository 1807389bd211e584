"""What a resource's content comes down to: whether somebody has changed it between two looks."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

_VOLATILE = frozenset(
    name.lower()
    for name in (
        # told anew by every write or read of ARM and the providers, whatever the content
        "provisioningState etag _etag resourceGuid systemData createdBy lastModifiedBy changedBy correlationId "
        "availabilityState usageState healthState runtimeState operationalState hostState networkState targetState "
        "instanceView statuses powerState diskState provisioningDetails provisioningErrors provisioningIssues "
        "operationId inProgressTaskId lastOperation runtimeAvailabilityState repositorySiteName "
        # what others, that refer to the resource, leave in it: they are undone themselves
        "ipConfigurations ipConfiguration networkInterfaces privateEndpoints privateEndpointConnections "
        "applicationGatewayIPConfigurations resourceNavigationLinks serviceAssociationLinks managedBy"
    ).split()
)
"""Properties that change by themselves (Azure REST references, 2025), in lower case; moments are told by their form."""

_CONDITIONS = frozenset(("state", "status"))
_CHOSEN_CONDITIONS = frozenset(("enabled", "disabled"))
"""`state` and `status` tell how a resource does, unless they hold what a template sets."""

_NAMED_BY_PEOPLE = frozenset(("tags", "parameters", "definition", "metadata"))
"""What is inside bears names that people chose, a tag `state` or `expiresOn` for example: all of it counts."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*")
_NAMES_A_MOMENT = re.compile(r".*(time|date|at|on|utc|timestamp)", re.IGNORECASE)


def fingerprint(document: Mapping[str, Any]) -> str:
    """What a resource's content comes down to: equal for two reads between which nobody changed it.

    The SHA-256 of the document without what changes by itself, keys sorted, the empty left out. Values are never kept:
    a document may hold secrets.
    """
    content = json.dumps(_lasting(dict(document)), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()


def _lasting(value: Any) -> Any:
    if isinstance(value, list):
        return [_lasting(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {
        str(name): item if str(name).lower() in _NAMED_BY_PEOPLE else _lasting(item)
        for name, item in value.items()
        if not _is_volatile(str(name).lower(), item)
    }
    return {name: item for name, item in kept.items() if item not in (None, {}, [])}


def _is_volatile(name: str, value: Any) -> bool:
    if name in _VOLATILE:
        return True
    if name in _CONDITIONS:
        return str(value).lower() not in _CHOSEN_CONDITIONS
    return isinstance(value, str) and bool(_NAMES_A_MOMENT.fullmatch(name) and _MOMENT.fullmatch(value))
