"""The scopes that hold something, from itself up to the tenant: what is set on one of them holds for all below."""

from collections.abc import Iterator

from emulator.arm import management_groups
from emulator.arm.identifiers import RESOURCE_GROUP_TYPE, ResourceId
from emulator.arm.state import CloudState

GROUP_ACTIONS = "Microsoft.Resources/subscriptions/resourceGroups"
"""What the operations on resource groups begin with, which is not their type."""


def scopes_above(state: CloudState, resource_id: ResourceId) -> Iterator[ResourceId]:
    """`resource_id` itself, then each scope that holds it, nearest first; the tenant (`/`) comes last."""
    here = resource_id
    while here.parts:
        yield here
        here = here.parent or here.scope
    if here.group:
        yield here
        here = ResourceId(here.subscription)
    if here.subscription:
        yield here
        here = ResourceId(management_group=management_groups.of_subscription(state, here.subscription))
    if here.management_group:
        yield from management_groups.upwards(state, here.management_group)
    yield ResourceId()


def action_of(resource_id: ResourceId, verb: str) -> str:
    """The operation that a role must allow: `Microsoft.Web/sites` and the verb (read, write, delete, `x/action`)."""
    kind = resource_id.type
    if kind == RESOURCE_GROUP_TYPE:
        kind = GROUP_ACTIONS
    return f"{kind}/{verb}"
