"""Writing and removing resources: the checks that come first, the state while it takes time, and the result."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.arm.behaviours import Behaviour, Surroundings, behaviour_of
from emulator.arm.behaviours.generic import give_identities, new_document
from emulator.arm.clock import now
from emulator.arm.errors import ArmError, parent_resource_not_found, resource_not_found
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import Resource, busy

MAX_RESOURCE_NAME = 260  # ARM: the longest name of any resource type


@dataclass(frozen=True)
class PendingWrite:
    """A write that was accepted and has not ended; `before` is what there was."""

    resource: Resource
    before: Resource | None
    behaviour: Behaviour


def begin_write(
    surroundings: Surroundings, resource_id: ResourceId, api_version: str, body: Mapping[str, Any]
) -> PendingWrite:
    """Accept a PUT: what exists shows `Creating` or `Updating` until `finish_write`.

    Raises `ArmError`: SubscriptionNotFound, ResourceGroupNotFound, ResourceGroupBeingDeleted, ParentResourceNotFound,
    ResourceNotFound (of what an extension extends), AnotherOperationInProgress, or the provider's own refusal.
    """
    state = surroundings.state
    _check_place(surroundings, resource_id)
    before = state.find_resource(resource_id)
    if before and before.is_busy:
        raise busy(resource_id)
    document = new_document(resource_id, body)
    give_identities(document, surroundings.tenant, before.document if before else None)
    resource = Resource(resource_id, api_version, document)
    if before:
        resource.secrets, resource.created = before.secrets, before.created
    behaviour = behaviour_of(resource_id.type)
    behaviour.check(resource, surroundings)
    if before:
        before.properties["provisioningState"] = "Updating"
    else:
        placeholder: dict[str, Any] = {
            key: document[key] for key in ("id", "name", "type", "location", "tags") if key in document
        }
        placeholder["properties"] = {"provisioningState": "Creating"}
        state.put_resource(Resource(resource_id, api_version, placeholder))
    if resource_id.subscription:
        state.register_provider(resource_id.subscription, resource_id.namespace)
    return PendingWrite(resource, before, behaviour)


def finish_write(surroundings: Surroundings, pending: PendingWrite) -> Resource:
    """The time has passed: the resource is what its provider makes of it, and `Succeeded`."""
    resource = pending.resource
    if resource.id.subscription and resource.id.group:
        surroundings.state.group(resource.id.subscription, resource.id.group)
    pending.behaviour.provision(resource, surroundings)
    resource.properties["provisioningState"] = "Succeeded"
    resource.changed = now()
    surroundings.state.put_resource(resource)
    return resource


def abandon_write(surroundings: Surroundings, pending: PendingWrite) -> None:
    """The write failed or was given up: what there was before is there again, marked `Failed` when it existed."""
    if pending.before is None:
        surroundings.state.drop_resource(pending.resource.id)
    else:
        pending.before.properties["provisioningState"] = "Failed"


def write(
    surroundings: Surroundings, resource_id: ResourceId, api_version: str, body: Mapping[str, Any]
) -> tuple[Resource, bool]:
    """A PUT that takes no time; answers the resource and whether it is new."""
    pending = begin_write(surroundings, resource_id, api_version, body)
    return finish_write(surroundings, pending), pending.before is None


def remove(surroundings: Surroundings, resource_id: ResourceId) -> bool:
    """Delete a resource with its children and extensions; False when there was none."""
    found = surroundings.state.find_resource(resource_id)
    if found is None:
        return False
    if found.is_busy:
        raise busy(resource_id)
    settle_removed(surroundings, surroundings.state.drop_resource(resource_id))
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


def act(surroundings: Surroundings, resource_id: ResourceId, action: str, body: dict[str, Any]) -> Any:
    """A POST on a resource, such as `listKeys`; raises `ArmError` when the type has no such action."""
    resource = read(surroundings, resource_id)
    perform = behaviour_of(resource_id.type).actions.get(action.lower())
    if perform is None:
        message = f"The requested resource type '{resource_id.type}' does not support the action '{action}'."
        raise ArmError(400, "InvalidResourceOperation", message)
    if resource.is_busy:
        raise resource_not_found(resource_id.type, resource_id.name, resource_id.group)
    return perform(resource, body, surroundings)


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
    owner = surroundings.state.find_resource(parent) if parent else None
    if parent is None or owner is None:
        return None
    path = str(resource_id)[len(str(parent)) + 1 :].lower()
    if path not in {child.lower() for child in behaviour_of(parent.type).implicit_children}:
        return None
    document = new_document(resource_id, {"location": owner.document.get("location")})
    return Resource(resource_id, owner.api_version, document)
