import hashlib
import io
from collections.abc import Iterator
from typing import Any, BinaryIO

import pytest

from armature.bundle import Bundle, BundleEntry
from armature.manifest import FileReference, PackageEntry
from armature.package_files import identity_problems, package_checksums
from armature.plan import PackageAttachment
from armature.problems import ProblemCode
from armature.templates.template import Template
from tests.builders import dump, resource, template

SIZE = 3 * 1024**2 + 17


class _Zeros(io.RawIOBase):
    """Many bytes that are never all there at once; remembers the largest piece that was asked for."""

    def __init__(self) -> None:
        self.left = SIZE
        self.largest = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        self.largest = max(self.largest, SIZE if size < 0 else size)
        count = min(self.left, self.largest)
        self.left -= count
        return bytes(count)


class OneFile(Bundle):
    """A bundle of one file; counts how often it is opened."""

    def __init__(self) -> None:
        super().__init__([BundleEntry("api.zip", SIZE, SIZE)])
        self.streams: list[_Zeros] = []

    def close(self) -> None:
        """Nothing is held open."""

    def _open(self, entry: BundleEntry) -> BinaryIO:
        self.streams.append(_Zeros())
        return self.streams[-1]  # type: ignore[return-value]


def package(name: str, path: str = "api.zip") -> PackageEntry:
    return PackageEntry(name=name, pointer="", file=FileReference(path=path, pointer=""))


def test_a_file_is_hashed_once_and_in_pieces_however_many_packages_it_is() -> None:
    bundle = OneFile()

    checksums, problems = package_checksums(bundle, [package("one"), package("two"), package("three", "absent.zip")])

    assert checksums == {"api.zip": hashlib.sha256(bytes(SIZE)).hexdigest()}
    assert problems == []
    assert [stream.largest for stream in bundle.streams] == [1024**2]


def _apps(**parts: Any) -> Iterator[Template]:
    for kind, name in (
        ("Microsoft.Web/sites", "func-API"),
        ("Microsoft.Web/sites", "other"),
        ("Other.Web/sites", "func-api"),
    ):
        document = template(resource(name, kind, **(parts if name == "func-API" else {})))
        yield Template.read(dump(document), file=f"{name}.json")


@pytest.mark.parametrize(
    ("parts", "is_refused"),
    [
        ({}, True),
        ({"identity": None}, True),
        ({"identity": {}}, True),
        ({"identity": {"type": "None"}}, True),
        ({"identity": {"type": " "}}, True),
        ({"identity": {"type": "SystemAssigned"}}, False),
        ({"identity": {"type": "UserAssigned", "userAssignedIdentities": {}}}, False),
        ({"identity": {"type": "[parameters('identity')]"}}, False),
        ({"identity": "[variables('identity')]"}, False),
        ({"existing": True}, False),
        ({"properties": {"functionAppConfig": {}}}, False),
        ({"properties": {"functionAppConfig": None}}, True),
    ],
)
def test_a_function_app_needs_an_identity_to_read_its_package(parts: dict[str, Any], is_refused: bool) -> None:
    attachment = PackageAttachment(function_app="func-api", package="api")

    problems = list(identity_problems([attachment], _apps(**parts)))

    found = [(problem.code, problem.file, problem.pointer) for problem in problems]
    assert found == ([(ProblemCode.PACKAGE_IDENTITY, "func-API.json", "/resources/0")] if is_refused else [])
