"""What was deleted and keeps its name for days, until it is purged: vaults, Cognitive Services, configuration stores.

Sources: the REST references Vaults - Get Deleted and Purge Deleted, Deleted Accounts - Get and Purge, Configuration
Stores - Get Deleted and Purge Deleted (2025).
"""

from dataclasses import dataclass
from typing import Any

from armature.azure.arm.ids import bare, resource_type_of
from armature.azure.arm.providers import Providers


@dataclass(frozen=True)
class _Kind:
    """How a provider tells of its deleted resources: the name of the list, and of the field that holds the old id."""

    list_name: str
    id_field: str
    is_in_group: bool = False
    is_purged_by_post: bool = True


_KINDS = {
    "microsoft.keyvault/vaults": _Kind("deletedVaults", "vaultId"),
    "microsoft.appconfiguration/configurationstores": _Kind("deletedConfigurationStores", "configurationStoreId"),
    "microsoft.cognitiveservices/accounts": _Kind(
        "deletedAccounts", "internalId", is_in_group=True, is_purged_by_post=False
    ),
}


def keeps_its_name(resource_id: str) -> bool:
    """Whether a resource is of a type whose name stays taken after its deletion."""
    return resource_type_of(resource_id).lower() in _KINDS


class SoftDeletion(Providers):
    """The part of the gateway that knows what soft deletion leaves behind."""

    def soft_deleted_name(self, resource_id: str, location: str) -> bool:
        """Whether the deleted resource still holds its name there. False for types without soft deletion.

        Another's resource of the same name does not count. Changes nothing.
        """
        kind = _KINDS.get(resource_type_of(resource_id).lower())
        if kind is None:
            return False
        found = self._read(_deleted_path(kind, resource_id, location), self._deleted_version(resource_id))
        if found is None:
            return False
        was = (found.get("properties") or {}).get(kind.id_field)
        # A deleted account's own path holds its group and name; Azure's `internalId` is a number then.
        return kind.is_in_group or bare(str(was)).lower() == bare(resource_id).lower()

    def soft_deleted_ids(self, resource_type: str) -> set[str]:
        """The ids, in lower case, that what was deleted of a type in the subscription had, and could be recovered
        under. None for types without soft deletion. Changes nothing.

        Raises:
            FailureError: ARM refuses to tell.
        """
        kind = _KINDS.get(resource_type.lower())
        if kind is None:
            return set()
        namespace = resource_type.partition("/")[0]
        path = f"/subscriptions/{self.subscription}/providers/{namespace}/{kind.list_name}"
        found = self._whole_list(path, self.api_version(resource_type))
        return {_id_before(kind, resource_type, entry).lower() for entry in found}

    def purge_soft_deleted(self, resource_id: str, location: str) -> bool:
        """Let the name of a deleted resource go, for good: True when it is free, False when ARM works on it.

        Only a resource that had this very id is purged. A second run finds nothing to purge.

        Raises:
            FailureError: it is protected from purging; ARM refuses.
        """
        kind = _KINDS.get(resource_type_of(resource_id).lower())
        if kind is None or not self.soft_deleted_name(resource_id, location):
            return True
        path, version = _deleted_path(kind, resource_id, location), self._deleted_version(resource_id)
        if kind.is_purged_by_post:
            return self._delete(f"{path}/purge", version, method="POST")
        return self._delete(path, version)

    def _deleted_version(self, resource_id: str) -> str:
        return self.api_version(resource_type_of(resource_id))


def _id_before(kind: _Kind, resource_type: str, deleted: dict[str, Any]) -> str:
    """The id that something deleted had. A deleted account's own path holds its group and name."""
    if not kind.is_in_group:
        return str((deleted.get("properties") or {}).get(kind.id_field))
    segments = bare(str(deleted["id"])).split("/")
    return f"/subscriptions/{segments[1]}/resourceGroups/{segments[7]}/providers/{resource_type}/{segments[-1]}"


def _deleted_path(kind: _Kind, resource_id: str, location: str) -> str:
    segments = bare(resource_id).split("/")
    subscription, group, namespace, name = segments[1], segments[3], segments[5], segments[-1]
    place = f"/subscriptions/{subscription}/providers/{namespace}/locations/{location.replace(' ', '').lower()}"
    if kind.is_in_group:
        place += f"/resourceGroups/{group}"
    return f"{place}/{kind.list_name}/{name}"
