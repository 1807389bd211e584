"""What is different between two deployments: names only, never a value."""

from typing import Any

import pytest

from armature.comparing import Comparison, Difference, compared
from armature.options import Options
from armature.plan import (
    Artifact,
    ArtifactKind,
    DeploymentScopeTarget,
    Lineage,
    ParameterBinding,
    Plan,
    PlannedTemplate,
)

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
HASHES = {"a.json": "1" * 64}


def template(name: str = "a", group: str = "rg", **parts: Any) -> PlannedTemplate:
    scope = DeploymentScopeTarget(subscription=SUBSCRIPTION, resource_group=group)
    given = {"path": f"{name}.json", "tier": 0, "deployment_name": f"{name}.d", "hashes": HASHES, **parts}
    return PlannedTemplate(name=name, scope=scope, **given)


def plan(*templates: PlannedTemplate, packages: dict[str, str] | None = None, id_: str = "d-1") -> Plan:
    artifacts = tuple(
        Artifact(index=index, kind=ArtifactKind.PACKAGE, path=f"{name}.zip", name=name, size=1, sha256=sha256)
        for index, (name, sha256) in enumerate((packages or {}).items())
    )
    lineage = Lineage(project="shop", environment="test", key="0" * 16)
    return Plan(
        deployment_id=id_,
        lineage=lineage,
        subscription=SUBSCRIPTION,
        location="eastus2",
        templates=templates,
        artifacts=artifacts,
    )


def value(secret: object) -> ParameterBinding:
    return ParameterBinding(kind="value", value=secret)


def difference(before: Plan, after: Plan, old: Options | None = None, new: Options | None = None) -> Comparison:
    return compared(before, after, old or Options(), new or Options())


def test_a_deployment_is_not_different_from_itself() -> None:
    found = difference(plan(template("a"), template("b")), plan(template("a"), template("b"), id_="d-2"))

    assert found.is_same
    assert (found.before, found.after, found.unchanged) == ("d-1", "d-2", 2)


def test_templates_come_and_go() -> None:
    found = difference(plan(template("a"), template("b")), plan(template("c"), template("B")))

    assert [(each.name, each.difference) for each in found.templates] == [
        ("c", Difference.ADDED),
        ("a", Difference.REMOVED),
    ]
    assert found.unchanged == 1


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"group": "other"}, {"isMoved": True}),
        ({"depends_on": ("b",)}, {"isReordered": True}),
        ({"hashes": {"a.json": "2" * 64}}, {"files": [{"name": "a.json", "difference": "changed"}]}),
        ({"hashes": {**HASHES, "l.json": "2" * 64}}, {"files": [{"name": "l.json", "difference": "added"}]}),
        ({"parameters": {"sku": value("P1")}}, {"parameters": [{"name": "sku", "difference": "added"}]}),
    ],
)
def test_a_changed_template_tells_what_changed(changed: dict[str, Any], told: dict[str, Any]) -> None:
    (found,) = difference(plan(template()), plan(template(**changed))).templates

    assert found.difference is Difference.CHANGED
    assert {name: found.dump()[name] for name in told} == told


def test_a_group_spelled_otherwise_is_the_same_group() -> None:
    assert difference(plan(template(group="RG")), plan(template(group="rg"))).is_same


def test_parameters_are_told_by_name_and_their_values_by_nothing() -> None:
    before = plan(template(parameters={"Old": value("s3cret-a"), "sku": value("s3cret-b"), "kept": value(1)}))
    after = plan(template(parameters={"sku": value("s3cret-c"), "new": value("s3cret-d"), "KEPT": value(1)}))

    found = difference(before, after)

    (changed,) = found.templates
    assert {each.name: each.difference.value for each in changed.parameters} == {
        "new": "added",
        "Old": "removed",
        "sku": "changed",
    }
    assert "s3cret" not in found.model_dump_json()


def test_packages_are_compared_by_what_is_in_them() -> None:
    before = plan(template(), packages={"api": "1" * 64, "gone": "2" * 64, "same": "4" * 64})
    after = plan(template(), packages={"api": "3" * 64, "fresh": "2" * 64, "same": "4" * 64})

    found = difference(before, after)

    assert [(each.name, each.difference.value) for each in found.packages] == [
        ("api", "changed"),
        ("fresh", "added"),
        ("gone", "removed"),
    ]
    assert found.templates == ()


def test_options_that_were_chosen_otherwise_are_told() -> None:
    found = difference(plan(template()), plan(template()), Options(), Options(parallel=False, timeout=10))

    assert [each.name for each in found.options] == ["parallel", "timeout"]


def test_what_an_earlier_version_planned_is_compared_but_for_its_files() -> None:
    found = difference(plan(template(hashes={})), plan(template(parameters={"sku": value(1)})))

    assert not found.are_files_known
    assert found.templates[0].files == ()
    assert [each.name for each in found.templates[0].parameters] == ["sku"]
