"""Deleted vaults, cognitive accounts and configuration stores: lists, purge. Recovery is a PUT of the resource itself.

Source: the REST references `Vaults - List Deleted`, `Deleted Accounts` and `Configuration Stores - List Deleted`.
"""

from typing import Any

from aiohttp import web

from emulator.arm import soft_deletion
from emulator.arm.clock import timestamp
from emulator.arm.errors import ArmError
from emulator.arm.routes.filters import paged
from emulator.arm.routes.paths import SUBSCRIPTION, any_case
from emulator.arm.routes.service import service_of
from emulator.arm.soft_deletion import COGNITIVE_ACCOUNT, CONFIGURATION_STORE, VAULT, SoftDeleted

_LISTS = {
    "deletedVaults": VAULT,
    "deletedAccounts": COGNITIVE_ACCOUNT,
    "deletedConfigurationStores": CONFIGURATION_STORE,
}


def add_routes(router: web.UrlDispatcher) -> None:
    """Register the routes of this module."""
    for kind, resource_type in _LISTS.items():
        namespace = f"{SUBSCRIPTION}/providers/{resource_type.partition('/')[0]}"
        one = f"{namespace}/locations/{{location}}/{kind}/{{name}}"
        if resource_type == COGNITIVE_ACCOUNT:
            one = f"{namespace}/locations/{{location}}/resourceGroups/{{group}}/{kind}/{{name}}"
            router.add_delete(any_case(one), purge)
        else:
            router.add_post(any_case(f"{one}/purge"), purge)
        router.add_get(any_case(f"{namespace}/{kind}"), list_deleted)
        router.add_get(any_case(one), get_deleted)


async def list_deleted(request: web.Request) -> web.Response:
    """Those of the subscription."""
    kind = request.path.rstrip("/").rpartition("/")[2].lower()
    service, subscription = service_of(request), request.match_info["subscription"].lower()
    found = [
        _described(deleted)
        for deleted in soft_deletion.every(service.state, service.time, _type_of(kind))
        if (deleted.resource.id.subscription or "").lower() == subscription
    ]
    return paged(request, found)


async def get_deleted(request: web.Request) -> web.Response:
    """One of them."""
    return web.json_response(_described(_deleted(request)))


async def purge(request: web.Request) -> web.Response:
    """Gone for good."""
    soft_deletion.purge(service_of(request).state, _deleted(request))
    return web.Response(status=200)


def _type_of(kind: str) -> str:
    return next(resource_type for name, resource_type in _LISTS.items() if name.lower() == kind)


def _deleted(request: web.Request) -> SoftDeleted:
    service, where = service_of(request), request.match_info
    kind = next(part for part in request.path.lower().split("/") if part in {name.lower() for name in _LISTS})
    location, name, group = where["location"].replace(" ", "").lower(), where["name"].lower(), where.get("group")
    for found in soft_deletion.every(service.state, service.time, _type_of(kind)):
        deleted = found.resource.id
        is_in_group = group is None or str(deleted.group).lower() == group.lower()
        is_of_subscription = str(deleted.subscription).lower() == where["subscription"].lower()
        if is_in_group and is_of_subscription and found.location == location and deleted.last_name.lower() == name:
            return found
    message = f"The specified deleted resource '{where['name']}' does not exist in location '{where['location']}'."
    raise ArmError(404, "ResourceNotFound" if kind != "deletedvaults" else "DeletedVaultNotFound", message)


def _described(deleted: SoftDeleted) -> dict[str, Any]:
    resource = deleted.resource
    kind = next(name for name, resource_type in _LISTS.items() if resource_type.lower() == resource.id.type.lower())
    namespace = resource.id.type.partition("/")[0]
    place = f"/subscriptions/{resource.id.subscription}/providers/{namespace}/locations/{deleted.location}"
    place += f"/resourceGroups/{resource.id.group}" if resource.id.type.lower() == COGNITIVE_ACCOUNT.lower() else ""
    properties = {
        "vaultId": str(resource.id),
        "configurationStoreId": str(resource.id),
        "internalId": str(resource.id),
        "location": resource.document.get("location"),
        "tags": resource.document.get("tags") or {},
        "deletionDate": timestamp(deleted.deleted),
        "scheduledPurgeDate": timestamp(deleted.purges_at),
        "purgeProtectionEnabled": deleted.is_protected,
    }
    names = {
        "deletedVaults": "vaultId",
        "deletedAccounts": "internalId",
        "deletedConfigurationStores": "configurationStoreId",
    }
    left_out = set(names.values()) - {names[kind]}
    name = resource.id.last_name
    return {
        "id": f"{place}/{kind}/{name}",
        "name": name,
        "type": f"{namespace}/{kind}",
        "properties": {key: value for key, value in properties.items() if key not in left_out},
    }
