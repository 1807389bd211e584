from typing import Any

import pytest

from armature.assembly import default_project, read_assembly
from armature.manifest import MAX_TEMPLATES, BundleKind, Manifest
from armature.plan import PackageAttachment
from armature.problems import Problem, ProblemCode
from armature.templates.reading import read_json
from tests.builders import assembly, checksum, dump


def read(document: Any) -> tuple[Manifest, list[Problem]]:
    return read_assembly(read_json(dump(document), file="manifest.json"))


def package(path: str = "packages/api.zip", **parts: Any) -> dict[str, Any]:
    return {"artifacts": {"functionPackages": [{"packagePath": path, "functionAppName": "func-api", **parts}]}}


def test_the_first_version_is_stacks_with_templates() -> None:
    document = {
        "version": "1.0.0",
        "stacks": {
            "Data": {
                "name": "Data",
                "templatePath": "Data.json",
                "resourceCount": 9,
                "parameterCount": 0,
                "outputCount": 0,
                "dependencies": ["Microsoft.Sql/servers"],
            }
        },
        "directory": "arm.out",
    }

    found, problems = read(document)

    assert problems == []
    assert found.kind is BundleKind.ASSEMBLY
    [data] = found.templates
    assert (data.name, data.file.path, data.file.pointer) == ("Data", "Data.json", "/stacks/Data/templatePath")
    assert data.depends_on == ()
    assert (found.project, found.environment, found.cloud, found.location) == (None, None, None, None)


def test_linked_templates_and_packages_belong_to_their_stack() -> None:
    stack = {
        "linkedTemplates": ["App-0.json", "App-1.json"],
        **package(hash=checksum(b"x").upper().replace("SHA", "sha")),
    }

    found, problems = read(assembly(App=stack, Base={}))

    assert problems == []
    app, base = found.templates
    assert [linked.path for linked in app.linked] == ["App-0.json", "App-1.json"]
    assert app.linked[1].pointer == "/stacks/App/linkedTemplates/1"
    assert app.attachments == (PackageAttachment(function_app="func-api", package="func-api-0"),)
    assert base.linked == base.attachments == ()
    [api] = found.packages
    assert (api.name, api.file.path) == ("func-api-0", "packages/api.zip")
    assert f"sha256:{api.sha256}" == checksum(b"x")


@pytest.mark.parametrize(
    "stack",
    [
        {"linkedTemplates": None},
        {"linkedTemplates": []},
        {"artifacts": None},
        {"artifacts": {}},
        {"artifacts": {"functionPackages": None}},
        {"unheard": {"of": [1]}, "resourceCount": "many", "dependencies": 7},
    ],
)
def test_what_is_not_relied_on_may_be_absent_or_anything(stack: dict[str, Any]) -> None:
    found, problems = read({**assembly(App=stack), "artifactStorage": {"accountName": "x"}, "directory": 5})

    assert problems == []
    assert [entry.name for entry in found.templates] == ["App"]


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("packages/a.zip", "packages/a.zip"),
        ("./packages/a.zip", "packages/a.zip"),
        ("packages\\a.zip", "packages/a.zip"),
        ("/home/dev/app/out/a.zip", "packages/a.zip"),
        ("C:\\app\\out\\a.zip", "packages/a.zip"),
        ("C:/app/out/a.zip", "packages/a.zip"),
        ("../a.zip", "../a.zip"),
    ],
)
def test_a_package_path_is_relative_or_falls_back_to_the_folder_of_packages(written: str, path: str) -> None:
    found, _ = read(assembly(App=package(written)))

    assert found.packages[0].file.path == path


def test_every_fault_is_told_and_the_sound_stacks_are_kept() -> None:
    document = assembly(
        A={"templatePath": 5}, B={"linkedTemplates": "B-0.json"}, C=package(hash="md5:1"), D={"templatePath": ""}, E={}
    )
    document["stacks"]["F"] = "F.json"

    found, problems = read(document)

    assert sorted(problem.pointer for problem in problems) == [
        "/stacks/A/templatePath",
        "/stacks/B/linkedTemplates",
        "/stacks/C/artifacts/functionPackages/0/hash",
        "/stacks/D/templatePath",
        "/stacks/F",
    ]
    assert {problem.code for problem in problems} == {ProblemCode.MANIFEST_FIELD}
    assert [entry.name for entry in found.templates] == ["E"]
    assert found.names_in_doubt == ("A", "B", "C", "D", "F")


def test_a_stack_may_have_any_name() -> None:
    found, problems = read(assembly(**{"my/stack ~1": {}}))

    assert problems == []
    assert found.templates[0].pointer == "/stacks/my~1stack ~01"


@pytest.mark.parametrize(
    ("stacks", "project"),
    [
        (["Worker", "WorkerFoundation"], "worker-workerfoundation"),
        (["Web.App 2"], "web-app-2"),
        (["___"], "assembly"),
    ],
)
def test_the_project_of_an_assembly_is_named_after_its_stacks(stacks: list[str], project: str) -> None:
    found, _ = read(assembly(**{name: {} for name in stacks}))

    assert default_project(found) == project


def test_a_long_project_name_is_cut_and_still_tells_assemblies_apart() -> None:
    names = [f"Stack{number}" for number in range(10)]
    one, _ = read(assembly(**{name: {} for name in names}))
    other, _ = read(assembly(**{name: {} for name in [*names, "Stack10"]}))

    assert len(default_project(one)) <= 40
    assert default_project(one) != default_project(other)


@pytest.mark.parametrize("name", ["", "a\nb", "a" * 129])
def test_a_stack_has_a_name_that_can_be_shown(name: str) -> None:
    found, [problem] = read(assembly(**{name: {}, "App": {}}))

    assert (problem.code, [entry.name for entry in found.templates]) == (ProblemCode.MANIFEST_FIELD, ["App"])
    assert problem.message.endswith("is not allowed: it must be 1 to 128 characters, no control characters.")


def test_of_too_many_stacks_no_more_are_looked_at_than_may_be() -> None:
    found, [problem] = read(assembly(**{f"S{number}": {} for number in range(MAX_TEMPLATES + 2)}))

    assert problem.message == "'stacks' must have at most 800 entries."
    assert (len(found.templates), found.names_in_doubt) == (MAX_TEMPLATES, ("S800", "S801"))


@pytest.mark.parametrize("name", ["ab", "func-api", "a" * 60, "A1--b"])
def test_a_function_app_is_named_as_sites_are(name: str) -> None:
    _, problems = read(assembly(App=package(functionAppName=name)))

    assert problems == []


@pytest.mark.parametrize("name", ["", "a", "a" * 61, "-app", "app-", "app/../../x", "app?x=1", "äpp", "app\n"])
def test_a_function_app_of_another_name_is_refused_since_it_would_lead_to_another_resource(name: str) -> None:
    _, problems = read(assembly(App=package(functionAppName=name)))

    assert [problem.code for problem in problems] == [ProblemCode.MANIFEST_FIELD]
    assert problems[0].pointer == "/stacks/App/artifacts/functionPackages/0/functionAppName"
