"""Quotas per subscription and region, and sizes that a region has none of.

A record `quota` with the key `{subscription}/{location}/{name}` holds `{"limit": n}`; without one the limit is Azure's
own. A record `skuUnavailable` with the key `{location}/{size}` says that there is no capacity.
Sources: https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits and the
pages on quota, SKU and storage account errors below
https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId
from emulator.arm.models import Resource
from emulator.arm.state import CloudState

QUOTA, SKU_UNAVAILABLE = "quota", "skuUnavailable"
_SIZE = re.compile(r"(?:Standard|Basic)_([A-Z]+)(\d+)(?:-\d+)?([a-z]*)(?:_(?!v\d+$)[^_]+)*(?:_(v\d+))?", re.IGNORECASE)
STORAGE, ADDRESSES, CORES = "StorageAccounts", "PublicIPAddresses", "cores"
_LIMITS = {STORAGE: 250, ADDRESSES: 1000, CORES: 350}
_FAMILY_LIMIT = 350


@dataclass(frozen=True)
class Need:
    """How much of one quota a resource uses."""

    name: str
    amount: int


def needs_of(resource: Resource) -> list[Need]:
    """What a resource takes of which quotas."""
    match resource.id.type.lower():
        case "microsoft.storage/storageaccounts":
            return [Need(STORAGE, 1)]
        case "microsoft.network/publicipaddresses":
            return [Need(ADDRESSES, 1)]
        case "microsoft.compute/virtualmachines":
            size = str((resource.properties.get("hardwareProfile") or {}).get("vmSize", ""))
            return _cores(size, 1)
        case "microsoft.compute/virtualmachinescalesets":
            sku = resource.document.get("sku") or {}
            return _cores(str(sku.get("name", "")), int(sku.get("capacity") or 1))
    return []


def _cores(size: str, machines: int) -> list[Need]:
    found = _SIZE.fullmatch(size)
    if not found:
        return []
    amount = int(found[2]) * machines
    series = f"{found[1]}{found[3]}".upper()
    version = (found[4] or "").lower()
    if found[1].upper() == "B" and not version:
        series = "BS"  # one family for B1s, B2ms and the rest of the first B series
    family = f"standard{series}{version}Family"  # Standard_D4s_v3 is of standardDSv3Family
    return [Need(CORES, amount), Need(family, amount)]


def limit_of(state: CloudState, subscription: str, location: str, name: str) -> int:
    """The limit of a quota in a region."""
    record = state.record(QUOTA, f"{subscription}/{location}/{name}")
    return int(record["limit"]) if record else _LIMITS.get(name, _FAMILY_LIMIT)


def check_quota(
    state: CloudState,
    resource: Resource,
    before: Resource | None,
    planned: Mapping[tuple[str, str], int] | None = None,
) -> None:
    """Raise `ArmError` when a new resource needs more than its subscription has left where it is to be.

    `planned` is what those need that are to be made with it, as `planned_needs` tells it: preflight knows that, and its
    code for cores is another one. SkuNotAvailable, QuotaExceeded (preflight) or OperationNotAllowed,
    PublicIPCountLimitReached, MaxStorageAccountsCountPerSubscriptionExceeded.
    """
    subscription, location = resource.id.subscription, _place(resource)
    if subscription is None or not location:
        return
    _check_capacity(state, resource, location)
    kept = {need.name: need.amount for need in needs_of(before)} if before else {}
    for need in needs_of(resource):
        there = _used(state.resources(ResourceId(subscription)), need.name, location, resource.id)
        used = there + (planned or {}).get((location, need.name), 0)
        more, limit = need.amount, limit_of(state, subscription, location, need.name)
        if more > kept.get(need.name, 0) and used + more > limit:
            code = "OperationNotAllowed" if planned is None else "QuotaExceeded"
            raise _refusal(code, need.name, subscription, location, limit, used, more)


def planned_needs(resource: Resource) -> dict[tuple[str, str], int]:
    """What a resource needs by location and quota."""
    return {(_place(resource), need.name): need.amount for need in needs_of(resource)}


def _check_capacity(state: CloudState, resource: Resource, location: str) -> None:
    sku = str((resource.document.get("sku") or {}).get("name", ""))
    size = str((resource.properties.get("hardwareProfile") or {}).get("vmSize", "")) or sku
    if size and state.record(SKU_UNAVAILABLE, f"{location}/{size}") is not None:
        message = (
            f"The requested size for resource '{resource.id}' is currently not available in location '{location}' "
            f"zones '{','.join(map(str, resource.document.get('zones') or ()))}' for subscription "
            f"'{resource.id.subscription}'. Please try another size or deploy to a different location or zones. See "
            "https://aka.ms/azureskunotavailable for details."
        )
        raise ArmError(409, "SkuNotAvailable", message)


def _used(resources: Iterable[Resource], name: str, location: str, without: ResourceId) -> int:
    return sum(
        need.amount
        for resource in resources
        if resource.id.key != without.key and _place(resource) == location
        for need in needs_of(resource)
        if need.name == name
    )


def _refusal(code: str, name: str, subscription: str, location: str, limit: int, used: int, more: int) -> ArmError:
    if name == STORAGE:
        message = (
            f"Subscription '{subscription}' already contains {used} storage accounts in location '{location}' and the "
            f"maximum allowed is {limit}."
        )
        return ArmError(409, "MaxStorageAccountsCountPerSubscriptionExceeded", message)
    if name == ADDRESSES:
        message = f"Cannot create more than {limit} public IP addresses for this subscription in this region."
        return ArmError(400, "PublicIPCountLimitReached", message)
    told = "Total Regional Cores" if name == CORES else f"{name} Cores"
    message = (
        f"Operation could not be completed as it results in exceeding approved {told} quota. Additional details - "
        f"Deployment Model: Resource Manager, Location: {location}, Current Limit: {limit}, Current Usage: {used}, "
        f"Additional Required: {more}, (Minimum) New Limit Required: {used + more}. Setup Alerts when Quota reaches "
        "threshold. Learn more at https://aka.ms/quotamonitoringalerting . Please read more about quota limits at "
        "https://docs.microsoft.com/en-us/azure/azure-supportability/per-vm-quota-requests"
    )
    return ArmError(409, code, message)


def _place(resource: Resource) -> str:
    return str(resource.document.get("location") or "").replace(" ", "").lower()
