"""What ARM does at the storage emulator: make a container, set who may read it, take it away, empty an account.

Each account's requests are done in the order in which they were asked for. What is to be taken away is written down
until it is gone, so that it goes even when ARM is killed meanwhile.
"""

from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import PublicAccess
from azure.storage.blob.aio import BlobServiceClient

from emulator.arm.behaviours.generic import Surroundings
from emulator.arm.behaviours.outside import Outside
from emulator.arm.behaviours.rules import of_type
from emulator.arm.errors import ArmError

_LEFTOVER = "storageLeftover"
_PUBLIC = {"blob": PublicAccess.BLOB, "container": PublicAccess.CONTAINER}
_ACCOUNT, _CONTAINER = "Microsoft.Storage/storageAccounts", "Microsoft.Storage/storageAccounts/blobServices/containers"


async def ensure_container(surroundings: Surroundings, account: str, container: str, body: dict[str, Any]) -> None:
    """Make the container with its metadata and public access, or give it those. Raises `ArmError` if storage fails."""
    outside = surroundings.outside
    if outside is None:
        return
    public = _PUBLIC.get(str(body.get("publicAccess") or "None").lower())
    metadata = {str(key): str(value) for key, value in (body.get("metadata") or {}).items()}
    async with outside.turn(account), _service(surroundings, outside, account) as service:
        client = service.get_container_client(container)
        try:
            try:
                await client.create_container(metadata=metadata or None, public_access=public)
            except ResourceExistsError:
                await client.set_container_access_policy({}, public_access=public)
                if metadata:
                    await client.set_container_metadata(metadata)
        except AzureError as failure:
            raise _translated(failure, container) from failure


def discard(surroundings: Surroundings, account: str, container: str | None = None) -> None:
    """Take a container away, or the account with all that it holds and its keys; done in the background."""
    outside = surroundings.outside
    if outside is None:
        if container is None:
            surroundings.accounts.forget(account)
        return
    key = f"{account}/{container}" if container else account
    surroundings.state.put_record(_LEFTOVER, key, {"account": account, "container": container})
    outside.start(_discard(surroundings, outside, key))


def resume(surroundings: Surroundings) -> None:
    """Go on taking away what was to go when ARM ended."""
    if outside := surroundings.outside:
        for key in surroundings.state.records(_LEFTOVER):
            outside.start(_discard(surroundings, outside, key))


async def _discard(surroundings: Surroundings, outside: Outside, key: str) -> None:
    record = surroundings.state.record(_LEFTOVER, key)
    if record is None:
        return
    account, container = record["account"], record["container"]
    if not _exists(surroundings, account, container):
        async with outside.turn(account), _service(surroundings, outside, account) as service:
            names = [container] if container else [found.name async for found in service.list_containers()]
            for name in names:
                try:
                    await service.delete_container(name)
                except ResourceNotFoundError:
                    continue  # somebody was faster, which is as good
        if not _exists(surroundings, account, None):
            surroundings.accounts.forget(account)
    surroundings.state.drop_record(_LEFTOVER, key)


def _exists(surroundings: Surroundings, account: str, container: str | None) -> bool:
    names = [account.lower(), "default", container.lower()] if container else [account.lower()]
    return any(
        resource.id.name.lower().split("/") == names
        for resource in of_type(_CONTAINER if container else _ACCOUNT, surroundings)
    )


def _service(surroundings: Surroundings, outside: Outside, account: str) -> BlobServiceClient:
    return BlobServiceClient(
        f"{surroundings.blob_endpoint.rstrip('/')}/{account}",
        credential={"account_name": account, "account_key": surroundings.accounts.ensure(account)},
        connection_verify=str(outside.certificate_authority),
    )


def _translated(failure: AzureError, container: str) -> ArmError:
    if isinstance(failure, HttpResponseError) and failure.status_code and failure.status_code < 500:
        code = str(getattr(failure, "error_code", None) or "InvalidRequest")
        return ArmError(failure.status_code, code, f"The container '{container}' can't be made: {failure.reason}.")
    message = "The server is currently unable to receive requests. Please retry your request."
    return ArmError(503, "ServerBusy", message)
