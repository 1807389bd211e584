"""Write a file to an address that carries its own permission, as the API hands out for large bundles."""

from typing import Any, BinaryIO

from azure.storage.blob import BlobClient

from armature.azure.blobs import BLOCK_BYTES
from armature.azure.brief_retries import BriefPatience, BriefStorageRetry
from armature.azure.failures import storage_failures

BLOCKS_IN_FLIGHT = 4

PATIENCE = BriefPatience(tries=8, first_pause=0.5, longest_pause=15, waited_at_most=60)
"""A person waits who has no durable timer behind: a minute of trouble must not lose an upload of gigabytes."""


def upload_to_url(url: str, file: BinaryIO, size: int) -> None:
    """Write the `size` bytes of `file` to the blob that `url` names, with the SAS in it. A second run writes the same.

    Raises:
        FailureError: storage refused, or could not be reached for a minute; CertificateNotTrusted, at once. Its text
            does not hold the address's query.
    """
    options: dict[str, Any] = {"max_block_size": BLOCK_BYTES, "max_single_put_size": BLOCK_BYTES}
    options["retry_policy"] = BriefStorageRetry(PATIENCE)
    with storage_failures(), BlobClient.from_blob_url(url, **options) as blob:
        blob.upload_blob(file, length=size, overwrite=True, max_concurrency=BLOCKS_IN_FLIGHT)
