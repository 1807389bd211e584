"""What a private endpoint finds behind each group of a service: its members and their public names.

Source: https://learn.microsoft.com/azure/private-link/private-endpoint-dns, 2025.
"""

from collections.abc import Callable
from dataclasses import dataclass

from emulator.arm.catalogue import domains_of
from emulator.arm.state import Resource


@dataclass(frozen=True)
class Member:
    """One address behind a group: its name, and the names that lead to it."""

    name: str
    fqdns: tuple[str, ...]


def _named(pattern: str) -> Callable[[Resource, str], list[Member]]:
    def members(target: Resource, group: str) -> list[Member]:
        return [Member(group, (pattern.format(name=target.id.name, group=group.removesuffix("_secondary")).lower(),))]

    return members


def _cosmos(target: Resource, group: str) -> list[Member]:
    name = target.id.name.lower()
    suffix = {"sql": "documents.azure.com", "mongodb": "mongo.cosmos.azure.com"}.get(
        group.lower(), "documents.azure.com"
    )
    regions = [
        str(location.get("locationName") or target.document.get("location")).replace(" ", "").lower()
        for location in target.properties.get("locations") or [{}]
    ]
    members = [Member(name, (f"{name}.{suffix}",))]
    return members + [Member(f"{name}-{region}", (f"{name}-{region}.{suffix}",)) for region in regions]


def _site(target: Resource, group: str) -> list[Member]:
    name, domain = target.id.name.lower(), domains_of(target.document.get("location")).sites
    return [Member(group, (f"{name}.{domain}", f"{name}.scm.{domain}"))]


def _storage_account(target: Resource, group: str) -> list[Member]:
    domain = domains_of(target.document.get("location")).storage
    service = group.removesuffix("_secondary").lower()
    return [Member(group, (f"{target.id.name.lower()}.{service}.{domain}",))]


def _registry(target: Resource, group: str) -> list[Member]:
    name, region = target.id.name.lower(), str(target.document.get("location")).replace(" ", "").lower()
    data = Member(f"registry_data_{region}", (f"{name}.{region}.data.azurecr.io",))
    return [data, Member("registry", (f"{name}.azurecr.io",))]


_TARGETS: dict[str, Callable[[Resource, str], list[Member]]] = {
    "microsoft.storage/storageaccounts": _storage_account,
    "microsoft.sql/servers": _named("{name}.database.windows.net"),
    "microsoft.keyvault/vaults": _named("{name}.vault.azure.net"),
    "microsoft.documentdb/databaseaccounts": _cosmos,
    "microsoft.web/sites": _site,
    "microsoft.cognitiveservices/accounts": _named("{name}.cognitiveservices.azure.com"),
    "microsoft.search/searchservices": _named("{name}.search.windows.net"),
    "microsoft.servicebus/namespaces": _named("{name}.servicebus.windows.net"),
    "microsoft.eventhub/namespaces": _named("{name}.servicebus.windows.net"),
    "microsoft.containerregistry/registries": _registry,
    "microsoft.appconfiguration/configurationstores": _named("{name}.azconfig.io"),
    "microsoft.cache/redis": _named("{name}.redis.cache.windows.net"),
    "microsoft.signalrservice/signalr": _named("{name}.service.signalr.net"),
}


def members_of(target: Resource, group: str) -> list[Member]:
    """The members of a group of a service; one without a public name for a service that nobody described."""
    found = _TARGETS.get(target.id.type.lower())
    return found(target, group) if found else [Member(group or "default", ())]
