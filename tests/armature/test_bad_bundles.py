import io
import json

import pytest

from armature.bundle import BundleError, BundleLimits
from armature.problems import Problem
from armature.validation import review_bundle
from armature.zip_bundle import ZipBundle
from tests.armature.bad_bundles import BAD_BUNDLES, MANY_FAULTS, BadBundle, valid_assembly
from tests.builders import request, shop, zipped


def problems_of(bad: BadBundle) -> tuple[Problem, ...]:
    try:
        bundle = ZipBundle(io.BytesIO(bad.build()), BundleLimits())
    except BundleError as error:
        return error.problems
    review = review_bundle(
        bundle,
        request=request(target=bad.target),
        deployment_id="shop-1",
        cloud_name="AzureCloud",
        default_location="eastus2",
    )
    assert review.plan is None or not review.errors
    return review.problems


@pytest.mark.parametrize("bad", BAD_BUNDLES, ids=lambda bad: bad.name)
def test_a_bad_bundle_is_refused_for_exactly_what_is_wrong(bad: BadBundle) -> None:
    errors = [problem for problem in problems_of(bad) if problem.is_error]

    assert sorted((problem.code, problem.file, problem.pointer) for problem in errors) == sorted(bad.faults)


@pytest.mark.parametrize("bad", BAD_BUNDLES, ids=lambda bad: bad.name)
def test_every_problem_says_where_it_is_and_what_to_do(bad: BadBundle) -> None:
    for problem in problems_of(bad):
        assert problem.message.strip()
        assert problem.next_step.strip()
        if problem.pointer and problem.file:
            assert problem.line is not None
            assert problem.column is not None


def test_there_are_many_ways_to_be_bad_and_all_have_names_of_their_own() -> None:
    names = [bad.name for bad in BAD_BUNDLES]

    assert len(names) >= 25
    assert len(set(names)) == len(names)


def test_many_faults_are_told_at_once_and_no_value_is_repeated() -> None:
    told = json.dumps([str(problem) for problem in problems_of(MANY_FAULTS)])

    assert len(MANY_FAULTS.faults) == 15
    for value in ("s3cr3t-Value", "P9", "red"):
        assert value not in told


@pytest.mark.parametrize("documents", [shop(), valid_assembly()], ids=["manifest", "assembly"])
def test_the_bundles_that_were_spoilt_are_good(documents: dict[str, object]) -> None:
    bundle = ZipBundle(io.BytesIO(zipped(documents)), BundleLimits())

    review = review_bundle(
        bundle, request=request(), deployment_id="shop-1", cloud_name="AzureCloud", default_location="eastus2"
    )

    assert review.errors == ()
    assert review.plan is not None
