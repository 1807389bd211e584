"""What a root can't hold is refused when the bundle is checked, on both sides of each limit."""

import io
from typing import Any

import pytest

from armature.bundle import BundleLimits
from armature.options import Delivery, Options, Scheduling, Strategy
from armature.problems import Problem, ProblemCode
from armature.root_review import root_problems
from armature.templates.limits import MAX_NESTED_LEVELS, MAX_PARAMETERS, MAX_TEMPLATE_BYTES
from armature.validation import Review, review_bundle
from armature.zip_bundle import ZipBundle
from tests.builders import CONTENT, declared, linked, manifest, request, resource, template, zipped

ROOT = Options(strategy=Strategy.ROOT, max_concurrency=50)


def bundle_of(documents: dict[str, Any]) -> ZipBundle:
    return ZipBundle(io.BytesIO(zipped(documents)), BundleLimits(max_ratio=1_000_000))


def reviewed(documents: dict[str, Any], options: Options = ROOT) -> Review:
    return review_bundle(
        bundle_of(documents),
        request=request(options=options),
        deployment_id="shop-1",
        cloud_name="AzureCloud",
        default_location="eastus2",
    )


def unfit(review: Review) -> list[Problem]:
    return [problem for problem in review.problems if problem.code is ProblemCode.STRATEGY_UNFIT]


def many(count: int, **entry: Any) -> dict[str, Any]:
    """So many templates that are all the same file."""
    entries = [declared(f"t{number}", "one.json", **entry) for number in range(count)]
    return {"manifest.json": manifest(*entries), "one.json": template(resource("one"))}


def chain(levels: int) -> dict[str, Any]:
    """A template with so many levels of linked templates below it."""
    files: dict[str, Any] = {f"l{levels}.json": template(resource("last"))}
    for level in range(levels):
        files[f"l{level}.json"] = template(linked(f"link{level}", f"l{level + 1}.json"))
    return {"manifest.json": manifest(declared("deep", "l0.json")), **files}


def test_a_bundle_that_fits_has_no_problem() -> None:
    review = reviewed(many(3))

    assert review.plan is not None
    assert unfit(review) == []


@pytest.mark.parametrize(("levels", "is_refused"), [(MAX_NESTED_LEVELS - 1, False), (MAX_NESTED_LEVELS, True)])
def test_the_root_is_a_level_of_its_own(levels: int, is_refused: bool) -> None:
    review = reviewed(chain(levels))

    assert (review.plan is None) is is_refused
    for problem in unfit(review):
        assert "nested 6 levels deep" in problem.message
        assert (problem.file, problem.is_error) == ("l0.json", True)
        assert "strategy: graph" in problem.next_step
    assert reviewed(chain(levels), Options()).plan is not None


@pytest.mark.parametrize(("count", "is_refused"), [(800, False), (801, True)])
def test_a_root_holds_as_many_templates_as_a_template_may_have_resources(count: int, is_refused: bool) -> None:
    documents = many(1)
    plan = reviewed(documents).plan
    assert plan is not None
    templates = [
        plan.templates[0].model_copy(update={"name": f"t{n}", "deployment_name": f"t{n}.d"}) for n in range(count)
    ]

    found = list(root_problems(plan.model_copy(update={"templates": tuple(templates)}), ROOT, {}, bundle_of(documents)))

    errors = [problem for problem in found if problem.is_error]
    assert bool(errors) is is_refused
    for problem in errors:
        assert (problem.pointer, "801 templates" in problem.message) == ("/options/strategy", True)


@pytest.mark.parametrize(("beyond", "is_refused"), [(0, False), (1, True)])
def test_values_that_only_a_parameter_can_hold_are_as_many_as_a_template_may_have(
    beyond: int, is_refused: bool
) -> None:
    count = MAX_PARAMETERS - 1 + beyond  # one is the SAS of the links
    names = [f"p{number}" for number in range(count)]
    halves = [names[: count // 2], names[count // 2 :]]
    loop = {"value": {"copy": []}}
    entries = [declared(f"t{i}", f"t{i}.json", parameters=dict.fromkeys(half, loop)) for i, half in enumerate(halves)]
    files = {
        f"t{i}.json": template(resource(f"r{i}"), parameters={key: {"type": "object"} for key in half})
        for i, half in enumerate(halves)
    }

    review = reviewed({"manifest.json": manifest(*entries), **files})

    assert bool([problem for problem in unfit(review) if problem.is_error]) is is_refused


@pytest.mark.parametrize(("room", "is_refused"), [(5_000, False), (0, True)])
def test_a_root_by_links_has_four_megabytes_at_most(room: int, is_refused: bool) -> None:
    documents = many(1, parameters={"p": {"value": "short"}})
    documents["one.json"]["parameters"] = {"p": {"type": "string"}}
    plan = reviewed(documents).plan
    assert plan is not None
    long = plan.templates[0].parameters["p"].model_copy(update={"value": "x" * (MAX_TEMPLATE_BYTES - room)})
    template_ = plan.templates[0].model_copy(update={"parameters": {"p": long}})
    larger = plan.model_copy(update={"templates": (template_,)})

    found = list(root_problems(larger, ROOT, {}, bundle_of(documents)))

    assert [problem.is_error for problem in found] == [True] * is_refused


@pytest.mark.parametrize(("room", "is_refused"), [(20_000, False), (0, True)])
def test_a_root_has_four_megabytes_at_most_with_the_templates_in_it(room: int, is_refused: bool) -> None:
    text = "x" * ((MAX_TEMPLATE_BYTES - room) // 2)
    files = {f"{n}.json": template(resource(n), metadata={"filler": text}) for n in "ab"}
    documents = {"manifest.json": manifest(*(declared(n, f"{n}.json") for n in "ab")), **files}

    review = reviewed(documents, ROOT.model_copy(update={"delivery": Delivery.INLINE}))

    assert (review.plan is None) is is_refused
    for problem in unfit(review):
        assert "4,194,304" in problem.message
    assert reviewed(documents).plan is not None


@pytest.mark.parametrize(
    ("options", "is_warned"),
    [
        ({"max_concurrency": 2}, True),
        ({"max_concurrency": 3}, False),
        ({"max_concurrency": 2, "parallel": False}, False),
    ],
)
def test_it_is_told_when_more_starts_at_once_than_was_asked_for(options: dict[str, Any], is_warned: bool) -> None:
    review = reviewed(many(3), ROOT.model_copy(update=options))

    assert review.plan is not None
    found = unfit(review)
    assert bool(found) is is_warned
    for problem in found:
        assert not problem.is_error
        assert "starts up to 3 templates at once" in problem.message


@pytest.mark.parametrize("scheduling", list(Scheduling))
def test_it_is_told_what_azure_starts_before_packages_are_attached(scheduling: Scheduling) -> None:
    entries = [
        declared("site", "site.json", parameters={"uri": {"package": "api"}}),
        declared("after", "after.json", dependsOn=["site"]),
    ]
    packages = [{"name": "api", "path": "api.zip"}]
    files = {
        "site.json": template(
            resource("site", tags={"uri": "[parameters('uri')]"}), parameters={"uri": {"type": "string"}}
        ),
        "after.json": template(resource("after")),
        "api.zip": CONTENT,
    }

    review = reviewed(
        {"manifest.json": manifest(*entries, packages=packages), **files},
        ROOT.model_copy(update={"scheduling": scheduling}),
    )

    (problem,) = unfit(review)
    assert review.plan is not None
    assert "Azure starts after once site is deployed" in problem.message
