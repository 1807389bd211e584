"""Small documents in a blob container: created once, changed by compare-and-swap, appended to, listed.

    store = DocumentStore(settings.storage_blob_endpoint, "deployments", credential)
    store.update(f"state/{deployment_id}.json", change, metadata=index_of)

Every call is one or two requests, safe from any thread; it raises FailureError when storage refuses or is out of reach.
What fails for a moment is tried again (armature.azure.brief_retries). A conditional write whose answer was lost then
meets itself: it is known by its content.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

from azure.core import MatchConditions
from azure.core.credentials import TokenCredential
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import BlobClient, ContentSettings

from armature.azure.blobs import BlobEndpoint, blob_service, delete_unless_changed, ensuring_container, unless_changed
from armature.azure.failures import storage_failures
from armature.errors import FailureClass, FailureError, failure

MAX_APPEND_BYTES = 4 * 1024**2
"""One append's size. Blob storage, 2025-11: 4 MiB a block in every service version, 50,000 blocks a blob."""

UPDATE_ATTEMPTS = 50
"""How often `update` reads again after losing to another writer. Each loss means that somebody else got on."""

_PRINTABLE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in "%") + " "


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it was read: its bytes, the ETag to replace it by, its metadata (names in lower case)."""

    content: bytes
    etag: str
    metadata: dict[str, str]


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry of a list: path, metadata and size in bytes, without the content."""

    path: str
    metadata: dict[str, str]
    last_modified: datetime
    size: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries of a list, in the order of their paths, and the token to ask for the next with (None at the end)."""

    entries: tuple[Listed, ...]
    continuation: str | None


class DocumentStore:
    """The documents of one container. The container is made by the first write that misses it.

    Metadata: names in lower case that are identifiers, values any text; together at most 8 KiB (Blob storage, 2025-11).
    """

    def __init__(self, endpoint: str, container: str, credential: TokenCredential) -> None:
        self._container = blob_service(BlobEndpoint.of(endpoint), credential).get_container_client(container)

    def read(self, path: str) -> Document | None:
        """The document, or None when there is none. Changes nothing."""
        with storage_failures():
            try:
                download = self._blob(path).download_blob()
                content = download.readall()
            except ResourceNotFoundError:
                return None
        return Document(content, str(download.properties.etag), _decoded(download.properties.metadata))

    def create(self, path: str, content: bytes, metadata: Mapping[str, str] | None = None) -> bool:
        """Write a document that must not exist yet; False, with nothing written, when it does.

        A second run answers False: the caller compares what is there with its own.
        """
        tries = _Tries()
        with storage_failures():
            try:
                self._write(path, content, metadata, overwrite=False, retry_hook=tries.note_repeat)
            except (ResourceExistsError, ResourceModifiedError):
                return tries.are_several and self._holds(path, content)
        return True

    def replace(self, path: str, content: bytes, metadata: Mapping[str, str], etag: str) -> bool:
        """Write over the version that was read with `etag`; False, with nothing written, when there is another by now.

        A second run answers False: its own first changed the ETag.
        """
        tries, condition = _Tries(), unless_changed(etag)
        with storage_failures():
            try:
                self._write(path, content, metadata, overwrite=True, retry_hook=tries.note_repeat, **condition)
            except (ResourceModifiedError, ResourceNotFoundError):
                return tries.are_several and self._holds(path, content)
        return True

    def put(self, path: str, content: bytes, metadata: Mapping[str, str] | None = None) -> None:
        """Write a document whatever is there. A second run writes the same again."""
        with storage_failures():
            self._write(path, content, metadata, overwrite=True)

    def update(
        self,
        path: str,
        change: Callable[[bytes | None], bytes | None],
        metadata: Callable[[bytes], Mapping[str, str]] | None = None,
    ) -> bytes | None:
        """Change a document by compare-and-swap: `change` gets the content (None: no document) and returns the new one,
        or None to leave it as it is. Returns what is stored in the end.

        `change` is called again with fresh content whenever another writer was faster, so it must be pure; and given
        its own result it must return None or the same, which makes a second run harmless. `metadata` tells the new
        document's metadata from its content; without it a document keeps what it has.

        Raises:
            FailureError: storage refused, or `UPDATE_ATTEMPTS` times another writer was faster (resourceConflict).
        """
        for _ in range(UPDATE_ATTEMPTS):
            current = self.read(path)
            content = change(None if current is None else current.content)
            if content is None or (current is not None and current.content == content):
                return None if current is None else current.content
            kept = {} if current is None else current.metadata
            described = kept if metadata is None else metadata(content)
            if current is None:
                is_written = self.create(path, content, described)
            else:
                is_written = self.replace(path, content, described, current.etag)
            if is_written:
                return content
        raise FailureError(
            failure(
                FailureClass.RESOURCE_CONFLICT,
                "DocumentContended",
                f"Other writers changed {path} {UPDATE_ATTEMPTS} times while it was being updated.",
            )
        )

    def append(self, path: str, lines: Iterable[str]) -> None:
        """Add lines to an append blob, which is made when absent; other writers' lines may come between calls.

        A second run adds the lines again, and so may a try after a lost answer: a line names its fact, and readers
        count each fact once.
        """
        blob = self._blob(path)
        for batch in _batches(lines):
            with storage_failures():
                try:
                    blob.append_block(batch)
                except ResourceNotFoundError:
                    ensuring_container(self._container, lambda: _create_append_blob(blob))
                    blob.append_block(batch)

    def read_lines(self, path: str) -> list[str]:
        """All lines that were appended, in their order; none when there is no such blob. Changes nothing."""
        document = self.read(path)
        return [] if document is None else document.content.decode().split("\n")[:-1]

    def list(self, prefix: str = "") -> Iterator[Listed]:
        """All documents whose path begins with `prefix`, in the order of their paths. Changes nothing."""
        continuation = None
        while True:
            page = self.page(prefix, continuation=continuation)
            yield from page.entries
            continuation = page.continuation
            if continuation is None:
                return

    def page(self, prefix: str = "", *, size: int = 1000, continuation: str | None = None) -> Page:
        """Up to `size` (at most 5000) documents, from where the last page ended. Changes nothing.

        Raises:
            FailureError: storage refused, also a `continuation` that is none of its own.
        """
        with storage_failures():
            pages = self._container.list_blobs(
                name_starts_with=prefix or None, include=["metadata"], results_per_page=size
            ).by_page(continuation_token=continuation)
            try:
                blobs = [*next(pages, ())]
            except ResourceNotFoundError:
                return Page((), None)
        entries = tuple(
            Listed(str(blob.name), _decoded(blob.metadata), blob.last_modified, int(blob.size)) for blob in blobs
        )
        return Page(entries, getattr(pages, "continuation_token", None) or None)

    def delete(self, path: str, *, etag: str | None = None) -> bool:
        """Delete the document; already gone is success. False only when it changed since `etag`."""
        with storage_failures():
            return delete_unless_changed(self._blob(path), etag)

    def _holds(self, path: str, content: bytes) -> bool:
        found = self.read(path)
        return found is not None and found.content == content

    def _blob(self, path: str) -> BlobClient:
        return self._container.get_blob_client(path)

    def _write(self, path: str, content: bytes, metadata: Mapping[str, str] | None, **options: Any) -> None:
        settings = ContentSettings(content_type="application/json")
        blob, described = self._blob(path), _encoded(metadata or {})
        ensuring_container(
            self._container,
            lambda: blob.upload_blob(content, metadata=described, content_settings=settings, **options),
        )


class _Tries:
    """Whether one write took several tries: only then can what is there be its own."""

    def __init__(self) -> None:
        self.are_several = False

    def note_repeat(self) -> None:
        self.are_several = True


def _create_append_blob(blob: BlobClient) -> None:
    """Make it, unless it is there: another writer may have been faster."""
    with suppress(ResourceExistsError, ResourceModifiedError):
        blob.create_append_blob(
            content_settings=ContentSettings(content_type="text/plain; charset=utf-8"),
            match_condition=MatchConditions.IfMissing,
        )


def _batches(lines: Iterable[str]) -> Iterator[bytes]:
    """The lines, each ended by a newline, in pieces that one append can take; a line is never cut."""
    batch = bytearray()
    for line in lines:
        encoded = line.encode() + b"\n"
        if batch and len(batch) + len(encoded) > MAX_APPEND_BYTES:
            yield bytes(batch)
            batch.clear()
        batch += encoded
    if batch:
        yield bytes(batch)


def _encoded(metadata: Mapping[str, str]) -> dict[str, str]:
    """Metadata travel as headers: what is not printable ASCII is percent-encoded, and so is the percent sign."""
    return {name.lower(): quote(value, safe=_PRINTABLE).strip() for name, value in metadata.items()}


def _decoded(metadata: Mapping[str, str] | None) -> dict[str, str]:
    return {name.lower(): unquote(value or "") for name, value in (metadata or {}).items()}
