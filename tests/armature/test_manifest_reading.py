import io
from typing import Any

import pytest

from armature.bundle import BundleLimits
from armature.manifest import BundleKind
from armature.manifest_reading import MAX_MANIFEST_BYTES, find_manifest
from armature.problems import ProblemCode
from armature.zip_bundle import ZipBundle
from tests.armature.bad_bundles import stored
from tests.builders import assembly, declared, dump, manifest, zipped


def opened(documents: dict[str, Any]) -> ZipBundle:
    return ZipBundle(io.BytesIO(zipped(documents)), BundleLimits())


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (manifest(declared("a")), BundleKind.MANIFEST),
        (assembly(A={}), BundleKind.ASSEMBLY),
        ({**assembly(A={}), "version": "1.0.0"}, BundleKind.ASSEMBLY),
    ],
)
def test_the_version_tells_whose_manifest_it_is(document: dict[str, Any], kind: BundleKind) -> None:
    _, found, problems = find_manifest(opened({"manifest.json": document}))

    assert found is not None
    assert found.kind is kind
    assert problems == []


@pytest.mark.parametrize("version", [1, 1.0, None, True, [], {}, "1.0", "2", "2.0.1", "v1", ""])
def test_any_other_version_is_refused(version: Any) -> None:
    _, found, [problem] = find_manifest(opened({"manifest.json": {**manifest(declared("a")), "version": version}}))

    assert found is None
    assert (problem.code, problem.pointer) == (ProblemCode.MANIFEST_VERSION, "/version")


def test_comments_trailing_commas_and_a_byte_order_mark_are_no_fault() -> None:
    text = "\ufeff// ours\n" + dump(manifest(declared("a"))).decode().replace(
        '"version": "1",', '"version": "1", /* one */'
    )

    _, found, problems = find_manifest(opened({"manifest.json": text}))

    assert found is not None
    assert problems == []


def test_a_syntax_error_is_told_with_its_place() -> None:
    _, found, [problem] = find_manifest(opened({"manifest.json": '{\n  "version": "1"\n  "project": 3\n}'}))

    assert found is None
    assert (problem.code, problem.line, problem.column) == (ProblemCode.MANIFEST_SYNTAX, 3, 3)


@pytest.mark.parametrize(
    "text", ['{"value": hunter2}', '{"value": "a" hunter2}', '{"hunter2 is the value"}', "hunter2", '{"a": 1} hunter2']
)
def test_a_syntax_error_does_not_repeat_what_stands_there(text: str) -> None:
    _, _, [problem] = find_manifest(opened({"manifest.json": text}))

    assert problem.code is ProblemCode.MANIFEST_SYNTAX
    assert "hunter2" not in str(problem)


def test_a_manifest_one_folder_down_is_pointed_out() -> None:
    _, _, [problem] = find_manifest(opened({"shop/manifest.json": manifest(declared("a"))}))

    assert problem.code is ProblemCode.MANIFEST_MISSING
    assert "shop/manifest.json" in problem.next_step


@pytest.mark.parametrize(("size", "is_read"), [(MAX_MANIFEST_BYTES, True), (MAX_MANIFEST_BYTES + 1, False)])
def test_a_manifest_is_read_up_to_its_limit(size: int, is_read: bool) -> None:
    text = dump(manifest(declared("a")))
    data = stored({"manifest.json": text + b" " * (size - len(text))})

    _, found, problems = find_manifest(ZipBundle(io.BytesIO(data), BundleLimits()))

    assert (found is not None) is is_read
    assert [problem.code for problem in problems] == ([] if is_read else [ProblemCode.ENTRY_TOO_LARGE])


def test_a_property_that_is_there_twice_is_told_with_its_place() -> None:
    whole = dump(manifest(declared("a"))).decode()
    text = whole.replace('"project"', '"project": "other",\n"project"', 1)

    document, _, [problem] = find_manifest(opened({"manifest.json": text}))

    assert (problem.code, problem.pointer) == (ProblemCode.MANIFEST_FIELD, "/project")
    assert document is not None
    assert document.repeated == ["/project"]
