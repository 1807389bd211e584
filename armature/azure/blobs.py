"""Clients of blob storage: one per account and process, so that no call pays for TLS and a token again."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from azure.core.credentials import TokenCredential
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobServiceClient, ContainerClient, StorageErrorCode

from armature.azure.transport import shared_transport

BLOCK_BYTES = 4 * 1024**2
"""How much is read or written at once. Blob storage takes 50,000 blocks a blob: 195 GiB at this size."""

_RETRIES: dict[str, Any] = {"retry_total": 2, "initial_backoff": 1, "increment_base": 2, "random_jitter_range": 0}
"""A cut connection costs one block, not the whole file; what lasts longer is left to the orchestrator's retries."""


@dataclass(frozen=True)
class BlobEndpoint:
    """Where an account's blobs are: `https://account.blob.…` or, path-style, `https://host/account`."""

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
    return BlobClient.from_blob_url(
        url, credential, transport=shared_transport(), permit_redirects=False, **_block_sizes(), **_RETRIES
    )


@lru_cache(maxsize=64)
def _blob_service(url: str, credential: Any) -> BlobServiceClient:
    return BlobServiceClient(url, credential=credential, transport=shared_transport(), **_block_sizes(), **_RETRIES)


def _block_sizes() -> dict[str, Any]:
    return {"max_single_get_size": BLOCK_BYTES, "max_chunk_get_size": BLOCK_BYTES, "max_single_put_size": BLOCK_BYTES}


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
