"""Which right a request needs, told by its method and path: the operation, and the scope that it is over.

Source: https://learn.microsoft.com/azure/role-based-access-control/resource-provider-operations.
"""

import re
from dataclasses import replace

from emulator.arm.addresses import action_at, list_at, resource_at, tidy
from emulator.arm.errors import ArmError
from emulator.arm.governance.scopes import GROUP_ACTIONS, action_of
from emulator.arm.identifiers import MANAGEMENT_GROUP_TYPE, ResourceId

_VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
_SUBSCRIPTIONS = "Microsoft.Resources/subscriptions"
_OPERATIONS = "Microsoft.Resources/deployments/operations/read"
_SUBSCRIPTION, _GROUP = r"/subscriptions/(?P<subscription>[^/]+)", r"/resourcegroups/(?P<group>[^/]+)"
_MANAGEMENT_GROUP = f"/providers/{MANAGEMENT_GROUP_TYPE}/(?P<management_group>[^/]+)"
_FREE = re.compile(
    r"/|/metadata/endpoints|/tenants|/subscriptions|/providers(/[^/]+)?|(/subscriptions/[^/]+)?/operationresults/[^/]+"
    r"|/subscriptions/[^/]+/resourcegroups|/subscriptions/[^/]+(/resourcegroups/[^/]+)?/resources"
    r"|/subscriptions/[^/]+/providers/[^/]+/locations/[^/]+/operation(results|statuses)/[^/]+"
    r"|.*/providers/microsoft\.authorization/permissions|/providers/microsoft\.management/getentities",
    re.IGNORECASE,
)
"""What tells everybody the same, or looks itself at who asks: lists of what one may see, and results of operations."""
_FIXED = [
    (re.compile(pattern, re.IGNORECASE), operation)
    for pattern, operation in (
        (f"{_SUBSCRIPTION}/locations", f"{_SUBSCRIPTIONS}/locations/read"),
        (f"{_SUBSCRIPTION}/tagnames.*", f"{_SUBSCRIPTIONS}/tagNames/read"),
        (f"{_SUBSCRIPTION}/providers(/[^/]+)?", f"{_SUBSCRIPTIONS}/providers/read"),
        (f"{_SUBSCRIPTION}{_GROUP}/deployments/.*", f"{GROUP_ACTIONS}/deployments/operations/read"),
        (f"{_SUBSCRIPTION}/deployments/.*", _OPERATIONS),
        (f"{_MANAGEMENT_GROUP}/deployments/.*", _OPERATIONS),
        ("/deployments/.*", _OPERATIONS),
        (f"{_MANAGEMENT_GROUP}/descendants", f"{MANAGEMENT_GROUP_TYPE}/descendants/read"),
    )
]
_REGISTRATION = re.compile(f"{_SUBSCRIPTION}/providers/([^/]+)/(register|unregister)", re.IGNORECASE)


def required_right(method: str, path: str) -> tuple[str, ResourceId] | None:
    """The operation and its scope; None for what everybody with a token may ask, and for what no route answers."""
    path = tidy(path)
    if _FREE.fullmatch(path):
        return None
    for pattern, operation in _FIXED:
        if found := pattern.fullmatch(path):
            place = found.groupdict()
            scope = ResourceId(place.get("subscription"), place.get("group"))
            return operation, replace(scope, management_group=place.get("management_group"))
    if method == "POST":
        return _right_to_act(path)
    verb = _VERBS.get(method, "read")
    if resource := _resource_or_root(path):
        return action_of(resource, verb), resource
    listed = list_at(path)
    return (f"{listed.type}/{verb}", listed.id) if listed else None


def _resource_or_root(path: str) -> ResourceId | None:
    if resource := resource_at(path):
        return resource
    try:
        return ResourceId.parse(path)
    except ArmError:
        return None


def _right_to_act(path: str) -> tuple[str, ResourceId] | None:
    if found := _REGISTRATION.fullmatch(path):
        return f"{found[2]}/{found[3]}/action", ResourceId(found[1])
    asked = action_at(path)
    if asked is None:
        listed = list_at(path)
        return (f"{listed.type}/action", listed.id) if listed else None
    return action_of(asked.id, f"{asked.action}/action"), asked.id
