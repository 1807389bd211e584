"""Vaults: names, what can't be undone, and access policies that are added, replaced and removed.

Source: Vaults reference 2023-07-01; https://learn.microsoft.com/azure/key-vault/general/common-error-codes, 2025.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from emulator.arm import soft_deletion
from emulator.arm.behaviours import retention
from emulator.arm.behaviours.generic import Behaviour, Surroundings, before, parent_of
from emulator.arm.behaviours.network.connections import present_with_connections
from emulator.arm.behaviours.rules import changed, same_name_elsewhere
from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import Resource

VAULT = "Microsoft.KeyVault/vaults"
_NAME = re.compile(r"(?=.{3,24}$)[A-Za-z](?:-?[A-Za-z0-9])*")
_FEWEST_DAYS, _MOST_DAYS = 7, 90
_OPERATIONS = ("add", "replace", "remove")


def name_availability(name: str, surroundings: Surroundings) -> dict[str, Any]:
    """What `checkNameAvailability` answers."""
    if not _NAME.fullmatch(name):
        return {"nameAvailable": False, "reason": "AccountNameInvalid", "message": _name_refusal(name)}
    is_held = soft_deletion.find(surroundings.state, surroundings.time, VAULT, name)
    if is_held or same_name_elsewhere(Resource(ResourceId.parse(f"/providers/{VAULT}/{name}"), "", {}), surroundings):
        return {"nameAvailable": False, "reason": "AlreadyExists", "message": f"The name '{name}' is already in use."}
    return {"nameAvailable": True}


def _name_refusal(name: str) -> str:
    return (
        f"The vault name '{name}' is invalid. A vault's name must be between 3-24 alphanumeric characters. The name "
        "must begin with a letter, end with a letter or digit, and not contain consecutive hyphens. Follow this link "
        "for more information: https://go.microsoft.com/fwlink/?linkid=2147742"
    )


def already_in_use(name: str) -> ArmError:
    """Somebody has a vault of that name, or had one that was deleted and not purged."""
    message = (
        f"The vault name '{name}' is already in use. Vault names are globally unique so it is possible that the name "
        "is already taken. If you are sure that the vault name was not taken then it is possible that a vault with the "
        "same name was recently deleted but not purged after being placed in a recoverable state. If the vault is in a "
        "recoverable state then the vault will need to be purged before reusing the name. For more information about "
        "VaultAlreadyExists, follow this link https://go.microsoft.com/fwlink/?linkid=2147740"
    )
    return ArmError(409, "VaultAlreadyExists", message)


def _check(resource: Resource, surroundings: Surroundings) -> None:
    if not _NAME.fullmatch(resource.id.last_name):
        raise ArmError(400, "VaultNameNotValid", _name_refusal(resource.id.last_name))
    if same_name_elsewhere(resource, surroundings):
        raise already_in_use(resource.id.last_name)
    retention.check_name_is_not_held(resource, surroundings)
    properties = resource.properties
    days = properties.get("softDeleteRetentionInDays")
    if days is not None and not (isinstance(days, int) and _FEWEST_DAYS <= days <= _MOST_DAYS):
        message = (
            'The property "softDeleteRetentionInDays" must be a number between '
            f"{_FEWEST_DAYS} and {_MOST_DAYS} (inclusive)."
        )
        raise ArmError(400, "BadRequest", message)
    if properties.get("enablePurgeProtection") is False and _was(resource, surroundings, "enablePurgeProtection"):
        raise _irreversible("enablePurgeProtection", "the purge protection")
    if properties.get("enableSoftDelete") is False and before(resource, surroundings):
        raise _irreversible("enableSoftDelete", "the 'soft delete' functionality")
    if changed(resource, surroundings, ["softDeleteRetentionInDays"]):
        message = 'The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.'
        raise ArmError(400, "BadRequest", message)


def _was(resource: Resource, surroundings: Surroundings, name: str) -> bool:
    earlier = before(resource, surroundings)
    return bool(earlier and earlier.properties.get(name))


def _irreversible(name: str, what: str) -> ArmError:
    message = f'The property "{name}" cannot be set to false. Enabling {what} for a vault is an irreversible action.'
    return ArmError(400, "BadRequest", message)


def _provision(resource: Resource, surroundings: Surroundings) -> None:
    retention.recover(resource, surroundings)
    properties = resource.properties
    properties["vaultUri"] = f"https://{resource.id.last_name}.{surroundings.state.cloud.key_vault}/".lower()
    properties.setdefault("tenantId", surroundings.tenant)
    properties.setdefault("sku", {"family": "A", "name": "standard"})
    properties.setdefault("accessPolicies", [])
    properties.setdefault("enabledForDeployment", False)
    properties.setdefault("enableSoftDelete", True)
    properties.setdefault("softDeleteRetentionInDays", _MOST_DAYS)
    properties.setdefault("enableRbacAuthorization", False)
    properties.setdefault("publicNetworkAccess", "Enabled")
    if properties.get("enablePurgeProtection") is False:
        del properties["enablePurgeProtection"]
    properties.pop("createMode", None)  # of an existing vault, which nothing is recovered for


# Access policies


def _key(policy: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(policy.get(name) or "").lower() for name in ("tenantId", "objectId", "applicationId"))


def _check_policies(resource: Resource, surroundings: Surroundings) -> None:
    if resource.id.last_name.lower() not in _OPERATIONS:
        message = f"The operation '{resource.id.last_name}' is none of {', '.join(_OPERATIONS)}."
        raise ArmError(400, "BadRequest", message)


def _provision_policies(resource: Resource, surroundings: Surroundings) -> None:
    """The policies go into the vault."""
    vault = parent_of(resource, surroundings)
    if vault is None:
        return
    present = {_key(policy): policy for policy in vault.properties.get("accessPolicies") or []}
    given: Iterable[dict[str, Any]] = resource.properties.get("accessPolicies") or []
    for policy in given:
        match resource.id.last_name.lower():
            case "add":
                present[_key(policy)] = _joined(present.get(_key(policy)), policy)
            case "replace":
                present[_key(policy)] = policy
            case "remove":
                present.pop(_key(policy), None)
    vault.properties["accessPolicies"] = list(present.values())
    surroundings.state.put_resource(vault)


def _joined(one: dict[str, Any] | None, other: dict[str, Any]) -> dict[str, Any]:
    """The permissions of both."""
    first, second = (one or {}).get("permissions") or {}, other.get("permissions") or {}
    kinds = dict.fromkeys([*first, *second])
    permissions = {kind: list(dict.fromkeys([*(first.get(kind) or []), *(second.get(kind) or [])])) for kind in kinds}
    return other | {"permissions": permissions}


BEHAVIOURS = {
    VAULT: Behaviour(
        seconds=15,
        check=_check,
        provision=_provision,
        present=present_with_connections,
        removed=retention.keep,
        is_preflighted=True,
        has_global_name=True,
    ),
    f"{VAULT}/accessPolicies": Behaviour(seconds=1, check=_check_policies, provision=_provision_policies),
}
