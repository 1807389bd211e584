"""A bundle in a folder on disk, and the zip that the command line makes of it.

Names that begin with a period (`.git`, `.DS_Store`) are left out, in the folder and in the zip alike.
"""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

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

_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can hold: the same folder always gives the same bytes."""

_COPY_CHUNK = 1024**2


class FolderBundle(Bundle):
    """The files below a folder. A link to a file inside the folder stands for that file.

    Raises:
        BundleError: there is no such folder, a link leaves it, or names or sizes are refused; every reason at once.
    """

    def __init__(self, path: Path, limits: BundleLimits) -> None:
        self._root = path
        if not path.is_dir():
            raise unreadable(f"There is no folder {str(path)!r}.", "Give the path of the bundle's folder or zip.")
        problems: list[Problem] = []
        entries: dict[str, BundleEntry] = {}
        for name, file in _files(path, problems):
            size = file.stat().st_size
            entries[name] = BundleEntry(name, size, size)
            if len(entries) > limits.max_entries:
                raise BundleError([*problems, too_many_entries(len(entries), limits)])
        problems += [*name_problems(entries), *size_problems(entries.values(), limits)]
        if problems:
            raise BundleError(problems)
        super().__init__(entries.values())

    def close(self) -> None:
        """Nothing is held open."""

    def _open(self, entry: BundleEntry) -> BinaryIO:
        return (self._root / entry.path).open("rb")


def write_zip(folder: Path, destination: Path, limits: BundleLimits) -> None:
    """Pack a folder into a zip: names sorted, times fixed, so that the same content gives the same bytes.

    Raises:
        BundleError: the folder is no acceptable bundle (see `FolderBundle`).
        OSError: a file can't be read, or the zip not written.
    """
    bundle = FolderBundle(folder, limits)
    with zipfile.ZipFile(destination, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(bundle.entries):
            info = zipfile.ZipInfo(name, _FIXED_TIME)
            info.compress_type = zipfile.ZIP_STORED if name.lower().endswith(".zip") else zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            size = bundle.entries[name].size
            with bundle.open(name) as source, target.open(info, "w", force_zip64=size >= 2**31) as sink:
                while chunk := source.read(_COPY_CHUNK):
                    sink.write(chunk)


def _files(root: Path, problems: list[Problem]) -> Iterator[tuple[str, Path]]:
    """The files below `root` with their names in the bundle, in order; links that leave it go to `problems`."""
    inside = root.resolve()
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        for name in sorted(folders):
            if not name.startswith(".") and (here / name).is_symlink():
                problems.append(_link(root, here / name, "a link to a folder"))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            file = here / name
            if name.startswith("."):
                continue
            if file.is_symlink() and not file.resolve().is_relative_to(inside):
                problems.append(_link(root, file, "a link that leaves the bundle"))
            elif not file.is_file():
                problems.append(_link(root, file, "no ordinary file"))
            else:
                yield file.relative_to(root).as_posix(), file


def _link(root: Path, path: Path, what: str) -> Problem:
    return Problem(
        ProblemCode.ENTRY_NAME_UNSAFE,
        f"The entry is {what}.",
        "Put the file itself into the bundle.",
        file=path.relative_to(root).as_posix(),
    )
