"""The firewall of a storage account, as those meet it who come from outside or out of a virtual network.

An account with `publicNetworkAccess` other than Enabled, or with a firewall that denies by default, lets nobody in from
public networks; Azure Resource Manager, when it downloads a template, comes from there, and is none of the services
that `bypass: AzureServices` is about. A site with a virtual network integration gets in by a private endpoint of the
account, and, where the firewall only denies by default, by a rule for its subnet. Whoever asks the storage emulator
itself stands for a caller inside of the network. Sources: https://learn.microsoft.com/azure/storage/common/storage-
network-security and https://learn.microsoft.com/azure/azure-resource-manager/templates/linked-templates, 2025.
"""

from emulator.arm.behaviours.generic import Surroundings
from emulator.arm.behaviours.network.connections import connections_of
from emulator.arm.behaviours.rules import of_type
from emulator.arm.state import Resource

REFUSAL = "403 (This request is not authorized to perform this operation.)"
"""What storage answers, with the code AuthorizationFailure (Common REST API error codes, 2025)."""


def account_at(url: str, surroundings: Surroundings) -> Resource | None:
    """The account whose blobs a URL leads to; None for a URL that is not our storage's."""
    root = f"{surroundings.blob_endpoint.rstrip('/')}/"
    if not url.lower().startswith(root.lower()):
        return None
    name = url[len(root) :].partition("/")[0].partition("?")[0].lower()
    accounts = of_type("Microsoft.Storage/storageAccounts", surroundings)
    return next((account for account in accounts if account.id.name.lower() == name), None)


def keeps_out(url: str, surroundings: Surroundings) -> bool:
    """Whether who comes from a public network is refused."""
    account = account_at(url, surroundings)
    return account is not None and (_is_closed(account) or _denies(account))


def keeps_out_site(url: str, site: Resource, surroundings: Surroundings) -> bool:
    """Whether a site is refused, be it integrated with a virtual network or not."""
    account, subnet = account_at(url, surroundings), str(site.properties.get("virtualNetworkSubnetId") or "")
    if account is None or not keeps_out(url, surroundings):
        return False
    if subnet and any(map(_is_approved, connections_of(account, surroundings))):
        return False
    rules = (account.properties.get("networkAcls") or {}).get("virtualNetworkRules") or ()
    return _is_closed(account) or not any(str(rule.get("id")).lower() == subnet.lower() for rule in rules)


def _is_closed(account: Resource) -> bool:
    return str(account.properties.get("publicNetworkAccess") or "Enabled").lower() != "enabled"


def _denies(account: Resource) -> bool:
    return str((account.properties.get("networkAcls") or {}).get("defaultAction")).lower() == "deny"


def _is_approved(connection: dict[str, object]) -> bool:
    properties = connection.get("properties")
    state = properties.get("privateLinkServiceConnectionState") if isinstance(properties, dict) else None
    return isinstance(state, dict) and str(state.get("status")).lower() == "approved"
