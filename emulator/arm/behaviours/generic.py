"""What every resource does: it keeps what it is given, succeeds after its provisioning time, and can be named."""

import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.arm.identifiers import ResourceId
from emulator.arm.state import CloudState, Resource

DEFAULT_SECONDS = 5.0

KEPT = ("location", "tags", "kind", "sku", "identity", "zones", "plan", "managedBy", "extendedLocation", "eTag")


@dataclass(frozen=True)
class Surroundings:
    """What a behaviour may look at and touch: everything that exists, and the storage emulator's accounts."""

    state: CloudState
    tenant: str
    blob_endpoint: str
    accounts: "AccountKeys"


class AccountKeys:
    """The keys of storage accounts by name; `storage` keeps them in the file that the storage emulator reads."""

    def ensure(self, name: str) -> str:
        """The account's key, base64; made when there is none."""
        raise NotImplementedError

    def forget(self, name: str) -> None:
        """The account is gone."""
        raise NotImplementedError


Action = Callable[[Resource, dict[str, Any], Surroundings], Any]
"""A POST on a resource: (resource, request body, surroundings) -> answer."""


@dataclass(frozen=True)
class Behaviour:
    """How one resource type behaves; the defaults are those of a type nobody described.

    `seconds` is the time provisioning takes in Azure. `check` raises `ArmError` for what the provider refuses before it
    begins. `provision` completes the resource when its time has passed. `present` is what GET and `reference()` show.
    `actions` are the POSTs (`listKeys`), by lower-case name. `implicit_children` exist as soon as the resource does.
    """

    seconds: float = DEFAULT_SECONDS
    check: Callable[[Resource, Surroundings], None] = lambda resource, surroundings: None
    provision: Callable[[Resource, Surroundings], None] = lambda resource, surroundings: None
    present: Callable[[Resource, Surroundings], dict[str, Any]] = lambda resource, surroundings: resource.document
    removed: Callable[[Resource, Surroundings], None] = lambda resource, surroundings: None
    actions: Mapping[str, Action] = field(default_factory=dict)
    implicit_children: tuple[str, ...] = ()


def new_document(resource_id: ResourceId, body: Mapping[str, Any]) -> dict[str, Any]:
    """The resource document that a PUT with `body` makes."""
    document: dict[str, Any] = {"id": str(resource_id), "name": resource_id.last_name, "type": resource_id.type}
    document |= {key: body[key] for key in KEPT if body.get(key) is not None}
    document["properties"] = dict(body.get("properties") or {})
    return document


def give_identities(document: dict[str, Any], tenant: str, before: Mapping[str, Any] | None) -> None:
    """Fill in what the platform adds to `identity`: principals, kept over later writes of the same resource."""
    identity = document.get("identity")
    if not isinstance(identity, dict):
        return
    kinds = {kind.strip().lower() for kind in str(identity.get("type", "")).split(",")}
    earlier = (before or {}).get("identity") or {}
    identity = dict(identity)
    if "systemassigned" in kinds:
        identity["principalId"] = earlier.get("principalId") or str(uuid.uuid4())
        identity["tenantId"] = tenant
    assigned = identity.get("userAssignedIdentities")
    if isinstance(assigned, dict):
        known = earlier.get("userAssignedIdentities") or {}
        identity["userAssignedIdentities"] = {
            key: known.get(key) or {"principalId": str(uuid.uuid4()), "clientId": str(uuid.uuid4())} for key in assigned
        }
    document["identity"] = identity


def new_secret(length: int = 44) -> str:
    """A random key of letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(length)[:length]


def secret_of(resource: Resource, name: str, length: int = 44) -> str:
    """A key of the resource that is made once and then stays."""
    return str(resource.secrets.setdefault(name, new_secret(length)))
