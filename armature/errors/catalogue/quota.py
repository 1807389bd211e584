"""Codes of limits: quotas of a subscription, capacity of a region, what a region does not offer."""

from armature.errors.entry import COMMON_ERRORS, LEARN, TROUBLESHOOTING, entry, says
from armature.errors.model import FailureClass, Recovery

_QUOTAS = f"{TROUBLESHOOTING}error-resource-quota"
_REQUEST = f"{LEARN}quotas/quickstart-increase-quota-portal"
_RAISE = (
    "The quota {quota} is {limit}. Of it, {usage} are used. The deployment needs {wanted} more in {region}. "
    f"Ask for {{needed}}, as {_REQUEST} shows. Ask for more quota in the portal (Usage + quotas), free some, or use "
    "another size or region."
)
_ALLOCATION = "https://learn.microsoft.com/troubleshoot/azure/virtual-machines/windows/allocation-failure"
_CAPACITY = "Azure has no room for this size {where} now. Deploy later, or use another size, zone or region."

_CODES = (
    "QuotaExceeded ResourceQuotaExceeded SubscriptionQuotaExceeded InsufficientQuota "
    "MaxStorageAccountsCountPerSubscriptionExceeded StorageAccountQuotaExceeded PublicIPCountLimitReached "
    "RoleAssignmentLimitExceeded SubscriptionIsOverQuotaForSku"
).split()
_ALLOCATIONS = (
    "AllocationFailed ZonalAllocationFailed OverconstrainedAllocationRequest OverconstrainedZonalAllocationRequest"
).split()

ENTRIES = (
    *(entry(code, FailureClass.QUOTA, _RAISE, _QUOTAS) for code in _CODES),
    entry("OperationNotAllowed", FailureClass.QUOTA, _RAISE, _QUOTAS, when=says("quota", "cores")),
    entry(
        "DeploymentQuotaExceeded",
        FailureClass.QUOTA,
        "The history of the scope is full: {count} deployments. Armature deletes the oldest entries and tries again. A "
        "lock on the scope keeps Azure from doing so by itself.",
        f"{TROUBLESHOOTING}deployment-quota-exceeded",
        recovery=Recovery.PRUNE_HISTORY,
    ),
    entry(
        "SkuNotAvailable",
        FailureClass.QUOTA,
        "Size {sku} can't be had in {region}. Sizes that can: az vm list-skus -l {region} -o table. Use another size, "
        "zone or region.",
        f"{TROUBLESHOOTING}error-sku-not-available",
    ),
    *(entry(code, FailureClass.QUOTA, _CAPACITY, _ALLOCATION) for code in _ALLOCATIONS),
    entry(
        "LocationNotAvailableForResourceType",
        FailureClass.QUOTA,
        "Type {type} can't be had in {location}. Regions there are: {locations}. Correct the resource's location, or "
        "deploy to another region.",
        f"{LEARN}reliability/regions-overview",
    ),
    entry(
        "LocationNotAvailableForResourceGroup",
        FailureClass.QUOTA,
        "Resource groups can't be made in {location}. Regions there are: {locations}. Correct the target's location.",
        f"{LEARN}reliability/regions-overview",
    ),
    entry(
        "RegionDoesNotAllowProvisioning",
        FailureClass.QUOTA,
        "Region {region} takes no new ones of this subscription's. Use another region, or ask support for access to "
        "the region.",
        "https://learn.microsoft.com/troubleshoot/azure/general/region-access-request-process",
    ),
    entry(
        "SubnetIsFull",
        FailureClass.QUOTA,
        "The subnet has no addresses left: {subnet}. Give it a larger prefix, free some addresses, or use another "
        "subnet.",
        f"{LEARN}virtual-network/virtual-network-manage-subnet",
    ),
    entry("HTTP 507", FailureClass.QUOTA, "There is no room left: free some, or ask for more.", COMMON_ERRORS),
)
