"""Packages that the platform fetches for a site: begun, looked at, told."""

import pytest

from armature.errors import FailureError
from tests.armature.azure.arm.answers import SITE
from tests.armature.azure.canned import Answer, CannedArm

PATH = f"{SITE}/extensions/onedeploy"
OPERATION = "https://management.usgovcloudapi.net/subscriptions/s/operationStatuses/1?api-version=2022-09-01"
CREATING = {"properties": {"provisioningState": "Creating"}}
URI = "https://st.blob.example/packages/ab/api.zip?sig=s3cret"


def test_a_package_is_fetched_by_the_platform_and_nothing_is_built(canned_arm: CannedArm) -> None:
    arm, adapter = canned_arm({("PUT", PATH): Answer(200, {"properties": {"status": 4, "complete": True}})})

    sight = arm.begin_release(SITE, URI, "usgovvirginia")

    assert sight.link is sight.failure is None
    assert adapter.sent("PUT") == [
        {"location": "usgovvirginia", "properties": {"packageUri": URI, "type": "zip", "remoteBuild": False}}
    ]
    assert "api-version=2022-09-01" in str(adapter.requests[0].url)


@pytest.mark.parametrize(
    ("answer", "link"),
    [
        (Answer(202, None, {"Location": OPERATION}), OPERATION),
        (Answer(201, CREATING, {"Azure-AsyncOperation": OPERATION}), OPERATION),
        (Answer(200, {"properties": {"provisioningState": "InProgress"}}), None),
        *((Answer(200, {"properties": {"status": status}}), None) for status in (0, 1, 2)),
    ],
)
def test_what_the_platform_works_on_can_be_looked_at_again(
    canned_arm: CannedArm, answer: Answer, link: str | None
) -> None:
    waiting = {"Retry-After": "15", **answer.headers}
    arm, _ = canned_arm({("PUT", PATH): Answer(answer.status, answer.body, waiting)})

    sight = arm.begin_release(SITE, URI, None)

    assert sight.failure is None
    assert sight.retry_after_seconds == 15
    assert sight.link is not None
    assert sight.link == link or (link is None and PATH in sight.link)
    assert "s3cret" not in sight.link


FAILED = {"code": "ResourceDeploymentFailure", "message": f"Package deployment failed: {URI} answered 403"}


@pytest.mark.parametrize(
    "body",
    [
        {"status": "Failed", "error": FAILED},
        {"status": "Failed"},
        {"properties": {"provisioningState": "Failed"}},
        {"properties": {"status": 3, "status_text": f"Could not read {URI}"}},
    ],
)
def test_what_went_wrong_is_told_without_the_signature(canned_arm: CannedArm, body: dict[str, object]) -> None:
    arm, _ = canned_arm({("GET", "/subscriptions/s/operationStatuses/1"): Answer(200, body)})

    sight = arm.release_at(OPERATION)

    assert sight.failure is not None
    assert sight.link is None
    assert "s3cret" not in sight.failure.model_dump_json()


def test_an_operation_that_is_forgotten_is_begun_again(canned_arm: CannedArm) -> None:
    arm, _ = canned_arm({})

    sight = arm.release_at(OPERATION)

    assert sight.failure is not None
    assert (sight.failure.code, sight.failure.is_retried) == ("ReleaseForgotten", True)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(200, {"properties": {"id": "d-1", "status": 4}}), "d-1"),
        (Answer(200, {"properties": {}}), None),
        (Answer(404, {"error": {"code": "NotFound", "message": ""}}), None),
        (Answer(400, {"error": {"code": "BadRequest", "message": "not on this plan"}}), None),
    ],
)
def test_the_last_release_has_a_number_where_the_platform_tells_it(
    canned_arm: CannedArm, answer: Answer, told: str | None
) -> None:
    arm, _ = canned_arm({("GET", PATH): answer})

    assert arm.last_release(SITE) == told


def test_a_platform_that_can_not_be_asked_tells_nothing_wrong(canned_arm: CannedArm) -> None:
    arm, _ = canned_arm({("GET", PATH): Answer(503, {"error": {"code": "ServiceUnavailable", "message": ""}})})

    with pytest.raises(FailureError):
        arm.last_release(SITE)
