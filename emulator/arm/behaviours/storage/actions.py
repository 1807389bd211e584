"""What an account tells when it is asked by POST: its keys, and shared access signatures made with them."""

from collections.abc import Callable
from typing import Any

from azure.core.exceptions import AzureError
from azure.storage.blob import generate_account_sas, generate_blob_sas, generate_container_sas

from emulator.arm.behaviours.generic import Action, Surroundings
from emulator.arm.clock import now, timestamp
from emulator.arm.errors import ArmError
from emulator.arm.state import Resource


def _list_keys(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    keys = [
        {
            "creationTime": resource.secrets.get(f"{name}Created"),
            "keyName": name,
            "value": resource.secrets.get(name),
            "permissions": "FULL",
        }
        for name in ("key1", "key2")
    ]
    return {"keys": keys}


def _regenerate_key(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    name = body.get("keyName")
    if name not in ("key1", "key2"):
        message = f"Values for request parameters are invalid: keyName. '{name}' is none of key1, key2."
        raise ArmError(400, "InvalidValuesForRequestParameters", message)
    resource.secrets[name] = surroundings.accounts.renew(resource.id.name, int(name[-1]))
    resource.secrets[f"{name}Created"] = timestamp(now())
    surroundings.state.put_resource(resource)
    return _list_keys(resource, body, surroundings)


def _list_account_sas(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    def sign(key: str) -> str:
        return generate_account_sas(
            resource.id.name,
            key,
            resource_types=body["signedResourceTypes"],
            permission=body["signedPermission"],
            expiry=body["signedExpiry"],
            start=body.get("signedStart"),
            ip=body.get("signedIp"),
            protocol=body.get("signedProtocol"),
            services=body["signedServices"],
        )

    needed = ("signedServices", "signedResourceTypes", "signedPermission", "signedExpiry")
    return {"accountSasToken": _signed(resource, body, needed, sign)}


def _list_service_sas(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    def sign(key: str) -> str:
        service, account, container, *path = body["canonicalizedResource"].strip("/").split("/")
        if service != "blob" or account != resource.id.name:
            raise ValueError(body["canonicalizedResource"])
        common: dict[str, Any] = {
            "account_key": key,
            "permission": body.get("signedPermission"),
            "expiry": body.get("signedExpiry"),
            "start": body.get("signedStart"),
            "policy_id": body.get("signedIdentifier"),
            "ip": body.get("signedIp"),
            "protocol": body.get("signedProtocol"),
        }
        if path and body.get("signedResource") == "b":
            return generate_blob_sas(account, container, "/".join(path), **common)
        return generate_container_sas(account, container, **common)

    return {"serviceSasToken": _signed(resource, body, ("canonicalizedResource",), sign)}


def _signed(resource: Resource, body: dict[str, Any], needed: tuple[str, ...], sign: Callable[[str], str]) -> str:
    """The signature made with the key that the request names, the first by default."""
    if missing := [name for name in needed if not body.get(name)]:
        message = f"Values for request parameters are invalid: {missing[0]}."
        raise ArmError(400, "InvalidValuesForRequestParameters", message)
    try:
        return sign(str(resource.secrets[body.get("keyToSign") or "key1"]))
    except (ValueError, KeyError, AzureError) as wrong:
        raise ArmError(400, "InvalidValuesForRequestParameters", f"The request can't be signed: {wrong}") from wrong


ACTIONS: dict[str, Action] = {
    "listkeys": _list_keys,
    "regeneratekey": _regenerate_key,
    "listaccountsas": _list_account_sas,
    "listservicesas": _list_service_sas,
}
