"""What every resource does: it keeps what it is given, succeeds after its provisioning time, and can be named."""

import copy
import json
import secrets
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.arm.behaviours.outside import Outside
from emulator.arm.clock import SimulatedTime
from emulator.arm.errors import ArmError
from emulator.arm.faults.creation import CreationFaults
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import CloudState, Resource

DEFAULT_SECONDS = 5.0

_NEVER_TOLD = frozenset({"adminpassword", "administratorloginpassword", "protectedsettings", "securevalue"})
"""Properties that are written and not read: of machines and scale sets, database servers, extensions, containers."""
KEPT = ("location", "tags", "kind", "sku", "identity", "zones", "plan", "managedBy", "extendedLocation", "eTag")


@dataclass(frozen=True)
class Surroundings:
    """What a behaviour may look at and touch: everything that exists, the storage emulator's accounts, and beyond.

    Without `outside` nothing but ARM runs: containers and packages are only described. `faults` happen to what
    deployments make.
    """

    state: CloudState
    tenant: str
    blob_endpoint: str
    accounts: "AccountKeys"
    outside: Outside | None = None
    time: SimulatedTime = field(default_factory=lambda: SimulatedTime(0))
    faults: CreationFaults | None = None


class AccountKeys:
    """The keys of storage accounts by name; `storage` keeps them in the file that the storage emulator reads."""

    def ensure(self, name: str, number: int = 1) -> str:
        """The account's first or second key, base64; made when there is none."""
        raise NotImplementedError

    def renew(self, name: str, number: int) -> str:
        """A new first or second key in place of the old one, which opens nothing any more."""
        raise NotImplementedError

    def forget(self, name: str) -> None:
        """The account is gone."""
        raise NotImplementedError


Check = Callable[[Resource, Surroundings], None]
Action = Callable[[Resource, dict[str, Any], Surroundings], Any]
"""A POST on a resource: (resource, request body, surroundings) -> answer."""


def _nothing(resource: Resource, surroundings: Surroundings) -> None:
    """Nothing to check or to do."""


def _shown(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    """The document without what providers take and never tell."""
    return resource.document | {"properties": _without_secrets(resource.properties)}


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_secrets(one) for key, one in value.items() if str(key).lower() not in _NEVER_TOLD}
    return [_without_secrets(one) for one in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Behaviour:
    """How one resource type behaves; the defaults are those of a type nobody described.

    `seconds` is the time provisioning takes in Azure. `check` raises `ArmError` for what the provider refuses before it
    begins; it changes nothing, and finds the resource that is there before, if any, in the state (`before`).
    `is_preflighted` says that the provider runs it before a deployment is accepted. `work` is what takes real time
    (storage, downloads) once the simulated time has passed; it may run twice. `provision` then completes the resource.
    `present` is what GET and `reference()` show. `check_removal` raises `ArmError` for a resource that is in use;
    `removed` clears up. `actions` are the POSTs (`listKeys`), by lower-case name. `implicit_children` exist as soon as
    the resource does. `has_global_name` says that the name is part of a public host name.
    """

    seconds: float = DEFAULT_SECONDS
    check: Check = _nothing
    work: Callable[[Resource, Surroundings], Awaitable[None]] | None = None
    provision: Callable[[Resource, Surroundings], None] = _nothing
    present: Callable[[Resource, Surroundings], dict[str, Any]] = _shown
    check_removal: Check = _nothing
    removed: Callable[[Resource, Surroundings], None] = _nothing
    actions: Mapping[str, Action] = field(default_factory=dict)
    implicit_children: tuple[str, ...] = ()
    is_preflighted: bool = False
    has_global_name: bool = False


def before(resource: Resource, surroundings: Surroundings) -> Resource | None:
    """What a write replaces; None when it makes something new, or replaces what is still in the making."""
    found = surroundings.state.find_resource(resource.id)
    return None if found is None or found.provisioning_state == "Creating" else found


def owner_of(resource: Resource, surroundings: Surroundings) -> Resource | None:
    """The top-level resource of which this one is a child or grandchild; itself when it is top-level."""
    owner = resource.id
    while owner.parent is not None:
        owner = owner.parent
    return surroundings.state.find_resource(owner)


def parent_of(resource: Resource, surroundings: Surroundings) -> Resource | None:
    """The resource of which this one is a child; None when it is top-level, or its parent only implied."""
    parent = resource.id.parent
    return surroundings.state.find_resource(parent) if parent else None


def new_document(resource_id: ResourceId, body: Mapping[str, Any]) -> dict[str, Any]:
    """The resource document that a PUT with `body` makes; it shares nothing with the body, so it may be changed."""
    document: dict[str, Any] = {"id": str(resource_id), "name": resource_id.last_name, "type": resource_id.type}
    document |= {key: copy.deepcopy(body[key]) for key in KEPT if body.get(key) is not None}
    document["properties"] = copy.deepcopy(dict(body.get("properties") or {}))
    return document


def give_identities(document: dict[str, Any], surroundings: Surroundings, before: Mapping[str, Any] | None) -> None:
    """Fill in what the platform adds to `identity`: a principal of its own, which it keeps, and those of the assigned.

    Raises `ArmError` (FailedIdentityOperation) when a user-assigned identity is not there.
    """
    identity = document.get("identity")
    if not isinstance(identity, dict):
        return
    kinds = {kind.strip().lower() for kind in str(identity.get("type", "")).split(",")}
    earlier = (before or {}).get("identity") or {}
    identity = dict(identity)
    if "systemassigned" in kinds:
        identity["principalId"] = earlier.get("principalId") or str(uuid.uuid4())
        identity["tenantId"] = surroundings.tenant
    assigned = identity.get("userAssignedIdentities")
    if isinstance(assigned, dict):
        found = {key: _assigned(document, key, surroundings) for key in assigned}
        identity["userAssignedIdentities"] = found
    document["identity"] = identity


def _assigned(document: dict[str, Any], key: str, surroundings: Surroundings) -> dict[str, Any]:
    """The principal and the client of a user-assigned identity; one of a foreign subscription gets some."""
    named = ResourceId.parse(key)
    found = surroundings.state.find_resource(named)
    if found:
        return {name: found.properties.get(name) for name in ("principalId", "clientId")}
    if str(named.subscription).lower() not in surroundings.state.subscriptions:
        told = uuid.uuid5(uuid.NAMESPACE_URL, named.key)
        return {"principalId": str(told), "clientId": str(uuid.uuid5(told, "client"))}
    reason = json.dumps({"error": {"code": "BadRequest", "message": f"Resource '{key}' was not found."}})
    message = (
        f"Identity operation for resource '{document['id']}' failed with error 'Failed to perform resource identity "
        f"operation. Status: 'BadRequest'. Response: '{reason}'.'."
    )
    raise ArmError(400, "FailedIdentityOperation", message)


def new_secret(length: int = 44) -> str:
    """A random key of letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(length)[:length]


def secret_of(resource: Resource, name: str, length: int = 44) -> str:
    """A key of the resource that is made once and then stays."""
    return str(resource.secrets.setdefault(name, new_secret(length)))


def shown_without(resource: Resource, *names: str) -> dict[str, Any]:
    """The document without some properties: what a provider takes and never tells again."""
    hidden = {name.lower() for name in names}
    kept = {name: value for name, value in resource.properties.items() if name.lower() not in hidden}
    return resource.document | {"properties": kept}
