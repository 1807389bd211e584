import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.manifest import MAX_TEMPLATES, BundleKind, Manifest, ManifestFile, manifest_schema, read_manifest
from armature.problems import Problem, ProblemCode
from armature.templates.reading import read_json
from tests.builders import declared, dump, manifest, secret, shop

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "manifest.schema.json"


def read(document: Any) -> tuple[Manifest, list[Problem]]:
    return read_manifest(read_json(dump(document), file="manifest.json"))


def places(problems: list[Problem]) -> list[tuple[str, int | None, int | None]]:
    return [(problem.pointer, problem.line, problem.column) for problem in problems]


def with_endpoint(**endpoint: Any) -> dict[str, Any]:
    return manifest(declared("web"), validation={"endpoints": [endpoint]})


def with_parameter(source: Any) -> dict[str, Any]:
    return manifest(declared("web", parameters={"p": source}))


def test_the_manifest_of_the_design_is_read_whole() -> None:
    found, problems = read(shop()["manifest.json"])

    assert problems == []
    assert (found.kind, found.project, found.environment) == (BundleKind.MANIFEST, "shop", "test")
    assert (found.cloud, found.location) == ("AzureCloud", "eastus2")
    network, web = found.templates
    assert (network.name, network.file.path, network.depends_on) == ("network", "templates/network.json", ())
    assert web.depends_on == ("network",)
    assert {name: source.kind for name, source in web.parameters.items()} == {
        "sku": "value",
        "subnetId": "output",
        "packageUri": "package",
        "adminPassword": "reference",
    }
    [package] = found.packages
    assert package.sha256 is not None
    assert len(package.sha256) == 64


def test_the_committed_schema_is_what_the_code_says() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == manifest_schema(), (
        "run: python -m armature.manifest > docs/manifest.schema.json"
    )


@pytest.mark.parametrize(
    ("document", "is_valid"),
    [
        (shop()["manifest.json"], True),
        ({**shop()["manifest.json"], "$schema": "../docs/manifest.schema.json"}, True),
        ({**shop()["manifest.json"], "validation": {"endpoints": []}}, True),
        (with_endpoint(output="web.url", path="/healthz", expect=200), True),
        (with_endpoint(uri="https://shop.example", expect=["2xx", 404]), True),
        (with_endpoint(uri="https://shop.example", output="web.url"), False),
        (with_endpoint(path="/healthz"), False),
        (with_endpoint(uri="https://shop.example", expect="6xx"), False),
        (with_endpoint(uri="https://shop.example", expect=[]), False),
        (with_endpoint(uri="https://shop.example", expect=True), False),
        (with_endpoint(uri="https://shop.example", path="healthz"), False),
        (manifest(declared("a", scope={"resourceGroup": "rg-shop"})), True),
        (with_parameter({"value": None}), True),
        (with_parameter({"value": [1, {"a": None}]}), True),
        (with_parameter({"reference": secret("x")}), True),
        (with_parameter({}), False),
        (with_parameter({"value": 1, "package": "a"}), False),
        (with_parameter({"value": 1, "other": 2}), False),
        (with_parameter({"output": "network"}), False),
        (with_parameter("plain"), False),
        (manifest(declared("a", dependson=[])), False),
        (manifest(declared("a", depends_on=[])), False),
        (manifest(declared("a b")), False),
        (manifest(declared("a", scope={"resourceGroup": "ends."})), False),
        (manifest(), False),
        (manifest(declared("a"), project="Not A Name"), False),
        (manifest(declared("a"), version="2"), False),
        (manifest(declared("a"), packages=[{"name": "p", "path": "p", "checksum": "sha256:abc"}]), False),
        ([], False),
    ],
)
def test_the_schema_and_the_reader_agree(document: Any, is_valid: bool) -> None:
    schema = json.loads(manifest_schema())

    problems = read(document)[1] if isinstance(document, dict) else [None]

    assert jsonschema.Draft202012Validator(schema).is_valid(document) is is_valid
    assert (not [problem for problem in problems if problem is None or problem.is_error]) is is_valid


def test_a_fault_of_a_declared_check_is_told_at_its_place() -> None:
    _, problems = read(with_endpoint(uri="http://shop.example", expect=["600"], contains=""))

    assert [problem.pointer for problem in problems] == [
        "/validation/endpoints/0/uri",
        "/validation/endpoints/0/expect",
        "/validation/endpoints/0/contains",
    ]


def test_every_fault_of_the_shape_is_told_at_its_place() -> None:
    document = manifest(
        declared("web", dependson=["x"], parameters={"p": {"value": "hidden-1", "output": "a.b"}, "q": {"value": 1}}),
        {"name": "nameless"},
        typo="hidden-2",
        packages=[{"name": "api", "path": "api.zip", "checksum": "hidden-3"}],
    )

    found, problems = read(document)

    assert sorted(places(problems)) == [
        ("/packages/0/checksum", 12, 19),
        ("/templates/0/dependson", 19, 7),
        ("/templates/0/parameters/p", 23, 14),
        ("/templates/1/path", 32, 5),
        ("/typo", 7, 3),
    ]
    assert {problem.code for problem in problems} == {ProblemCode.MANIFEST_FIELD}
    assert "hidden" not in " ".join(str(problem) for problem in problems)
    assert [template.name for template in found.templates] == ["web"]
    assert found.templates[0].parameters_in_doubt == ("p",)
    assert found.names_in_doubt == ("nameless",)


@pytest.mark.parametrize("name", ["$schema", "json_schema"])
def test_a_schema_for_editors_may_be_named_but_only_as_such(name: str) -> None:
    _, problems = read(manifest(declared("a"), **{name: "x"}))

    assert bool(problems) is (name != "$schema")


def test_declared_checks_are_kept() -> None:
    found, problems = read(manifest(declared("web"), validation={"endpoints": [{"output": "web.url"}]}))

    assert problems == []
    assert found.validation is not None
    assert [endpoint.output for endpoint in found.validation.endpoints] == ["web.url"]


@pytest.mark.parametrize(
    ("name", "is_taken"),
    [("a", True), ("a" * 64, True), ("a" * 65, False), ("A-1_b", True), ("-a", False), ("a.b", False), ("", False)],
)
def test_a_template_name_is_short_and_has_no_period(name: str, is_taken: bool) -> None:
    assert (not read(manifest(declared(name, "x.json")))[1]) is is_taken


@pytest.mark.parametrize(
    ("length", "is_taken"), [(512, True), (513, False)]
)  # fmt: skip
def test_a_path_has_a_limit(length: int, is_taken: bool) -> None:
    assert (not read(manifest(declared("a", "x" * length)))[1]) is is_taken


KEYS = [
    *[str(field.alias) for field in ManifestFile.model_fields.values()],
    *"name path dependsOn parameters value output reference checksum scope x".split(),
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=30,
)


@given(st.dictionaries(st.sampled_from(["version", "project", "templates", "packages", "validation"]), json_values))
def test_any_object_is_read_or_refused_with_places(document: dict[str, Any]) -> None:
    found, problems = read(document)

    assert isinstance(found, Manifest)
    assert all(problem.line and problem.column and problem.next_step for problem in problems)
    if not [problem for problem in problems if problem.is_error]:
        assert jsonschema.Draft202012Validator(json.loads(manifest_schema())).is_valid(document)


@pytest.mark.parametrize(
    ("edits", "pointer", "message"),
    [
        ({"templates": []}, "/templates", "'templates' must have at least 1 entry."),
        ({"templates": {}}, "/templates", "'templates' must be an array."),
        ({"templates": ["web"]}, "/templates/0", "Must be an object."),
        ({"location": "East US"}, "/location", "'location' must be a region by its short name, such as eastus2."),
        ({"project": "a" * 41}, "/project", "'project' must have at most 40 characters."),
    ],
)  # fmt: skip
def test_a_fault_is_told_in_the_words_of_json_and_says_what_is_right(
    edits: dict[str, Any], pointer: str, message: str
) -> None:
    _, problems = read({**manifest(declared("web")), **edits})

    assert [(problem.pointer, problem.message) for problem in problems] == [(pointer, message)]


def test_a_manifest_has_at_most_as_many_templates_as_azure_keeps_deployments() -> None:
    _, accepted = read(manifest(*(declared(f"t{number}", "a.json") for number in range(MAX_TEMPLATES))))
    found, problems = read(manifest(*(declared(f"t{number}", "a.json") for number in range(MAX_TEMPLATES + 1))))

    assert accepted == []
    assert [(problem.pointer, problem.message) for problem in problems] == [
        ("/templates", "'templates' must have at most 800 entries.")
    ]
    assert (len(found.templates), found.names_in_doubt) == (MAX_TEMPLATES, ("t800",))
