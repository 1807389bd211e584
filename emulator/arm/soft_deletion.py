"""Soft-deleted resources: they keep their name for the length of their retention, until they are recovered or purged.

Sources of the wording: https://learn.microsoft.com/azure/key-vault/general/key-vault-recovery and
https://learn.microsoft.com/azure/ai-services/recover-purge-resources.
"""

from datetime import datetime, timedelta
from typing import Any

from emulator.arm.clock import SimulatedTime, now
from emulator.arm.documents import pack, unpack
from emulator.arm.errors import ArmError
from emulator.arm.models import Resource
from emulator.arm.state import CloudState

VAULT = "Microsoft.KeyVault/vaults"
COGNITIVE_ACCOUNT = "Microsoft.CognitiveServices/accounts"
CONFIGURATION_STORE = "Microsoft.AppConfiguration/configurationStores"
_KIND = "softDeleted"
_RETENTION_DAYS = {VAULT.lower(): 90, COGNITIVE_ACCOUNT.lower(): 2, CONFIGURATION_STORE.lower(): 7}


class SoftDeleted:
    """A deleted resource that holds its name, as it was."""

    def __init__(self, record: dict[str, Any]) -> None:
        self.resource = unpack(Resource, record["resource"])
        self.deleted = datetime.fromisoformat(record["deleted"])
        self.days = int(record["days"])
        self.purges_at = self.deleted + timedelta(days=self.days)

    @property
    def location(self) -> str:
        """Where it was, in lower case without spaces."""
        return str(self.resource.document.get("location", "")).replace(" ", "").lower()

    @property
    def is_protected(self) -> bool:
        """True when it can't be purged before its time."""
        return bool(self.resource.properties.get("enablePurgeProtection"))


def keep(state: CloudState, resource: Resource) -> None:
    """Note that a resource was deleted softly; for a vault's, an account's or a store's `Behaviour.removed`.

    One without soft deletion (`enableSoftDelete: false`, a free configuration store) is just gone.
    """
    days = int(resource.properties.get("softDeleteRetentionInDays") or _RETENTION_DAYS[resource.id.type.lower()])
    is_free = str((resource.document.get("sku") or {}).get("name", "")).lower() == "free"
    if resource.properties.get("enableSoftDelete") is False or (is_free and _is(resource, CONFIGURATION_STORE)):
        return
    record = {"resource": pack(resource), "deleted": now().isoformat(), "days": days}
    state.put_record(_KIND, _key(resource), record)


def every(state: CloudState, time: SimulatedTime, resource_type: str) -> list[SoftDeleted]:
    """What of a type is held, in all subscriptions; what is past its retention is forgotten."""
    found = []
    for key, record in state.records(_KIND).items():
        deleted = SoftDeleted(record)
        if time.age(deleted.deleted) > timedelta(days=deleted.days):
            state.drop_record(_KIND, key)
        elif _is(deleted.resource, resource_type):
            found.append(deleted)
    return found


def find(state: CloudState, time: SimulatedTime, resource_type: str, name: str) -> SoftDeleted | None:
    """What holds a name of a type, which is the whole world's; for accounts see `holder_of`."""
    for deleted in every(state, time, resource_type):
        if deleted.resource.id.last_name.lower() == name.lower():
            return deleted
    return None


def holder_of(state: CloudState, time: SimulatedTime, resource: Resource) -> SoftDeleted | None:
    """What holds the name that a resource is to have; an account's name is that of its resource group alone."""
    if not _is(resource, COGNITIVE_ACCOUNT):
        return find(state, time, resource.id.type, resource.id.last_name)
    held = every(state, time, COGNITIVE_ACCOUNT)
    return next((deleted for deleted in held if deleted.resource.id.key == resource.id.key), None)


def purge(state: CloudState, deleted: SoftDeleted) -> None:
    """Let the name go; raises `ArmError` for what is protected from purging."""
    if deleted.is_protected:
        message = (
            f'Operation "DeletedVaultPurge" is not allowed because purge protection is enabled for this '
            f"{deleted.resource.id.type.partition('/')[2]} '{deleted.resource.id.last_name}'."
        )
        raise ArmError(409, "PurgeProtectionEnabled", message)
    state.drop_record(_KIND, _key(deleted.resource))


def check(state: CloudState, time: SimulatedTime, resource: Resource) -> None:
    """Raise when a new resource's name is held by a deleted one which the request does not ask to recover.

    For `Behaviour.check` of the three types. ConflictError or VaultAlreadyExists, FlagMustBeSetForRestore,
    NameUnavailable; NotFound or CannotRestoreANonExistingResource when there is nothing to recover.
    """
    if state.find_resource(resource.id):
        return
    deleted = holder_of(state, time, resource)
    if _wants_recovery(resource):
        if deleted is None or deleted.resource.id.key != resource.id.key:
            raise _nothing_to_recover(resource)
    elif deleted:
        raise _name_is_held(resource, deleted)


def recover(state: CloudState, time: SimulatedTime, resource: Resource) -> Resource | None:
    """What was deleted, when the request asks to recover it; its name is free again.

    For `Behaviour.provision`, which then goes on with the properties and secrets of what is answered.
    """
    if not _wants_recovery(resource):
        return None
    for flag in ("restore", "createMode"):
        resource.properties.pop(flag, None)
    deleted = holder_of(state, time, resource)
    if deleted:
        state.drop_record(_KIND, _key(deleted.resource))
    return deleted.resource if deleted else None


def _wants_recovery(resource: Resource) -> bool:
    mode = str(resource.properties.get("createMode", "")).lower()
    return mode == "recover" or resource.properties.get("restore") is True


def _is(resource: Resource, resource_type: str) -> bool:
    return resource.id.type.lower() == resource_type.lower()


def _key(resource: Resource) -> str:
    return resource.id.key if _is(resource, COGNITIVE_ACCOUNT) else f"{resource.id.type}/{resource.id.last_name}"


def _nothing_to_recover(resource: Resource) -> ArmError:
    if _is(resource, COGNITIVE_ACCOUNT):
        message = (
            f"The resource '{resource.id}' can't be restored, because no soft-deleted resource of that name exists."
        )
        return ArmError(409, "CanNotRestoreANonExistingResource", message)
    message = f"Deleted {resource.id.type.rpartition('/')[2]} '{resource.id.last_name}' could not be found."
    return ArmError(404, "NotFound", message)


def _name_is_held(resource: Resource, deleted: SoftDeleted) -> ArmError:
    if _is(resource, COGNITIVE_ACCOUNT):
        message = (
            f"An existing resource with ID '{deleted.resource.id}' has been soft-deleted. To restore the resource, you "
            "must specify 'restore' to be 'true' in the property. If you don't want to restore existing resource, "
            "please purge it first."
        )
        return ArmError(409, "FlagMustBeSetForRestore", message)
    if _is(resource, CONFIGURATION_STORE):
        return ArmError(409, "NameUnavailable", "The specified name is already in use.")
    if (deleted.resource.id.subscription or "").lower() == (resource.id.subscription or "").lower():
        message = (
            "A vault with the same name already exists in deleted state. You need to either recover or purge existing "
            "key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft "
            "delete."
        )
        return ArmError(409, "ConflictError", message)
    message = (
        f"The vault name '{resource.id.last_name}' is already in use. Vault names are globally unique so it is "
        "possible that the name is already taken. If you are sure that the vault name was not taken then it is "
        "possible that a vault with the same name was recently deleted but not purged after being placed in a "
        "recoverable state. Follow this link https://go.microsoft.com/fwlink/?linkid=2147740 for more information on "
        "soft delete."
    )
    return ArmError(409, "VaultAlreadyExists", message)
