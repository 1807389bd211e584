"""Streams into blobs: in blocks, in flat memory, visible only when whole and verified.

Each upload names its blocks by a prefix of its own, so that two uploads of one blob at the same time, or one after a
killed one, can't take each other's blocks for theirs. Blocks that were never committed are dropped by storage after a
week.
"""

import base64
import hashlib
import uuid
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, BinaryIO

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import BlobBlock, BlobClient, ContainerClient, ContentSettings

from armature.azure.blobs import BLOCK_BYTES, ensuring_container
from armature.azure.failures import storage_failures
from armature.errors import FailureClass, FailureError, failure

BLOCKS_IN_FLIGHT = 4
"""Blocks of one upload on their way at once. Memory: one more than this, of `BLOCK_BYTES` each."""


@dataclass(frozen=True, slots=True)
class UploadResult:
    """What an upload did. `sha256` (hex) is of the bytes that were read; when skipped, what the caller had said."""

    bytes_written: int
    is_skipped: bool
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Expected:
    """What the stream must turn out to be; None where nobody knows."""

    size: int | None = None
    sha256: str | None = None
    max_size: int | None = None


def upload_stream(
    container: ContainerClient,
    name: str,
    stream: BinaryIO,
    expected: Expected,
    *,
    overwrite: bool = False,
    marks_use: bool = False,
) -> UploadResult:
    """Write a stream to a blob, unless there is one of that name.

    A second run finds the blob and writes nothing; one after a killed run writes it anew, since nothing was visible.
    With `overwrite` a second run writes the same again. With `marks_use` a blob that is found is told the time
    (metadata `lastused`), which changes its ETag and its last change: whoever means to delete it as it was, can't.

    Raises:
        FailureError: storage refused; ChecksumMismatch, SizeMismatch, TooLarge: the stream is not what was expected.
            Nothing is visible then.
    """
    blob = container.get_blob_client(name)
    skipped = UploadResult(0, True, expected.sha256)
    is_large = expected.size is None or expected.size >= BLOCK_BYTES
    with storage_failures():
        if is_large and not overwrite and _is_there(container, blob, marks_use=marks_use):
            return skipped
        source = _Source(stream, expected, name)
        first = source.next_block()
        is_whole = len(first) < BLOCK_BYTES
        while True:
            try:
                if is_whole:
                    _put_whole(container, blob, first, overwrite=overwrite)
                else:
                    _put_blocks(blob, first, source, overwrite=overwrite)
            except (ResourceExistsError, ResourceModifiedError):
                if not marks_use or _is_there(container, blob, marks_use=True):
                    return skipped
                if not is_whole:  # the stream has been read
                    raise _deleted_meanwhile(name) from None
            else:
                return UploadResult(source.size, False, source.sha256)


class _Source:
    """The stream in whole blocks, counted, hashed, compared with what is expected before its last block is given."""

    def __init__(self, stream: BinaryIO, expected: Expected, name: str) -> None:
        self._stream = stream
        self._expected = expected
        self._name = name
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def next_block(self) -> bytes:
        """The next `BLOCK_BYTES`; fewer, perhaps none, only at the end, and then the whole is as expected."""
        pieces: list[bytes] = []
        wanted = BLOCK_BYTES
        while wanted:
            piece = self._stream.read(wanted)
            if not piece:
                break
            pieces.append(piece)
            wanted -= len(piece)
        block = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self.size += len(block)
        self._hash.update(block)
        limits = [limit for limit in (self._expected.size, self._expected.max_size) if limit is not None]
        if limits and self.size > min(limits):
            raise self._refusal("TooLarge", f"is larger than {min(limits)} bytes")
        if wanted:
            self._compare()
        return block

    def _compare(self) -> None:
        if self._expected.size is not None and self.size != self._expected.size:
            raise self._refusal("SizeMismatch", f"has {self.size} bytes, not {self._expected.size}")
        if self._expected.sha256 is not None and self.sha256 != self._expected.sha256.lower():
            raise self._refusal("ChecksumMismatch", f"has the SHA-256 {self.sha256}, not {self._expected.sha256}")

    def _refusal(self, code: str, what: str) -> FailureError:
        suggestion = "Pack the bundle again from the files that were built, and deploy it."
        return FailureError(failure(FailureClass.TEMPLATE, code, f"{self._name} {what}.", suggestion))


def _put_whole(container: ContainerClient, blob: BlobClient, content: bytes, *, overwrite: bool) -> None:
    settings = ContentSettings(content_type=_content_type(str(blob.blob_name)))
    ensuring_container(
        container,
        lambda: blob.upload_blob(content, length=len(content), overwrite=overwrite, content_settings=settings),
    )


def _is_there(container: ContainerClient, blob: BlobClient, *, marks_use: bool) -> bool:
    """Whether the blob is there, and if so, it is marked; afterwards at least its container is."""
    used = {"lastused": datetime.now(UTC).isoformat()}
    look = partial(blob.set_blob_metadata, used) if marks_use else blob.get_blob_properties
    try:
        ensuring_container(container, look)
    except ResourceNotFoundError:
        return False
    return True


def _deleted_meanwhile(name: str) -> FailureError:
    message = f"{name} was written by another and deleted while it was being uploaded."
    return FailureError(failure(FailureClass.RESOURCE_CONFLICT, "BlobDeletedMeanwhile", message))


def _put_blocks(blob: BlobClient, first: bytes, source: _Source, *, overwrite: bool) -> None:
    upload = uuid.uuid4().hex
    ids: list[str] = []
    in_flight: set[Future[object]] = set()
    block = first
    with ThreadPoolExecutor(BLOCKS_IN_FLIGHT, thread_name_prefix="upload") as pool:
        try:
            while block:
                ids.append(_block_id(upload, len(ids)))
                in_flight.add(pool.submit(blob.stage_block, ids[-1], block, length=len(block)))
                block = source.next_block()
                in_flight = _some_room(in_flight)
            for future in in_flight:
                future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    condition: dict[str, Any] = {} if overwrite else {"match_condition": MatchConditions.IfMissing}
    settings = ContentSettings(content_type=_content_type(str(blob.blob_name)))
    blob.commit_block_list([BlobBlock(block_id=id_) for id_ in ids], content_settings=settings, **condition)


def _some_room(in_flight: set[Future[object]]) -> set[Future[object]]:
    """Those still on their way, fewer than `BLOCKS_IN_FLIGHT`; the first that failed raises."""
    done, under_way = wait(in_flight, timeout=0)
    if len(under_way) >= BLOCKS_IN_FLIGHT:
        done, under_way = wait(in_flight, return_when=FIRST_COMPLETED)
    for future in done:
        future.result()
    return under_way


def _block_id(upload: str, index: int) -> str:
    """All ids of a blob's blocks must be equally long (Put Block, 2025)."""
    return base64.b64encode(f"{upload}{index:08d}".encode()).decode()


def _content_type(name: str) -> str:
    return "application/json" if name.endswith(".json") else "application/octet-stream"
