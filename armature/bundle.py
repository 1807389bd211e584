"""What a bundle is to the rest: named files of known size, read whole within a limit or streamed.

    Bundle               what all have in common
      ZipBundle          armature.zip_bundle: a zip in any seekable file, such as one that reads a blob by ranges
      FolderBundle       armature.folder_bundle: a folder on disk, for the command line

Both check names, sizes and links before a byte of content is read, and raise one BundleError with every problem.
"""

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import BinaryIO

from armature.problems import Problem, ProblemCode
from armature.settings import Settings

MANIFEST_FILE = "manifest.json"
MAX_PATH_CHARACTERS = 512
"""A path becomes part of a blob's name, which holds 1,024 characters (Azure Storage, naming blobs, 2025)."""

MAX_SEGMENTS = 64
_RATIO_COUNTS_ABOVE = 1024**2
"""Bytes uncompressed: small files of one repeated character compress well and harm nobody."""

_DRIVE = re.compile(r"^[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""Control characters, and those that can't be seen or turn the direction of what is read."""

_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
"""What Python makes of a byte in a file's name that is no text."""


@dataclass(frozen=True, slots=True)
class BundleEntry:
    """A file of a bundle: its path relative to the root, with forward slashes, and its sizes in bytes."""

    path: str
    size: int
    compressed_size: int


class BundleError(Exception):
    """The bundle, or a file of it, can't be read safely; `problems` holds every reason."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


class Bundle(ABC):
    """Files under one root. Opening one has already confined its names and capped its sizes."""

    def __init__(self, entries: Iterable[BundleEntry]) -> None:
        self._entries = MappingProxyType({entry.path: entry for entry in entries})

    @property
    def entries(self) -> Mapping[str, BundleEntry]:
        """The files by path, folders left out."""
        return self._entries

    def read(self, path: str, limit: int) -> bytes:
        """The content of a file of at most `limit` bytes.

        Raises:
            BundleError: it is larger, absent or damaged.
        """
        size = self._entry(path).size
        content = b""
        if size <= limit:
            with self.open(path) as stream:
                content = stream.read(limit + 1)
        if size > limit or len(content) > limit:
            problem = Problem(
                ProblemCode.ENTRY_TOO_LARGE,
                f"The file has {max(size, len(content)):,} bytes; {limit:,} are allowed here.",
                "Make it smaller.",
                file=path,
            )
            raise BundleError([problem])
        return content

    def open(self, path: str) -> BinaryIO:
        """The content of a file as a stream.

        Raises:
            BundleError: it is absent; while reading: it is damaged or not of the size that was declared.
        """
        return self._open(self._entry(path))

    @abstractmethod
    def close(self) -> None:
        """Let go of what the bundle is read from."""

    @abstractmethod
    def _open(self, entry: BundleEntry) -> BinaryIO: ...

    def _entry(self, path: str) -> BundleEntry:
        entry = self._entries.get(path)
        if entry is None:
            message, step = "The bundle does not hold this file.", "Add it, or correct the path."
            raise BundleError([Problem(ProblemCode.FILE_MISSING, message, step, file=path)])
        return entry


@dataclass(frozen=True, slots=True)
class BundleLimits:
    """How large a bundle may be; bytes, except `max_ratio` (uncompressed over compressed) and `max_entries`."""

    max_bundle_bytes: int = 2 * 1024**3
    max_entry_bytes: int = 4 * 1024**3
    max_uncompressed_bytes: int = 8 * 1024**3
    max_ratio: int = 100
    max_entries: int = 5000

    @classmethod
    def of(cls, settings: Settings) -> "BundleLimits":
        """The limits that the app's settings give."""
        return cls(
            max_bundle_bytes=settings.max_bundle_bytes,
            max_entry_bytes=settings.max_entry_bytes,
            max_uncompressed_bytes=settings.max_bundle_uncompressed_bytes,
            max_ratio=settings.max_compression_ratio,
            max_entries=settings.max_entries,
        )


def name_fault(name: str) -> str | None:
    """Why a path may not be used inside a bundle, in words that continue "the name …"; None when it may.

    A name that passes stays inside whatever folder or blob container it is joined to, on every system.
    """
    if not name:
        return "is empty"
    if _CONTROL.search(name):
        return "holds a control character or one that can't be seen"
    if _HALF_CHARACTER.search(name):
        return "is no text in UTF-8"
    if "\\" in name:
        return "holds a backslash"
    if name.startswith("/"):
        return "is absolute"
    if _DRIVE.match(name):
        return "starts with a drive letter"
    if len(name) > MAX_PATH_CHARACTERS:
        return f"is longer than {MAX_PATH_CHARACTERS} characters"
    segments = name.split("/")
    if any(segment in ("", ".", "..") for segment in segments):
        return "has an empty, '.' or '..' segment"
    if any(segment != segment.strip() or segment.endswith(".") for segment in segments):
        return "has a segment that begins or ends with a space or ends with a period"
    if len(segments) > MAX_SEGMENTS:
        return f"is more than {MAX_SEGMENTS} folders deep"
    return None


def name_problems(names: Iterable[str]) -> Iterator[Problem]:
    """Names that leave the bundle, and names that a file system without letter case would take for one another."""
    first_of: dict[str, str] = {}
    for name in names:
        fault = name_fault(name)
        if fault is not None:
            yield Problem(
                ProblemCode.ENTRY_NAME_UNSAFE,
                f"The name {name[:200]!r} {fault}.",
                "Name every file by a relative path inside the bundle, with forward slashes.",
                file=_printable(name),
            )
            continue
        folded = unicodedata.normalize("NFC", name).casefold()
        if folded not in first_of:
            first_of[folded] = name
            continue
        first = first_of[folded]
        yield Problem(
            ProblemCode.ENTRY_DUPLICATE,
            f"The bundle holds {name!r} twice."
            if first == name
            else f"{name!r} and {first!r} differ only in letter case, or in how Unicode writes the same letter.",
            "Give every file a name of its own, by more than that.",
            file=name,
        )


def size_problems(entries: Iterable[BundleEntry], limits: BundleLimits) -> Iterator[Problem]:
    """Files, and the bundle as a whole, beyond the limits, by the sizes that are declared."""
    total = 0
    for entry in entries:
        total += entry.size
        if entry.size > limits.max_entry_bytes:
            yield Problem(
                ProblemCode.ENTRY_TOO_LARGE,
                f"The file has {entry.size:,} bytes uncompressed; {limits.max_entry_bytes:,} are allowed.",
                "Split it, or have ARMATURE_MAX_ENTRY_BYTES raised.",
                file=entry.path,
            )
        if entry.size > _RATIO_COUNTS_ABOVE and entry.size > limits.max_ratio * max(entry.compressed_size, 1):
            yield Problem(
                ProblemCode.ENTRY_RATIO,
                f"The file unpacks to more than {limits.max_ratio} times its size in the zip, as a zip bomb does.",
                "Check where the bundle comes from; if it is right, store this file without compression.",
                file=entry.path,
            )
    if total > limits.max_uncompressed_bytes:
        yield Problem(
            ProblemCode.BUNDLE_TOO_LARGE,
            f"The bundle has {total:,} bytes uncompressed; {limits.max_uncompressed_bytes:,} are allowed.",
            "Deploy it in parts, or have ARMATURE_MAX_BUNDLE_UNCOMPRESSED_BYTES raised.",
        )


def too_many_entries(count: int, limits: BundleLimits) -> Problem:
    """The problem of a bundle with more files and folders than `limits` allow."""
    return Problem(
        ProblemCode.BUNDLE_TOO_LARGE,
        f"The bundle has {count:,} files and folders; {limits.max_entries:,} are allowed.",
        "Leave out what the manifest does not name, or have ARMATURE_MAX_ENTRIES raised.",
    )


def unreadable(message: str, next_step: str, *, file: str = "") -> BundleError:
    """The error of a bundle, or of one of its files, that is damaged or of a kind that is not read."""
    return BundleError([Problem(ProblemCode.BUNDLE_UNREADABLE, message, next_step, file=file)])


def _printable(name: str) -> str:
    return _HALF_CHARACTER.sub("?", _CONTROL.sub("?", name))[:200]
