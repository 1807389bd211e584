import os
import zipfile
from pathlib import Path

import pytest

from armature.bundle import BundleError, BundleLimits
from armature.folder_bundle import FolderBundle, write_zip
from armature.problems import ProblemCode
from armature.zip_bundle import ZipBundle
from tests.builders import files, shop, write_folder

LIMITS = BundleLimits()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(shop(), tmp_path / "shop")


def refused(folder: Path, limits: BundleLimits = LIMITS) -> list[tuple[ProblemCode, str]]:
    with pytest.raises(BundleError) as caught:
        FolderBundle(folder, limits)
    return [(problem.code, problem.file) for problem in caught.value.problems]


def test_a_folder_is_read_like_a_zip(folder: Path) -> None:
    bundle = FolderBundle(folder, LIMITS)

    assert sorted(bundle.entries) == sorted(shop())
    for path, content in files(shop()).items():
        assert bundle.read(path, len(content)) == content
        with pytest.raises(BundleError):
            bundle.read(path, len(content) - 1)
    with pytest.raises(BundleError):
        bundle.open("absent.json")
    bundle.close()


def test_names_that_begin_with_a_period_are_left_out(folder: Path) -> None:
    write_folder({".git/config": b"x", ".DS_Store": b"x", "templates/.hidden": b"x"}, folder)

    assert sorted(FolderBundle(folder, LIMITS).entries) == sorted(shop())


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert refused(tmp_path / "absent") == [(ProblemCode.BUNDLE_UNREADABLE, "")]


def test_links_that_leave_the_folder_are_refused_and_links_to_its_own_files_followed(folder: Path) -> None:
    outside = folder.parent / "outside.json"
    outside.write_text("{}")
    (folder / "evil.json").symlink_to(outside)
    (folder / "more").symlink_to(folder.parent, target_is_directory=True)
    (folder / "broken.json").symlink_to(folder / "absent.json")
    (folder / "same.json").symlink_to(folder / "templates" / "web.json")

    assert sorted(refused(folder)) == [
        (ProblemCode.ENTRY_NAME_UNSAFE, "broken.json"),
        (ProblemCode.ENTRY_NAME_UNSAFE, "evil.json"),
        (ProblemCode.ENTRY_NAME_UNSAFE, "more"),
    ]
    for name in ("evil.json", "more", "broken.json"):
        (folder / name).unlink()
    bundle = FolderBundle(folder, LIMITS)
    assert bundle.read("same.json", 10**6) == bundle.read("templates/web.json", 10**6)


def test_the_limits_hold_for_a_folder(folder: Path) -> None:
    largest = max(len(content) for content in files(shop()).values())
    total = sum(len(content) for content in files(shop()).values())

    FolderBundle(folder, BundleLimits(max_entry_bytes=largest, max_uncompressed_bytes=total, max_entries=len(shop())))
    [(code, _)] = refused(folder, BundleLimits(max_entry_bytes=largest - 1))
    assert code is ProblemCode.ENTRY_TOO_LARGE
    assert refused(folder, BundleLimits(max_uncompressed_bytes=total - 1)) == [(ProblemCode.BUNDLE_TOO_LARGE, "")]
    assert refused(folder, BundleLimits(max_entries=len(shop()) - 1)) == [(ProblemCode.BUNDLE_TOO_LARGE, "")]


def test_a_folder_packs_to_the_same_bytes_whenever_and_in_whatever_order_it_was_written(tmp_path: Path) -> None:
    one = write_folder(shop(), tmp_path / "one")
    other = write_folder(dict(reversed(shop().items())), tmp_path / "other")
    os.utime(other / "manifest.json", (1, 1))

    write_zip(one, tmp_path / "one.zip", LIMITS)
    write_zip(other, tmp_path / "other.zip", LIMITS)

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()


def test_a_packed_folder_is_a_bundle_with_the_same_files(folder: Path, tmp_path: Path) -> None:
    write_zip(folder, tmp_path / "shop.zip", LIMITS)

    with (tmp_path / "shop.zip").open("rb") as file:
        bundle = ZipBundle(file, LIMITS)
        assert list(bundle.entries) == sorted(shop())
        for path, content in files(shop()).items():
            assert bundle.read(path, 10**6) == content
    with zipfile.ZipFile(tmp_path / "shop.zip") as packed:
        assert packed.getinfo("packages/api.zip").compress_type == zipfile.ZIP_STORED


def test_a_folder_with_a_link_outside_is_not_packed(folder: Path, tmp_path: Path) -> None:
    (folder / "evil.json").symlink_to("/etc/hostname")

    with pytest.raises(BundleError):
        write_zip(folder, tmp_path / "shop.zip", LIMITS)

    assert not (tmp_path / "shop.zip").exists()
