"""Write a file to an address that carries its own permission, as the API hands out for large bundles."""

from typing import BinaryIO

from azure.storage.blob import BlobClient

from armature.azure.blobs import BLOCK_BYTES
from armature.azure.failures import storage_failures

BLOCKS_IN_FLIGHT = 4


def upload_to_url(url: str, file: BinaryIO, size: int) -> None:
    """Write the `size` bytes of `file` to the blob that `url` names, with the SAS in it. A second run writes the same.

    Raises:
        FailureError: storage refused, or could not be reached; its text does not hold the address's query.
    """
    with (
        storage_failures(),
        BlobClient.from_blob_url(url, max_block_size=BLOCK_BYTES, max_single_put_size=BLOCK_BYTES) as blob,
    ):
        blob.upload_blob(file, length=size, overwrite=True, max_concurrency=BLOCKS_IN_FLIGHT)
