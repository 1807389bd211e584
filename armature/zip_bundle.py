"""A bundle in a zip: checked from its central directory before any byte is inflated, then streamed entry by entry."""

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, BinaryIO, cast

from armature.bundle import (
    Bundle,
    BundleEntry,
    BundleError,
    BundleLimits,
    name_problems,
    size_problems,
    too_many_entries,
    unreadable,
)
from armature.problems import Problem, ProblemCode

_LOCAL_HEADER_BYTES = 30
_DIRECTORY_BYTES_PER_ENTRY = 1024
"""Room for one entry of the central directory: 46 bytes, a name of at most 512 characters, extra fields."""

_ENCRYPTED = 0x1 | 0x40 | 0x2000
"""Bits 0 (encrypted), 6 (strong encryption) and 13 (masked headers) of the flags (APPNOTE.TXT 6.3.10, 4.4.4)."""

_UTF8 = 0x800
"""Bit 11 of the flags: the name is UTF-8, else code page 437."""

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_REPACK = "Pack the folder again, for example by `armature deploy FOLDER`, and upload the whole file."


class ZipBundle(Bundle):
    """A zip in a seekable file. Closing it closes the file.

    Raises:
        BundleError: it is no zip, or names, sizes, links or flags of its entries are refused; every reason at once.
    """

    def __init__(self, file: BinaryIO, limits: BundleLimits) -> None:
        self._file = file
        size = file.seek(0, io.SEEK_END)
        if size > limits.max_bundle_bytes:
            raise BundleError([_larger_than_allowed(size, limits)])
        self._zip = _opened(file, limits)
        infos = self._zip.infolist()
        if len(infos) > limits.max_entries:
            raise BundleError([too_many_entries(len(infos), limits)])
        files = [info for info in infos if not _is_folder(info)]
        entries = [BundleEntry(info.orig_filename, info.file_size, info.compress_size) for info in files]
        problems = [
            *name_problems(_name(info) for info in infos),
            *(problem for info in infos for problem in _kind_problems(info)),
            *_overlap_problems(infos, self._zip.start_dir),
            *size_problems(entries, limits),
        ]
        if problems:
            raise BundleError(problems)
        self._infos = {info.orig_filename: info for info in files}
        super().__init__(entries)

    def close(self) -> None:
        """Close the zip and the file it is in."""
        self._zip.close()
        self._file.close()

    def _open(self, entry: BundleEntry) -> BinaryIO:
        info = self._infos[entry.path]
        try:
            content = self._zip.open(info)
        except (zipfile.BadZipFile, NotImplementedError) as error:
            raise _damaged(entry.path) from error
        return cast("BinaryIO", io.BufferedReader(_EntryStream(content, info), buffer_size=64 * 1024))


class _EntryStream(io.RawIOBase):
    """The inflated content of one entry; ends with an error where it is not what the central directory declared."""

    def __init__(self, content: IO[bytes], info: zipfile.ZipInfo) -> None:
        self._content = content
        self._info = info
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]
        try:
            data = self._content.read(len(buffer))
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise _damaged(self._info.orig_filename) from error
        self._count += len(data)
        if len(data) == 0 and self._count != self._info.file_size:
            raise _damaged(self._info.orig_filename)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._content.close()
        super().close()


class _DirectoryReader(io.RawIOBase):
    """The file while its central directory is read: refuses to hand out more bytes at once than one may have.

    `zipfile` reads the whole central directory in one piece, however large the zip says that it is.
    """

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file = file
        self._limit: int | None = limit

    def admit_all(self) -> None:
        """The central directory has been read: from now on only the entries are, in pieces."""
        self._limit = None

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int | None = -1, /) -> bytes:
        if self._limit is not None and size is not None and size > self._limit:
            raise _DirectoryTooLargeError
        return self._file.read(-1 if size is None else size)


class _DirectoryTooLargeError(Exception):
    """The central directory is larger than the allowed number of entries needs."""


def _opened(file: BinaryIO, limits: BundleLimits) -> zipfile.ZipFile:
    # 64 KiB is what zipfile reads to find the end record behind a comment.
    reader = _DirectoryReader(file, max(limits.max_entries * _DIRECTORY_BYTES_PER_ENTRY, 1 << 17))
    try:
        opened = zipfile.ZipFile(cast("BinaryIO", reader))
    except _DirectoryTooLargeError as error:
        raise BundleError(
            [
                Problem(
                    ProblemCode.BUNDLE_TOO_LARGE,
                    f"The zip's directory is larger than {limits.max_entries:,} files and folders need.",
                    "Leave out what the manifest does not name, or have ARMATURE_MAX_ENTRIES raised.",
                )
            ]
        ) from error
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise unreadable("The bundle is not a zip file, or it is cut off.", _REPACK) from error
    reader.admit_all()
    return opened


def _is_folder(info: zipfile.ZipInfo) -> bool:
    return info.orig_filename.endswith("/")


def _name(info: zipfile.ZipInfo) -> str:
    return info.orig_filename.removesuffix("/")


def _kind_problems(info: zipfile.ZipInfo) -> Iterator[Problem]:
    name = _name(info)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        what = "a link" if kind == stat.S_IFLNK else "no ordinary file"
        yield Problem(
            ProblemCode.ENTRY_NAME_UNSAFE,
            f"The entry is {what}.",
            "Put the file itself into the bundle.",
            file=name,
        )
    if info.flag_bits & _ENCRYPTED:
        yield Problem(
            ProblemCode.ENTRY_ENCRYPTED,
            "The entry is encrypted.",
            "Pack the bundle without a password; secrets belong in Key Vault references.",
            file=name,
        )
    elif info.compress_type not in _METHODS:
        yield Problem(
            ProblemCode.BUNDLE_UNREADABLE,
            f"The entry is compressed by method {info.compress_type}, which is not read.",
            "Pack the bundle with the usual compression (deflate) or none.",
            file=name,
        )


def _overlap_problems(infos: list[zipfile.ZipInfo], directory_offset: int) -> Iterator[Problem]:
    """Entries whose compressed bytes lie in one another, or beyond the last: how a small zip unpacks to terabytes."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    ends = [*(info.header_offset for info in ordered[1:]), directory_offset]
    for info, end in zip(ordered, ends, strict=False):
        name_bytes = len(info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8 else "cp437"))
        last = info.header_offset + _LOCAL_HEADER_BYTES + name_bytes + info.compress_size
        if info.header_offset < 0 or last > end:
            yield Problem(
                ProblemCode.BUNDLE_UNREADABLE,
                "The entry's bytes overlap another entry, or lie outside the zip.",
                _REPACK,
                file=_name(info),
            )


def _larger_than_allowed(size: int, limits: BundleLimits) -> Problem:
    return Problem(
        ProblemCode.BUNDLE_TOO_LARGE,
        f"The bundle has {size:,} bytes; {limits.max_bundle_bytes:,} are allowed.",
        "Deploy it in parts, or have ARMATURE_MAX_BUNDLE_BYTES raised.",
    )


def _damaged(path: str) -> BundleError:
    return unreadable("The file is damaged: its content is not what the zip's directory declares.", _REPACK, file=path)
