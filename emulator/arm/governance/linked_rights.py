"""Rights over what a resource refers to: joining a subnet, being given an identity, running on a plan.

Source of the wording and the checks: https://learn.microsoft.com/azure/role-based-access-control/troubleshooting,
`LinkedAuthorizationFailed`, and the `join/action` and `assign/action` operations of the providers.
"""

from collections.abc import Iterator
from typing import Any

from emulator.arm.authorization import is_allowed
from emulator.arm.caller import Caller
from emulator.arm.errors import ArmError
from emulator.arm.governance.scopes import action_of
from emulator.arm.identifiers import ResourceId
from emulator.arm.models import Resource
from emulator.arm.state import CloudState

_JOINED = {
    kind.lower(): action
    for kind, action in (
        ("Microsoft.Network/virtualNetworks", "Microsoft.Network/virtualNetworks/join/action"),
        ("Microsoft.Network/virtualNetworks/subnets", "Microsoft.Network/virtualNetworks/subnets/join/action"),
        ("Microsoft.Network/networkSecurityGroups", "Microsoft.Network/networkSecurityGroups/join/action"),
        ("Microsoft.Network/publicIPAddresses", "Microsoft.Network/publicIPAddresses/join/action"),
        ("Microsoft.Network/routeTables", "Microsoft.Network/routeTables/join/action"),
        ("Microsoft.Network/natGateways", "Microsoft.Network/natGateways/join/action"),
        ("Microsoft.Network/networkInterfaces", "Microsoft.Network/networkInterfaces/join/action"),
        ("Microsoft.Network/privateDnsZones", "Microsoft.Network/privateDnsZones/join/action"),
        ("Microsoft.Web/serverfarms", "Microsoft.Web/serverfarms/Join/Action"),
        (
            "Microsoft.ManagedIdentity/userAssignedIdentities",
            "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
        ),
    )
}


def check_linked_rights(state: CloudState, resource: Resource, before: Resource | None, caller: Caller | None) -> None:
    """Raise `ArmError` (403 LinkedAuthorizationFailed) when the caller may not use what the resource refers to anew."""
    if caller is None:
        return
    known = {target.key for target in _referred(before)} if before else set()
    lacking = [
        (action, target)
        for target in _referred(resource)
        if target.key not in known and not target.is_within(resource.id)
        if (action := _JOINED.get(target.type.lower())) and not is_allowed(state, caller.object_id, action, target)
    ]
    if lacking:
        message = (
            f"The client '{caller.client_id}' with object id '{caller.object_id}' has permission to perform action "
            f"'{action_of(resource.id, 'write')}' on scope '{resource.id}'; however, it does not have permission to "
            f"perform action(s) '{','.join(action for action, _ in lacking)}' on the linked scope(s) "
            f"'{','.join(str(target) for _, target in lacking)}' (respectively) or the linked scope(s) are invalid."
        )
        raise ArmError(403, "LinkedAuthorizationFailed", message)


def _referred(resource: Resource) -> list[ResourceId]:
    found = {target.key: target for target in _ids_in(resource.properties)}
    identity = resource.document.get("identity")
    assigned = identity.get("userAssignedIdentities") if isinstance(identity, dict) else None
    for text in assigned if isinstance(assigned, dict) else ():
        found |= {target.key: target for target in _id_in(text)}
    return list(found.values())


def _ids_in(value: Any, name: str = "") -> Iterator[ResourceId]:
    """The ids that stand under names that end with `id`, at any depth."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _ids_in(below, key)
    elif isinstance(value, list):
        for below in value:
            yield from _ids_in(below, name)
    elif name.lower().endswith("id"):
        yield from _id_in(value)


def _id_in(text: Any) -> Iterator[ResourceId]:
    if isinstance(text, str) and text.lower().startswith("/subscriptions/"):
        try:
            yield ResourceId.parse(text)
        except ArmError:
            return  # the provider says what it thinks of it
