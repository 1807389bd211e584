import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.bundle import BundleLimits
from armature.plan import Plan, ResourceGroupToEnsure
from armature.problems import ProblemCode
from armature.validation import Review, review_bundle
from armature.zip_bundle import ZipBundle
from tests.builders import (
    SUBSCRIPTION,
    assembly,
    declared,
    manifest,
    request,
    resource,
    resource_group,
    template,
    zipped,
)

OTHER = "00000000-0000-0000-0000-000000000009"
_LINKS = ("output", "dependsOn")

GROUPED, WHOLE = template(resource("a")), template(scope="subscription")


def reviewed(documents: dict[str, Any], default_location: str | None = "westeurope", /, **target: Any) -> Review:
    return review_bundle(
        ZipBundle(io.BytesIO(zipped(documents)), BundleLimits()),
        request=request(target=target),
        deployment_id="target-1",
        cloud_name="AzureCloud",
        default_location=default_location,
    )


def ours(*scopes: str | None, **parts: Any) -> dict[str, Any]:
    """A manifest of templates t0, t1 … with these resource groups; None leaves the scope out."""
    declarations = [
        declared(f"t{number}", "a.json", **({"scope": {"resourceGroup": scope}} if scope else {}))
        for number, scope in enumerate(scopes)
    ]
    return {"manifest.json": manifest(*declarations, **parts), "a.json": GROUPED}


def stacks(*groups: str) -> dict[str, Any]:
    """An assembly of a stack that creates these groups and two that go into some."""
    return {
        "manifest.json": assembly(Base={}, App={}, Data={}),
        "Base.json": template(*map(resource_group, groups), scope="subscription"),
        "App.json": GROUPED,
        "Data.json": GROUPED,
    }


def groups_of(review: Review) -> list[str | None]:
    assert review.plan is not None, review.errors
    return [review.plan.template(entry.name).scope.resource_group for entry in review.manifest.templates]  # type: ignore[union-attr]


def test_a_template_goes_where_the_manifest_says_and_else_where_the_request_says() -> None:
    review = reviewed(ours("rg-net", None), resourceGroup="rg-shop")

    assert groups_of(review) == ["rg-net", "rg-shop"]
    assert review.plan is not None
    assert review.plan.resource_groups_to_ensure == (
        ResourceGroupToEnsure(name="rg-net", location="eastus2"),
        ResourceGroupToEnsure(name="rg-shop", location="eastus2"),
    )


def test_what_the_request_says_for_one_template_comes_first() -> None:
    assert groups_of(reviewed(ours("rg-net", None), resourceGroups={"T0": "rg-own"})) == ["rg-own", "rg-shop"]


def test_the_only_group_that_the_bundle_names_is_meant_where_nothing_else_is_said() -> None:
    assert groups_of(reviewed(ours("rg-net", None, "RG-Net"), resourceGroup=None)) == ["rg-net", "rg-net", "RG-Net"]


def test_the_only_group_that_an_assembly_creates_is_meant() -> None:
    review = reviewed(stacks("rg-made"), resourceGroup=None)

    assert groups_of(review) == [None, "rg-made", "rg-made"]
    assert review.plan is not None
    assert review.plan.resource_groups_to_ensure == ()


def test_of_several_groups_the_request_has_to_choose_and_is_told_which() -> None:
    [problem] = reviewed(stacks("rg-app-prod", "rg-data-prod"), resourceGroup=None).errors

    assert (problem.code, problem.pointer) == (ProblemCode.TARGET_INCOMPLETE, "/stacks/App")
    assert all(word in problem.message for word in ("App", "Data", "rg-app-prod", "rg-data-prod"))
    assert '{"App": "rg-app-prod", "Data": "rg-data-prod"}' in problem.next_step


def test_a_choice_for_every_stack_is_enough() -> None:
    review = reviewed(
        stacks("rg-a", "rg-b"), resourceGroup=None, resourceGroups={"App": "rg-b", "Data": "rg-a"}
    )  # fmt: skip

    assert groups_of(review) == [None, "rg-b", "rg-a"]


def test_without_any_group_the_target_is_incomplete() -> None:
    [problem] = reviewed(ours(None), resourceGroup=None).errors

    assert problem.code is ProblemCode.TARGET_INCOMPLETE
    assert "target.resourceGroup" in problem.next_step


def test_a_subscription_template_needs_no_group_but_a_location() -> None:
    documents = {"manifest.json": manifest(declared("all", "a.json"), location=None), "a.json": WHOLE}

    review = reviewed(documents, resourceGroup=None)

    assert groups_of(review) == [None]
    assert review.plan is not None
    assert review.plan.templates[0].location == "westeurope"
    [problem] = reviewed(documents, None, resourceGroup=None).errors
    assert (problem.code, problem.pointer) == (ProblemCode.TARGET_INCOMPLETE, "/target/location")


@pytest.mark.parametrize(
    ("asked", "written", "location"),
    [("northeurope", "eastus2", "northeurope"), (None, "eastus2", "eastus2"), (None, None, "westeurope")],
)
def test_the_request_names_the_location_before_the_manifest_and_the_settings(
    asked: str | None, written: str | None, location: str
) -> None:
    review = reviewed(ours("rg", location=written), location=asked)

    assert review.plan is not None
    assert review.plan.location == location


def test_a_scope_without_a_request_is_left_open() -> None:
    review = review_bundle(
        ZipBundle(io.BytesIO(zipped(stacks("rg-a", "rg-b"))), BundleLimits()),
        request=None,
        deployment_id="target-1",
        cloud_name=None,
        default_location=None,
    )

    assert review.problems == ()
    assert review.plan is None


def scoped(**templates: tuple[str, dict[str, Any] | None]) -> dict[str, Any]:
    """A manifest of templates, each with the scope that its schema tells and the one that the manifest gives it."""
    declarations = [
        declared(name, f"{name}.json", **({"scope": scope} if scope else {})) for name, (_, scope) in templates.items()
    ]
    files = {f"{name}.json": template(scope=kind) for name, (kind, _) in templates.items()}
    return {"manifest.json": manifest(*declarations), **files}


def scope_of(review: Review, name: str) -> str:
    assert review.plan is not None, review.errors
    return review.plan.template(name).scope.resource_id


@pytest.mark.parametrize(
    ("kind", "scope", "resource_id"),
    [
        ("resourceGroup", None, f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-shop"),
        ("resourceGroup", {"resourceGroup": "rg-a"}, f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-a"),
        (
            "resourceGroup",
            {"resourceGroup": "rg-a", "subscription": OTHER.upper()},
            f"/subscriptions/{OTHER}/resourceGroups/rg-a",
        ),
        ("subscription", None, f"/subscriptions/{SUBSCRIPTION}"),
        ("subscription", {"subscription": OTHER}, f"/subscriptions/{OTHER}"),
        ("managementGroup", None, "/providers/Microsoft.Management/managementGroups/corp"),
        ("managementGroup", {"managementGroup": "labs"}, "/providers/Microsoft.Management/managementGroups/labs"),
        ("tenant", None, ""),
        ("tenant", {"tenant": True}, ""),
    ],
)
def test_each_scope_is_deployed_to(kind: str, scope: dict[str, Any] | None, resource_id: str) -> None:
    review = reviewed(scoped(one=(kind, scope)), managementGroup="corp")

    assert scope_of(review, "one") == resource_id
    assert review.plan is not None
    assert (review.plan.template("one").location is None) is (kind == "resourceGroup")


_SCOPES = {
    "resourceGroup": {"resourceGroup": "rg"},
    "subscription": {"subscription": OTHER},
    "managementGroup": {"managementGroup": "corp"},
    "tenant": {"tenant": True},
}


@pytest.mark.parametrize("said", _SCOPES)
@pytest.mark.parametrize("kind", _SCOPES)
def test_a_scope_has_to_be_what_the_schema_says(kind: str, said: str) -> None:
    errors = reviewed(scoped(one=(kind, _SCOPES[said]))).errors

    if kind == said:
        assert errors == ()
    else:
        [problem] = errors
        assert (problem.code, problem.pointer) == (ProblemCode.SCOPE_MISMATCH, "/templates/0/scope")
        assert f'"{kind}"' in problem.next_step
        assert f"{'d' if said == 'resourceGroup' else said + 'D'}eploymentTemplate.json" in problem.next_step


def test_a_management_group_that_nobody_names_is_asked_for() -> None:
    [problem] = reviewed(scoped(one=("managementGroup", None))).errors

    assert (problem.code, problem.pointer) == (ProblemCode.TARGET_INCOMPLETE, "/templates/0")
    assert "target.managementGroup" in problem.next_step


def test_groups_of_one_name_in_two_subscriptions_are_two() -> None:
    here, there = {"resourceGroup": "rg"}, {"resourceGroup": "RG", "subscription": OTHER}

    review = reviewed(scoped(one=("resourceGroup", here), two=("resourceGroup", there)))

    assert review.plan is not None
    assert review.plan.resource_groups_to_ensure == (
        ResourceGroupToEnsure(name="rg", location="eastus2"),
        ResourceGroupToEnsure(name="RG", location="eastus2", subscription=OTHER),
    )


@pytest.mark.parametrize(
    ("kind", "scope", "is_made"),
    [
        ("subscription", None, (True, False)),
        ("subscription", {"subscription": OTHER}, (False, True)),
        ("managementGroup", {"managementGroup": "corp"}, (True, True)),
        ("tenant", None, (True, True)),
    ],
)
def test_what_creates_a_group_comes_before_what_goes_into_it_and_only_that(
    kind: str, scope: dict[str, Any] | None, is_made: tuple[bool, bool]
) -> None:
    here, there = {"resourceGroup": "rg-made"}, {"resourceGroup": "RG-Made", "subscription": OTHER}
    documents = scoped(here=("resourceGroup", here), there=("resourceGroup", there), base=(kind, scope))
    documents["base.json"] = template(resource_group("rg-made"), scope=kind)

    plan = reviewed(documents).plan

    assert plan is not None
    waits = tuple(plan.template(name).depends_on == ("base",) for name in ("here", "there"))
    assert waits == is_made
    ensured = {group.subscription for group in plan.resource_groups_to_ensure}
    assert ensured == {name for name, made in zip((None, OTHER), is_made, strict=True) if not made}


@given(st.lists(st.sampled_from(list(_SCOPES)), min_size=1, max_size=6), st.sampled_from(_LINKS))
def test_templates_of_all_scopes_go_together_in_one_bundle(kinds: list[str], link: str) -> None:
    """Whatever the scopes, each takes an output of the one before it, or waits for it."""
    declarations = []
    documents: dict[str, Any] = {}
    for number, kind in enumerate(kinds):
        fed = {"id": {"output": f"t{number - 1}.id"}} if number and link == "output" else {}
        after = [f"t{number - 1}"] if number and link == "dependsOn" else []
        declarations.append(
            declared(f"t{number}", f"t{number}.json", scope=_SCOPES[kind], parameters=fed, dependsOn=after)
        )
        documents[f"t{number}.json"] = template(
            scope=kind,
            parameters={"id": {"type": "string", "defaultValue": ""}},
            outputs={"id": {"type": "string", "value": ""}},
        )

    plan = reviewed({"manifest.json": manifest(*declarations), **documents}).plan

    assert plan is not None
    assert [t.name for t in plan.templates] == [f"t{number}" for number in range(len(kinds))]
    assert [t.depends_on for t in plan.templates[1:]] == [(t.name,) for t in plan.templates[:-1]]
    assert Plan.load(plan.dump()) == plan
