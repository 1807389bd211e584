import io
from typing import Any

import pytest

from armature.bundle import BundleLimits
from armature.plan import ResourceGroupToEnsure
from armature.problems import ProblemCode
from armature.validation import Review, review_bundle
from armature.zip_bundle import ZipBundle
from tests.builders import assembly, declared, manifest, request, resource, resource_group, template, zipped

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
