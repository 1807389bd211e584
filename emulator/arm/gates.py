"""The gates that every write and every deletion passes, in their order, before a provider hears of it.

The place exists (the caller of this module sees to that); then who asks, locks, registration, policy, quota. Requests
and the resources of deployments pass the same ones.
"""

from collections.abc import Callable

from emulator.arm import authorization
from emulator.arm.behaviours import Surroundings
from emulator.arm.caller import Caller
from emulator.arm.governance import locks
from emulator.arm.governance.scopes import action_of
from emulator.arm.identifiers import ResourceId
from emulator.arm.models import Resource

WriteGate = Callable[[Surroundings, Resource, Resource | None, Caller | None], None]
DeleteGate = Callable[[Surroundings, Resource, Caller | None], None]


def check_write(
    surroundings: Surroundings, resource: Resource, before: Resource | None, caller: Caller | None = None
) -> None:
    """Raise `ArmError` when `resource`, a resource group's document being one too, may not be written.

    `before` is what it replaces. A `caller` of None is ARM itself, whom nobody asks for a right.
    """
    for gate in _WRITE:
        gate(surroundings, resource, before, caller)


def check_delete(surroundings: Surroundings, resource: Resource, caller: Caller | None = None) -> None:
    """Raise `ArmError` when `resource`, a resource group's document being one too, may not be deleted."""
    for gate in _DELETE:
        gate(surroundings, resource, caller)


def check_action(surroundings: Surroundings, resource_id: ResourceId) -> None:
    """Raise `ArmError` when nothing may be asked of a resource that could change it: a read-only lock forbids POSTs.

    The right to ask is told by the request itself, see emulator.arm.governance.rights.
    """
    locks.check_write(surroundings.state, resource_id)


def _may_write(surroundings: Surroundings, resource: Resource, before: Resource | None, caller: Caller | None) -> None:
    authorization.check(surroundings.state, caller, action_of(resource.id, "write"), resource.id)


def _is_not_read_only(
    surroundings: Surroundings, resource: Resource, before: Resource | None, caller: Caller | None
) -> None:
    locks.check_write(surroundings.state, resource.id)


def _may_delete(surroundings: Surroundings, resource: Resource, caller: Caller | None) -> None:
    authorization.check(surroundings.state, caller, action_of(resource.id, "delete"), resource.id)


def _is_not_locked(surroundings: Surroundings, resource: Resource, caller: Caller | None) -> None:
    locks.check_delete(surroundings.state, resource.id)


_WRITE: tuple[WriteGate, ...] = (_may_write, _is_not_read_only)
_DELETE: tuple[DeleteGate, ...] = (_may_delete, _is_not_locked)
