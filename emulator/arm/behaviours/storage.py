"""Storage accounts: name rules, endpoints at the storage emulator, keys that it knows at once."""

import json
import re
from pathlib import Path
from typing import Any

from emulator.arm.behaviours.generic import AccountKeys, Behaviour, Surroundings
from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import Resource
from emulator.azurite.accounts import new_key, write_accounts

_NAME = re.compile(r"[a-z0-9]{3,24}")
_OTHER_SERVICES = ("queue", "table", "file", "dfs", "web")


class AccountsFile(AccountKeys):
    """`{"name": "base64 key"}` in a file that another process reads: replaced whole, never half written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ensure(self, name: str) -> str:
        """The account's key; 64 random bytes when it is new."""
        accounts = self._read()
        if name not in accounts:
            accounts[name] = new_key()
            write_accounts(self._path, accounts)
        return accounts[name]

    def forget(self, name: str) -> None:
        """Remove the account's key."""
        accounts = self._read()
        if accounts.pop(name, None):
            write_accounts(self._path, accounts)

    def _read(self) -> dict[str, str]:
        if not self._path.exists():
            return {}
        accounts: dict[str, str] = json.loads(self._path.read_text(encoding="utf-8"))
        return accounts


def _check(resource: Resource, surroundings: Surroundings) -> None:
    name = resource.id.name
    if not _NAME.fullmatch(name):
        message = (
            f"{name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in "
            "length and use numbers and lower-case letters only."
        )
        raise ArmError(400, "AccountNameInvalid", message)
    for subscription in surroundings.state.subscriptions.values():
        for other in surroundings.state.resources(ResourceId(subscription)):
            same = other.id.type.lower() == resource.id.type.lower() and other.id.name.lower() == name
            if same and other.id.key != resource.id.key:
                raise ArmError(409, "StorageAccountAlreadyTaken", f"The storage account named {name} is already taken.")


def _provision(resource: Resource, surroundings: Surroundings) -> None:
    name, properties = resource.id.name, resource.properties
    resource.secrets["key1"] = surroundings.accounts.ensure(name)
    resource.secrets.setdefault("key2", new_key())
    endpoints = {"blob": f"{surroundings.blob_endpoint.rstrip('/')}/{name}/"}
    endpoints |= {service: f"https://{name}.{service}.core.windows.net/" for service in _OTHER_SERVICES}
    properties["primaryEndpoints"] = endpoints
    properties["primaryLocation"] = resource.document.get("location")
    properties["statusOfPrimary"] = "available"
    properties.setdefault("supportsHttpsTrafficOnly", True)
    properties.setdefault("minimumTlsVersion", "TLS1_0")
    properties.setdefault("allowBlobPublicAccess", False)
    properties.setdefault("accessTier", "Hot")


def _list_keys(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    return {"keys": [{"keyName": n, "value": resource.secrets.get(n), "permissions": "FULL"} for n in ("key1", "key2")]}


def _removed(resource: Resource, surroundings: Surroundings) -> None:
    surroundings.accounts.forget(resource.id.name)


BEHAVIOURS = {
    "Microsoft.Storage/storageAccounts": Behaviour(
        seconds=20,
        check=_check,
        provision=_provision,
        removed=_removed,
        actions={"listkeys": _list_keys},
        implicit_children=(
            "blobServices/default",
            "fileServices/default",
            "queueServices/default",
            "tableServices/default",
        ),
    ),
}
