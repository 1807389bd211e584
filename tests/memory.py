"""Documents in memory, in place of a container's: the same rules of creation, ETags and appending."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any

from armature.azure.deployments import DeploymentStore
from armature.azure.documents import Document, Listed
from armature.errors import FailureClass, FailureError, failure

BUSY = failure(FailureClass.THROTTLED, "ServerBusy", "Storage is busy.").model_copy(update={"retry_after_seconds": 9.0})


class MemoryDocuments:
    """A DocumentStore that forgets. Each call whose name is in `breaks` fails."""

    def __init__(self) -> None:
        self.breaks: set[str] = set()
        self._found: dict[str, Document] = {}
        self._versions = count(1)

    def read(self, path: str) -> Document | None:
        return self._found.get(path)

    def create(self, path: str, content: bytes, metadata: Mapping[str, str] | None = None) -> bool:
        if path in self._found:
            return False
        self._write(path, content, metadata)
        self._break("create")
        return True

    def replace(self, path: str, content: bytes, metadata: Mapping[str, str], etag: str) -> bool:
        found = self._found.get(path)
        if found is None or found.etag != etag:
            return False
        self._write(path, content, metadata)
        return True

    def put(self, path: str, content: bytes, metadata: Mapping[str, str] | None = None) -> None:
        self._write(path, content, metadata)

    def update(
        self,
        path: str,
        change: Callable[[bytes | None], bytes | None],
        metadata: Callable[[bytes], Mapping[str, str]] | None = None,
    ) -> bytes | None:
        self._break("update")
        found = self._found.get(path)
        before = None if found is None else found.content
        content = change(before)
        if content is None or content == before:
            return before
        kept = {} if found is None else found.metadata
        self._write(path, content, kept if metadata is None else metadata(content))
        return content

    def append(self, path: str, lines: Iterable[str]) -> None:
        self._break("append")
        before = self._found[path].content if path in self._found else b""
        self._write(path, before + b"".join(line.encode() + b"\n" for line in lines), {})

    def read_lines(self, path: str) -> list[str]:
        return self._found[path].content.decode().split("\n")[:-1] if path in self._found else []

    def list(self, prefix: str = "") -> Iterator[Listed]:
        now = datetime.now(UTC)
        for path, found in sorted(self._found.items()):
            if path.startswith(prefix):
                yield Listed(path, found.metadata, now, len(found.content))

    def delete(self, path: str, *, etag: str | None = None) -> bool:
        found = self._found.get(path)
        if found is not None and etag is not None and found.etag != etag:
            return False
        self._found.pop(path, None)
        return True

    def _write(self, path: str, content: bytes, metadata: Mapping[str, str] | None) -> None:
        self._found[path] = Document(content, f"v{next(self._versions)}", dict(metadata or {}))

    def _break(self, name: str) -> None:
        if name in self.breaks:
            raise FailureError(BUSY)


def memory_store(documents: Any = None) -> DeploymentStore:
    """A DeploymentStore that keeps nothing beyond the test."""
    return DeploymentStore(documents or MemoryDocuments())
