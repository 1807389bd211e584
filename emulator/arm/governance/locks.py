"""Locks: `CanNotDelete` and `ReadOnly` on a scope hold for everything in it, whoever asks.

Source: https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources. The wording is that of
https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-scope-locked-errors.
"""

from collections.abc import Iterable

from emulator.arm.errors import ArmError
from emulator.arm.governance.scopes import scopes_above
from emulator.arm.identifiers import ResourceId
from emulator.arm.models import Resource
from emulator.arm.state import CloudState

LOCK_TYPE = "Microsoft.Authorization/locks"
READ_ONLY, CAN_NOT_DELETE = "readonly", "cannotdelete"
_LEVELS = {READ_ONLY, CAN_NOT_DELETE}


def check_write(state: CloudState, resource_id: ResourceId) -> None:
    """Raise ScopeLocked when a read-only lock holds for what is to be written, or for what an action is asked of."""
    if resource_id.type.lower() != LOCK_TYPE.lower():
        _refuse(resource_id, "write", _locked(state, scopes_above(state, resource_id), {READ_ONLY}))


def check_delete(state: CloudState, resource_id: ResourceId) -> None:
    """Raise ScopeLocked when a lock holds for what is to be deleted, or for something inside it."""
    if resource_id.type.lower() != LOCK_TYPE.lower():
        _refuse(resource_id, "delete", locks_against_deletion(state, resource_id))


def locks_against_deletion(state: CloudState, resource_id: ResourceId) -> list[str]:
    """The locked scopes because of which something can't be deleted: those that hold it, and those inside it."""
    inside = [lock.id.scope for lock in state.resources(resource_id) if lock.id.type.lower() == LOCK_TYPE.lower()]
    return _locked(state, [*scopes_above(state, resource_id), *inside], _LEVELS)


def level_of(lock: Resource) -> str:
    """The level in lower case; `notspecified` when there is none."""
    return str(lock.properties.get("level", "NotSpecified")).lower()


def _locked(state: CloudState, scopes: Iterable[ResourceId], levels: set[str]) -> list[str]:
    found = {
        scope.key: str(scope)
        for scope in scopes
        if any(level_of(lock) in levels for lock in state.governing(scope, LOCK_TYPE))
    }
    return list(found.values())


def _refuse(resource_id: ResourceId, operation: str, locked: list[str]) -> None:
    if locked:
        message = (
            f"The scope '{resource_id}' cannot perform {operation} operation because following scope(s) are locked: "
            f"'{','.join(locked)}'. Please remove the lock and try again."
        )
        raise ArmError(409, "ScopeLocked", message)
