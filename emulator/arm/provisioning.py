"""Writing and removing resources: the checks that come first, the state while it takes time, and the result."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from emulator.arm import gates
from emulator.arm.behaviours import Surroundings, behaviour_of, check
from emulator.arm.behaviours.generic import give_identities, new_document
from emulator.arm.caller import Caller
from emulator.arm.clock import now
from emulator.arm.errors import ArmError, parent_resource_not_found, resource_not_found
from emulator.arm.identifiers import ResourceId
from emulator.arm.models import ProviderOperation
from emulator.arm.state import Resource, busy

MAX_RESOURCE_NAME = 260  # ARM: the longest name of any resource type
WRITE, DELETE = "write", "delete"
DELETION_SHARE = 0.5  # a deletion takes about half of the time that making the resource took


def begin_write(
    surroundings: Surroundings,
    resource_id: ResourceId,
    api_version: str,
    body: Mapping[str, Any],
    caller: Caller | None = None,
) -> ProviderOperation:
    """Accept a PUT: what exists shows `Creating` or `Updating` until `finish_write` or `abandon_write`.

    `caller` is who asks, None for ARM itself. Raises `ArmError`: SubscriptionNotFound, ResourceGroupNotFound,
    ResourceGroupBeingDeleted, ParentResourceNotFound, ResourceNotFound (of what an extension extends),
    AnotherOperationInProgress, what the gates of emulator.arm.gates refuse, or the provider's own refusal.
    """
    state = surroundings.state
    _check_place(surroundings, resource_id)
    before = state.find_resource(resource_id)
    if before and before.is_busy:
        raise busy(resource_id)
    document = new_document(resource_id, body)
    give_identities(document, surroundings, before.document if before else None)
    resource = Resource(resource_id, api_version, document)
    if before:
        resource.secrets, resource.created = before.secrets, before.created
    behaviour = behaviour_of(resource_id.type)
    gates.check_write(surroundings, resource, before, caller)
    check(resource, surroundings)
    if before:
        before.properties["provisioningState"] = "Updating"
        state.put_resource(before)
    else:
        placeholder: dict[str, Any] = {
            key: document[key] for key in ("id", "name", "type", "location", "tags") if key in document
        }
        placeholder["properties"] = {"provisioningState": "Creating"}
        state.put_resource(Resource(resource_id, api_version, placeholder, resource.secrets))
    if resource_id.subscription:
        state.register_provider(resource_id.subscription, resource_id.namespace)
    work = ProviderOperation(WRITE, resource_id, behaviour.seconds, document, api_version, is_new=before is None)
    state.put_work(work)
    return work


def finish_write(surroundings: Surroundings, work: ProviderOperation) -> Resource:
    """The time has passed: the resource is what its provider makes of it, and `Succeeded`.

    Raises `ArmError` when it can't be made after all; `abandon_write` is to follow.
    """
    state = surroundings.state
    resource = _in_the_making(surroundings, work)
    behaviour_of(work.target.type).provision(resource, surroundings)
    resource.properties["provisioningState"] = "Succeeded"
    resource.changed = now()
    state.put_resource(resource)
    return resource


async def reach_out(surroundings: Surroundings, work: ProviderOperation) -> None:
    """What a provider does beyond ARM before `finish_write`: containers, packages. May be done again.

    Raises `ArmError` when it fails; `abandon_write` is to follow.
    """
    if step := behaviour_of(work.target.type).work:
        await step(_in_the_making(surroundings, work), surroundings)


def _in_the_making(surroundings: Surroundings, work: ProviderOperation) -> Resource:
    """The resource that a write asks for, with the secrets of what is there.

    Raises ResourceGroupNotFound, and ResourceNotFound when it was deleted with its parent meanwhile.
    """
    if work.target.subscription and work.target.group:
        surroundings.state.group(work.target.subscription, work.target.group)
    shown = surroundings.state.find_resource(work.target)
    if shown is None:
        raise resource_not_found(work.target.type, work.target.name, work.target.group)
    document = deepcopy(work.document or {})
    resource = Resource(work.target, work.api_version, document, shown.secrets, created=shown.created)
    resource.requested = deepcopy(document.get("properties") or {})
    return resource


def abandon_write(surroundings: Surroundings, work: ProviderOperation) -> None:
    """The write failed or was given up: what there was before is there again, marked `Failed` when it existed."""
    shown = surroundings.state.find_resource(work.target)
    if shown and work.is_new:
        surroundings.state.drop_resource(work.target)
    elif shown:
        shown.properties["provisioningState"] = "Failed"
        surroundings.state.put_resource(shown)


async def write(
    surroundings: Surroundings,
    resource_id: ResourceId,
    api_version: str,
    body: Mapping[str, Any],
    caller: Caller | None = None,
) -> tuple[Resource, bool]:
    """A PUT that takes no time; answers the resource and whether it is new. Raises like `begin_write`."""
    work = begin_write(surroundings, resource_id, api_version, body, caller)
    try:
        await reach_out(surroundings, work)
        return finish_write(surroundings, work), work.is_new
    except ArmError:
        abandon_write(surroundings, work)
        raise
    finally:
        surroundings.state.drop_work(work)


def begin_remove(
    surroundings: Surroundings, resource_id: ResourceId, caller: Caller | None = None
) -> ProviderOperation | None:
    """Accept a DELETE: the resource shows `Deleting` until `finish_remove`; None when there is no such resource.

    Raises `ArmError`: AnotherOperationInProgress, what the gates of emulator.arm.gates refuse (ScopeLocked), or the
    provider's own refusal of what is in use.
    """
    found = surroundings.state.find_resource(resource_id)
    if found is None:
        return None
    if found.is_busy:
        raise busy(resource_id)
    gates.check_delete(surroundings, found, caller)
    behaviour_of(resource_id.type).check_removal(found, surroundings)
    found.properties["provisioningState"] = "Deleting"
    surroundings.state.put_resource(found)
    seconds = behaviour_of(resource_id.type).seconds * DELETION_SHARE
    work = ProviderOperation(DELETE, found.id, seconds, is_new=False)
    surroundings.state.put_work(work)
    return work


def finish_remove(surroundings: Surroundings, work: ProviderOperation) -> None:
    """The time has passed: the resource is gone, with its children and extensions."""
    settle_removed(surroundings, surroundings.state.drop_resource(work.target))


def remove(surroundings: Surroundings, resource_id: ResourceId, caller: Caller | None = None) -> bool:
    """A DELETE that takes no time; False when there was nothing. Raises like `begin_remove`."""
    work = begin_remove(surroundings, resource_id, caller)
    if work is None:
        return False
    surroundings.state.drop_work(work)
    finish_remove(surroundings, work)
    return True


def settle_removed(surroundings: Surroundings, removed: list[Resource]) -> None:
    """Tell the providers of resources that are gone."""
    for resource in removed:
        behaviour_of(resource.id.type).removed(resource, surroundings)


def read(surroundings: Surroundings, resource_id: ResourceId) -> Resource:
    """The resource, also one that exists only because its parent does (`blobServices/default`)."""
    state = surroundings.state
    if state.find_resource(resource_id) is None and (implicit := _implicit(surroundings, resource_id)):
        return implicit
    return state.resource(resource_id)


def present(surroundings: Surroundings, resource: Resource) -> dict[str, Any]:
    """What a GET of the resource shows."""
    return behaviour_of(resource.id.type).present(resource, surroundings)


def act(
    surroundings: Surroundings, resource_id: ResourceId, action: str, body: dict[str, Any], caller: Caller | None = None
) -> Any:
    """A POST on a resource, such as `listKeys`, by a request or by a deployment's template for its caller.

    Raises `ArmError`: what emulator.arm.gates refuses, ResourceNotFound, InvalidResourceOperation.
    """
    gates.check_action(surroundings, resource_id, action, caller)
    resource = read(surroundings, resource_id)
    perform = behaviour_of(resource_id.type).actions.get(action.lower())
    if perform is None:
        message = f"The requested resource type '{resource_id.type}' does not support the action '{action}'."
        raise ArmError(400, "InvalidResourceOperation", message)
    if resource.is_busy:
        raise resource_not_found(resource_id.type, resource_id.name, resource_id.group)
    answer = perform(resource, body, surroundings)
    if surroundings.state.find_resource(resource_id) is resource:
        surroundings.state.put_resource(resource)  # an action may make a key, which is the same ever after
    return answer


def _check_place(surroundings: Surroundings, resource_id: ResourceId) -> None:
    state = surroundings.state
    if resource_id.subscription:
        state.check_subscription(resource_id.subscription)
        if resource_id.group:
            state.writable_group(resource_id.subscription, resource_id.group)
    if len(resource_id.last_name) > MAX_RESOURCE_NAME:
        message = f"The resource name '{resource_id.last_name}' exceeds '{MAX_RESOURCE_NAME}' characters."
        raise ArmError(400, "InvalidResourceName", message)
    scope, parent = resource_id.scope, resource_id.parent
    if resource_id.is_extension and not (state.exists(scope) or _implicit(surroundings, scope)):
        raise resource_not_found(scope.type, scope.name, scope.group)
    if parent and not (state.exists(parent) or _implicit(surroundings, parent)):
        raise parent_resource_not_found(str(parent))


def _implicit(surroundings: Surroundings, resource_id: ResourceId) -> Resource | None:
    """The resource, when it is one that its parent brings with it."""
    parent = resource_id.parent
    owner = (surroundings.state.find_resource(parent) or _implicit(surroundings, parent)) if parent else None
    if parent is None or owner is None:
        return None
    path = str(resource_id)[len(str(parent)) + 1 :].lower()
    if path not in {child.lower() for child in behaviour_of(parent.type).implicit_children}:
        return None
    document = new_document(resource_id, {"location": owner.document.get("location")})
    return Resource(resource_id, owner.api_version, document)
