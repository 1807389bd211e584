"""Models kept as documents, each by its path."""

import hashlib
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote

from armature.azure.documents import DocumentStore
from armature.models import Model

MAX_NAME_IN_PATH = 200
"""A blob's name has at most 1,024 characters (Blob storage, 2025)."""

RecordT = TypeVar("RecordT", bound=Model)


class Records:
    """Reads and writes models in a container of documents. Raises what DocumentStore raises."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents

    def read(self, path: str, kind: type[RecordT]) -> RecordT | None:
        """The model that is kept there, or None. Changes nothing."""
        document = self._documents.read(path)
        return None if document is None else kind.model_validate_json(document.content)

    def create(self, path: str, record: Model) -> bool:
        """Keep a model where none must be yet; False, with nothing written, when there is one."""
        return self._documents.create(path, content_of(record))

    def update(self, path: str, absent: RecordT, change: Callable[[RecordT], RecordT]) -> RecordT:
        """Change what is kept there by a pure step, again on what another wrote in between; answers what then stands.

        `absent` is what counts while nothing is kept, and is itself not written.
        """
        stands: list[RecordT] = []

        def changed(content: bytes | None) -> bytes | None:
            before = absent if content is None else type(absent).model_validate_json(content)
            stands.append(change(before))
            return None if stands[-1] == before else content_of(stands[-1])

        self._documents.update(path, changed)
        return stands[-1]


def content_of(record: Model) -> bytes:
    """The model as it is kept."""
    return record.model_dump_json(by_alias=True, exclude_none=True).encode()


def file_name(name: str) -> str:
    """A name of the user's as the last part of a path: no slash of it may lead to another document."""
    quoted = quote(name, safe="")
    if len(quoted) > MAX_NAME_IN_PATH:
        quoted = hashlib.sha256(name.encode()).hexdigest()
    return f"{quoted}.json"
