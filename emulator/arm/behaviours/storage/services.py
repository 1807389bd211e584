"""The services of an account and what they hold: containers (made at the storage emulator), shares, queues, tables.

Source: naming rules of the storage REST references (containers, shares, queues, tables), 2025; Blob Containers and Blob
Services of the Microsoft.Storage reference 2023-05-01.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Any

from emulator.arm.behaviours.generic import Behaviour, Surroundings, before, owner_of
from emulator.arm.behaviours.rules import value_at
from emulator.arm.behaviours.storage import service_client
from emulator.arm.clock import now, timestamp
from emulator.arm.errors import ArmError
from emulator.arm.state import Resource

_ACCOUNT = "Microsoft.Storage/storageAccounts"
_DASHED = re.compile(r"[a-z0-9](?:-?[a-z0-9])*")
_TABLE = re.compile(r"[A-Za-z][A-Za-z0-9]{2,62}")
_RESERVED_CONTAINERS = ("$root", "$web", "$logs", "$blobchangefeed")


def _account_of(resource: Resource) -> str:
    return resource.id.parts[-1].names[0]


def _check_dashed(kind: str) -> Callable[[Resource, Surroundings], None]:
    def check(resource: Resource, surroundings: Surroundings) -> None:
        name = resource.id.last_name
        is_special = kind == "container" and name in _RESERVED_CONTAINERS
        if not is_special and not (3 <= len(name) <= 63 and _DASHED.fullmatch(name)):
            message = (
                "The specified resource name contains invalid characters. It must be 3 to 63 lower-case letters, "
                "digits and single hyphens, and begin and end with a letter or a digit."
            )
            raise ArmError(400, f"{kind.capitalize()}OperationFailure", message)

    return check


def _check_container(resource: Resource, surroundings: Surroundings) -> None:
    _check_dashed("container")(resource, surroundings)
    account = owner_of(resource, surroundings)
    public = resource.properties.get("publicAccess")
    if public not in (None, "None", "Blob", "Container"):
        message = "Values for request parameters are invalid: publicAccess."
        raise ArmError(400, "InvalidValuesForRequestParameters", message)
    allowed = bool(account and value_at(account.properties, "allowBlobPublicAccess"))
    if public in ("Blob", "Container") and account and not allowed:
        message = "Public access is not permitted on this storage account."
        raise ArmError(409, "PublicAccessNotPermitted", message)


async def _make_container(resource: Resource, surroundings: Surroundings) -> None:
    await service_client.ensure_container(
        surroundings, _account_of(resource), resource.id.last_name, resource.properties
    )


def _provision_container(resource: Resource, surroundings: Surroundings) -> None:
    defaults: dict[str, Any] = {
        "deleted": False,
        "remainingRetentionDays": 0,
        "defaultEncryptionScope": "$account-encryption-key",
        "denyEncryptionScopeOverride": False,
        "publicAccess": "None",
        "leaseStatus": "Unlocked",
        "leaseState": "Available",
        "hasImmutabilityPolicy": False,
        "hasLegalHold": False,
    }
    for name, value in defaults.items():
        resource.properties.setdefault(name, value)
    _stamp(resource)


def _stamp(resource: Resource) -> None:
    moment = timestamp(now())
    resource.properties["lastModifiedTime"] = moment
    resource.document["etag"] = f'"0x{hashlib.sha256((resource.id.key + moment).encode()).hexdigest()[:15].upper()}"'


def _removed_container(resource: Resource, surroundings: Surroundings) -> None:
    service_client.discard(surroundings, _account_of(resource), resource.id.last_name)


def _provision_share(resource: Resource, surroundings: Surroundings) -> None:
    for name, value in {"accessTier": "TransactionOptimized", "shareQuota": 5120, "enabledProtocols": "SMB"}.items():
        resource.properties.setdefault(name, value)
    _stamp(resource)


def _check_table(resource: Resource, surroundings: Surroundings) -> None:
    if not _TABLE.fullmatch(resource.id.last_name):
        message = (
            f"{resource.id.last_name} is not a valid table name. It must be 3 to 63 letters and digits and begin with "
            "a letter."
        )
        raise ArmError(400, "InvalidResourceName", message)


def _provision_table(resource: Resource, surroundings: Surroundings) -> None:
    resource.properties["tableName"] = resource.id.last_name


def _check_default(resource: Resource, surroundings: Surroundings) -> None:
    if resource.id.last_name.lower() != "default":
        message = f"The resource name '{resource.id.last_name}' is not valid: its only name is 'default'."
        raise ArmError(400, "InvalidResourceName", message)


def _keep_sku(resource: Resource, surroundings: Surroundings) -> None:
    """A service shows the kind of its account."""
    account = owner_of(resource, surroundings)
    if account and account.document.get("sku"):
        resource.document["sku"] = account.document["sku"]


def _present_blob_service(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "cors": {"corsRules": []},
        "deleteRetentionPolicy": {"allowPermanentDelete": False, "enabled": False},
    }
    shown = {key: value for key, value in resource.document.items() if key != "location"}
    return shown | {"properties": defaults | resource.properties}


def _check_policy(resource: Resource, surroundings: Surroundings) -> None:
    _check_default(resource, surroundings)
    rules = value_at(resource.properties, "policy.rules")
    if not isinstance(rules, list):
        raise ArmError(400, "InvalidRequestPropertyValue", "The value of the property 'policy' is missing.")
    names = [str(rule.get("name")) for rule in rules]
    if len(set(names)) != len(names):
        message = "The management policy's rule names must be unique within a policy."
        raise ArmError(400, "InvalidRequestPropertyValue", message)


def _provision_policy(resource: Resource, surroundings: Surroundings) -> None:
    resource.document["name"] = "DefaultManagementPolicy"
    resource.properties["lastModifiedTime"] = timestamp(now())


def _keep_metadata(resource: Resource, surroundings: Surroundings) -> None:
    """A queue keeps its metadata when a later write names none."""
    earlier = before(resource, surroundings)
    if earlier and "metadata" in earlier.properties:
        resource.properties.setdefault("metadata", earlier.properties["metadata"])


BEHAVIOURS = {
    f"{_ACCOUNT}/blobServices": Behaviour(1, check=_check_default, provision=_keep_sku, present=_present_blob_service),
    f"{_ACCOUNT}/fileServices": Behaviour(1, check=_check_default, provision=_keep_sku),
    f"{_ACCOUNT}/queueServices": Behaviour(1, check=_check_default),
    f"{_ACCOUNT}/tableServices": Behaviour(1, check=_check_default),
    f"{_ACCOUNT}/blobServices/containers": Behaviour(
        1, check=_check_container, work=_make_container, provision=_provision_container, removed=_removed_container
    ),
    f"{_ACCOUNT}/fileServices/shares": Behaviour(1, check=_check_dashed("share"), provision=_provision_share),
    f"{_ACCOUNT}/queueServices/queues": Behaviour(1, check=_check_dashed("queue"), provision=_keep_metadata),
    f"{_ACCOUNT}/tableServices/tables": Behaviour(1, check=_check_table, provision=_provision_table),
    f"{_ACCOUNT}/managementPolicies": Behaviour(1, check=_check_policy, provision=_provision_policy),
}
