"""Which way templates go to ARM, and what is found wrong with it before anything is touched."""

import io
import json
from typing import Any

import pytest

from armature.bundle import BundleLimits
from armature.delivery import artifacts_location, delivery_of, inlining_problems
from armature.options import Delivery, Options
from armature.plan import DeploymentScopeTarget, Plan, PlannedTemplate
from armature.problems import Problem, ProblemCode
from armature.templates.limits import MAX_REQUEST_BYTES, MAX_TEMPLATE_BYTES
from armature.validation import review_bundle
from armature.zip_bundle import ZipBundle
from tests.builders import linked, manifest, request, resource, template, zipped

SAS, INLINE, AUTOMATIC = Delivery.SAS, Delivery.INLINE, Delivery.AUTOMATIC


@pytest.mark.parametrize(
    ("wanted", "is_private", "is_rollback", "chosen"),
    [
        (AUTOMATIC, False, False, SAS),
        (AUTOMATIC, True, False, INLINE),
        (SAS, False, False, SAS),
        (SAS, True, False, SAS),
        (INLINE, False, False, INLINE),
        (INLINE, True, False, INLINE),
        (SAS, True, True, INLINE),
        (INLINE, False, True, SAS),
    ],
)
def test_the_way_is_chosen_by_option_and_storage(
    wanted: Delivery, is_private: bool, is_rollback: bool, chosen: Delivery
) -> None:
    assert delivery_of(wanted, is_private=is_private, is_rollback=is_rollback) is chosen


@pytest.mark.parametrize(
    ("path", "style", "told"),
    [
        ("main.json", "slash", "https://s/c/"),
        ("main.json", "no-slash", "https://s/c"),
        ("a b/c/main.json", "slash", "https://s/c/a%20b/c/"),
        ("a b/c/main.json", "no-slash", "https://s/c/a%20b/c"),
        ("main.json", None, None),
    ],
)
def test_a_template_is_told_where_it_lies_as_it_wants_to_be(path: str, style: Any, told: str | None) -> None:
    scope = DeploymentScopeTarget(subscription="s", resource_group="g")
    planned = PlannedTemplate(
        name="main", path=path, tier=0, scope=scope, deployment_name="d", artifacts_location=style
    )

    values = artifacts_location(planned, "https://s/c/", "?sig=x")

    assert values == ({"_artifactsLocation": told, "_artifactsLocationSasToken": "?sig=x"} if told else {})


# Problems of a bundle whose templates are to be sent in requests


def root(link: str, **parameters: Any) -> dict[str, Any]:
    """A bundle of one template that links to another, with these parameters in the manifest."""
    items = [
        {"name": "first", "path": "first.json", "scope": {"resourceGroup": "rg"}},
        {"name": "main", "path": "main.json", "scope": {"resourceGroup": "rg"}, "parameters": parameters},
    ]
    return {
        "manifest.json": manifest(*items),
        "first.json": template(resource("x"), outputs={"o": {"type": "string", "value": "child.json"}}),
        "main.json": template(linked("child", link), parameters={"file": {"type": "string"}} if parameters else {}),
        "child.json": template(resource("y")),
    }


def problems(documents: dict[str, Any], delivery: Delivery = INLINE) -> tuple[Plan | None, list[Problem]]:
    bundle = ZipBundle(io.BytesIO(zipped(documents)), BundleLimits(max_ratio=100_000))
    review = review_bundle(
        bundle,
        request=request(options=Options(delivery=delivery)),
        deployment_id="d-1",
        cloud_name="AzureCloud",
        default_location="eastus2",
    )
    return review.plan, list(review.problems)


def test_a_link_that_can_be_followed_is_no_problem() -> None:
    for documents in (root("child.json"), root("[parameters('file')]", file={"value": "child.json"})):
        plan, found = problems(documents)

        assert plan is not None
        assert found == []


def test_a_link_that_only_arm_can_tell_is_a_problem_for_inline_only() -> None:
    documents = root("[concat(resourceGroup().location, '.json')]")

    plan, (problem,) = problems(documents)

    assert plan is None
    assert (problem.code, problem.file) == (ProblemCode.TEMPLATE_NOT_INLINED, "main.json")
    assert problem.pointer == "/resources/0/properties/templateLink/relativePath"
    assert problem.is_error
    for other in (SAS, AUTOMATIC):
        assert problems(documents, other)[1] == []


def test_a_link_that_an_output_decides_is_warned_of() -> None:
    plan, (problem,) = problems(root("[parameters('file')]", file={"output": "first.o"}))

    assert plan is not None
    assert (problem.code, problem.is_error) == (ProblemCode.TEMPLATE_NOT_INLINED, False)
    assert "parameters('file')" in problem.message


@pytest.mark.parametrize(("beyond", "is_refused"), [(0, False), (1, True)])
def test_the_limit_of_a_request_is_checked_with_all_that_is_linked_to(beyond: int, is_refused: bool) -> None:
    def sized(count: int) -> dict[str, Any]:
        documents = root("child.json")
        documents["child.json"]["metadata"] = {"filler": "x" * (count // 2)}
        documents["main.json"]["metadata"] = {"filler": "x" * (count - count // 2)}
        return documents

    plan, _ = problems(root("child.json"))
    assert plan is not None
    room = MAX_REQUEST_BYTES - size_of(plan, sized(0)) + beyond

    plan, found = problems(sized(room))

    assert [problem.code for problem in found] == ([ProblemCode.TEMPLATE_TOO_LARGE] if is_refused else [])
    assert (plan is None) is is_refused
    if is_refused:
        assert f"{MAX_REQUEST_BYTES + 1:,} bytes" in found[0].message
        assert room < MAX_TEMPLATE_BYTES * 2


def size_of(plan: Plan, documents: dict[str, Any]) -> int:
    """The bytes of the template main with what it links to, and of its parameters, none."""
    child = {**documents["main.json"]["resources"][0]["properties"], "template": documents["child.json"]}
    del child["templateLink"]
    child["expressionEvaluationOptions"] = {"scope": "inner"}
    deployment = {**documents["main.json"]["resources"][0], "properties": child}
    whole = {**documents["main.json"], "resources": [deployment]}
    assert plan.template("main").parameters == {}
    return len(json.dumps([whole, {}], separators=(",", ":")))


def test_what_can_not_be_read_of_a_bundle_is_told_at_the_link() -> None:
    documents = root("child.json")
    plan, _ = problems(documents)
    assert plan is not None
    documents["child.json"]["metadata"] = {"filler": "x" * MAX_TEMPLATE_BYTES}
    bundle = ZipBundle(io.BytesIO(zipped(documents)), BundleLimits(max_ratio=100_000))

    (problem,) = inlining_problems(plan, bundle)

    assert problem.pointer == "/resources/0/properties/templateLink"
    assert "child.json" in problem.message
