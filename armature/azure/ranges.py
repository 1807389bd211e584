"""A blob as a file: read from anywhere by range requests, a window at a time, always the version it was opened in."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import cast

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceModifiedError
from azure.storage.blob import BlobClient

from armature.azure.blobs import BLOCK_BYTES
from armature.azure.failures import storage_failures
from armature.errors import FailureClass, FailureError, failure

TAIL_BYTES = 1024**2
"""What is fetched for a read near the end: there a zip has its central directory, which a few small reads look for."""


class BlobFile(io.BufferedReader):
    """A blob as a seekable file, and `etag`: the version that it reads."""

    def __init__(self, reader: "_RangeReader", etag: str) -> None:
        super().__init__(cast("io.RawIOBase", reader), buffer_size=64 * 1024)
        self.etag = etag


def open_blob(blob: BlobClient, etag: str | None = None) -> BlobFile:
    """The blob as a seekable file for reading. Holds one window of `BLOCK_BYTES` in memory. Changes nothing.

    Raises:
        FailureError: there is no such blob, storage refused; BundleChanged: it is not, or while reading no longer, the
            version `etag`.
    """
    with storage_failures(), _not_led_away():
        properties = blob.get_blob_properties()
    found = str(properties.etag)
    if etag is not None and etag != found:
        raise _changed()
    return BlobFile(_RangeReader(blob, int(properties.size), found), found)


@contextmanager
def _not_led_away() -> Iterator[None]:
    """Within it, a redirect is what it is: asked again, a host would only redirect again."""
    try:
        yield
    except HttpResponseError as error:
        status = int(error.status_code or 0)
        if not HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            raise
        message = f"The bundle's host answers {status}: it leads elsewhere, where the app does not show its identity."
        suggestion = (
            "Name the address that it leads to, if its host is allowed; or upload the bundle (POST /api/bundles)."
        )
        refused = failure(FailureClass.TEMPLATE, "BundleUriRefused", message, suggestion)
        raise FailureError(refused) from None


def _changed() -> FailureError:
    message = "The bundle was overwritten after it was read first."
    suggestion = "Upload every bundle under a name of its own, and deploy again."
    return FailureError(failure(FailureClass.TEMPLATE, "BundleChanged", message, suggestion))


def _not_as_told() -> FailureError:
    message = "The bundle's host answered with another length than it was asked for."
    suggestion = "Upload the bundle (POST /api/bundles), or keep it where ranges can be read, as in Azure Storage."
    return FailureError(failure(FailureClass.TEMPLATE, "BundleChanged", message, suggestion))


class _RangeReader(io.RawIOBase):
    def __init__(self, blob: BlobClient, size: int, etag: str) -> None:
        self._blob = blob
        self._size = size
        self._etag = etag
        self._position = 0
        self._window = b""
        self._window_start = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("seek before the start of the blob")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]
        if self._position >= self._size or not len(buffer):
            return 0
        within = self._position - self._window_start
        if not 0 <= within < len(self._window):
            self._fetch()
            within = self._position - self._window_start
        count = min(len(buffer), len(self._window) - within)
        buffer[:count] = memoryview(self._window)[within : within + count]
        self._position += count
        return count

    def _fetch(self) -> None:
        """Read the window that holds the position: from there on, or the blob's end when that is near."""
        self._window = b""
        start = min(self._position, max(0, self._size - TAIL_BYTES))
        length = min(BLOCK_BYTES, self._size - start)
        with storage_failures(), _not_led_away():
            try:
                answer = self._blob.download_blob(
                    offset=start, length=length, etag=self._etag, match_condition=MatchConditions.IfNotModified
                )
                self._window = answer.readall()
            except ResourceModifiedError:
                raise _changed() from None
        if str(answer.properties.etag) != self._etag:  # a host that does not heed the condition
            raise _changed()
        if len(self._window) != length:
            raise _not_as_told()
        self._window_start = start
