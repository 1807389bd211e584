"""Clients of blob storage: one per account and process, so that no call pays for TLS and a token again."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from azure.core import MatchConditions
from azure.core.credentials import TokenCredential
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobServiceClient, ContainerClient, StorageErrorCode

from armature.azure.brief_retries import BriefStorageRetry
from armature.azure.tokens import StorageCredential
from armature.azure.transport import shared_transport

BLOCK_BYTES = 4 * 1024**2
"""How much is read or written at once. Blob storage takes 50,000 blocks a blob: 195 GiB at this size."""


@dataclass(frozen=True)
class BlobEndpoint:
    """Where an account's blobs are: `https://ACCOUNT.blob.SUFFIX` or, path-style, `https://host/account`."""

    url: str

    @classmethod
    def of(cls, url: str) -> "BlobEndpoint":
        """From an address as ARM or a setting tells it, with or without a closing slash."""
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.query:
            raise ValueError(f"a blob endpoint is an https address without a query: {parts.scheme}://{parts.netloc}")
        return cls(f"https://{parts.netloc.lower()}{parts.path.rstrip('/')}")

    @property
    def account(self) -> str:
        """The account's name: the first segment of the path where there is one, else the first label of the host."""
        parts = urlsplit(self.url)
        path = parts.path.strip("/")
        return path.split("/")[0] if path else (parts.hostname or "").split(".")[0]

    def blob_url(self, container: str, name: str) -> str:
        """The plain address of a blob."""
        return f"{self.url}/{container}/{quote(name)}"


def blob_service(endpoint: BlobEndpoint, credential: TokenCredential) -> BlobServiceClient:
    """The process's client of that account; safe to share between threads."""
    hashable: Any = credential  # by identity; the protocol does not say so
    return _blob_service(endpoint.url, hashable)


def blob_at(url: str, credential: TokenCredential) -> BlobClient:
    """A client of one blob by its address, with our credential; it follows no redirect. The caller has made sure that
    the address may be trusted with a token."""
    return BlobClient.from_blob_url(url, StorageCredential(credential), permit_redirects=False, **_client_options())


@lru_cache(maxsize=64)
def _blob_service(url: str, credential: Any) -> BlobServiceClient:
    return BlobServiceClient(url, credential=StorageCredential(credential), **_client_options())


def _client_options() -> dict[str, Any]:
    sizes = dict.fromkeys(("max_single_get_size", "max_chunk_get_size", "max_single_put_size"), BLOCK_BYTES)
    return {"transport": shared_transport(), "retry_policy": BriefStorageRetry(), **sizes}


def unless_changed(etag: str | None) -> dict[str, Any]:
    """The options of a call that fails when the blob has changed since `etag`; none without one."""
    return {"etag": etag, "match_condition": MatchConditions.IfNotModified} if etag else {}


def delete_unless_changed(blob: BlobClient, etag: str | None) -> bool:
    """Delete a blob; already gone is success. False only when it changed since `etag`.

    Raises what the SDK raises, within `storage_failures`.
    """
    try:
        blob.delete_blob(**unless_changed(etag))
    except ResourceModifiedError:  # also said of one that is gone
        return not blob.exists()
    except ResourceNotFoundError:
        pass
    return True


T = TypeVar("T")


def ensuring_container(container: ContainerClient, action: Callable[[], T]) -> T:
    """Do `action`, which writes into the container; when the container is not there, make it and do `action` again.

    Costs no request while the container exists. Two processes may make it at once: being there is success.
    """
    try:
        return action()
    except ResourceNotFoundError as error:
        if getattr(error, "error_code", None) != StorageErrorCode.CONTAINER_NOT_FOUND:
            raise
    with suppress(ResourceExistsError):
        container.create_container()
    return action()
