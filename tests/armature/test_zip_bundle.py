import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.bundle import MAX_PATH_CHARACTERS, MAX_SEGMENTS, BundleEntry, BundleError, BundleLimits, name_fault
from armature.problems import Problem, ProblemCode
from armature.zip_bundle import ZipBundle

LIMITS = BundleLimits()
MIB = 1024**2


def packed(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as target:
        for name, content in entries:
            target.writestr(zipfile.ZipInfo(name.replace("\0", "\2")), content, method)
    return written.getvalue().replace(b"\2.", b"\0.")  # zipfile itself does not write a NUL


def opened(data: bytes, limits: BundleLimits = LIMITS) -> ZipBundle:
    return ZipBundle(io.BytesIO(data), limits)


def refused(data: bytes, limits: BundleLimits = LIMITS) -> list[tuple[ProblemCode, str]]:
    with pytest.raises(BundleError) as caught:
        opened(data, limits)
    return [(problem.code, problem.file) for problem in caught.value.problems]


def problem_of(call: Callable[[], object]) -> Problem:
    with pytest.raises(BundleError) as caught:
        call()
    [problem] = caught.value.problems
    return problem


def test_files_are_listed_from_the_directory_and_read_one_by_one() -> None:
    bundle = opened(packed(("manifest.json", b"{}"), ("templates/", b""), ("templates/web.json", b"x" * 1000)))

    assert list(bundle.entries) == ["manifest.json", "templates/web.json"]
    assert bundle.entries["templates/web.json"].size == 1000
    assert bundle.entries["templates/web.json"].compressed_size < 100
    assert bundle.read("manifest.json", 2) == b"{}"
    with bundle.open("templates/web.json") as stream:
        assert stream.read(10) == b"x" * 10


def test_a_file_is_read_up_to_the_limit_and_refused_above_it() -> None:
    bundle = opened(packed(("a", b"12345")))

    assert bundle.read("a", 5) == b"12345"
    assert problem_of(lambda: bundle.read("a", 4)).code is ProblemCode.ENTRY_TOO_LARGE


def test_a_file_that_is_not_there_is_missing() -> None:
    bundle = opened(packed(("a", b"1")))

    for call in (lambda: bundle.read("b", 9), lambda: bundle.open("b")):
        problem = problem_of(call)
        assert (problem.code, problem.file) == (ProblemCode.FILE_MISSING, "b")


def test_closing_the_bundle_closes_its_file() -> None:
    file = io.BytesIO(packed(("a", b"1")))

    ZipBundle(file, LIMITS).close()

    assert file.closed


@pytest.mark.parametrize(
    "name",
    ["../evil", "a/../../evil", "..", "/etc/passwd", "C:/evil", "c:evil", "a\\b", "..\\evil", "//host/x", "a//b", "./a",
     "a/./b", "a/", "nul\x00.json", "line\nbreak",
     "a\u202egnp.json", "a\u200b.json", "a /b", " a", "a.", "a/.../b", "x" * (MAX_PATH_CHARACTERS + 1),
     "/".join("x" * (MAX_SEGMENTS + 1))],
)  # fmt: skip
def test_a_name_that_may_leave_the_bundle_is_refused(name: str) -> None:
    assert name_fault(name) is not None
    if not name.endswith("/"):
        [(code, _)] = refused(packed(("manifest.json", b"{}"), (name, b"x")))
        assert code is ProblemCode.ENTRY_NAME_UNSAFE


@pytest.mark.parametrize(
    "name",
    ["a", "a.json", ".a", "a/b/c.json", "a..b", "ünïcode/ß.json", "a b/c d.json", "x" * MAX_PATH_CHARACTERS,
     "/".join("x" * MAX_SEGMENTS)],
)  # fmt: skip
def test_an_ordinary_name_is_taken(name: str) -> None:
    assert list(opened(packed((name, b"x"))).entries) == [name]


def test_a_folder_that_leaves_the_bundle_is_refused_too() -> None:
    assert refused(packed(("../out/", b""))) == [(ProblemCode.ENTRY_NAME_UNSAFE, "../out")]


@given(st.text(alphabet=st.sampled_from("ab./\\:~ \x00\x1fC"), max_size=12))
def test_no_name_that_passes_leaves_the_folder_it_is_joined_to(name: str) -> None:
    if name_fault(name) is None:
        depth = 0
        for segment in name.split("/"):
            assert segment not in ("", ".", "..")
            assert not set(segment) & set("\\\x00")
            depth += 1
        assert depth >= 1
        assert not name.startswith("/")
        assert not (name[:1].isalpha() and name[1:2] == ":")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_are_the_same_or_differ_in_case_only_are_refused() -> None:
    data = packed(("a.json", b"1"), ("A.json", b"2"), ("b.json", b"3"), ("b.json", b"4"), ("é", b""), ("e\u0301", b""))

    assert refused(data) == [
        (ProblemCode.ENTRY_DUPLICATE, "A.json"),
        (ProblemCode.ENTRY_DUPLICATE, "b.json"),
        (ProblemCode.ENTRY_DUPLICATE, "e\u0301"),
    ]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_an_entry_that_is_no_file_is_refused(kind: int) -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as target:
        info = zipfile.ZipInfo("link")
        info.external_attr = (kind | 0o777) << 16
        target.writestr(info, "/etc/passwd")

    assert refused(written.getvalue()) == [(ProblemCode.ENTRY_NAME_UNSAFE, "link")]


@pytest.mark.parametrize("bit", [0x1, 0x40, 0x2000])
def test_an_encrypted_entry_is_refused(bit: int) -> None:
    assert refused(with_directory_field(packed(("a", b"x")), 8, "<H", bit)) == [(ProblemCode.ENTRY_ENCRYPTED, "a")]


def test_a_compression_that_is_not_read_is_refused() -> None:
    data = packed(("a", b"x"), method=zipfile.ZIP_LZMA)

    assert refused(data) == [(ProblemCode.BUNDLE_UNREADABLE, "a")]


def with_directory_field(data: bytes, offset: int, layout: str, value: int) -> bytes:
    """The zip with one field of its first central directory entry changed (offsets: APPNOTE.TXT 4.3.12)."""
    start = data.rindex(b"PK\x01\x02") if data.count(b"PK\x01\x02") == 1 else data.index(b"PK\x01\x02")
    changed = bytearray(data)
    struct.pack_into(layout, changed, start + offset, value)
    return bytes(changed)


def test_the_ratio_counts_above_a_mebibyte() -> None:
    limits = BundleLimits(max_ratio=100)
    zeros = bytes(MIB)

    assert opened(packed(("small", zeros)), limits)
    assert refused(packed(("large", zeros + b"\0")), limits) == [(ProblemCode.ENTRY_RATIO, "large")]


def test_the_ratio_is_allowed_up_to_its_limit() -> None:
    data = packed(("a", bytes(2 * MIB)))
    size = opened(data, BundleLimits(max_ratio=10**6)).entries["a"].compressed_size
    ratio = 2 * MIB // size

    assert opened(data, BundleLimits(max_ratio=ratio + 1))
    assert refused(data, BundleLimits(max_ratio=ratio - 1)) == [(ProblemCode.ENTRY_RATIO, "a")]


def test_sizes_are_allowed_up_to_their_limits() -> None:
    data = packed(("a", b"12345"), ("b", b"123"))

    assert opened(data, BundleLimits(max_entry_bytes=5, max_uncompressed_bytes=8, max_bundle_bytes=len(data)))
    assert refused(data, BundleLimits(max_entry_bytes=4)) == [(ProblemCode.ENTRY_TOO_LARGE, "a")]
    assert refused(data, BundleLimits(max_uncompressed_bytes=7)) == [(ProblemCode.BUNDLE_TOO_LARGE, "")]
    assert refused(data, BundleLimits(max_bundle_bytes=len(data) - 1)) == [(ProblemCode.BUNDLE_TOO_LARGE, "")]


def test_entries_are_counted_up_to_their_limit() -> None:
    data = packed(*((f"f{number}", b"") for number in range(5)))

    assert opened(data, BundleLimits(max_entries=5))
    assert refused(data, BundleLimits(max_entries=4)) == [(ProblemCode.BUNDLE_TOO_LARGE, "")]


def test_a_directory_far_larger_than_the_entries_need_is_not_read() -> None:
    data = packed(*((f"{'x' * 300}{number}", b"") for number in range(500)))
    end = data.rindex(b"PK\x05\x06")
    directory_size = struct.unpack_from("<I", data, end + 12)[0]
    assert directory_size > 1 << 17

    assert refused(data, BundleLimits(max_entries=10)) == [(ProblemCode.BUNDLE_TOO_LARGE, "")]


def test_every_problem_is_told_at_once() -> None:
    data = packed(("../a", b"x"), ("b\\c", b"x"), ("big", bytes(2 * MIB)))

    assert refused(data, BundleLimits(max_entry_bytes=MIB)) == [
        (ProblemCode.ENTRY_NAME_UNSAFE, "../a"),
        (ProblemCode.ENTRY_NAME_UNSAFE, "b\\c"),
        (ProblemCode.ENTRY_TOO_LARGE, "big"),
        (ProblemCode.ENTRY_RATIO, "big"),
    ]


def test_content_beyond_the_size_that_was_declared_is_never_handed_out() -> None:
    """The directory says 10 bytes; the entry inflates to 50 MiB."""
    data = with_directory_field(packed(("bomb", bytes(50 * MIB))), 24, "<I", 10)

    bundle = opened(data)

    assert problem_of(lambda: bundle.read("bomb", 1000)).code is ProblemCode.BUNDLE_UNREADABLE
    with bundle.open("bomb") as stream:
        assert problem_of(lambda: stream.read()).file == "bomb"


def test_content_short_of_the_size_that_was_declared_is_damaged() -> None:
    bundle = opened(with_directory_field(packed(("a", b"12345")), 24, "<I", 6))

    assert problem_of(lambda: bundle.read("a", 1000)).code is ProblemCode.BUNDLE_UNREADABLE


def test_content_that_does_not_fit_its_checksum_is_damaged() -> None:
    bundle = opened(with_directory_field(packed(("a", b"12345")), 16, "<I", zlib.crc32(b"other")))

    assert problem_of(lambda: bundle.read("a", 1000)).code is ProblemCode.BUNDLE_UNREADABLE


def test_compressed_bytes_that_are_no_deflate_stream_are_damaged() -> None:
    data = bytearray(packed(("a", b"12345" * 20)))
    data[31 : 31 + 5] = b"\xff" * 5

    bundle = opened(bytes(data))

    assert problem_of(lambda: bundle.read("a", 1000)).code is ProblemCode.BUNDLE_UNREADABLE


def test_a_local_header_under_another_name_is_damaged() -> None:
    data = bytearray(packed(("a", b"12345")))
    data[30:31] = b"b"

    bundle = opened(bytes(data))

    assert problem_of(lambda: bundle.open("a")).code is ProblemCode.BUNDLE_UNREADABLE


def test_entries_that_share_their_bytes_are_refused() -> None:
    """The trick of zip bombs that unpack to terabytes: many directory entries for one stream."""
    data = packed(("a", b"x" * 100), ("b", b"y" * 100))
    second = data.rindex(b"PK\x01\x02")
    changed = bytearray(data)
    struct.pack_into("<I", changed, second + 42, 0)

    assert (ProblemCode.BUNDLE_UNREADABLE, "a") in refused(bytes(changed))


def test_an_entry_that_begins_before_the_file_is_refused() -> None:
    """A directory said to be longer than it is moves every entry forward by as much."""
    data = packed(("a", b"x" * 100))
    end = data.rindex(b"PK\x05\x06")
    changed = bytearray(data)
    struct.pack_into("<I", changed, end + 16, struct.unpack_from("<I", data, end + 16)[0] + 1)

    assert refused(bytes(changed)) == [(ProblemCode.BUNDLE_UNREADABLE, "a")]


def test_an_entry_that_reaches_into_the_directory_is_refused() -> None:
    assert refused(with_directory_field(packed(("a", b"x" * 100)), 20, "<I", 10_000)) == [
        (ProblemCode.BUNDLE_UNREADABLE, "a")
    ]


@given(st.binary(max_size=200))
def test_bytes_that_are_no_zip_are_refused(data: bytes) -> None:
    assert refused(data) == [(ProblemCode.BUNDLE_UNREADABLE, "")]


@given(st.integers(0, 400), st.binary(min_size=1, max_size=8))
def test_a_damaged_zip_is_refused_or_read_but_never_breaks_anything(place: int, noise: bytes) -> None:
    data = bytearray(packed(("manifest.json", b"{}" * 20), ("templates/web.json", b"[1]" * 9)))
    place = min(place, len(data) - 1)
    data[place : place + len(noise)] = noise

    try:
        bundle = opened(bytes(data))
        contents = [bundle.read(path, 1000) for path in bundle.entries]
    except BundleError:
        return
    assert all(len(content) <= 1000 for content in contents)


def test_an_entry_is_a_plain_value() -> None:
    assert opened(packed(("a", b""), method=zipfile.ZIP_STORED)).entries["a"] == BundleEntry("a", 0, 0)
