"""What the checks say of the real templates: the two assemblies with faults have theirs, everything else has none."""

import json
from pathlib import Path

import pytest

from armature.problems import Problem, ProblemCode
from armature.templates.checks import check_template
from armature.templates.links import artifacts_location_style, linked_templates
from armature.templates.relative_links import own_link_rewrites
from armature.templates.template import DeploymentScope, Template, TemplateShapeError

FAULTY = ("order-platform", "orders-split")


def template_files(folder: Path) -> list[Path]:
    """Every file of the folder that says it is a deployment template."""
    files = sorted(folder.rglob("*.json"))
    return [file for file in files if "deploymenttemplate.json" in file.read_text("utf-8-sig").lower()]


def checked(file: Path) -> list[Problem]:
    return check_template(file.read_bytes(), file=file.name)[1]


def test_the_sound_assemblies_have_no_errors(shared: Path) -> None:
    files = [file for file in template_files(shared / "assemblies") if not set(FAULTY) & set(file.parts)]

    errors = {file.name: found for file in files if (found := [one for one in checked(file) if one.is_error])}

    assert errors == {}
    assert len(files) >= 30


def test_the_sets_of_templates_have_no_errors(shared: Path) -> None:
    files = template_files(shared / "templates")

    errors = {file.name: found for file in files if (found := [one for one in checked(file) if one.is_error])}

    assert errors == {}
    assert len(files) >= 30


@pytest.mark.parametrize(
    ("file", "faults"),
    [
        (
            "v1/order-platform/Data.json",
            [("/resources/11/name", 206, 260), ("/resources/11/properties/principalId", 209, 36)],
        ),
        (
            "v2/orders-split/Compute.json",
            [
                ("/resources/4/properties/siteConfig/appSettings/0/value", 98, 108),
                ("/resources/6/properties/siteConfig/appSettings/0/value", 157, 108),
            ],
        ),
        (
            "v2/orders-split/Data-configuration-13.json",
            [("/resources/0/name", 10, 260), ("/resources/0/properties/principalId", 13, 36)],
        ),
    ],
)
def test_the_invalid_expressions_are_told_with_pointer_line_and_column(
    shared: Path, file: str, faults: list[tuple[str, int, int]]
) -> None:
    path = shared / "assemblies" / file

    errors = [problem for problem in checked(path) if problem.is_error]

    assert [(error.pointer, error.line, error.column) for error in errors] == faults
    assert {error.code for error in errors} == {ProblemCode.EXPRESSION_SYNTAX}
    lines = path.read_text("utf-8").splitlines()
    for error in errors:
        assert error.line is not None
        assert error.column is not None
        assert lines[error.line - 1][error.column - 1] == "["  # the bracket that ought not to be there


def test_the_faulty_assemblies_have_no_other_faulty_files(shared: Path) -> None:
    folder = shared / "assemblies"
    files = [file for file in template_files(folder) if set(FAULTY) & set(file.parts)]

    faulty = {str(file.relative_to(folder)) for file in files if any(problem.is_error for problem in checked(file))}

    assert faulty == {
        "v1/order-platform/Data.json",
        "v2/orders-split/Compute.json",
        "v2/orders-split/Data-configuration-13.json",
    }


def test_text_that_only_looks_like_an_expression_is_warned_of(shared: Path) -> None:
    problems = checked(shared / "assemblies/v1/order-platform/Compute.json")

    assert not any(problem.is_error for problem in problems)
    assert {problem.code for problem in problems} == {ProblemCode.LITERAL_LOOKS_LIKE_EXPRESSION}
    assert problems[0].pointer == "/resources/1/properties/WorkspaceResourceId"


def test_every_template_of_the_assemblies_is_read(shared: Path) -> None:
    files = [file for file in sorted((shared / "assemblies").rglob("*.json")) if file.name != "manifest.json"]

    scopes = {file.name: Template.read(file.read_bytes(), file=file.name).scope for file in files}

    assert scopes["Worker.json"] is DeploymentScope.RESOURCE_GROUP
    assert scopes["WorkerFoundation.json"] is DeploymentScope.SUBSCRIPTION


def test_files_that_are_no_templates_are_told_apart(shared: Path) -> None:
    folder = shared / "templates/qs-webapp-vnet-pe/301-web-app-regional-vnet-private-endpoint-sql-storage"

    for name in ("metadata.json", "azuredeploy.parameters.json"):
        with pytest.raises(TemplateShapeError):
            Template.read((folder / name).read_bytes(), file=name)


def test_the_links_of_a_cloud_assembly_are_its_linked_templates(shared: Path) -> None:
    for manifest in sorted((shared / "assemblies/v2").rglob("manifest.json")):
        for stack in json.loads(manifest.read_text())["stacks"].values():
            listed = stack.get("linkedTemplates") or []
            template = Template.read((manifest.parent / stack["templatePath"]).read_bytes(), file=stack["templatePath"])

            assert sorted(link.path or "" for link in linked_templates(template)) == sorted(listed)
            assert artifacts_location_style(template) == ("no-slash" if listed else None)


def test_the_links_of_a_quickstart_sample_are_found_through_its_variables(shared: Path) -> None:
    folder = shared / "templates/qs-webapp-vnet-pe/301-web-app-regional-vnet-private-endpoint-sql-storage"
    template = Template.read((folder / "azuredeploy.json").read_bytes(), file="azuredeploy.json")

    links = linked_templates(template)

    assert len(links) == 14
    assert all(link.path and (folder / link.path).is_file() for link in links)
    assert artifacts_location_style(template) == "slash"


def test_links_made_from_the_templates_own_uri_become_relative(shared: Path) -> None:
    folder = shared / "templates/docs-linked-basics/azure-resource-manager/linkedtemplates"
    template = Template.read((folder / "static-public-ip-parent.json").read_bytes(), file="parent.json")

    assert own_link_rewrites(template) == {
        "/resources/0/properties/templateLink": {
            "relativePath": "static-public-ip.json",
            "contentVersion": "1.0.0.0",
        }
    }


def test_relative_links_are_followed_from_file_to_file(shared: Path) -> None:
    folder = shared / "templates/relpath-chain"
    found, waiting = [], ["linked-template-relpath/mainTemplate.json"]

    while waiting:
        path = waiting.pop()
        found.append(path)
        template = Template.read((folder / path).read_bytes(), file=path)
        waiting += [link.path for link in linked_templates(template) if link.path]

    assert found == [
        "linked-template-relpath/mainTemplate.json",
        "linked-template-relpath/linkedTemplate.json",
        "linked-template-relpath/children/nestedChild.json",
        "linked-template-relpath/children/grandchildren/nestedGrandchild.json",
    ]
